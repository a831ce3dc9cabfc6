"""A path with the table that it names: ``file.fits#2``, ``file.fits[2]``, ``file.fits#NAME``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from ..paths import given_path

#: CFITSIO's and STILTS' ways to name a table of a file; in HDF5 names are paths (file.h5#deep/src)
_NAMED = re.compile(r"(?P<file>.+?)(?:#(?P<hash>[^#\[\]]+)|\[(?P<bracket>[^\[\]]+)\])", re.DOTALL)
#: CFITSIO's other one, for numbers
_PLUS = re.compile(r"(?P<file>.+)\+(?P<plus>[0-9]+)", re.DOTALL)


def split_table(path: Any) -> tuple[Path, str | None]:
    """The file that is meant, and the number or name of one of its tables (None: not said).

    What exists under the whole text as its name is that file.
    """
    whole = given_path(path)
    text = os.fspath(whole)
    if os.path.lexists(text):
        return whole, None
    for pattern in (_NAMED, _PLUS):
        found = pattern.fullmatch(text)
        if found and os.path.isfile(found["file"]):
            names = [value for key, value in found.groupdict().items() if key != "file" and value]
            return Path(found["file"]), names[0].strip()
    return whole, None
