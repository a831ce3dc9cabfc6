"""Catalogues too large for memory: Parquet data sets that are streamed through the search.

:meth:`bayesmatch.Catalog.scan` makes one.  ``files`` finds and orders the files, ``parts`` reads
them in batches, ``catalog`` is what a user holds.  In a match, ``coverage`` leaves out what is far
from every primary, ``search`` streams the positions of the rest, ``columns`` reads what else the
candidates need, and ``candidates`` makes an ordinary catalogue of them.
"""
