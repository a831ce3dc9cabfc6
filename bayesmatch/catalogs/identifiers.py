"""Identifiers of a catalogue's sources: integers or text, or the rows' numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import columns
from .formats.storage import missing, native_values
from .scalars import shown_item
from .values import ColumnValues

#: whole numbers up to here have a float64 of their own
EXACT = 2.0**53


@dataclass(frozen=True, eq=False)
class Identifiers:
    """Identifiers of the rows of a catalogue."""

    name: str = "ID"
    """of their column"""
    values: np.ndarray | None = None
    """(n,) integers or text; None: the rows' numbers serve"""
    mask: np.ndarray | None = None
    """(n,) where there is none; None: nowhere"""

    @property
    def itemsize(self) -> int:
        """Bytes of an identifier."""
        if self.values is None:
            return 8
        return self.values.itemsize * (4 if self.values.dtype.kind == "S" else 1)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Identifiers of some rows: integers, or text without blanks around it."""
        if self.values is None:
            return np.asarray(rows, dtype=np.int64)
        values = self.values[rows]
        if values.dtype.kind == "S":
            values = np.char.decode(values, "utf-8", "replace")
        return np.char.strip(values) if values.dtype.kind == "U" else values

    def subset(self, rows: np.ndarray, ids: np.ndarray) -> Identifiers:
        """Those of some rows, where `ids` are their identifiers."""
        return Identifiers(self.name, ids, None if self.mask is None else self.mask[rows])

    def check_unique(self, values: ColumnValues, ids: np.ndarray) -> None:
        """Raise a ValueError unless all `ids` (n,) are there and different."""
        absent = missing(ids) if self.mask is None else self.mask | missing(ids)
        if absent.any():
            values.reject(
                self.name,
                absent,
                ["missing"] * len(ids),
                "give every source an identifier, or name another column with id=",
            )
        unique, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
        if len(unique) == len(ids):
            return
        row = int(np.flatnonzero(first[inverse] != np.arange(len(ids)))[0])
        raise ValueError(
            f"catalogue {values.catalog!r}: column {self.name!r} has "
            f"{shown_item(ids[row])} in {values.row_text(row)} and already in "
            f"{values.row_text(int(first[inverse[row]]))} "
            f"({len(ids) - len(unique)} duplicates in all); remove them, or name another "
            "column with id="
        )


def read_identifiers(values: ColumnValues, given: str | None, ucds: dict[str, str]) -> Identifiers:
    """The identifiers in the column given or found; the rows' numbers where there is none."""
    if given is None and not columns.find_column(values.table.colnames, ucds, columns.ID):
        return Identifiers()
    name = values.find(given, ucds, columns.ID)
    data = values.table[name]
    mask = getattr(data, "mask", None)
    absent = np.asarray(mask) if mask is not None and np.any(mask) else None
    ids = np.asarray(np.ma.getdata(getattr(data, "unmasked", data)))
    if ids.dtype.kind == "O":
        ids = native_values(ids)
    if ids.dtype.kind == "f" and np.all(ids[np.isfinite(ids)] % 1 == 0):
        finite = np.isfinite(ids)
        if (np.abs(ids[finite]) > EXACT).any():
            values.reject(
                name,
                finite & (np.abs(np.where(finite, ids, 0.0)) > EXACT),
                ids,
                "floating-point numbers above 2^53 are not exact; store identifiers as integers "
                "or text",
            )
        absent = ~finite if not finite.all() else absent
        ids = np.where(np.isfinite(ids), ids, 0).astype(np.int64)
    if ids.dtype.kind not in "iuSU" or ids.ndim != 1:
        raise TypeError(
            f"catalogue {values.catalog!r}: identifier column {name!r} is of type "
            f"{ids.dtype.name}, not integer or text; name another with id="
        )
    return Identifiers(name, ids, absent)
