"""Columns of Python objects that are numbers or texts, with None, NaN and NA among them."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.table import MaskedColumn, Table

from .formats.storage import text_of

#: whole numbers that columns hold
_INTEGERS = (("i", -(2**63), 2**63 - 1), ("u", 0, 2**64 - 1))


def without_objects(table: Table) -> Table:
    """The table with such columns as plain ones; arrays, lists and the like stay objects.

    The table given is not changed.
    """
    names = [n for n in table.colnames if getattr(table[n], "dtype", None) == np.dtype(object)]
    names = [n for n in names if getattr(table[n], "ndim", 0) == 1]
    changed = {}
    for name in names:
        column = table[name]
        found = plain_column(np.ma.getdata(column), getattr(column, "mask", None))
        if found is not None:
            values, mask = found
            changed[name] = MaskedColumn(
                values,
                mask=mask if mask.any() else None,
                unit=getattr(column, "unit", None),
                description=getattr(column.info, "description", None),
                meta=column.info.meta,
            )
    if not changed:
        return table
    table = table.copy(copy_data=False)
    for name, column in changed.items():
        table.replace_column(name, column)
    return table


def plain_column(values: Any, mask: Any = None) -> tuple[np.ndarray, np.ndarray] | None:
    """Objects (n,) as numbers or text, and where there are none; None: they are neither."""
    items = np.asarray(values, dtype=object)
    absent = np.fromiter((is_absent(v) for v in items), bool, len(items))
    if mask is not None:
        absent |= np.asarray(mask)
    some = items[~absent].tolist()
    kinds = set(map(type, some))
    if not kinds:
        return None
    if all(issubclass(kind, (bool, np.bool_)) for kind in kinds):
        return _filled(np.array(some, dtype=bool), absent), absent
    if all(_is_whole(kind) for kind in kinds):
        low, high = min(some), max(some)
        for code, least, most in _INTEGERS:
            if least <= low and high <= most:
                return _filled(np.array(some, dtype=f"{code}8"), absent), absent
        return _filled(np.array([str(int(v)) for v in some]), absent), absent
    if all(_is_number(kind) for kind in kinds):
        return _filled(np.array([float(v) for v in some]), absent), absent
    if all(issubclass(kind, (str, bytes, np.bytes_)) or _is_number(kind) for kind in kinds):
        texts = [text_of(v) for v in some]
        return _filled(np.array(texts, dtype=str), absent), absent
    return None


def is_absent(value: Any) -> bool:
    """Whether an entry is none: None, masked, NaN, NaT or pandas' NA."""
    if value is None or value is np.ma.masked:
        return True
    if isinstance(value, (str, bytes, int)):
        return False
    if type(value).__name__ in ("NAType", "NaTType"):
        return True
    try:
        return bool(value != value) if np.ndim(value) == 0 else False
    except Exception:  # of whatever was given
        return False


def _is_whole(kind: type) -> bool:
    return issubclass(kind, (int, np.integer)) and not issubclass(kind, (bool, np.timedelta64))


def _is_number(kind: type) -> bool:
    from decimal import Decimal
    from fractions import Fraction

    return issubclass(kind, (float, int, np.integer, np.floating, Decimal, Fraction)) and not (
        issubclass(kind, (bool, np.timedelta64))
    )


def _filled(some: np.ndarray, absent: np.ndarray) -> np.ndarray:
    """Values in the places where there are any."""
    out = np.zeros(len(absent), some.dtype)
    out[~absent] = some
    return out
