"""Which pairs NWAY's search loses: its flat cells do not widen in right ascension with declination.

Where the radius is below 1 degree, no source of any catalogue is within 10 radii of right
ascension 0 and all are at absolute declinations below 45, NWAY puts each source into the cell of
the integers of ra / radius and dec / radius and into the next ones, and combines what shares one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def is_flat(positions: Sequence[tuple[np.ndarray, np.ndarray]], radius: float) -> bool:
    """Whether NWAY searches catalogues at these positions (degrees, (n,)) in flat cells."""
    err = radius / 60 / 60
    return err < 1 and all(
        bool(np.all((ra > 10 * err) & (ra < 360 - 10 * err) & (np.abs(dec) < 45)))
        for ra, dec in positions
    )


def lost(positions: Sequence[tuple[np.ndarray, np.ndarray]], radius: float) -> np.ndarray:
    """Which associations (R,) share no cell.

    Parameters
    ----------
    positions : sequence of (ndarray, ndarray), shape (R,)
        Right ascensions and declinations, degrees, by catalogue, NaN where absent.
    radius : float
        arcsec.
    """
    err = radius / 60 / 60
    apart = np.zeros(len(positions[0][0]), bool)
    for axis in (0, 1):
        with np.errstate(invalid="ignore"):
            cells = [np.trunc(np.asarray(p[axis] / err, np.float64)) for p in positions]
            largest, smallest = np.fmax.reduce(cells), np.fmin.reduce(cells)
            apart |= largest - smallest > 1
    return apart
