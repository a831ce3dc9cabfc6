"""What the name of a file that is read tells of its format."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from astropy.table import Table

from . import feather, hdf5, text
from .asked import Asked
from .choice import split_table
from .registry import FORMATS
from .source import PACKED_ENDINGS, Source

#: formats that are read, and not written
READ_ONLY: dict[str, tuple[tuple[str, ...], Callable[[Source, Asked], Table]]] = {
    "text": (text.ENDINGS, text.read_any_text),
    "hdf5": ((".h5", ".hdf5", ".hdf"), hdf5.read_table),
    "arrow": ((".feather", ".arrow", ".ipc"), feather.read_table),
}
#: endings of formats that are written too, of files that are read only
MORE_ENDINGS = {"fits": (".fits.fz", ".fts", ".ftz")}


def kind_by_name(path: str | os.PathLike) -> str | None:
    """The format that a name stands for, compressed or not; None: it tells nothing."""
    name = unpacked_name(Path(path).name.lower())
    for kind, form in FORMATS.items():
        if name.endswith((*form.endings, *MORE_ENDINGS.get(kind, ()))):
            return kind
    return next((kind for kind, (ends, _) in READ_ONLY.items() if name.endswith(ends)), None)


def unpacked_name(name: str) -> str:
    """A file's name without the ending of a compressed file."""
    ending = next((e for e in PACKED_ENDINGS if name.lower().endswith(e)), "")
    return name[: len(name) - len(ending)]


def read_stem(path: Any) -> str:
    """Name of a file that is read, without the endings of its format and compression."""
    name = unpacked_name(split_table(path)[0].name)
    endings = [e for form in FORMATS.values() for e in form.endings]
    endings += [e for ends, _ in READ_ONLY.values() for e in ends]
    endings += [e for ends in MORE_ENDINGS.values() for e in ends]
    for ending in sorted(endings, key=len, reverse=True):
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name
