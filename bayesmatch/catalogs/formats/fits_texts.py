"""Texts of any length in FITS: columns ``PA`` and ``QA``, which astropy gives letter by letter."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from astropy.table import Column, Table

from .storage import text_of

_TEXTS = re.compile(r"\s*[01]?[PQ]A", re.IGNORECASE)
#: bytes of a column whose texts are as long as the longest; above, they are objects
MOST_BYTES = 100_000_000


def as_bytes(header: Any) -> list[int]:
    """Declare such columns of a table to be of bytes, before it is read; give their numbers.

    Their letters need not be ASCII then, as in other columns of texts.
    """
    found = []
    for number in range(1, int(header.get("TFIELDS", 0)) + 1):
        form = str(header.get(f"TFORM{number}", ""))
        if _TEXTS.match(form):
            header[f"TFORM{number}"] = re.sub("[Aa]", "B", form, count=1)
            found.append(number)
    return found


def texts_of_bytes(table: Table, names: list[str]) -> None:
    """Make texts of those columns, in place; a zero byte ends a text."""
    for name in names:
        if name not in table.colnames:  # a part of another
            continue
        old = table[name]
        cells = [np.asarray(cell, np.uint8).tobytes().partition(b"\0")[0] for cell in old]
        new: Any = cells
        if len(cells) * max(map(len, cells), default=0) > MOST_BYTES:
            new = np.empty(len(cells), object)
            new[:] = [text_of(cell) for cell in cells]
        column = Column(new if len(cells) else np.empty(0, "S1"), description=old.description)
        column.info.meta = old.info.meta
        table.replace_column(name, column)
