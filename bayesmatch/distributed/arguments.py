"""Arguments of matches on LSDB, checked before any partition is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..catalogs.scalars import shown
from ..matching.covariates import CLUMP, DENSITY
from ..matching.host_fraction import HostFraction
from ..priors.combination import on_combinations
from ..priors.prior_set import PriorSet
from ..priors.protocol import learns_in_rounds
from .tables import ROWS


def check_rows(rows: Any) -> None:
    """Which table: one of two."""
    if rows not in ROWS:
        raise ValueError(f"rows is {shown(rows)}; give one of {', '.join(ROWS)}")


def check_priors(name: str, priors: Sequence[Any], *, whole: bool = False) -> None:
    """Refuse priors on combinations, and those that learn from what is not at hand.

    With the candidates of the `whole` at hand, those that learn in rounds have all they need.
    """
    for prior in filter(on_combinations, priors):
        raise ValueError(
            f"prior {shown(prior)} acts on combinations, which LSDB catalogues do not take; here a "
            "combination is a pair: give an object with log10_ratio_pairs "
            "(bayesmatch.priors.protocol.PairPrior), or match in memory or scanned"
        )
    for prior in PriorSet.of({name: priors}).learning:
        if whole and learns_in_rounds(prior):
            continue
        raise ValueError(
            f"prior {shown(prior)} learns from the whole match, which no partition "
            "has; learn it in a match in memory and pass result.priors"
        )


def given_fraction(value: Any, secondary: str, remedy: str) -> Any:
    """A host fraction, or the ``meta`` of a result with one: a number where it was given.

    `remedy`: what else to give.

    Raises
    ------
    ValueError
        If it is the fit of some sources in their order, or goes by a density that is not known
        before the match.
    """
    if isinstance(value, HostFraction):
        raise ValueError(f"host_fraction is that of some sources in their order; {remedy}")
    if not isinstance(value, Mapping):
        return value
    if value["host_fraction_given"]:
        return value["host_fraction"]
    used = value["host_fraction_fit"].get("center", {})
    names = (density.format(secondary) for density in (DENSITY, CLUMP))
    density = next((name for name in names if name in used), None)
    if density is not None:
        raise ValueError(
            f"host_fraction depends on {density}, which is not known before the match; give the "
            f"meta of a match with field='uniform', or {remedy}"
        )
    return value


def check_margin(catalog: Any, radius_arcsec: float) -> None:
    """Raise unless the right catalogue of a match has a margin of the radius at least."""
    if catalog.margin is None:
        raise ValueError(
            f"catalogue {catalog.name!r} has no margin: counterparts across the "
            "borders of partitions would be lost; open it with margin_cache=, or "
            f"make it with margin_threshold={radius_arcsec:g} or more"
        )
    margin = catalog.margin.hc_structure.catalog_info.margin_threshold
    if not np.isfinite(margin) or margin < radius_arcsec:
        raise ValueError(
            f"the margin of catalogue {catalog.name!r} is {margin:g} arcsec, "
            f"smaller than the radius, {radius_arcsec:g}: counterparts "
            "across the borders of partitions would be lost; use a larger margin "
            "or a smaller radius"
        )
