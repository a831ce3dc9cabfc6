"""Parquet: a file per table, units and descriptions in the metadata of its columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from astropy.table import Table

from .arrow import (
    astropy_notes,
    flat_names,
    from_arrow,
    notes_on,
    table_notes,
    to_arrow,
)
from .asked import Asked
from .interface import RECORD_KEY, Format, Record, check_different, file_each, one_record
from .said_of_columns import KEPT, complete, said_in_schema
from .source import Source

if TYPE_CHECKING:
    import pyarrow


def read_table(source: Source, asked: Asked) -> Table:
    """The table of a file; what no Table can hold is not even read."""
    import pyarrow as pa
    from pyarrow import parquet

    file = pa.BufferReader(source.content) if source.packed else source.path
    schema = parquet.read_schema(file)
    check_different(schema.names)
    names = flat_names(schema)
    wanted = names if len(names) < len(schema.names) else None
    data = parquet.read_table(file, columns=wanted, partitioning=None)
    return table_of(data, schema, asked)


def table_of(data: pyarrow.Table, schema: pyarrow.Schema, asked: Asked) -> Table:
    """A Table of columns that it can hold, with a note on those that it cannot."""
    asked.notes.extend(notes_on(schema))
    check_different(schema.names)
    table = from_arrow(data)
    table.meta.update(table_notes(schema))
    return complete(table, said_in_schema(schema))


def write_table(table: Table, path: Path) -> None:
    """Write one table."""
    from pyarrow import parquet

    notes = {key: str(table.meta[key]) for key in KEPT if table.meta.get(key) is not None}
    notes |= astropy_notes(table)
    parquet.write_table(to_arrow(table).replace_schema_metadata(notes), path)


def write_tables(paths: list[Path], tables: dict[str, Table], record: Record) -> None:
    """Write a file per table, each with the record."""
    from pyarrow import parquet

    for path, table in zip(paths, tables.values(), strict=True):
        notes = {RECORD_KEY: json.dumps(record), **astropy_notes(table)}
        parquet.write_table(to_arrow(table).replace_schema_metadata(notes), path)


def read_tables(paths: list[Path], names: Sequence[str]) -> tuple[list[Table], Record]:
    """The table of each file, and the record."""
    from pyarrow import parquet

    # A file at a time: a path with key=value in it must not become a column.
    arrow = [parquet.read_table(path, partitioning=None) for path in paths]
    records = [json.loads(part.schema.metadata[RECORD_KEY.encode()]) for part in arrow]
    return [from_arrow(part) for part in arrow], one_record(paths, records)


PARQUET = Format(
    "parquet",
    (".parquet", ".pq", ".parq"),
    read_table,
    write_table,
    file_each,
    write_tables,
    read_tables,
)
