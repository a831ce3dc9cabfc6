"""A sieve of coarse cells before the search: most objects of a large survey lie far from all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import NamedTuple

import numpy as np

from .._kernels.cell_sieve import sift, touch_cells
from .._kernels.jit import ranges, run_ranges
from .cell_maps import CellCounts, CellMaps
from .search_grid import STREAM_ROWS
from .sky_box import SkyBox

#: how many radii wide cells are at least, and how many they are at most, where the box has not
#: larger ones: of objects in the order of the sky, and of those that come as they like, for which
#: the bits of all had better stay in the processor's cache
IN_ORDER, AS_THEY_LIKE = (2.0, 1 << 27), (0.5, 1 << 21)
#: no use in a sieve where circles touch more of the cells, or with fewer positions for each
MOST, MANY = 0.25, 32
#: counts of no cells
NO_COUNTS = CellCounts.none(0)


class Near(NamedTuple):
    """Positions that may lie in a circle."""

    row: np.ndarray
    """(m,) which of those that were asked about"""
    ra: np.ndarray
    """(m,) degrees"""
    dec: np.ndarray
    """(m,) degrees"""


class CellSieve:
    """Tells which positions lie in cells that a search circle touches, and counts all in cells.

    Parameters
    ----------
    box : SkyBox
        Around what is searched around.
    circle : ndarray, shape (n, 4)
        As a :class:`~bayesmatch.catalogs.candidates.Grid` has it.
    radius : float
        Of the circles, degrees, padded.
    cells : (float, int)
        How many radii wide they are at least, and how many of them there may be.
    """

    def __init__(
        self, box: SkyBox, circle: np.ndarray, radius: float, cells: tuple[float, int] = IN_ORDER
    ) -> None:
        self._layout, self._shift = box.layout, 0
        smallest, most = cells[0] * radius, cells[1]
        n_cells, cell = box.n_rows * box.n_columns, box.cell
        while cell >= 2.0 * smallest and 4 * n_cells <= most:
            self._shift, n_cells, cell = self._shift + 1, 4 * n_cells, 0.5 * cell
        self._touched, share = np.zeros(0, np.uint64), len(circle) / n_cells
        if share * (1.0 + 2.0 * radius / cell) ** 2 <= MOST:  # about
            self._touched = np.zeros(n_cells // 64 + 1, np.uint64)
            touch_cells(circle, radius, self._layout, self._shift, self._touched)

    @property
    def sieves(self) -> bool:
        """Whether it tells any positions from others."""
        return len(self._touched) > 0

    def all_near(
        self, ra: np.ndarray, dec: np.ndarray, counted: bool, advance: Callable[[int], object]
    ) -> tuple[list[Near], np.ndarray | None]:
        """What :meth:`near` gives of each piece of many positions, with rows of them all.

        On all threads.  And the objects in each cell, (rows, columns), if they are to be
        `counted`.  `advance` is told how many are done.
        """
        maps = CellMaps(self._layout[4:])

        def piece(first: int, last: int) -> Near:
            with maps.one() if counted else nullcontext(NO_COUNTS) as counts:
                some = self.near(ra[first:last], dec[first:last], counts)
            assert some is not None
            advance(last - first)
            return Near(first + some.row.astype(np.int64), some.ra.copy(), some.dec.copy())

        near = list(run_ranges(piece, ranges(len(ra), STREAM_ROWS)))
        return near, maps.total() if counted else None

    def near(self, ra: np.ndarray, dec: np.ndarray, counts: CellCounts) -> Near | None:
        """Which positions (degrees) may lie in a circle, in their order; None: any may.

        All are added to `counts` (rows * columns of the box,); of no cells: they are not counted.
        """
        if not self.sieves and len(counts.low) == 0:
            return None
        room = len(ra) if self.sieves else 0
        found = np.empty(room, np.int32), np.empty(room), np.empty(room)
        n = sift(ra, dec, self._layout, self._shift, self._touched, *counts, *found)
        return Near(*(values[:n] for values in found)) if self.sieves else None
