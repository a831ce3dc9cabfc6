"""A sieve of coarse cells before the search: most objects of a large survey lie far from all."""

from __future__ import annotations

import numpy as np

from .._kernels.cell_sieve import sift, touch_cells
from .sky_box import SkyBox

#: cells are divided as long as they stay at least so many radii wide, and not more than so many;
#: where circles touch more of them than `MOST`, there is no use in it
SMALLEST, MOST_CELLS, MOST = 2.0, 1 << 27, 0.25


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
    """

    def __init__(self, box: SkyBox, circle: np.ndarray, radius: float) -> None:
        self._layout, self._shift = box.layout, 0
        cells, cell = box.n_rows * box.n_columns, box.cell
        while cell >= 2.0 * SMALLEST * radius and 4 * cells <= MOST_CELLS:
            self._shift, cells, cell = self._shift + 1, 4 * cells, 0.5 * cell
        self._touched, share = np.zeros(0, np.uint64), len(circle) / cells
        if share * (1.0 + 2.0 * radius / cell) ** 2 <= MOST:  # about
            self._touched = np.zeros(cells // 64 + 1, np.uint64)
            touch_cells(circle, radius, self._layout, self._shift, self._touched)

    def rows_near(self, ra: np.ndarray, dec: np.ndarray, counts: np.ndarray) -> np.ndarray | None:
        """Which positions (degrees) may lie in a circle, ascending (m,); None: any may.

        All are added to `counts` (rows * columns of the box,), int32; (0,): they are not counted.
        """
        sieves = len(self._touched) > 0
        if not sieves and len(counts) == 0:
            return None
        near = np.empty(len(ra) if sieves else 0, np.int32)
        n = sift(ra, dec, self._layout, self._shift, self._touched, counts, near)
        return near[:n] if sieves else None
