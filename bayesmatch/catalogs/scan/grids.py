"""The primaries in grids of several radii: what moves is searched farther out."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np

from ..candidates import Grid
from ..motions import by_reach


class Grids:
    """Grids of some positions, made when they are asked for.

    Parameters
    ----------
    around : object with ra and dec
        What is searched around, degrees.
    radius : float
        Of the search for what does not move, arcsec.
    """

    def __init__(self, around: Any, radius: float) -> None:
        self._ra, self._dec, self._radius = around.ra, around.dec, radius
        self._made, self._lock = {radius: Grid(around.ra, around.dec, radius)}, Lock()

    def rows_near(
        self,
        ra: np.ndarray,
        dec: np.ndarray,
        moves: np.ndarray | None,
        most: int,
        check: Callable[[int], None],
    ) -> np.ndarray:
        """Which rows are within the radius, or farther by what they move (arcsec), ascending."""
        if moves is None:
            return self._near(self._radius, ra, dec, most, check)
        found = [np.empty(0, np.int64)]
        for reach, rows in by_reach(moves, self._radius):
            found.append(rows[self._near(reach, ra[rows], dec[rows], most, check)])
        return np.sort(np.concatenate(found))

    def _near(
        self, radius: float, ra: np.ndarray, dec: np.ndarray, most: int, check: Callable
    ) -> np.ndarray:
        with self._lock:
            if radius not in self._made:
                self._made[radius] = Grid(self._ra, self._dec, radius)
            where = self._made[radius]
        _, j, _ = where.search(0, len(ra), ra, dec, most)
        check(len(j))
        near: np.ndarray = j[np.diff(j, prepend=-1) > 0]
        return near
