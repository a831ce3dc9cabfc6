"""Catalogues too large for memory: Parquet data sets that are streamed through the search.

:meth:`bayesmatch.Catalog.scan` makes one.  ``files`` finds and orders the files, ``parts`` reads
them, ``coverage`` leaves out what is far from every primary, ``catalog`` is what a user holds, and
``candidates`` turns it into an ordinary catalogue of the candidates alone.
"""
