"""Regions of the sky to leave out."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from ..catalogs.catalog import Catalog
from ..catalogs.scalars import shown
from .pairs import close_pairs, positions

#: arcsec, the largest radius of a circle
HALF_SKY = 180 * 3600


def regions(exclude: Any) -> tuple[list[Any], np.ndarray]:
    """What to leave out: MOCs, and circles as rows of ra, dec (degrees), radius (arcsec)."""
    if exclude is None:
        exclude = []
    elif not isinstance(exclude, (list, tuple, np.ndarray)) or (
        len(exclude) and isinstance(exclude[0], (Catalog, Real))
    ):
        exclude = [exclude]
    mocs, circles = [], [np.empty((0, 3))]
    for region in exclude:
        parts = region if isinstance(region, (list, tuple, np.ndarray)) else ()
        radius = float(parts[-1]) if len(parts) and isinstance(parts[-1], Real) else 0.0
        if hasattr(region, "contains_lonlat"):
            mocs.append(region)
        elif len(parts) == 2 and isinstance(parts[0], Catalog) and 0 < radius <= HALF_SKY:
            ra, dec = parts[0].ra, parts[0].dec
            circles.append(np.column_stack([ra, dec, np.full(len(ra), float(radius))]))
        elif len(parts) == 3 and all(isinstance(v, Real) for v in parts) and 0 < radius <= HALF_SKY:
            circles.append(np.array([parts], dtype=np.float64))
        else:
            raise ValueError(
                f"exclude: {shown(region)} is not a region; give (ra, dec, radius) in "
                "degrees and arcsec, (Catalog, radius in arcsec), a mocpy.MOC, or a "
                "list of these"
            )
    found = np.concatenate(circles)
    if len(found):
        positions(found[:, 0], found[:, 1], "exclude")  # which says what is wrong with them
    return mocs, found


def in_regions(
    ra: np.ndarray, dec: np.ndarray, regions: tuple[list[Any], np.ndarray]
) -> np.ndarray:
    """Which positions are in a region."""
    import astropy.units as u

    mocs, circles = regions
    out = np.zeros(len(ra), bool)
    if len(ra) == 0:
        return out
    for moc in mocs:
        out |= moc.contains_lonlat(ra * u.deg, dec * u.deg)
    places = positions(ra, dec, "positions")
    # Circles of like size together: a search costs as much as its largest circle.
    size = np.ceil(np.log2(circles[:, 2]))
    for value in np.unique(size):
        alike = circles[size == value]
        centres = positions(alike[:, 0], alike[:, 1], "exclude")
        i, j, separation = close_pairs(centres, places, float(alike[:, 2].max()))
        out[j[separation < alike[i, 2]]] = True
    return out
