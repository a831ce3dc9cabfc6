"""Neighbours of the rows of one list: pairs within a distance, and how far the k-th one is.

What a KD-tree gives, without loading SciPy, which takes longer than many a match.
"""

from __future__ import annotations

import math

import numpy as np

from .._kernels.jit import ranges, run_kernel
from .._kernels.neighbours import kth_nearest, nearest_squares, rows_within
from .places import unit_vectors

#: places that a thread looks at at a time
PIECE = 1 << 14


class Neighbours:
    """The rows of a list in zones of declination.

    Parameters
    ----------
    ra, dec : ndarray, shape (n,)
        Positions, degrees.
    reach : float
        Arcsec within which neighbours are looked for, about; it decides how high zones are.

    Attributes
    ----------
    unit : ndarray, shape (n, 3)
        Positions as unit vectors, in the order given.
    along : ndarray of int, shape (n,)
        Rows zone by zone, in each by right ascension.
    """

    def __init__(self, ra: np.ndarray, dec: np.ndarray, reach: float) -> None:
        self.unit = unit_vectors(ra, dec)
        self._lowest = float(dec.min(initial=90.0))
        span = max(0.0, float(dec.max(initial=-90.0)) - self._lowest)
        # As many zones as rows in each; where neighbours are nearer, no more than look at two.
        self._height = max(reach / 3600.0, span / math.sqrt(len(ra) + 1.0), 1e-6)
        zone = ((dec - self._lowest) / self._height).astype(np.int64)
        self.along = np.argsort(ra, kind="stable")
        # Short numbers are put in order by counting them.
        short = np.uint16 if zone.max(initial=0) < 1 << 16 else np.int64
        by_zone = np.argsort(zone[self.along].astype(short), kind="stable")
        self.along = self.along[by_zone]
        self._place = np.empty(len(ra), np.int64)
        self._place[self.along] = np.arange(len(ra))
        zones = np.arange(int(zone.max(initial=0)) + 2)
        self._zone_first = np.searchsorted(zone[self.along], zones)
        self._sorted = self.unit[self.along], ra[self.along], dec[self.along]

    def surplus(self, most: int, reach: float) -> np.ndarray:
        """Rows that have `most` others before them, zone by zone, at one place: rising, (m,).

        Parameters
        ----------
        most : int
        reach : float
            Arcsec within which places are one.
        """
        _, ra, dec = self._sorted
        apart = np.maximum(np.abs(ra[most:] - ra[:-most]), np.abs(dec[most:] - dec[:-most]))
        return np.sort(self.along[most:][apart < reach / 3600.0])

    def within(self, rows: np.ndarray, chord: float) -> tuple[np.ndarray, np.ndarray]:
        """Neighbours of some rows no farther than a chord (of the unit sphere), with themselves.

        Parameters
        ----------
        rows : ndarray of int, shape (k,)
        chord : float

        Returns
        -------
        begin : ndarray of int, shape (k + 1,)
            Where the neighbours of each begin, and the end.
        neighbours : ndarray of int
            Their rows.
        """
        begin, found = self._within(self._place[rows], chord, 4)
        return begin, self.along[found]

    def numbers(self, chord: float) -> np.ndarray:
        """How many neighbours all rows have no farther than a chord, themselves with them, (n,)."""
        begin, _ = self._found(self._place, chord, np.empty(0, np.int64))
        return np.diff(begin)

    def nearest(self, ra: np.ndarray, dec: np.ndarray, chord: float) -> np.ndarray:
        """Chords from some places to the nearest row, infinite where it is farther than `chord`.

        Parameters
        ----------
        ra, dec : ndarray, shape (m,)
            Right ascensions from 0 to 360 and declinations, degrees.
        chord : float

        Returns
        -------
        ndarray, shape (m,)
        """
        places, out = (unit_vectors(ra, dec), ra, dec), np.empty(len(ra))
        zones = self._lowest, self._height, self._zone_first
        how = places, _angle(chord), chord * chord, *self._sorted, *zones, out
        run_kernel(nearest_squares, ranges(len(ra), PIECE), *how)
        return np.sqrt(out)

    def _within(self, places: np.ndarray, chord: float, each: int) -> tuple[np.ndarray, np.ndarray]:
        """As :meth:`within`, of places in :attr:`along`, and giving places.

        Done at once where they have not more than `each` on average.
        """
        found = np.empty(each * len(places), np.int64)
        begin, n = self._found(places, chord, found)
        if n > len(found):
            found = np.empty(n, np.int64)
            begin, _ = self._found(places, chord, found)
        return begin, found[:n]

    def _found(self, places: np.ndarray, chord: float, found: np.ndarray) -> tuple[np.ndarray, int]:
        """Where the neighbours of each of the places begin, and how many all have."""
        how = places, _angle(chord), chord * chord, *self._sorted
        zones = self._lowest, self._height, self._zone_first
        begin = np.empty(len(places) + 1, np.int64)
        return begin, int(rows_within(*how, *zones, begin, found))

    def distance(self, rows: np.ndarray, k: int, chord: float) -> np.ndarray:
        """Chord to the `k`-th neighbour (0: the row itself) of some rows; looked for from one on.

        Parameters
        ----------
        rows : ndarray of int, shape (m,)
        k : int
            Below the number of rows.
        chord : float
            Within it the neighbours are looked for first, and then within twice as far.

        Returns
        -------
        ndarray, shape (m,)
        """
        out = np.empty(len(rows))
        left, places = np.arange(len(rows)), self._place[rows]
        while len(left):
            begin, found = self._within(places[left], chord, 3 * (k + 1))
            square = np.empty(len(left))
            kth_nearest(places[left], begin, found, self._sorted[0], k, np.empty(k + 1), square)
            out[left] = np.sqrt(square)
            left = left[np.diff(begin) <= k]
            chord = min(2.0 * chord, 2.0)
        return out


def _angle(chord: float) -> float:
    """Degrees of a chord, no fewer."""
    return 2.0 * math.degrees(math.asin(min(1.0, 0.5 * chord))) * (1.0 + 1e-9) + 1e-12
