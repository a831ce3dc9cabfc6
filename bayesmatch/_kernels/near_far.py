"""Counts of cells near some sources and far from all of them."""

from __future__ import annotations

from .jit import jit


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
