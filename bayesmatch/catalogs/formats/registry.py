"""The formats that tables are written in, by the file's name; :mod:`.reading` reads them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

from astropy.table import Table

from ..paths import given_path
from .csv import CSV
from .ecsv import ECSV
from .fits import FITS
from .held_table import held_table
from .interface import Format, Record
from .parquet import PARQUET
from .votable import VOTABLE

#: in the order in which a name is compared with their endings
FORMATS: dict[str, Format] = {f.name: f for f in (FITS, VOTABLE, ECSV, CSV, PARQUET)}


def file_format(path: str | os.PathLike) -> str:
    """Format of a file by its extension; an unknown one is an error that lists the known ones."""
    name = Path(path).name.lower()
    for kind, form in FORMATS.items():
        if name.endswith(form.endings):
            return kind
    known = ", ".join(known_endings())
    raise ValueError(f"{path}: unknown table format; the name must end in one of {known}")


def known_endings() -> list[str]:
    """What names of files that are written may end in."""
    return [ending for form in FORMATS.values() for ending in form.endings]


def file_stem(path: str | os.PathLike) -> str:
    """File name without the extension of its format."""
    name = Path(path).name
    for ending in sorted((e for form in FORMATS.values() for e in form.endings), key=len)[::-1]:
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name


def write_table(table: Table, path: Path) -> None:
    """Write a table; the file's extension tells the format.

    Warns of every column that the format cannot hold as it is.
    """
    kind = file_format(path)
    table = held_table(table, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # units outside a format's standard
        FORMATS[kind].write_table(table, path)


def table_paths(path: str | os.PathLike, names: Sequence[str]) -> list[Path]:
    """The files that several tables and their record are written to."""
    return FORMATS[file_format(path)].paths(given_path(path), file_stem(path), names)


def write_tables(kind: str, paths: list[Path], tables: dict[str, Table], record: Record) -> None:
    """Write tables by name, and a record of what JSON can hold, to the files of `table_paths`.

    ``record["columns"]`` has the :func:`.storage.column_notes` of each table.
    """
    FORMATS[kind].write_tables(paths, tables, record)


def read_tables(kind: str, paths: list[Path], names: Sequence[str]) -> tuple[list[Table], Record]:
    """The tables of these names, as the format has them, and the record."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # units outside a format's standard
        return FORMATS[kind].read_tables(paths, names)


def check_columns(path: str | os.PathLike, names: Sequence[str]) -> None:
    """Raise, before any work, if the file's format cannot hold columns of these names."""
    try:
        FORMATS[file_format(path)].check_columns(names)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
