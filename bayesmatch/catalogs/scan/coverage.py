"""Row groups that may hold a candidate, judging from the ranges of their coordinates."""

from __future__ import annotations

import numpy as np

from ..._kernels import coverage
from ..._kernels.sky_counts import corner_sums
from ..search_grid import half_width

#: cells of the sky map, per degree
CELLS_PER_DEG = 4
#: degrees added to the radius, far above all rounding
PADDING_DEG = 1e-6
#: beyond it nothing is left out: every source would have thousands of cells
MAX_RADIUS_ARCSEC = 2.0 * 3600.0


class SkyMap:
    """The cells of the sky within `radius` arcsec of any of some positions (degrees)."""

    def __init__(self, ra: np.ndarray, dec: np.ndarray, radius: float) -> None:
        zones, columns = 180 * CELLS_PER_DEG, 360 * CELLS_PER_DEG
        touched = np.full((zones, columns), radius > MAX_RADIUS_ARCSEC)
        if radius > MAX_RADIUS_ARCSEC:
            ra, dec = ra[:0], dec[:0]
        padded = radius / 3600.0 + PADDING_DEG
        coverage.mark_circles(ra, dec, half_width(dec, padded), padded, touched)
        # Sums over the corner below each cell: any box is four look-ups.
        self._sum = np.empty((zones + 1, columns + 1), np.int32)
        corner_sums(touched, self._sum)

    def touches(self, bounds: np.ndarray) -> np.ndarray:
        """Whether boxes can hold a position within the radius of one of those given.

        Parameters
        ----------
        bounds : ndarray, shape (n, 2, 2)
            Least and largest right ascension, then declination, in degrees; right ascensions may
            lie outside 0 to 360. NaN: unknown.

        Returns
        -------
        ndarray of bool, shape (n,)
            True where in doubt.
        """
        zones, columns = (size - 1 for size in self._sum.shape)
        # What is out of range must be read, to be refused.
        known = (np.abs(bounds) <= [[720.0], [90.0]]).all(axis=(1, 2))
        safe = np.where(known[:, None, None], bounds, 0.0)
        (ra_low, ra_high), (dec_low, dec_high) = safe.transpose(1, 2, 0)
        a = np.floor(ra_low * CELLS_PER_DEG).astype(np.int64)
        b = np.floor(ra_high * CELLS_PER_DEG).astype(np.int64)
        around = b - a + 1 >= columns
        a, b = a % columns, b % columns
        low = np.clip(np.floor((dec_low + 90.0) * CELLS_PER_DEG).astype(np.int64), 0, zones - 1)
        high = np.clip(np.floor((dec_high + 90.0) * CELLS_PER_DEG).astype(np.int64), 0, zones - 1)
        found = np.where(
            around,
            self._count(low, high, 0 * a, 0 * a + columns - 1),
            np.where(
                a <= b,
                self._count(low, high, a, b),
                self._count(low, high, a, 0 * a + columns - 1) + self._count(low, high, 0 * a, b),
            ),
        )
        may_hold: np.ndarray = ~known | (found > 0)
        return may_hold

    def _count(self, low: np.ndarray, high: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        s = self._sum
        count: np.ndarray = s[high + 1, b + 1] - s[low, b + 1] - s[high + 1, a] + s[low, a]
        return count
