"""Columns of whatever a user has for a table, as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from astropy.table import Table

from ..catalogs.convert import as_table
from ..catalogs.formats.storage import parts_of


class PhotometricColumns:
    """Columns of whatever a user has for a table, found by name and read as float64."""

    def __init__(self, table: Any, what: str) -> None:
        self.table, self.what = table, what
        self.names = [
            str(n) for n in (table if isinstance(table, Mapping) else getattr(table, "columns", ()))
        ]
        if not self.names:
            as_table(table, what)  # which says so if this is no table at all

    def find(self, name: str) -> str | None:
        """The column of this name, else the one that has it in another case, else None."""
        if name in self.names:
            return name
        alike = [n for n in self.names if n.lower() == name.lower()]
        if len(alike) > 1:
            raise ValueError(
                f"{self.what}: {' and '.join(map(repr, alike))} could both be the "
                f"column {name!r}; rename or remove one"
            )
        return alike[0] if alike else None

    def select(self, columns: Sequence[str]) -> None:
        """Make a table of some columns; the others may be anything."""
        columns = list(dict.fromkeys(columns))
        if isinstance(self.table, Mapping):
            self.table = {column: self.table[column] for column in columns}
        elif not isinstance(self.table, Table):
            self.table = self.table[columns]
        self.table = as_table(self.table, self.what)

    def numbers(self, column: str, unit: str = "", power: int = 1) -> np.ndarray:
        """A column as float64 in `unit` to a power (if it has a unit), NaN where masked."""
        values, mask = parts_of(self.table[column])
        if values.dtype.kind not in "fiu" or values.ndim != 1:
            what = f"of type {values.dtype}" if values.ndim == 1 else f"of shape {values.shape}"
            example = f" ({values[0]!s})" if values.ndim == 1 and len(values) else ""
            raise TypeError(
                f"{self.what}: column {column!r} is {what}{example}; it must hold one "
                "number per row: convert it, or give another column"
            )
        out = values.astype(np.float64)
        if mask is not None:
            out[mask] = np.nan
        have = getattr(self.table[column], "unit", None)
        if unit and have is not None and str(have) not in ("", unit):
            out *= self._unit_factor(have, unit, power, column)
        return out

    def _unit_factor(self, have: Any, unit: str, power: int, column: str) -> float:
        import astropy.units as u

        try:
            base = u.Unit(str(have).replace("nanomaggies", "nmgy")) ** (1 / power)
            return float(base.to(unit, equivalencies=u.zero_point_flux(3631 * u.Jy)) ** power)
        except (u.UnitConversionError, ValueError, TypeError):
            wanted = unit if power == 1 else f"{unit}^{power}"
            raise ValueError(
                f"{self.what}: column {column!r} has unit {have!s}, which is not "
                f"convertible to {wanted}; correct the unit"
            ) from None
