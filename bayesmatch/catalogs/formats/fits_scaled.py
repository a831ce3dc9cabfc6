"""Scaled whole numbers of FITS: signed bytes, and others with TSCAL or TZERO.

Astropy makes floats of all but the unsigned ones, which hold 53 bits, and fails on 64-bit columns.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from astropy.table import Column, MaskedColumn, Table

from .storage import parts_of

#: TZERO of the unsigned numbers, which astropy knows
UNSIGNED = {"I": 2**15, "J": 2**31, "K": 2**63}
_INT64 = np.iinfo(np.int64)


class Scaled(NamedTuple):
    """What a column's stored whole numbers are to be multiplied with, and what is added."""

    number: int
    """of the column, from 1"""
    scale: float
    zero: float


def as_stored(header: Any) -> list[Scaled]:
    """Declare scaled columns of a binary table to be what is stored, before it is read.

    Numbers that stand for missing ones (TNULL) are stored ones, too.
    """
    found = []
    for number in range(1, int(header.get("TFIELDS", 0)) + 1):
        code = str(header.get(f"TFORM{number}", "")).strip().lstrip("0123456789").upper()
        scale, zero = header.get(f"TSCAL{number}", 1), header.get(f"TZERO{number}", 0)
        if code not in ("B", "I", "J", "K") or not all(map(_is_number, (scale, zero))):
            continue
        if (scale, zero) not in ((1, 0), (1, UNSIGNED.get(code, 0))):
            found.append(Scaled(number, scale, zero))
            for key in ("TSCAL", "TZERO"):
                header.remove(f"{key}{number}", ignore_missing=True)
    return found


def rescale(table: Table, columns: list[tuple[str, Scaled]]) -> None:
    """Put the numbers that are meant in place of those that are stored."""
    for name, scaled in columns:
        if name not in table.colnames:  # a part of another
            continue
        old = table[name]
        values, mask = parts_of(old)
        about = {"unit": old.unit, "description": old.description}
        new = _meant(values, scaled)
        column = Column(new, **about) if mask is None else MaskedColumn(new, mask=mask, **about)
        column.info.meta = old.info.meta
        table.replace_column(name, column)


def _meant(stored: np.ndarray, scaled: Scaled) -> np.ndarray:
    """Stored numbers scaled: whole ones where no other comes out, else 64-bit floats."""
    scale, zero = scaled.scale, scaled.zero
    if scale != int(scale) or zero != int(zero):
        return stored * np.float64(scale) + np.float64(zero)
    scale, zero = int(scale), int(zero)
    if stored.dtype.itemsize == 1 and (scale, zero) == (1, -128):
        return (stored.astype(np.int16) - 128).astype(np.int8)
    ends = [int(stored.min()), int(stored.max())] if stored.size else [0]
    steps = [scale, zero, *(end * scale for end in ends), *(end * scale + zero for end in ends)]
    if min(steps) < _INT64.min or max(steps) > _INT64.max:
        return stored * np.float64(scale) + np.float64(zero)
    return stored.astype(np.int64) * scale + zero


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and np.isfinite(value)
