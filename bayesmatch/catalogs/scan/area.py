"""The sky area and coverage of a scanned catalogue, found a batch at a time."""

from __future__ import annotations

from typing import Any

from ..area import FULL_SKY_DEG2
from ..scalars import whole_number
from .catalog import ScannedCatalog
from .search import position_batches

#: as finely as :func:`bayesmatch.catalogs.area.default_order` looks
FINEST = 12
#: objects per cell, on average
PER_CELL = 12


def scanned_area(other: ScannedCatalog, order: int | None = None) -> float:
    """Area (deg^2) of the HEALPix cells of an order, or the best one, that hold a row.

    Parameters
    ----------
    other : ScannedCatalog
        All its positions are read.
    order : int, optional
        0 to 29. Default: the finest whose occupied cells hold 12 objects on average, as for a
        catalogue in memory.
    """
    return float(scanned_coverage(other, order).sky_fraction) * FULL_SKY_DEG2


def scanned_coverage(other: ScannedCatalog, order: int | None = None) -> Any:
    """Those cells, as a `mocpy.MOC`."""
    import astropy.units as u
    from mocpy import MOC

    finest = FINEST if order is None else whole_number("order", order, 0, 29)
    found = MOC.new_empty(finest)
    for part in other.parts:
        for batch in position_batches(other, part, range(len(part.group_rows)), True):
            place = batch.ra * u.deg, batch.dec * u.deg
            found = found.union(MOC.from_lonlat(*place, max_norder=finest))
    if order is None:
        sparse = (k for k in range(1, FINEST + 1) if len(other) < PER_CELL * _cells(found, k))
        best = next(sparse, FINEST + 1) - 1
        found = found.degrade_to_order(best) if best < FINEST else found
    return found


def _cells(moc: Any, order: int) -> int:
    """How many cells of an order hold something."""
    coarse = moc.degrade_to_order(order) if order < FINEST else moc
    n_cells: int = round(float(coarse.sky_fraction) * 12 * 4**order)
    return n_cells
