"""What a table holds, as a digest that no file format changes.

Formats cut blanks off texts, write a missing value as NaN or as a number set aside for it, and
make types wider. The digest sees none of that, and every other difference.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

import numpy as np
from astropy.table import MaskedColumn, Table

from .storage import missing, native_values, parts_of, stands_for_missing

#: code points of blanks and control characters beyond ASCII
_BLANKS = np.array([c for c in range(0x7F, 0x3001) if chr(c).isspace() or c < 0xA0], np.uint32)


def table_digest(table: Table) -> str:
    """SHA-256 of the names, shapes and values of a table's columns."""
    found = hashlib.sha256()
    for name, column in table.items():
        found.update(json.dumps([name, list(column.shape)]).encode())
        values, mask = parts_of(column)
        values = native_values(values)
        if values.dtype.kind == "U":
            _add_text(found, values, mask)
        else:
            _add_numbers(found, values, mask if isinstance(column, MaskedColumn) else None)
    return found.hexdigest()


def file_sha256(path: str | os.PathLike) -> str:
    """SHA-256 of a file as it lies there, which ``sha256sum`` prints too."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def json_digest(value: Any) -> str:
    """SHA-256 of what JSON can hold; the order of keys is not part of it."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _add_text(found: Any, values: np.ndarray, mask: np.ndarray | None) -> None:
    """Add the visible characters of each cell, and how many they are."""
    if mask is not None and mask.any():
        values = np.where(mask, "", values)
    flat = np.ascontiguousarray(values.ravel())
    codes = flat.view(np.uint32).reshape(len(flat), -1)
    seen = codes > 0x20
    if codes.max(initial=0) >= 0x7F:
        seen &= ~np.isin(codes, _BLANKS)
    found.update(np.count_nonzero(seen, axis=1).astype("<u4").tobytes())
    found.update(codes[seen].astype("<u4", copy=False).tobytes())


def _add_numbers(found: Any, values: np.ndarray, mask: np.ndarray | None) -> None:
    found.update(values.dtype.newbyteorder("<").str.encode())
    absent = missing(values)
    if mask is not None:
        absent = absent | mask | stands_for_missing(values)
        found.update(np.packbits(absent).tobytes())
    if absent.any():
        nothing: Any = np.nan if values.dtype.kind == "f" else 0
        values = np.where(absent, nothing, values).astype(values.dtype)
    found.update(np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"), copy=False)))
