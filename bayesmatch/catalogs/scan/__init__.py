"""Catalogues too large for memory: Parquet data sets that are streamed through the search.

:meth:`bayesmatch.Catalog.scan` makes one.  ``files`` finds and orders the files (``walk``:
directories, ``collection``: HATS, ``partitions``: values in their names), ``parts`` reads them in
batches (``footers``: what needs no reading), ``catalog`` is what a user holds.  In a match,
``coverage`` leaves out what is far from every primary, ``search`` streams the positions of the
rest, ``columns`` reads what else the candidates need, and ``candidates`` makes an ordinary
catalogue of them; ``sample`` thins all that is around.  ``checkpoint`` keeps what is finished,
beside a ``manifest``, under a ``lock``.
"""
