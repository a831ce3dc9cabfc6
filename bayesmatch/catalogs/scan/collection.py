"""HATS: which files of a catalogue hold its rows, and where a collection has its table."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

from ..formats.regular import regular_file
from .walk import is_folder

PROPERTIES = "collection.properties"
KEY = "hats_primary_table_url"


def primary_table(root: Path) -> Path:
    """The directory that holds the rows: of a HATS collection its primary table, else `root`.

    Raises
    ------
    FileNotFoundError, ValueError, OSError
        If a collection does not say, or not where in itself, its primary table is.
    """
    file = root / PROPERTIES
    if not os.path.lexists(file):
        return root
    regular_file(file)
    text = file.read_bytes().decode("utf-8", "replace")
    values = {v.strip() for v in re.findall(rf"^[ \t]*{KEY}[ \t]*[=:](.*)$", text, re.M)}
    if len(values) != 1 or "" in values:
        raise ValueError(
            f"{file}: {KEY} is {'given twice' if len(values) > 1 else 'missing'}; say in it which "
            "directory holds the table, or scan that directory"
        )
    (value,) = values
    inside = re.sub(r"\\(.)", r"\1", value)  # as Java escapes spaces and colons
    steps = PurePosixPath(inside).parts
    if (
        re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", inside)
        or PurePosixPath(inside).is_absolute()
        or ".." in steps
        or not steps
        or "\0" in inside
    ):
        raise ValueError(
            f"{file}: {KEY} is {value!r}, not the path of a directory in the collection; repair "
            "it, or scan the directory of the table"
        )
    table = root / inside
    if not is_folder(table):
        raise FileNotFoundError(
            f"{table}: no such directory, which {file} names as {KEY}; restore it, or scan the "
            "directory of the table"
        )
    if os.path.lexists(table / PROPERTIES):
        raise ValueError(
            f"{table}: is a collection itself, which {file} names as {KEY}; scan the directory of "
            "the table"
        )
    return table


def is_pixel(file: Path, root: Path) -> bool:
    """Whether a file stands where a HATS catalogue keeps its rows."""
    inner = "/".join(file.relative_to(root).parts)
    return re.search(r"(^|/)Norder=\d+/Dir=\d+/Npix=\d+(\.|/)", inner) is not None
