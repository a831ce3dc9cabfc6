"""ECSV: text, with what a column is in a header."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from astropy.table import Table

from .interface import RECORD_KEY, Format, Record, file_each, one_record
from .text import read_ecsv, write_ascii


def write_table(table: Table, path: Path) -> None:
    """Write one table."""
    write_ascii(table, path, "ecsv")


def write_tables(paths: list[Path], tables: dict[str, Table], record: Record) -> None:
    """Write a file per table, each with the record."""
    text = json.dumps(record)
    if "\\" in text:  # beyond ASCII, or a control character: YAML changes some of them
        record = {RECORD_KEY: text}
    for path, table in zip(paths, tables.values(), strict=True):
        with_meta = Table(table, copy=False)
        with_meta.meta = {**table.meta, RECORD_KEY: record}
        write_ascii(with_meta, path, "ecsv")


def read_tables(paths: list[Path], names: Sequence[str]) -> tuple[list[Table], Record]:
    """The table of each file, and the record."""
    tables = [Table.read(path, format="ascii.ecsv") for path in paths]
    records = [json.loads(json.dumps(table.meta[RECORD_KEY])) for table in tables]
    records = [json.loads(r[RECORD_KEY]) if RECORD_KEY in r else r for r in records]
    return tables, one_record(paths, records)


ECSV = Format("ecsv", (".ecsv",), read_ecsv, write_table, file_each, write_tables, read_tables)
