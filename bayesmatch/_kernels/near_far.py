"""Counts of cells near some sources and far from all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .jit import jit
from .sky_counts import near_positions

#: cells near sources are compared with those far off within blocks of so many times the distance
#: beyond which these are
BLOCK = 3


@jit
def count_near_far(count, covered, near, close, rows, columns, n_near, n_far):
    """Objects, and how many covered cells by row, near some source and far from all.

    Covered cells that are `near` some source, and that are not even `close` to one; the latter
    within `rows` and `columns` (first, last) apart. Outputs by row: ``n_near`` (r,), ``n_far``
    (r, 2) cells outside and inside of these. Returns the objects of the three.
    """
    n_columns = count.shape[1]
    near_objects, outside, inside = 0, 0, 0
    for row in range(count.shape[0]):
        within = rows[0] <= row <= rows[1]
        for column in range(n_columns):
            if not covered[row, column]:
                continue
            if near[row, column]:
                n_near[row] += 1
                near_objects += count[row, column]
            if close[row, column]:
                continue
            if within and columns[0] <= column <= columns[1]:
                n_far[row, 1] += 1
                inside += count[row, column]
            else:
                n_far[row, 0] += 1
                outside += count[row, column]
    return near_objects, outside, inside


def cells_near(corner: np.ndarray, reaches: Sequence[int], per_row: np.ndarray) -> list[np.ndarray]:
    """Which cells have a source within so many cells of them, by reach.

    `corner` are the sums of the sources (:func:`corner_sums`), `per_row` the columns that are as
    wide as a cell is high.
    """
    out = []
    for reach in reaches:
        near = np.empty((corner.shape[0] - 1, corner.shape[1] - 1), np.bool_)
        near_positions(corner, reach, np.rint(per_row * reach).astype(np.int64), near)
        out.append(near)
    return out


def share_beside(
    count: np.ndarray,
    covered: np.ndarray,
    near: np.ndarray,
    close: np.ndarray,
    area: np.ndarray,
    few: float,
    distance: int,
) -> float:
    """Density in cells that are far from all sources over that in cells near some, beside them.

    Cells as :func:`count_near_far` takes them, those far off by more than `distance` cells, `area`
    by row.  Sources that follow the field leave
    its emptier parts to the cells far from all: only those in one block of cells are compared, and
    a block weighs as much as its two parts together tell (Mantel and Haenszel 1959).  0 where
    fewer than `few` objects are expected.
    """
    size = BLOCK * distance
    rows, columns = (-(-cells // size) for cells in count.shape)
    sums = []
    for cells in (covered & near, covered & ~close):
        row, column = np.nonzero(cells)
        block = row // size * columns + column // size
        for values in (count[row, column], area[row]):
            sums.append(np.bincount(block, values, rows * columns))
    beside, square, far, far_square = sums
    both = np.maximum(square + far_square, 1e-300)
    expected = float((beside * far_square / both).sum())
    return float((far * square / both).sum()) / expected if expected >= few else 0.0
