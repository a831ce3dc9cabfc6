"""Columns of a catalogue's table as checked numbers in fixed units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from astropy.table import Table

from . import columns, units
from .closest import did_you_mean
from .culprit import culprit
from .said import Said, said
from .scalars import plain_numbers, shown, shown_item
from .typed import divided, typed
from .warned import warn_user


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
    dec: np.ndarray | None = None
    """declinations of the rows (n,), degrees, where they are known"""
    is_east: bool = False
    """whether what is read are errors in right ascension"""
    origins: Mapping[str, str] = field(default_factory=dict)
    """of columns that were made of others, those"""

    def existing(self, column: str) -> str:
        """The name of a column, which must exist."""
        if not isinstance(column, str):
            raise TypeError(
                f"catalogue {self.catalog!r}: {shown(column)} is not the name of a column; give "
                f"one of {', '.join(self.table.colnames)}"
            )
        if column not in self.table.colnames:
            raise ValueError(
                f"catalogue {self.catalog!r} has no column {shown(column)}"
                f"{did_you_mean(column, self.table.colnames)}; give one of "
                f"{', '.join(self.table.colnames)}{divided(column, self.table.colnames)}"
            )
        return column

    def named(self, column: str) -> Said:
        """An existing column, and what is said of it: ``"e_RA[mas]"``, ``"r90@90%"``."""
        if isinstance(column, str) and column not in self.table.colnames:
            found = said(column, self.table.colnames)
            if found.column in self.table.colnames:
                return found
        return Said(self.existing(column))

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
        name = self.named(column).column
        first = Table({name: self.table[name][:1]}, copy=False)
        ColumnValues(first, self.catalog).numbers(column)

    def numbers(self, column: str, unit: str = "") -> np.ndarray:
        """An existing column as native float64 in `unit`, NaN where masked, shape (n,).

        A unit in brackets after its name, ``"e_RA[mas]"``, stands for the column's own; of what
        is said to hold a fraction of the sources, ``"r90@90%"``, it is the error per axis.
        """
        about = self.named(column)
        column = about.column
        data = self.table[column]
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
        have = self.own_unit(column, unit) if about.unit is None else about.unit
        if unit and have is not None and str(have) not in ("", unit) and units.has_unit(have):
            values = values * self._factor(have, unit, column)
        if about.containment is not None:
            values = values / about.sigmas
        if mask is not None and np.any(mask):
            values = np.where(mask, np.nan, values)
        return values

    def own_unit(self, column: str, want: str) -> Any:
        """The unit of an existing column; where it has none, one of angle that its name ends in.

        Errors have one without brackets, too, as ``err_mas``; ``dec_arcsec`` may be a part of a
        declination, or an offset.
        """
        unit = getattr(self.table[column], "unit", None)  # a Masked array has none
        if units.has_unit(unit) or not units.is_angle(want):
            return unit
        found = units.in_name(column)
        return units.joined_to_name(column) if found is None and want == "arcsec" else found

    def _factor(self, have: Any, want: str, column: str) -> Any:
        """What turns a column into a unit: a number, or (n,) of errors in seconds of time."""
        time = units.spelled(have) if want == "arcsec" else None
        if time in units.TIMES and self.dec is not None and self.is_east:
            warn_user(
                f"catalogue {self.catalog!r}: position error {column!r} is in seconds of time; "
                "read as an error of right ascension, 15 cos(dec) arcsec each"
            )
            return units.SECONDS[time] * 15.0 * np.cos(np.radians(self.dec))
        return self.unit_factor(have, want, f"column {column!r}")

    def unit_factor(self, have: Any, want: str, what: str) -> float:
        """What turns numbers in one unit into another."""
        factor = units.factor(have, want)
        if factor is None:
            raise ValueError(
                f"catalogue {self.catalog!r}: {what} has unit {have!s}, which is not "
                f"convertible to {want}; {self._remedy(what, have, want)}"
            )
        return factor

    def _remedy(self, what: str, have: Any, want: str) -> str:
        """What to do about a unit."""
        if not (what.startswith("column ") and units.is_angle(want)):
            return "correct the unit"
        name = what[len("column ") :].strip("'\"")
        meant, time = units.spelled(have), ""
        remedy = "correct the unit, or say the true one where the column is named"
        if meant in units.SEXAGESIMAL:
            remedy = "that is of texts as 12:34:56, and these are numbers; say of what"
            want = "h" if meant == "hms" else want
        elif meant in units.TIMES:
            time = "seconds of time are understood of the first error of a pair, that of right "
            time += "ascension; "
        there = "too" if typed(name) == name else f"as '{typed(name)}[{want}]'"
        return f"{time}{remedy}, as {name}[{want}] (on the command line {there})"

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
        raise ValueError(f"{self.fault(column, bad, values)}; {remedy}")

    def fault(self, column: str, bad: np.ndarray, values: Any) -> str:
        """The first bad row and its value, as messages name them."""
        row = int(np.flatnonzero(bad)[0])
        others = int(bad.sum()) - 1
        more = f" (and {others} more rows)" if others else ""
        made = f" (made of {self.origins[column]!r})" if column in self.origins else ""
        return (
            f"catalogue {self.catalog!r}: column {column!r}{made} is {values[row]!s} in "
            f"{self.row_text(row)}{more}"
        )
