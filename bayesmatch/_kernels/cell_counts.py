"""Objects counted in the cells of a box on the sky, and moved from map to map."""

from __future__ import annotations

import numpy as np

from .jit import jit

#: objects, or cells, that are gone through at a time: they stay in the processor's cache
BLOCK = 2048


@jit
def count_cells(ra, dec, low_ra, low_dec, per_ra, per_dec, n_rows, n_columns, out):
    """Add objects to the cells `out` (n_rows * n_columns,) that they lie in.

    The cells of a block of objects are found first, without a branch and several at a time.
    """
    rows, columns, step = float(n_rows), float(n_columns), np.int32(n_columns)
    cell = np.empty(BLOCK, np.int32)
    for begin in range(0, len(ra), BLOCK):
        n = min(BLOCK, len(ra) - begin)
        some_ra, some_dec = ra[begin : begin + n], dec[begin : begin + n]
        for a in range(n):
            x = some_ra[a] - low_ra
            x = (x + (360.0 if x < 0.0 else 0.0)) * per_ra
            y = (some_dec[a] - low_dec) * per_dec
            at = np.int32(y) * step + np.int32(x)
            cell[a] = at if (y >= 0.0) & (y < rows) & (x < columns) else np.int32(-1)
        for a in range(n):
            if cell[a] >= 0:
                out[np.uint32(cell[a])] += np.int32(1)


@jit
def take_counts(cells, row, number):
    """Move all counts out of `cells` (n,), which is left empty, in the order of the cells.

    The counts go into `number` (m,), and -1 less the cells into `row` (m,); without room nothing is
    done.  Returns how many cells hold any.
    """
    n, moving = 0, len(row) > 0
    for begin in range(0, len(cells), BLOCK):
        end = min(begin + BLOCK, len(cells))
        held = 0
        for c in range(begin, end):
            held |= cells[c]
        if held == 0:
            continue
        for c in range(begin, end):
            if moving and cells[c] != 0:
                row[n], number[n] = -1 - c, cells[c]
            n += cells[c] != 0
        if moving:
            cells[begin:end] = 0
    return n


@jit
def put_counts(row, number, cells):
    """Add what :func:`take_counts` has moved to `cells` (n,); rows that are none are left out."""
    for k in range(len(row)):
        if row[k] < 0:
            cells[-1 - row[k]] += np.int32(number[k])
