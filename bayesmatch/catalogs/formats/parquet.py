"""Parquet: a file per table, units and descriptions in the metadata of its columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from astropy.table import Table

from .arrow import astropy_notes, from_arrow, table_notes, to_arrow
from .interface import RECORD_KEY, Format, Record, file_each, one_record

#: of the meta data of a table, what a file of it keeps
KEPT = ("EXTNAME", "SKYAREA")


def read_table(path: Path) -> Table:
    """The table of a file."""
    from pyarrow import parquet

    data = parquet.read_table(path)
    table = from_arrow(data)
    table.meta.update(table_notes(data.schema))
    return table


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


#: of the meta data of a table, what a file of it keeps
KEPT = ("EXTNAME", "SKYAREA")


def read_tables(paths: list[Path], names: Sequence[str]) -> tuple[list[Table], Record]:
    """The table of each file, and the record."""
    from pyarrow import parquet

    # A file at a time: a path with key=value in it must not become a column.
    arrow = [parquet.read_table(path, partitioning=None) for path in paths]
    records = [json.loads(part.schema.metadata[RECORD_KEY.encode()]) for part in arrow]
    return [from_arrow(part) for part in arrow], one_record(paths, records)


PARQUET = Format(
    "parquet", (".parquet", ".pq"), read_table, write_table, file_each, write_tables, read_tables
)
