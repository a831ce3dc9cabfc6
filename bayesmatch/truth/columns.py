"""The columns of the precise catalogues that users name, read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..catalogs.catalog import Catalog
from ..catalogs.formats.storage import parts_of
from ..catalogs.scalars import shown
from .radius import r98_arcsec
from .verdicts import Precise


@dataclass(frozen=True)
class Columns:
    """What users say of columns; those of the precise catalogues may be a mapping by catalogue."""

    secure: Any
    flux: str | None
    """of the primary"""
    precise_flux: Any
    r98: Any


def read_columns(
    primary: Catalog, catalogs: Sequence[Catalog], columns: Columns
) -> tuple[np.ndarray | None, list[Precise]]:
    """The primary's flux, and every precise catalogue with what was read from it."""
    flux = columns.flux
    if (flux is None) != (columns.precise_flux is None):
        raise ValueError(
            f"flux is {shown(flux)} and precise_flux is {shown(columns.precise_flux)}; give "
            "flux columns of both the primary and the precise catalogue, or neither"
        )
    options = {
        what: _per_catalogue(value, what, catalogs)
        for what, value in (
            ("secure", columns.secure),
            ("precise_flux", columns.precise_flux),
            ("r98", columns.r98),
        )
    }
    known_flux = _flux_values(primary, flux, "")
    unit = "" if flux is None else str(primary.table[flux].unit or "")
    return known_flux, [
        Precise(
            c,
            r98_arcsec(c, options["r98"][c.name]),
            _flags(c, options["secure"][c.name]),
            _flux_values(c, options["precise_flux"][c.name], unit),
        )
        for c in catalogs
    ]


def _per_catalogue(value: Any, what: str, catalogs: Sequence[Catalog]) -> dict[str, Any]:
    """An option for each precise catalogue, by name."""
    names = [c.name for c in catalogs]
    if not isinstance(value, Mapping):
        return dict.fromkeys(names, value)
    unknown = next((name for name in value if name not in names), None)
    if unknown is not None:
        raise ValueError(
            f"{what} is given for {shown(unknown)}, which is no precise catalogue; there "
            f"are {', '.join(names)}"
        )
    return {name: value.get(name) for name in names}


def _flux_values(catalog: Catalog, column: str | None, unit: str) -> np.ndarray | None:
    """A flux column, NaN where it is not positive and finite."""
    if column is None:
        return None
    if not isinstance(column, str):
        raise TypeError(f"catalogue {catalog.name!r}: flux is {shown(column)}; give a column name")
    values = catalog.columns.numbers(column, unit)
    return np.where((values > 0) & (values < np.inf), values, np.nan)


def _flags(catalog: Catalog, column: str | None) -> np.ndarray | None:
    """A column of booleans, or of 0 and 1; masked ones are False."""
    if column is None:
        return None
    if not isinstance(column, str):
        raise TypeError(
            f"catalogue {catalog.name!r}: secure is {shown(column)}; give a column name"
        )
    values, mask = parts_of(catalog.table[catalog.columns.existing(column)])
    if (
        values.ndim != 1
        or values.dtype.kind not in "biu"
        or not np.isin(values[mask is None or ~mask], (0, 1)).all()
    ):
        raise TypeError(
            f"catalogue {catalog.name!r}: column {column!r} is of type {values.dtype}"
            f"{f' ({values[0]!s})' if values.ndim == 1 else ''}; secure must hold true "
            "or false, or 1 or 0, per row"
        )
    return values.astype(bool) & (True if mask is None else ~mask)
