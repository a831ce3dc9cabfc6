"""What users may ask of the samples, checked."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from ..catalogs.catalog import Catalog
from ..catalogs.scalars import LARGEST, number_or_nan, shown
from .radius import false_radius
from .regions import regions
from .verdicts import Cuts


def check_annulus(annulus: Any) -> tuple[float, float]:
    """Inner and outer radius, arcsec."""
    if not (
        isinstance(annulus, (tuple, list))
        and len(annulus) == 2
        and 0 <= number_or_nan(annulus[0]) < number_or_nan(annulus[1]) < np.inf
    ):
        raise ValueError(
            f"annulus is {shown(annulus)}; give its inner and outer radius in arcsec, like (10, 30)"
        )
    return float(annulus[0]), float(annulus[1])


def check_sample_catalogs(primary: Any, precise: Any, survey: Any) -> list[Catalog]:
    """The precise catalogues as a list."""
    listed = [precise] if isinstance(precise, Catalog) else precise
    if not isinstance(listed, (list, tuple)) or not listed:
        raise TypeError(
            f"precise is a {type(precise).__name__}; give a bayesmatch.Catalog or a list of them"
        )
    for what, catalog in (
        ("primary", primary),
        ("survey", survey),
        *(("precise", c) for c in listed),
    ):
        if not isinstance(catalog, Catalog):
            raise TypeError(f"{what} is a {type(catalog).__name__}; give a bayesmatch.Catalog")
    names = [c.name for c in listed]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise ValueError(f"precise: two catalogues are called {twice!r}; give them different names")
    primary.check_primary_ids()
    if primary.id_name in (
        "counterpart",
        "precise",
        "precise_ID",
        "flux_ratio",
        "separation",
        "r98",
        "false_radius",
        "n_precise",
    ):
        raise ValueError(
            f"catalogue {primary.name!r}: the identifier column {primary.id_name!r} "
            "has the name of a column of the sample; rename it"
        )
    return list(listed)


def check_cuts(
    match_radius: Any,
    max_sigma: Any,
    flux_ratio: Any,
    r98_factor: Any,
    hostless_factors: Any,
    probability: Any,
    annulus: Any,
    min_annulus: Any,
    exclude: Any,
) -> Cuts:
    """The limits of the selection, if they are all right."""
    for what, value in (
        ("match_radius", match_radius),
        ("r98_factor", r98_factor),
        ("max_sigma", 1.0 if max_sigma is None else max_sigma),
    ):
        if not 0 < number_or_nan(value) < np.inf:
            raise ValueError(f"{what} is {shown(value)}; give a positive number")
    for what, pair in (("flux_ratio", flux_ratio), ("hostless_factors", hostless_factors)):
        if not (
            isinstance(pair, (tuple, list))
            and len(pair) == 2
            and all(number_or_nan(v) >= 0 for v in pair)
        ):
            raise ValueError(f"{what} is {shown(pair)}; give two numbers, 0 or more")
    if flux_ratio[0] > flux_ratio[1]:
        raise ValueError(f"flux_ratio is {shown(flux_ratio)}; give the least ratio first")
    if max(hostless_factors) == np.inf:
        raise ValueError(f"hostless_factors is {shown(hostless_factors)}; give two finite numbers")
    if hostless_factors[0] < r98_factor:
        raise ValueError(
            f"hostless_factors is {shown(hostless_factors)}, whose factor of r98 is below "
            f"r98_factor = {shown(r98_factor)}; a counterpart could then be hostless"
        )
    if min_annulus is not None and not (
        isinstance(min_annulus, Integral)
        and not isinstance(min_annulus, bool)
        and 0 <= int(min_annulus) <= LARGEST
    ):
        raise ValueError(f"min_annulus is {shown(min_annulus)}; give a whole number, 0 or more")
    false_radius(1.0, probability)  # which says what is wrong with a probability
    return Cuts(
        float(match_radius),
        np.inf if max_sigma is None else float(max_sigma),
        (float(flux_ratio[0]), float(flux_ratio[1])),
        float(r98_factor),
        (float(hostless_factors[0]), float(hostless_factors[1])),
        probability,
        check_annulus(annulus),
        None if min_annulus is None else int(min_annulus),
        regions(exclude),
    )
