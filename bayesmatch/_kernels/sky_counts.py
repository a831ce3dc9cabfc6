"""Objects in the cells of a box on the sky, summed over windows of cells.

The cells stand in rows of equal declination, ``cell`` high; all are equally wide in right
ascension.  Sums over the corner below every cell make the sum over any window four look-ups.
"""

from __future__ import annotations

import math

import numpy as np

from .jit import jit


@jit
def count_in_cells(row, column, out):
    """Add sources to the cells `out` (r, c) that they lie in."""
    for i in range(len(row)):
        out[row[i], column[i]] += 1


@jit
def corner_sums(values, out):
    """Sums `out` (r + 1, c + 1) over the corner below each cell of `values` (r, c)."""
    n_rows, n_columns = values.shape
    out[0] = 0
    for row in range(n_rows):
        here, before, after = values[row], out[row], out[row + 1]
        along = out[0, 0]
        after[0] = 0
        for column in range(n_columns):
            along += here[column]
            after[column + 1] = before[column + 1] + along


@jit
def near_positions(corner, reach_rows, reach_columns, known):
    """Which cells have a position within some rows, and columns (r,), of them."""
    n_rows, n_columns = known.shape
    below = np.empty(n_columns + 1, corner.dtype)
    for row in range(n_rows):
        low, high = max(0, row - reach_rows), min(n_rows, row + reach_rows + 1)
        reach = reach_columns[row]
        for column in range(n_columns + 1):
            below[column] = corner[high, column] - corner[low, column]
        for column in range(reach, n_columns - reach):
            known[row, column] = below[column + reach + 1] - below[column - reach] > 0
        # Those whose window goes on at the other side.
        for first, last in ((0, min(reach, n_columns)), (max(reach, n_columns - reach), n_columns)):
            for column in range(first, last):
                begin, end = column - reach, column + reach + 1
                known[row, column] = around(corner, low, high, begin, end) > 0


@jit
def around(corner, low, high, a, b):
    """Sum over the rows low to high and the columns a to b, which go on at the other side."""
    n = corner.shape[1] - 1
    if b - a >= n:
        a, b = 0, n
    total = corner[0, 0]
    if a < 0:
        total += box(corner, low, high, a + n, n)
    if b > n:
        total += box(corner, low, high, 0, b - n)
    return total + box(corner, low, high, max(a, 0), min(b, n))


@jit
def box(corner, low, high, a, b):
    """Sum over a window of cells."""
    return corner[high, b] - corner[low, b] - corner[high, a] + corner[low, a]


@jit
def count_rings(first, last, start, separation, inner, radius, halvings, nearer, count, area):
    """Candidates of each primary in rings: from half the radius to it, a quarter to half, ...

    ``start`` (n + 1,) is CSR over the slots of ``separation``; separations below ``inner`` (n,) are
    counted in ``nearer`` (n,). Outputs (n, halvings): number, and area in arcsec^2.
    """
    edges = radius / 2.0 ** np.arange(halvings + 1)
    for i in range(first, last):
        for k in range(halvings):
            high = edges[k]
            low = max(inner[i], 0.5 * high)
            area[i, k] = math.pi * max(0.0, high * high - low * low)
        for slot in range(start[i], start[i + 1]):
            s = separation[slot]
            if s < inner[i]:
                nearer[i] += 1
                continue
            if s >= radius:
                continue
            k = 0
            while k < halvings and s < edges[k + 1]:
                k += 1
            if k < halvings:
                count[i, k] += 1


@jit
def count_profile(first, last, start, separation, inner, radius, edges):
    """Candidates in rings of equal area within a radius, (rings,), from inside outwards.

    Of the primaries first to last.  ``edges`` (rings + 1,); rings that begin within ``inner`` (n,)
    of their primary are left out.
    """
    rings = len(edges) - 1
    count = np.zeros(rings)
    for i in range(first, last):
        for slot in range(start[i], start[i + 1]):
            part = separation[slot] / radius
            ring = int(min(part * part * rings, rings - 1.0))
            if edges[ring] >= inner[i]:
                count[ring] += 1.0
    return count
