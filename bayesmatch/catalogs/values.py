"""Columns of a catalogue's table as checked numbers in fixed units."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.table import Table

from . import columns
from .culprit import culprit
from .scalars import plain_numbers, shown, shown_item


def numbered(row: int) -> str:
    """A row, as messages name it."""
    return f"row {row}"


@dataclass(frozen=True)
class ColumnValues:
    """Reads columns of a table; what is wrong with one is said in the catalogue's name.

    Parameters
    ----------
    table : Table
        The columns.
    catalog : str
        Name of the catalogue, for messages.
    row_text : callable
        What messages call a row.
    """

    table: Table
    catalog: str
    row_text: Callable[[int], str] = numbered

    def existing(self, column: str) -> str:
        """The name of a column, which must exist."""
        if not isinstance(column, str):
            raise TypeError(
                f"catalogue {self.catalog!r}: {shown(column)} is not the name of a column; give "
                f"one of {', '.join(self.table.colnames)}"
            )
        if column not in self.table.colnames:
            raise ValueError(
                f"catalogue {self.catalog!r} has no column {shown(column)}; give one of "
                f"{', '.join(self.table.colnames)}"
            )
        return column

    def find(self, given: str | None, ucds: dict[str, str], role: columns.Role) -> str:
        """The column given for a role, or the one that the rules of `columns` find."""
        if given is not None:
            return self.existing(given)
        names = self.table.colnames
        return columns.pick_column(
            columns.find_column(names, ucds, role), names, catalog=self.catalog, role=role
        )

    def check_numbers(self, column: str) -> None:
        """Raise unless :meth:`numbers` would give a column; no value is converted."""
        first = Table({column: self.table[self.existing(column)][:1]}, copy=False)
        ColumnValues(first, self.catalog).numbers(column)

    def numbers(self, column: str, unit: str = "") -> np.ndarray:
        """An existing column as native float64 in `unit`, NaN where masked, shape (n,)."""
        data = self.table[self.existing(column)]
        mask = getattr(data, "mask", None)
        raw = np.asarray(np.ma.getdata(getattr(data, "unmasked", data)))
        if raw.dtype.kind not in "fiu" or raw.ndim != 1:
            what = f"of type {raw.dtype}" if raw.ndim == 1 else f"of shape {raw.shape}"
            row = culprit(raw)
            example = "" if row is None else f" ({shown_item(raw[row])} in {self.row_text(row)})"
            raise TypeError(
                f"catalogue {self.catalog!r}: column {column!r} is {what}{example}; it "
                f"must hold one number per row{unit and f', in {unit}'}"
            )
        values = np.ascontiguousarray(raw, dtype=np.float64)
        have = getattr(data, "unit", None)  # a Masked array is a column without one
        if unit and have is not None and str(have) not in ("", unit):
            values = values * self.unit_factor(have, unit, f"column {column!r}")
        if mask is not None and np.any(mask):
            values = np.where(mask, np.nan, values)
        return values

    def unit_factor(self, have: Any, want: str, what: str) -> float:
        """What turns numbers in one unit into another."""
        import astropy.units as u

        for spelling in (have, str(have).lower().rstrip("s")):  # many files say "Degrees"
            with contextlib.suppress(u.UnitConversionError, ValueError, TypeError):
                return float(u.Unit(spelling).to(want))
        raise ValueError(
            f"catalogue {self.catalog!r}: {what} has unit {have!s}, which is not "
            f"convertible to {want}; correct the unit"
        )

    def number_or_column(self, value: Any, unit: str, what: str) -> np.ndarray:
        """A number, Quantity, column name or one value per row: shape () or (n,), in `unit`."""
        if isinstance(value, str):
            return self.numbers(value, unit)
        given = getattr(value, "unit", None)
        factor = self.unit_factor(given, unit, what) if given is not None else 1.0
        try:
            number = plain_numbers(getattr(value, "value", value)) * factor
            if number.ndim > 1 or (number.ndim == 1 and len(number) != len(self.table)):
                raise ValueError(f"its shape is {number.shape}")
        except Exception as error:  # of whatever was given
            raise TypeError(
                f"catalogue {self.catalog!r}: {what} is {shown(value)}; give a number, a "
                "Quantity, a column name or one value per row"
            ) from error
        return number

    def reject(self, column: str, bad: np.ndarray, values: Any, remedy: str) -> None:
        """Raise a ValueError that names the first bad row, its value, and the remedy."""
        row = int(np.flatnonzero(bad)[0])
        others = int(bad.sum()) - 1
        more = f" (and {others} more rows)" if others else ""
        raise ValueError(
            f"catalogue {self.catalog!r}: column {column!r} is {values[row]!s} in "
            f"{self.row_text(row)}{more}; {remedy}"
        )
