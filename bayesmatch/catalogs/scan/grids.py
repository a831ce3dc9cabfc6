"""The primaries in grids of several radii, and what of a survey is near them or in coarse cells.

What moves is searched farther out; of what does not, most is far from all and sieved out before.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np

from ..cell_maps import CellCounts
from ..cell_sieve import MANY, NO_COUNTS, CellSieve
from ..motions import by_reach
from ..search_grid import Grid
from ..sky_box import SkyBox


class Grids:
    """Grids of some positions, made when they are asked for.

    Parameters
    ----------
    around : object with ra and dec
        What is searched around, degrees.
    radius : float
        Of the search for what does not move, arcsec.
    box : SkyBox, optional
        Cells in which rows are counted.
    n_rows : int
        How many rows are about to come.
    """

    def __init__(self, around: Any, radius: float, box: SkyBox | None, n_rows: int) -> None:
        self._ra, self._dec, self._radius = around.ra, around.dec, radius
        grid = Grid(around.ra, around.dec, radius)
        self._made, self._lock = {radius: grid}, Lock()
        self._box, coarse = box, box
        if box is None and n_rows > MANY * len(self._ra):
            coarse = SkyBox(self._ra, self._dec)
        self._sieve = None
        if coarse is not None:
            self._sieve = CellSieve(coarse, grid.circle, grid.padded_degrees)

    def rows_near(
        self,
        ra: np.ndarray,
        dec: np.ndarray,
        moves: np.ndarray | None,
        most: int,
        check: Callable[[int], None],
        counts: CellCounts | None = None,
    ) -> np.ndarray:
        """Which rows are within the radius, or farther by what they move (arcsec), ascending.

        All are added to `counts`, objects in each cell of the box.
        """
        if moves is None:
            return self._near_still(ra, dec, most, check, counts)
        if self._box is not None and counts is not None:
            self._box.add(ra, dec, counts)
        found = [np.empty(0, np.int64)]
        for reach, rows in by_reach(moves, self._radius):
            found.append(rows[self._near(reach, ra[rows], dec[rows], most, check)])
        return np.sort(np.concatenate(found))

    def _near_still(
        self,
        ra: np.ndarray,
        dec: np.ndarray,
        most: int,
        check: Callable,
        counts: CellCounts | None,
    ) -> np.ndarray:
        """The same of what does not move."""
        some = None
        if self._sieve is not None:
            some = self._sieve.near(ra, dec, NO_COUNTS if counts is None else counts)
        if some is None:
            return self._near(self._radius, ra, dec, most, check)
        near: np.ndarray = some.row[self._near(self._radius, some.ra, some.dec, most, check)]
        return near.astype(np.int64)

    def _near(
        self, radius: float, ra: np.ndarray, dec: np.ndarray, most: int, check: Callable
    ) -> np.ndarray:
        with self._lock:
            if radius not in self._made:
                self._made[radius] = Grid(self._ra, self._dec, radius)
            where = self._made[radius]
        _, j, _ = where.search(0, len(ra), ra, dec, most)
        check(len(j))
        first = np.ones(len(j), np.bool_)  # of the pairs of a row
        np.not_equal(j[1:], j[:-1], out=first[1:])
        near: np.ndarray = j[first]
        return near
