"""Objects counted in the cells of a box on the sky, and moved from map to map."""

from __future__ import annotations

import numpy as np

from .jit import jit

#: objects, or cells, that are gone through at a time: they stay in the processor's cache
BLOCK = 2048
#: what a byte does not hold
BYTE = 256


@jit
def count_cells(ra, dec, low_ra, low_dec, per_ra, per_dec, n_rows, n_columns, low, high):
    """Add objects to the cells (n_rows * n_columns,) that they lie in, as :func:`add_to` does.

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
                add_to(low, high, np.uint32(cell[a]), 1)


@jit
def add_to(low, high, cell, n):
    """Add `n` objects, at most 256, to a cell: what a byte holds to `low`, the rest to `high`.

    Objects come in any order, and few cells hold more than a byte does: the bytes of all stay in
    the processor's cache, where numbers of 32 bits would not (a third of the time of a search).
    """
    total = np.int32(low[cell]) + np.int32(n)
    low[cell] = np.uint8(total & (BYTE - 1))
    if total >= BYTE:
        high[cell] += np.int32(BYTE)


@jit
def add_up(low, high, total):
    """Add what cells hold, as :func:`add_to` has it, to `total` (n,) int32."""
    for c in range(len(total)):
        total[c] += np.int32(low[c]) + high[c]


@jit
def take_counts(low, high, row, number):
    """Move all counts out of cells (n,), which are left empty, in their order.

    The counts go into `number` (m,), and -1 less the cells into `row` (m,); without room nothing is
    done.  Returns how many cells hold any.
    """
    n, moving = 0, len(row) > 0
    for begin in range(0, len(low), BLOCK):
        end = min(begin + BLOCK, len(low))
        held = np.int32(0)
        for c in range(begin, end):
            held |= np.int32(low[c]) | high[c]
        if held == 0:
            continue
        for c in range(begin, end):
            total = np.int32(low[c]) + high[c]
            if moving and total != 0:
                row[n], number[n] = -1 - c, total
            n += total != 0
        if moving:
            low[begin:end], high[begin:end] = 0, 0
    return n


@jit
def put_counts(row, number, cells):
    """Add what :func:`take_counts` has moved to `cells` (n,); rows that are none are left out."""
    for k in range(len(row)):
        if row[k] < 0:
            cells[-1 - row[k]] += np.int32(number[k])
