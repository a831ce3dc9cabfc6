"""Sums over windows of cells around sources, from sums over the corner below each cell."""

from __future__ import annotations

import numpy as np

from .jit import jit

#: objects, and sources above them, in one whole number
LOW_BITS, HALF = np.int64(0xFFFFFFFF), 32


@jit
def covered_sums(count, covered, cell_area, sources):
    """Objects, area and sources of covered cells, summed over the corner below each cell.

    ``cell_area`` (r,) by row.  Two tables (r + 1, c + 1): objects and sources as one number each,
    sources in the upper half; and area.  Two thirds of the memory of three.
    """
    n_rows, n_columns = count.shape
    number = np.empty((n_rows + 1, n_columns + 1), np.int64)
    square = np.empty((n_rows + 1, n_columns + 1))
    number[0], square[0] = 0, 0.0
    for row in range(n_rows):
        held, seen, near = count[row], covered[row], sources[row]
        number_before, number_after = number[row], number[row + 1]
        square_before, square_after = square[row], square[row + 1]
        number_after[0], square_after[0] = 0, 0.0
        n, area, of_cell = np.int64(0), 0.0, cell_area[row]
        for column in range(n_columns):
            if seen[column]:
                n += np.int64(held[column]) + (np.int64(near[column]) << HALF)
                area += of_cell
            number_after[column + 1] = number_before[column + 1] + n
            square_after[column + 1] = square_before[column + 1] + area
    return number, square


@jit
def value_sums(cell, values, n_rows, n_columns):
    """Objects and their `values`, summed over the corner below each cell; as :func:`covered_sums`.

    ``cell`` (m,) numbers of cells, row by row.
    """
    number = np.zeros((n_rows + 1, n_columns + 1), np.int64)
    total = np.zeros((n_rows + 1, n_columns + 1))
    for k in range(len(cell)):
        row, column = cell[k] // n_columns, cell[k] % n_columns
        number[row + 1, column + 1] += 1
        total[row + 1, column + 1] += values[k]
    for row in range(1, n_rows + 1):
        n, along = np.int64(0), 0.0
        for column in range(1, n_columns + 1):
            n += number[row, column]
            along += total[row, column]
            number[row, column] = number[row - 1, column] + n
            total[row, column] = total[row - 1, column] + along
    return number, total


@jit
def window(i, w, row, column, half_rows, half_columns, last_row, n_columns):
    """Rows and columns of the cells of a source's window, the ends beyond them excluded.

    Columns may begin below 0 or end beyond the last: they go on at the other side.
    """
    low, high = max(0, row[i] - half_rows[w]), min(last_row, row[i] + half_rows[w] + 1)
    a = column[i] - half_columns[row[i], w]
    b = column[i] + half_columns[row[i], w] + 1
    if b - a >= n_columns:
        a, b = 0, n_columns
    return low, high, a, b


@jit
def sum_covered(
    first, last, row, column, half_rows, half_columns, sums, areas, n, square, n_sources
):
    """As :func:`sum_windows`, of the two tables of :func:`covered_sums`."""
    last_row, n_columns = sums.shape[0] - 1, sums.shape[1] - 1
    for i in range(first, last):
        for w in range(len(half_rows)):
            low, high, a, b = window(
                i, w, row, column, half_rows, half_columns, last_row, n_columns
            )
            # Of whole numbers without a sign nobody asks whether they count from the end.
            below, above = np.uint64(low), np.uint64(high)
            number, area = np.int64(0), 0.0
            if a < 0:
                number += between(sums, below, above, a + n_columns, n_columns)
                area += between(areas, below, above, a + n_columns, n_columns)
            if b > n_columns:
                number += between(sums, below, above, 0, b - n_columns)
                area += between(areas, below, above, 0, b - n_columns)
            number += between(sums, below, above, max(a, 0), min(b, n_columns))
            area += between(areas, below, above, max(a, 0), min(b, n_columns))
            n[i, w], square[i, w], n_sources[i, w] = number & LOW_BITS, area, number >> HALF


@jit
def between(table, low, high, a, b):
    """Sum over the columns a to b between two rows, ``uint64``, of a table of corner sums."""
    first, last = np.uint64(a), np.uint64(b)
    return table[high, last] - table[low, last] - table[high, first] + table[low, first]


@jit
def sums_with_area(count, area, sources):
    """Objects, area and sources, summed over the corner below each cell.

    Of any ``area`` (r, c); sources count where there is some.  The sums, (r + 1, c + 1, 3), stand
    side by side in the memory.
    """
    n_rows, n_columns = count.shape
    out = np.empty((n_rows + 1, n_columns + 1, 3))
    out[0] = 0.0
    for row in range(n_rows):
        out[row + 1, 0] = 0.0
        n, square, n_sources = 0.0, 0.0, 0.0
        for column in range(n_columns):
            n += count[row, column]
            square += area[row, column]
            n_sources += sources[row, column] if area[row, column] > 0 else 0
            add_corner(out, row, column, n, square, n_sources)
    return out


@jit
def add_corner(out, row, column, n, area, n_sources):
    """Set the sums below a cell from those of its row so far and of the row before."""
    out[row + 1, column + 1, 0] = out[row, column + 1, 0] + n
    out[row + 1, column + 1, 1] = out[row, column + 1, 1] + area
    out[row + 1, column + 1, 2] = out[row, column + 1, 2] + n_sources


@jit
def sum_windows(first, last, row, column, half_rows, half_columns, corner, n, square, n_sources):
    """Objects, covered area and sources in windows around each source.

    ``half_rows`` (w,) and ``half_columns`` (rows, w) are half the windows' sizes, the source's cell
    aside; `corner` (r + 1, c + 1, 3) sums of the three; the outputs are (n, w).
    """
    last_row, n_columns = corner.shape[0] - 1, corner.shape[1] - 1
    for i in range(first, last):
        for w in range(len(half_rows)):
            low, high, a, b = window(
                i, w, row, column, half_rows, half_columns, last_row, n_columns
            )
            sums = (0.0, 0.0, 0.0)
            if a < 0:
                sums = with_box(sums, corner, low, high, a + n_columns, n_columns)
            if b > n_columns:
                sums = with_box(sums, corner, low, high, 0, b - n_columns)
            sums = with_box(sums, corner, low, high, max(a, 0), min(b, n_columns))
            n[i, w], square[i, w], n_sources[i, w] = sums


@jit
def with_box(sums, corner, low, high, a, b):
    """Three sums, with those over a window of cells added."""
    return (
        sums[0] + (corner[high, b, 0] - corner[low, b, 0] - corner[high, a, 0] + corner[low, a, 0]),
        sums[1] + (corner[high, b, 1] - corner[low, b, 1] - corner[high, a, 1] + corner[low, a, 1]),
        sums[2] + (corner[high, b, 2] - corner[low, b, 2] - corner[high, a, 2] + corner[low, a, 2]),
    )
