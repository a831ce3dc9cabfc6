"""Objects in the cells of a box on the sky, summed over windows of cells.

The cells stand in rows of equal declination, ``cell`` high; all are equally wide in right
ascension.  Sums over the corner below every cell make the sum over any window four look-ups.
"""

from __future__ import annotations

import math

import numpy as np

from .jit import jit

#: an empty block of cells is not covered where the blocks about it hold so many objects on average
PLENTY = 12.0
#: of the blocks around, how many must hold any, and how far they may be, in blocks
MIN_OCCUPIED, FARTHEST = 2, 4


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
    below = np.empty(n_columns + 1, corner.dtype)
    for row in range(n_rows):
        low, high = max(0, row - reach_rows), min(n_rows, row + reach_rows + 1)
        reach = reach_columns[row]
        for column in range(n_columns + 1):
            below[column] = corner[high, column] - corner[low, column]
        for column in range(reach, n_columns - reach):
            known[row, column] = below[column + reach + 1] - below[column - reach] > 0
        for column in range(n_columns):  # those whose window goes on at the other side
            if column < reach or column >= n_columns - reach:
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
def first_level(count, known):
    """The cells as blocks of one: ``total``, ``n_known`` and ``n_uncovered`` of each, int32."""
    total = np.empty(count.shape, np.int32)
    n_known = np.empty(count.shape, np.int32)
    for row in range(count.shape[0]):
        for column in range(count.shape[1]):
            total[row, column] = count[row, column] if known[row, column] else 0
            n_known[row, column] = known[row, column]
    return total, n_known, np.zeros(count.shape, np.int32)


@jit
def next_level(blocks):
    """Sums over blocks of two by two."""
    n_rows, n_columns = blocks.shape
    out = np.zeros((-(-n_rows // 2), -(-n_columns // 2)), np.int32)
    for row in range(n_rows):
        for column in range(n_columns // 2):
            out[row >> 1, column] += blocks[row, 2 * column] + blocks[row, 2 * column + 1]
        if n_columns & 1:
            out[row >> 1, n_columns >> 1] += blocks[row, n_columns - 1]
    return out


@jit
def block_sums(total, n_known, size):
    """Corner sums of what blocks of `size` cells a side hold, and of those that hold any.

    Of blocks the known cells count.
    """
    m_rows, m_columns = total.shape
    held = np.zeros((m_rows + 1, m_columns + 1))
    occupied = np.zeros((m_rows + 1, m_columns + 1), np.int32)
    for b in range(m_rows):
        along, any_along = 0.0, 0
        for a in range(m_columns):
            if total[b, a] > 0:
                along += total[b, a] / n_known[b, a] * (size * size)
                any_along += 1
            held[b + 1, a + 1] = held[b, a + 1] + along
            occupied[b + 1, a + 1] = occupied[b, a + 1] + any_along
    return held, occupied


@jit
def mark_uncovered(total, n_known, n_uncovered, size, uncovered, left_out):
    """Mark the cells of empty blocks of `size` cells a side where the blocks around hold many.

    Blocks beside one may have the edge run through them: they are `left_out`, unless smaller blocks
    have told already where the edge is.  Of blocks the known cells count.  Returns whether a larger
    block can be empty: not if none of these is.
    """
    m_rows, m_columns = total.shape
    half = np.int32((size * size + 1) // 2)
    n, some, empty, new = 0, 0, 0, 0
    for b in range(m_rows):  # rows, and 32 bits, let the processor add several at a time
        objects, known, told = total[b], n_known[b], n_uncovered[b]
        held, nothing, fresh = np.int32(0), np.int32(0), np.int32(0)
        for a in range(len(objects)):
            held += np.int32(objects[a] > 0)
            some += objects[a]
            none = np.int32((objects[a] == 0) & (known[a] >= half))
            nothing += none
            fresh += none & np.int32(told[a] != known[a])
        n, empty, new = n + held, empty + nothing, new + fresh
    if new == 0 or some < 0.5 * PLENTY * n:
        # Nothing to tell, or hardly a place to judge by; larger blocks will do.
        return empty > 0
    held, occupied = block_sums(total, n_known, size)
    # Beyond the reach of all objects, what blocks hold on average has to do.
    usually = held[-1, -1] >= PLENTY * max(occupied[-1, -1], 1)
    before = n_uncovered.copy()
    for b in range(m_rows):
        for a in range(m_columns):
            if total[b, a] > 0 or n_known[b, a] < half or before[b, a] == n_known[b, a]:
                continue
            reach = plenty_within(b, a, held, occupied)
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
    return True


@jit
def plenty_within(b, a, held, occupied):
    """How many blocks away those that hold any hold many on average; 0: few, -1: hardly any do.

    From the corner sums of what blocks hold and of those that hold any.  Once more beyond the
    nearest ones: those that the edge runs through hold few.
    """
    m_rows, m_columns = held.shape[0] - 1, held.shape[1] - 1
    low, high = max(0, b - FARTHEST), min(m_rows, b + FARTHEST + 1)
    left, right = max(0, a - FARTHEST), min(m_columns, a + FARTHEST + 1)
    if box(occupied, low, high, left, right) < MIN_OCCUPIED:
        return -1
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
def count_rings(first, last, start, separation, inner, radius, halvings, count, area):
    """Candidates of each primary in rings: from half the radius to it, a quarter to half, ...

    ``start`` (n + 1,) is CSR over the slots of ``separation``; separations below ``inner`` (n,) are
    left out. Outputs (n, halvings): number, and area in arcsec^2.
    """
    edges = radius / 2.0 ** np.arange(halvings + 1)
    for i in range(first, last):
        for k in range(halvings):
            high = edges[k]
            low = max(inner[i], 0.5 * high)
            area[i, k] = math.pi * max(0.0, high * high - low * low)
        for slot in range(start[i], start[i + 1]):
            s = separation[slot]
            if s < inner[i] or s >= radius:
                continue
            k = 0
            while k < halvings and s < edges[k + 1]:
                k += 1
            if k < halvings:
                count[i, k] += 1


@jit
def count_profile(start, separation, inner, radius, edges):
    """Candidates in rings of equal area within a radius, (rings,), from inside outwards.

    ``edges`` (rings + 1,); rings that begin within ``inner`` (n,) of their primary are left out.
    """
    rings = len(edges) - 1
    count = np.zeros(rings)
    for i in range(len(inner)):
        for slot in range(start[i], start[i + 1]):
            part = separation[slot] / radius
            ring = int(min(part * part * rings, rings - 1.0))
            if edges[ring] >= inner[i]:
                count[ring] += 1.0
    return count
