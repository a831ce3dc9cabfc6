"""Arguments that several public functions take, checked before any work is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..catalogs.catalog import Catalog
from ..catalogs.scan.catalog import ScannedCatalog

MAX_RADIUS_ARCSEC = 45.0 * 3600.0


def check_catalogs(primary: Any, others: Sequence[Any]) -> None:
    """Raise unless these can be matched: a primary in memory and 1 to 15 others, all named."""
    for catalog in (primary, *others):
        if not isinstance(catalog, Catalog):
            raise TypeError(
                f"match takes Catalog objects, got a {type(catalog).__name__}; wrap "
                "the table: bayesmatch.Catalog(table, name=..., pos_err=..., area=...)"
            )
    if not others:
        raise ValueError(
            f"only catalogue {primary.name!r} was given; match needs at least one other"
        )
    if isinstance(primary, ScannedCatalog):
        raise ValueError(
            f"catalogue {primary.name!r} is scanned; the primary must be in memory "
            "(Catalog or Catalog.read), the larger catalogues can be scanned"
        )
    if len(others) > 15:
        raise ValueError(f"{len(others)} other catalogues; at most 15 can be matched at once")
    names = [c.name for c in (primary, *others)]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise ValueError(f"two catalogues are called {twice!r}; give each its own name=")
    primary.check_primary_ids()


def in_arcsec(radius: Any) -> float:
    """The radius of a match, a number or an angular Quantity, in arcsec."""
    try:
        value = float(radius.to_value("arcsec") if hasattr(radius, "to_value") else radius)
    except (TypeError, ValueError):
        raise TypeError(
            f"radius is {radius!r}; give a number in arcsec or an angular Quantity"
        ) from None
    if not 0 < value <= MAX_RADIUS_ARCSEC:
        raise ValueError(f"radius is {value:g} arcsec; it must be above 0 and at most 45 degrees")
    return value


def number_within(
    what: str,
    value: Any,
    low: float,
    high: float,
    *,
    open_low: bool = False,
    open_high: bool = False,
) -> float:
    """A number within bounds, or an error that gives them."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{what} is {value!r}; give a number from {low:g} to {high:g}") from None
    if not low <= number <= high or (open_low and number == low) or (open_high and number == high):
        kind = " (exclusive)" if open_low and open_high else ", above 0" if open_low else ""
        raise ValueError(f"{what} is {number:g}; it must be from {low:g} to {high:g}{kind}")
    return number


def whole_number(what: str, value: Any, least: int) -> int:
    """An integer, `least` or more."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{what} is {value!r}; give a whole number, {least} or more")
    return int(value)


def cutoff_values(cutoffs: Any, low: float = -np.inf, high: float = np.inf) -> np.ndarray:
    """One or more cutoffs within bounds as float64, in the order given."""
    allowed = f"numbers from {low:g} to {high:g}" if np.isfinite(low) else "numbers"
    try:
        at = np.atleast_1d(np.asarray(cutoffs, dtype=np.float64))
    except (ValueError, TypeError):
        raise TypeError(f"cutoffs are {cutoffs!r}; give {allowed}") from None
    if at.ndim != 1 or len(at) == 0 or not np.all((at >= low) & (at <= high)):
        raise ValueError(f"cutoffs are {cutoffs!r}; give one or more {allowed}")
    return at
