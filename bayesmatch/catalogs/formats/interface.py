"""What every file format says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astropy.table import Table

from .asked import Asked
from .source import Source

Record = dict[str, Any]

#: name of the record that goes with several tables, in formats that name such things freely
RECORD_KEY = "bayesmatch"


def one_file(path: Path, stem: str, names: Sequence[str]) -> list[Path]:
    """A format that holds several tables in one file."""
    return [path]


def file_each(path: Path, stem: str, names: Sequence[str]) -> list[Path]:
    """A format with a file per table: the first has the path, the others their name in theirs."""
    ending = path.name[len(stem) :]
    return [path, *(path.with_name(f"{stem}.{name.lower()}{ending}") for name in names[1:])]


def one_record(paths: Sequence[Path], records: Sequence[Record]) -> Record:
    """The record that all files have, which are of one run only then."""
    for path, record in zip(paths, records, strict=True):
        if json.dumps(record) != json.dumps(records[0]):  # a NaN is no other than itself
            raise ValueError(f"{path.name} is of another run than {paths[0].name}")
    return records[0]


def check_different(names: Sequence[str]) -> None:
    """Raise a ValueError if two columns of a file have one name."""
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise ValueError(f"two of its columns are called {twice!r}; rename one")


def any_columns(names: Sequence[str]) -> None:
    """A format that holds any number of columns of any name."""


@dataclass(frozen=True)
class Format:
    """A file format: its endings, and the functions that read and write it."""

    name: str
    endings: tuple[str, ...]
    """of file names, in lower case"""
    read_table: Callable[[Source, Asked], Table]
    """the table of a file that is asked for"""
    write_table: Callable[[Table, Path], None]
    paths: Callable[[Path, str, Sequence[str]], list[Path]]
    """the files of several tables with a record: by path, its stem and the tables' names"""
    write_tables: Callable[[list[Path], dict[str, Table], Record], None]
    """tables by name, and a record that JSON can hold, to the files of `paths`"""
    read_tables: Callable[[list[Path], Sequence[str]], tuple[list[Table], Record]]
    """the tables of these names, and the record"""
    check_columns: Callable[[Sequence[str]], None] = any_columns
    """raises unless a table with columns of these names can be written"""
