"""Arrow's own files: Feather and the IPC formats."""

from __future__ import annotations

from astropy.table import Table

from .arrow import flat_names
from .asked import Asked
from .parquet import table_of
from .source import Source


def read_table(source: Source, asked: Asked) -> Table:
    """The table of a file."""
    import pyarrow as pa
    from pyarrow import feather

    file = pa.BufferReader(source.content) if source.packed else str(source.path)
    if source.head.startswith((b"ARROW1", b"FEA1")):
        data = feather.read_table(file)
    else:
        with pa.ipc.open_stream(source.content) as stream:
            data = stream.read_all()
    return table_of(data.select(flat_names(data.schema)), data.schema, asked)
