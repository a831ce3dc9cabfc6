"""CSV: plain text; what columns are stands in a file of JSON beside the tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from astropy.table import Table

from .arrow import from_arrow
from .interface import Format, Record, file_each
from .storage import WRITTEN, as_json_text
from .text import read_any_text, write_ascii


def write_table(table: Table, path: Path) -> None:
    """Write one table."""
    write_ascii(table, path, "csv")


def paths(path: Path, stem: str, names: Sequence[str]) -> list[Path]:
    """A file per table, and the record's."""
    return [*file_each(path, stem, names), path.with_name(f"{stem}.meta.json")]


def write_tables(paths: list[Path], tables: dict[str, Table], record: Record) -> None:
    """Write a file per table, and one for the record."""
    for path, table in zip(paths, tables.values(), strict=False):
        write_ascii(as_json_text(table), path, "csv")
    paths[-1].write_text(json.dumps(record))


def read_tables(paths: list[Path], names: Sequence[str]) -> tuple[list[Table], Record]:
    """The table of each file, with the types that the record's ``columns`` have; the record."""
    import pyarrow as pa
    from pyarrow import csv

    record = json.loads(paths[-1].read_text())
    tables = []
    for path, notes in zip(paths, record["columns"], strict=False):
        # Types as noted: an identifier like 007 is text, whatever it looks like.
        types = {
            note.get(WRITTEN, note["name"]): pa.string()
            if note["shape"] or note["dtype"][1] == "U"
            else pa.from_numpy_dtype(note["dtype"])
            for note in notes
        }
        tables.append(
            from_arrow(
                csv.read_csv(
                    path,
                    parse_options=csv.ParseOptions(newlines_in_values=True),
                    convert_options=csv.ConvertOptions(
                        column_types=types, null_values=[""], strings_can_be_null=True
                    ),
                )
            )
        )
    return tables, record


CSV = Format("csv", (".csv",), read_any_text, write_table, paths, write_tables, read_tables)
