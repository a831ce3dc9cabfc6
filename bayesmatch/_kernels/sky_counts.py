"""Objects counted in the cells of a box on the sky, and summed over windows of cells.

The cells stand in rows of equal declination, ``cell`` high; all are equally wide in right
ascension.  Sums over the corner below every cell make the sum over any window four look-ups.
"""

from __future__ import annotations

import math

import numpy as np

from .jit import jit

#: objects, or cells, that are gone through at a time: they stay in the processor's cache
COUNT_BLOCK = 2048
#: an empty block of cells is not covered where the blocks about it hold so many objects on average
PLENTY = 12.0
#: of the blocks around, how many must hold any, and how far they may be, in blocks
MIN_OCCUPIED, FARTHEST = 2, 4


@jit
def count_cells(ra, dec, low_ra, low_dec, per_ra, per_dec, n_rows, n_columns, out):
    """Add objects to the cells `out` (n_rows * n_columns,) that they lie in.

    The cells of a block of objects are found first, without a branch and several at a time.
    """
    rows, columns, step = float(n_rows), float(n_columns), np.int32(n_columns)
    cell = np.empty(COUNT_BLOCK, np.int32)
    for begin in range(0, len(ra), COUNT_BLOCK):
        n = min(COUNT_BLOCK, len(ra) - begin)
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
    for begin in range(0, len(cells), COUNT_BLOCK):
        end = min(begin + COUNT_BLOCK, len(cells))
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
def corner_sums(values, out):
    """Sums `out` (r + 1, c + 1) over the corner below each cell of `values` (r, c)."""
    n_rows, n_columns = values.shape
    for row in range(n_rows):
        along = out[0, 0] * 0
        for column in range(n_columns):
            along += values[row, column]
            out[row + 1, column + 1] = out[row, column + 1] + along


@jit
def near_positions(corner, reach_rows, reach_columns, known):
    """Which cells have a position within some rows, and columns (r,), of them."""
    n_rows, n_columns = known.shape
    for row in range(n_rows):
        low, high = max(0, row - reach_rows), min(n_rows, row + reach_rows + 1)
        for column in range(n_columns):
            known[row, column] = (
                around(corner, low, high, column - reach_columns[row],
                       column + reach_columns[row] + 1) > 0
            )  # fmt: skip


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
def first_level(count, known):
    """The cells as blocks of one: ``total``, ``n_known`` and ``n_uncovered`` of each, int32."""
    total = np.zeros(count.shape, np.int32)
    n_known = np.zeros(count.shape, np.int32)
    for row in range(count.shape[0]):
        for column in range(count.shape[1]):
            if known[row, column]:
                total[row, column] = count[row, column]
                n_known[row, column] = 1
    return total, n_known, np.zeros(count.shape, np.int32)


@jit
def next_level(blocks):
    """Sums over blocks of two by two."""
    n_rows, n_columns = blocks.shape
    out = np.zeros((-(-n_rows // 2), -(-n_columns // 2)), np.int32)
    for row in range(n_rows):
        for column in range(n_columns):
            out[row >> 1, column >> 1] += blocks[row, column]
    return out


@jit
def mark_uncovered(total, n_known, n_uncovered, size, uncovered, left_out):
    """Mark the cells of empty blocks of `size` cells a side where the blocks around hold many.

    Blocks beside one may have the edge run through them: they are `left_out`, unless smaller blocks
    have told already where the edge is.  Of blocks the known cells count.
    """
    m_rows, m_columns = total.shape
    half = (size * size + 1) // 2
    n, some = 0, 0
    for b in range(m_rows):
        for a in range(m_columns):
            n += total[b, a] > 0
            some += total[b, a]
    if some < 0.5 * PLENTY * n:
        return  # hardly a place to judge by; larger blocks will do
    held, occupied = np.zeros(total.shape), np.zeros(total.shape, np.int64)
    for b in range(m_rows):
        for a in range(m_columns):
            if total[b, a] > 0:
                held[b, a] = total[b, a] / n_known[b, a] * (size * size)
                occupied[b, a] = 1
    sums = np.zeros((m_rows + 1, m_columns + 1)), np.zeros((m_rows + 1, m_columns + 1), np.int64)
    corner_sums(held, sums[0])
    corner_sums(occupied, sums[1])
    # Beyond the reach of all objects, what blocks hold on average has to do.
    usually = sums[0][-1, -1] >= PLENTY * max(sums[1][-1, -1], 1)
    before = n_uncovered.copy()
    for b in range(m_rows):
        for a in range(m_columns):
            if total[b, a] > 0 or n_known[b, a] < half or before[b, a] == n_known[b, a]:
                continue
            reach = plenty_within(b, a, sums[0], sums[1])
            if reach == 0 or (reach < 0 and not usually):
                continue
            mark(b, a, size, uncovered)
            n_uncovered[b, a] = n_known[b, a]
            if before[b, a] > 0 or reach != 1:
                continue
            for y in range(max(0, b - 1), min(m_rows, b + 2)):
                for x in range(max(0, a - 1), min(m_columns, a + 2)):
                    if total[y, x] > 0 and before[y, x] == 0:
                        mark(y, x, size, left_out)


@jit
def plenty_within(b, a, held, occupied):
    """How many blocks away those that hold any hold many on average; 0: few, -1: hardly any do.

    From the corner sums of what blocks hold and of those that hold any.  Once more beyond the
    nearest ones: those that the edge runs through hold few.
    """
    m_rows, m_columns = held.shape[0] - 1, held.shape[1] - 1
    n, reach = 0, 0
    while reach < FARTHEST and (n < MIN_OCCUPIED or reach < 2):
        reach += 1
        low, high = max(0, b - reach), min(m_rows, b + reach + 1)
        left, right = max(0, a - reach), min(m_columns, a + reach + 1)
        n = box(occupied, low, high, left, right)
        if n >= MIN_OCCUPIED and box(held, low, high, left, right) >= PLENTY * n:
            return reach
    return 0 if n >= MIN_OCCUPIED else -1


@jit
def mark(b, a, size, cells):
    """Set the cells of a block."""
    for row in range(b * size, min((b + 1) * size, cells.shape[0])):
        for column in range(a * size, min((a + 1) * size, cells.shape[1])):
            cells[row, column] = True


@jit
def sum_windows(
    first, last, row, column, half_rows, half_columns, count, area, sources, n, square, n_sources
):
    """Objects, covered area and sources in windows around each source.

    ``half_rows`` (w,) and ``half_columns`` (rows, w) are half the windows' sizes, the source's cell
    aside; `count`, `area` and `sources` corner sums; the outputs are (n, w).
    """
    last_row = count.shape[0] - 1
    for i in range(first, last):
        for w in range(len(half_rows)):
            low, high = max(0, row[i] - half_rows[w]), min(last_row, row[i] + half_rows[w] + 1)
            a = column[i] - half_columns[row[i], w]
            b = column[i] + half_columns[row[i], w] + 1
            n[i, w] = around(count, low, high, a, b)
            square[i, w] = around(area, low, high, a, b)
            n_sources[i, w] = around(sources, low, high, a, b)


@jit
def count_rings(first, last, start, separation, inner, radius, halvings, count, area):
    """Candidates of each primary in rings: from half the radius to it, a quarter to half, ...

    ``start`` (n + 1,) is CSR over the slots of ``separation``; separations below ``inner`` (n,) are
    left out. Outputs (n, halvings): number, and area in arcsec^2.
    """
    for i in range(first, last):
        for k in range(halvings):
            high = radius / 2.0**k
            low = max(inner[i], 0.5 * high)
            area[i, k] = math.pi * max(0.0, high * high - low * low)
        for slot in range(start[i], start[i + 1]):
            s = separation[slot]
            if s < inner[i] or s >= radius:
                continue
            k = 0
            while k < halvings and s < radius / 2.0 ** (k + 1):
                k += 1
            if k < halvings:
                count[i, k] += 1
