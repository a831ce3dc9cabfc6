"""Identifiers of a catalogue's sources: integers or text, or the rows' numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .formats.storage import decoded_texts, missing, native_values
from .found_id import found_identifier
from .scalars import shown_item
from .unique import repeated_row, warn_rounded
from .values import ColumnValues
from .warned import warn_user

#: as ``id``: the rows' numbers serve, whatever columns there are
ROW_NUMBERS = "#"
#: what messages say of it
USE_ROWS = (
    f"or take the rows' numbers with id={ROW_NUMBERS!r} (--id '#:' on the command line, ':#' for "
    "the second catalogue)"
)
#: whole numbers up to here have a float of their own, by the bytes of its type
EXACT = {2: 2.0**11, 4: 2.0**24, 8: 2.0**53}


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
            values = decoded_texts(values)
        return np.char.strip(values) if values.dtype.kind == "U" else native_values(values)

    def subset(self, rows: np.ndarray, ids: np.ndarray) -> Identifiers:
        """Those of some rows, where `ids` are their identifiers."""
        return Identifiers(self.name, ids, None if self.mask is None else self.mask[rows])

    @cached_property
    def repeated(self) -> tuple[int, int] | None:
        """:func:`.unique.repeated_row` of them, found once for all matches."""
        return None if self.values is None else repeated_row(self.values, self.mask)

    def warn_repeated(self, columns: ColumnValues) -> None:
        """Warn if some objects have the identifier of another."""
        if self.repeated is not None:
            row, n_more = self.repeated
            warn_user(
                f"catalogue {columns.catalog!r}: {n_more:,} rows have an identifier "
                f"({self.name}) that an earlier row has, the first is "
                f"{shown_item(self.of(np.array([row]))[0])} in {columns.row_text(row)}; the result "
                "tells them apart by their row numbers only: name a column "
                f"of unique ones with id= (--id on the command line), {USE_ROWS}"
            )

    def check_unique(self, values: ColumnValues, ids: np.ndarray) -> None:
        """Raise a ValueError unless all `ids` (n,) are there and different."""
        absent = missing(ids) if self.mask is None else self.mask | missing(ids)
        if absent.any():
            values.reject(
                self.name,
                absent,
                ["missing"] * len(ids),
                "give every source an identifier, name another column with id= (--id on the "
                f"command line), {USE_ROWS}",
            )
        unique, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
        if len(unique) == len(ids):
            return
        row = int(np.flatnonzero(first[inverse] != np.arange(len(ids)))[0])
        raise ValueError(
            f"catalogue {values.catalog!r}: column {self.name!r} has "
            f"{shown_item(ids[row])} in {values.row_text(row)} and already in "
            f"{values.row_text(int(first[inverse[row]]))} "
            f"({len(ids) - len(unique)} duplicates in all); remove them, name another "
            f"column with id= (--id on the command line), {USE_ROWS}"
        )


def read_identifiers(
    values: ColumnValues, given: str | None, ucds: dict[str, str], beside: str = ""
) -> Identifiers:
    """The identifiers in the column given or found; the rows' numbers where there is none.

    `beside` is the column of right ascension, whose addition (RA_1) an identifier has too (ID_1).
    `given` is a column, or ``"#"`` for the rows' numbers where no column is called so.
    """
    if isinstance(given, str) and given == ROW_NUMBERS and given not in values.table.colnames:
        return Identifiers(_free_name(values.table.colnames))
    name = found_identifier(values, ucds, beside) if given is None else values.existing(given)
    if name is None:
        return Identifiers()
    data = values.table[name]
    mask = getattr(data, "mask", None)
    absent = np.asarray(mask) if mask is not None and np.any(mask) else None
    ids = np.asarray(np.ma.getdata(getattr(data, "unmasked", data)))
    if ids.dtype.kind == "O":
        ids = native_values(ids)
    if ids.dtype.kind == "f":
        ids, absent = _whole_numbers(values, name, ids, absent)
    if ids.dtype.kind not in "iuSU" or ids.ndim != 1:
        raise TypeError(
            f"catalogue {values.catalog!r}: identifier column {name!r} is of type "
            f"{ids.dtype.name}, not integer or text; name another with id= (--id on the command "
            f"line), {USE_ROWS}"
        )
    warn_rounded(values, name, ids)
    return Identifiers(name, ids, absent)


def _free_name(names: Sequence[str]) -> str:
    """What the rows' numbers are called beside columns of these names."""
    taken = {name.lower() for name in names}
    return next(
        n for k in range(1, len(names) + 2) if (n := "row" + f"_{k}" * (k > 1)) not in taken
    )


def _whole_numbers(
    values: ColumnValues, name: str, ids: np.ndarray, absent: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Floating-point numbers (n,) as the integers they are, and where there is none.

    Those that are not whole stay as they are.
    """
    there = np.isfinite(ids) if absent is None else np.isfinite(ids) & ~absent
    large, why = rounded(ids, there)
    if large.any():
        values.reject(
            name,
            large,
            ids,
            f"{why}; read the catalogue again with them as integers (pandas: "
            "dtype={...: 'Int64'}) or text, name another column with id= (--id on the command "
            f"line), {USE_ROWS}",
        )
    if (ids[there] % 1 != 0).any():
        return ids, absent
    return np.where(there, ids, 0).astype(np.int64), None if there.all() else ~there


def rounded(ids: np.ndarray, there: np.ndarray) -> tuple[np.ndarray, str]:
    """Which floating-point identifiers, of those `there`, (n,), have lost digits; and why."""
    exact = EXACT.get(ids.dtype.itemsize, EXACT[8])
    large: np.ndarray = there & (np.abs(np.where(there, ids, 0.0)) > exact)
    return large, (
        f"floating-point numbers above 2^{int(np.log2(exact))} are not exact, so identifiers were "
        "lost before"
    )
