"""Arguments that several public functions take, checked before any work is done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

from ..catalogs.catalog import Catalog
from ..catalogs.far import FarCatalog
from ..catalogs.scalars import as_number, shown
from ..catalogs.scalars import number_within as number_within
from ..catalogs.scalars import whole_number as whole_number
from ..catalogs.scan.catalog import ScannedCatalog
from ..priors.protocol import learns_in_rounds

MIN_RADIUS_ARCSEC, MAX_RADIUS_ARCSEC = 1e-6, 45.0 * 3600.0


def check_probabilities(p_match: np.ndarray, **more: np.ndarray) -> None:
    """The last check of a match: no NaN, and each primary's ``p_match`` add up to 1.

    Raises
    ------
    ValueError
        If not: that can only be a bug.
    """
    n = float(len(more["p_hostless"]))
    wrong = [name for name, values in more.items() if not np.isfinite(values.sum())]
    if not abs(float(p_match.sum()) - n) <= 1e-9 * n:
        wrong.append("p_match")
    if wrong:
        raise ValueError(
            f"this is a bug: {', '.join(wrong)} came out NaN or not normalised; please report it "
            "with bayesmatch's version, the options, the position errors and areas of the "
            "catalogues and the priors; no result is returned"
        )


def check_catalogs(primary: Any, others: Sequence[Any]) -> None:
    """Raise unless these can be matched: a primary in memory and 1 to 15 others, all named.

    :func:`bayesmatch.catalogs.left_out.checked_primary` is for the rows of the primary.
    """
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
    if isinstance(primary, (ScannedCatalog, FarCatalog)):
        where = "elsewhere" if isinstance(primary, FarCatalog) else "scanned"
        raise ValueError(
            f"catalogue {primary.name!r} is {where}; the primary must be in memory "
            "(Catalog or Catalog.read), the larger catalogues can be scanned"
        )
    if len(others) > 15:
        raise ValueError(f"{len(others)} other catalogues; at most 15 can be matched at once")
    names = [c.name for c in (primary, *others)]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise ValueError(f"two catalogues are called {twice!r}; give each its own name=")
    for other in others:
        if not isinstance(
            other, (ScannedCatalog, FarCatalog)
        ):  # of those the candidates are looked at
            other.identifiers.warn_repeated(other.columns)


def check_far(others: Sequence[Any], priors: Any) -> None:
    """Refuse priors that learn from all rows of a catalogue that is elsewhere: a `PriorSet`."""
    for other in others:
        listed = priors.by_catalogue.get(other.name, ()) if isinstance(other, FarCatalog) else ()
        for prior in listed:
            if prior in priors.learning and not learns_in_rounds(prior):
                raise ValueError(
                    f"prior {shown(prior)} learns from all rows of {other.name!r}, which are "
                    "elsewhere; learn it in a match with local files and pass result.priors, or "
                    "give a LearnedPrior (--learn on the command line)"
                )


def in_arcsec(radius: Any) -> float:
    """The radius of a match, a number or an angular Quantity, in arcsec."""
    try:
        value = as_number(radius.to_value("arcsec") if hasattr(radius, "to_value") else radius)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"radius is {shown(radius)}; give a number in arcsec or an angular Quantity"
        ) from error
    if not MIN_RADIUS_ARCSEC <= value <= MAX_RADIUS_ARCSEC:
        raise ValueError(
            f"radius is {value:g} arcsec; it must be above 0 (at least {MIN_RADIUS_ARCSEC:g}) and "
            "at most 45 degrees"
        )
    return value


def one_of(name: str, value: Any, allowed: Collection[str]) -> str:
    """An option that has a few values."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {shown(value)}; give {_listed(allowed)}")
    if value not in allowed:
        raise ValueError(f"{name} is {shown(value)}; give {_listed(allowed)}")
    return value


def _listed(names: Iterable[str]) -> str:
    return " or ".join(repr(name) for name in names)


def cutoff_values(cutoffs: Any) -> np.ndarray:
    """One or more cutoffs in a probability as float64, in the order given."""
    allowed = "numbers from 0 to 1"
    try:
        given = np.asarray(cutoffs)
        if given.dtype.kind not in "iuf":
            raise TypeError(f"they are of type {given.dtype}")
        at = np.atleast_1d(given.astype(np.float64))
    except Exception as error:  # of whatever was given
        raise TypeError(f"cutoffs are {shown(cutoffs)}; give {allowed}") from error
    near = at.round(12)  # a probability that was added up may be 1 + 2e-16
    if at.ndim != 1 or len(at) == 0 or not np.all((near >= 0.0) & (near <= 1.0)):
        raise ValueError(f"cutoffs are {shown(cutoffs)}; give one or more {allowed}")
    return at
