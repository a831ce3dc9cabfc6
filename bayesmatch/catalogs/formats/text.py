"""What the text formats share."""

from __future__ import annotations

from pathlib import Path

from astropy.table import Table


def read_ascii(path: Path, kind: str) -> Table:
    """Read a table of text; `kind` is astropy's name of the format."""
    table = Table.read(path, format=f"ascii.{kind}")
    first = table.colnames[0]
    table.rename_column(first, first.lstrip("\ufeff").strip('"'))  # spreadsheets' byte-order mark
    return table


def write_ascii(table: Table, path: Path, kind: str) -> None:
    """Write a table as text."""
    table.write(path, format=f"ascii.{kind}", overwrite=True)
