"""How far a chance object may be, and how far a counterpart."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

from ..catalogs.catalog import Catalog
from ..catalogs.errors import catalog_radius
from ..catalogs.positions import square_degrees
from ..catalogs.scalars import plain_numbers, shown
from ..catalogs.units import in_unit


def false_radius(density_per_deg2: Any, probability: float = 0.03) -> Any:
    """Radius within which a chance object lies with a given probability.

    Objects of density rho fall into a circle of radius r with probability
    ``p = 1 - exp(-pi rho r^2)``, so that ``r = sqrt(-ln(1 - p) / (pi rho))``.

    Parameters
    ----------
    density_per_deg2 : float, array_like or Quantity
        Objects per deg^2, or per area of the unit it carries; of any shape.
    probability : float, default 0.03
        Probability of at least one chance object, between 0 and 1 exclusive.

    Returns
    -------
    float or ndarray of float64
        Radius in arcsec, of the shape of the density.

    Raises
    ------
    ValueError
        If a density is not positive and finite, or in a unit that is none of density, or
        `probability` is not between 0 and 1.

    Examples
    --------
    >>> import bayesmatch as bm
    >>> print(round(bm.truth.false_radius(58_000), 3))
    1.472
    """
    if not isinstance(probability, Real) or not 0 < probability < 1:
        raise ValueError(
            f"probability is {shown(probability)}; give a number between 0 and 1, like 0.03"
        )
    given = in_unit("density_per_deg2", density_per_deg2, "deg-2")
    try:
        density = plain_numbers(given)
    except Exception as error:
        raise TypeError(
            f"density_per_deg2 is {shown(density_per_deg2)}; give a number per deg^2"
        ) from error
    bad = ~((density > 0) & (density < np.inf))
    if bad.any():
        raise ValueError(
            f"density_per_deg2 is {density[bad][0]:g}; a density of objects must be "
            "positive and finite (per deg^2)"
        )
    radius = 3600.0 * np.sqrt(-math.log1p(-probability) / (np.pi * density))
    return float(radius) if radius.ndim == 0 else radius


def local_false_radius(
    n_annulus: np.ndarray, annulus: tuple[float, float], mean_radius: float, probability: float
) -> np.ndarray:
    """False radius by the objects in an annulus around each source; the mean where it is empty."""
    radius = np.full(len(n_annulus), mean_radius)
    full = n_annulus > 0
    radius[full] = false_radius(n_annulus[full] / annulus_deg2(annulus), probability)
    return radius


def annulus_deg2(annulus: tuple[float, float]) -> float:
    """Area between two radii (arcsec), deg^2."""
    return square_degrees(annulus[1]) - square_degrees(annulus[0])


def r98_arcsec(precise: Catalog, r98: Any) -> np.ndarray:
    """98% error radius of every X-ray source, arcsec."""
    if r98 is None:
        # To the three decimals that the published samples were made with.
        return round(float(precise.errors.quantile(0.98)), 3) * catalog_radius(precise)
    given = precise.columns.number_or_column(r98, "arcsec", "r98")
    radius = np.broadcast_to(given, (len(precise),))
    bad = ~((radius > 0) & (radius < np.inf))
    if bad.any():
        precise.columns.reject(
            r98 if isinstance(r98, str) else "r98",
            bad,
            radius,
            "r98 must be positive and finite (arcsec); remove those rows",
        )
    return radius
