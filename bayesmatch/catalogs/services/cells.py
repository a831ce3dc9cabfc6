"""A region of the sky, cut into the cells that are asked for one by one.

Every position lies in one cell of the region: a `mocpy.MOC` and its cells are half-open, so a row
comes once, whatever the circles are that cover the cells in the queries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..area import FULL_SKY_DEG2, moc_of
from ..scalars import as_number, number_within, shown

#: cells at the rim of a circle are smaller than its radius by this factor
FINENESS = 48
#: orders of the cells at a region's rim; cells that overflow are split down to the last
COARSEST, FINEST, SMALLEST = 8, 16, 13
#: the edge of a cell lies nearly on a great circle between its corners: this covers the rest
SLACK, SLACK_DEG = 1.02, 1.0 / 3600.0
#: a query's circle is at most this wide (degrees): beyond, services do not agree on circles
WIDEST = 60.0


@dataclass(frozen=True, order=True)
class Cell:
    """A HEALPix cell, nested."""

    order: int
    number: int

    def parts(self) -> list[Cell]:
        """The four cells of the next order."""
        return [Cell(self.order + 1, 4 * self.number + k) for k in range(4)]

    def __str__(self) -> str:
        return f"{self.order}-{self.number:07d}"

    def moc(self, order: int) -> Any:
        """The cell as a `mocpy.MOC` whose finest order is `order`."""
        from mocpy import MOC

        return MOC.from_healpix_cells(
            np.array([self.number], np.uint64), np.array([self.order], np.uint8), order
        )

    def of(self, region: Any) -> Any:
        """The part of a region, a `mocpy.MOC`, that lies in the cell."""
        return region.intersection(self.moc(max(region.max_order, self.order)))


def cell_named(text: str) -> Cell | None:
    """The cell that a text, as :class:`Cell` gives it, stands for; None: it is none."""
    order, _, number = text.partition("-")
    return Cell(int(order), int(number)) if order.isdecimal() and number.isdecimal() else None


def cells_of(region: Any, order: int) -> list[Cell]:
    """The cells of an order that a region touches, ascending."""
    finer = max(order - region.max_order, 0)
    coarse = region if finer or region.max_order == order else region.degrade_to_order(order)
    first = np.sort(coarse.flatten()).astype(np.int64) << 2 * finer
    return [Cell(order, int(k)) for k in (first[:, None] + np.arange(4**finer)).ravel()]


def circle_around(part: Any) -> tuple[float, float, float]:
    """A circle (ra, dec, radius; degrees) that holds a part of the sky, a `mocpy.MOC`."""
    middle = part.barycenter()
    reach = part.largest_distance_from_coo_to_vertices(middle).to_value("deg")
    radius = min(float(reach) * SLACK + SLACK_DEG, WIDEST)
    return float(middle.icrs.ra.deg) % 360.0, float(middle.icrs.dec.deg), radius


def region_of(region: Any, margin_arcsec: float) -> tuple[Any, str]:
    """What a user gives for a region as a `mocpy.MOC`, and in words.

    Parameters
    ----------
    region : mocpy.MOC, (ra, dec, radius) in degrees, or Catalog
        A MOC as it is; the cells that a circle touches; those within the margin of any source.
    margin_arcsec : float
        Around the sources of a catalogue.

    Raises
    ------
    ValueError, TypeError
        If it is none of these, or empty.
    """
    if moc_of(region) is not None:
        if region.empty():
            raise ValueError("the region, a MOC, is empty; give one that covers some sky")
        return region, f"a MOC of {area_of(region):.4g} deg^2"
    if hasattr(region, "ra") and hasattr(region, "dec") and hasattr(region, "name"):
        margin = number_within("margin", margin_arcsec, 0.0, 36_000.0, open_low=True)
        moc = _around(np.asarray(region.ra), np.asarray(region.dec), margin / 3600.0)
        return moc, f"within {margin:g} arcsec of the {len(region.ra):,} sources of {region.name}"
    try:
        ra, dec, radius = (as_number(value) for value in region)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"the region is {shown(region)}; give a mocpy.MOC, a catalogue, or right ascension, "
            "declination and radius in degrees"
        ) from error
    number_within("right ascension", ra, -360.0, 360.0)
    number_within("declination", dec, -90.0, 90.0)
    number_within("radius", radius, 0.0, 180.0, open_low=True)
    return _around(np.array([ra % 360.0]), np.array([dec]), radius), (
        f"within {radius:g} deg of {ra % 360.0:g}, {dec:+g}"
    )


def _around(ra: np.ndarray, dec: np.ndarray, radius: float) -> Any:
    """The cells that circles (degrees) touch, as a `mocpy.MOC`."""
    import astropy.units as u
    from astropy.coordinates import Latitude, Longitude
    from mocpy import MOC

    finest = math.ceil(math.log2(58.6 * FINENESS / radius))
    order = min(max(finest, COARSEST), FINEST)
    if len(ra) > 1:  # coarser for many
        order = min(max(order - 2, COARSEST), FINEST)
    kind = "small_cones" if radius < 1.0 else "large_cones"
    cones = Longitude(ra, u.deg), Latitude(dec, u.deg)
    return MOC.from_cones(
        *cones, radius=radius * u.deg, max_depth=order, delta_depth=2, union_strategy=kind
    )


def area_of(region: Any) -> float:
    """Of a `mocpy.MOC`, deg^2."""
    return float(region.sky_fraction) * FULL_SKY_DEG2
