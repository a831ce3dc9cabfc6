"""Which cells of a box on the sky a catalogue has looked at wholly, from the objects in them.

Blocks of cells of every size are tried, from single cells on.  A block that is empty where those
around it hold many objects is not covered.
"""

from __future__ import annotations

import numpy as np

from .jit import jit
from .sky_counts import corner_sums
from .sky_windows import between

#: an empty block of cells is not covered where the blocks about it hold so many objects on average
PLENTY = 12.0
#: of the blocks around, how many must hold any, and how far they may be, in blocks
MIN_OCCUPIED, FARTHEST = 2, 4


@jit
def leave_out_uncovered(count, covered):
    """Take out of `covered` (r, c), which comes as the cells that are known, those that are not.

    ``count`` (r, c) int32 objects.  Sizes are numbers that the compiler does not know, for which it
    would make each of the functions again.
    """
    size = np.int64(1)
    total, n_known = first_level(count, covered)
    n_uncovered = np.zeros(count.shape, np.uint8)  # of single cells: small numbers, less memory
    occupied, fresh, n, some, tells, larger = empty_blocks(total, n_known, n_uncovered, size)
    if tells:
        usually = some >= PLENTY * n
        judge_rows(total, n_known, n_uncovered, size, occupied, fresh, usually, covered)
    if not larger:
        return
    total, of_blocks, told = next_level(total), next_level(n_known), next_level(n_uncovered)
    while larger and 2 * size <= max(count.shape):
        size *= 2
        occupied, fresh, n, _, tells, larger = empty_blocks(total, of_blocks, told, size)
        if tells:
            held = whole_blocks(total, of_blocks, size)
            usually = held.sum() >= PLENTY * n
            judge_rows(held, of_blocks, told, size, occupied, fresh, usually, covered)
        total, of_blocks, told = next_level(total), next_level(of_blocks), next_level(told)


@jit
def first_level(count, known):
    """The cells as blocks of one: ``total`` of each, int32, and ``n_known``, uint8."""
    total = np.empty(count.shape, np.int32)
    for row in range(count.shape[0]):
        for column in range(count.shape[1]):
            total[row, column] = count[row, column] if known[row, column] else 0
    return total, known.copy().view(np.uint8)


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
def empty_blocks(total, n_known, n_uncovered, size):
    """The blocks, `size` cells a side, that hold any, and the empty ones that may be taken out.

    Blocks beside one may have the edge run through them: they are left out too, unless smaller
    blocks have told already where the edge is.  Of blocks the known cells count.

    Returns ``occupied`` and ``fresh``, by block, uint8; how many blocks hold any, at least 1; how
    many objects they hold; whether there is anything to tell from them; and whether a larger block
    can be empty: not if none of these is.
    """
    half = np.int32((size * size + 1) // 2)
    n, some, empty, new = 0, 0, 0, 0
    occupied, fresh = np.empty(total.shape, np.uint8), np.empty(total.shape, np.uint8)
    for b in range(total.shape[0]):  # rows, and 32 bits, let the processor add several at a time
        objects, known, told = total[b], n_known[b], n_uncovered[b]
        held, nothing, untold = np.int32(0), np.int32(0), np.int32(0)
        for a in range(len(objects)):
            held += np.int32(objects[a] > 0)
            some += objects[a]
            none = np.int32((objects[a] == 0) & (known[a] >= half))
            nothing += none
            untold += none & np.int32(told[a] != known[a])
            occupied[b, a] = objects[a] > 0
            fresh[b, a] = (objects[a] == 0) & (known[a] >= half) & (told[a] != known[a])
        n, empty, new = n + held, empty + nothing, new + untold
    # With hardly a place to judge by, larger blocks will do.
    tells = new > 0 and some >= 0.5 * PLENTY * n
    return occupied, fresh, max(n, 1), some, tells, tells or empty > 0


@jit
def whole_blocks(total, n_known, size):
    """What blocks of `size` cells a side would hold if all of their cells were known."""
    out = np.empty(total.shape)
    for b in range(total.shape[0]):
        for a in range(total.shape[1]):
            out[b, a] = total[b, a] / max(n_known[b, a], 1) * (size * size)
    return out


@jit
def judge_rows(held, n_known, n_uncovered, size, occupied, fresh, usually, covered):
    """Mark the empty blocks of one size.

    All arrays but `covered` (cells) are by block: what whole ones would hold (`held`), known and
    uncovered cells, which hold any (`occupied`), and which may be marked (`fresh`).  Beyond the
    reach of all objects, what blocks hold on average has to do: whether that is many (`usually`).
    """
    m_rows, m_columns = occupied.shape
    held_below = np.empty((m_rows + 1, m_columns + 1), held.dtype)
    occupied_below = np.empty((m_rows + 1, m_columns + 1), np.int32)
    corner_sums(held, held_below)
    corner_sums(occupied, occupied_below)
    along, near = np.empty(m_columns + 1 + 2 * FARTHEST, np.int32), np.empty(m_columns, np.uint8)
    some = np.empty(m_columns, np.int32)
    for b in range(m_rows):
        which_near(b, occupied_below, along, near)
        for k in range(list_some(fresh[b], near, usually, some)):
            a = some[k]
            reach = plenty_within(b, a, held_below, occupied_below) if near[a] else -1
            if reach == 0 or (reach < 0 and not usually):
                continue
            take_out(b, a, size, covered)
            told, n_uncovered[b, a] = n_uncovered[b, a], n_known[b, a]
            if near[a] and told == 0 and reach <= 2:  # 2: the edge leaves few in what is beside
                take_out_beside(b, a, size, occupied, n_uncovered, covered)


@jit
def list_some(fresh, near, usually, some):
    """List (`some`, (m,)) which blocks of a row are to be judged; returns how many."""
    n = 0
    for a in range(len(fresh)):  # without a branch there is none to mispredict
        some[n] = a
        n += np.int64((fresh[a] != 0) & ((near[a] != 0) | usually))
    return n


@jit
def which_near(b, occupied, along, near):
    """Which blocks of a row (`near`, (m,)) have one that holds any within reach.

    From the corner sums of those that hold any, many blocks at a time.  ``along``
    (m + 1 + 2 FARTHEST) is room to work in.
    """
    m = len(near)
    below = occupied[max(0, b - FARTHEST)]
    above = occupied[min(len(occupied) - 1, b + FARTHEST + 1)]
    for a in range(m + 1):
        along[FARTHEST + a] = above[a] - below[a]
    along[:FARTHEST] = 0
    along[FARTHEST + m + 1 :] = along[FARTHEST + m]
    for a in range(m):
        near[a] = along[a + 2 * FARTHEST + 1] != along[a]


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
        below, above = np.uint64(low), np.uint64(high)
        n = between(occupied, below, above, left, right)
        if n < MIN_OCCUPIED:
            continue
        if between(held, below, above, left, right) >= PLENTY * n:
            return reach
    return 0 if n >= MIN_OCCUPIED else -1


@jit
def take_out_beside(b, a, size, occupied, n_uncovered, covered):
    """Cells of the blocks around one that hold any, and have not been told apart, are not covered.

    The edge of what is covered runs through them.
    """
    for y in range(max(0, b - 1), min(occupied.shape[0], b + 2)):
        for x in range(max(0, a - 1), min(occupied.shape[1], a + 2)):
            if occupied[y, x] and n_uncovered[y, x] == 0:
                take_out(y, x, size, covered)


@jit
def take_out(b, a, size, covered):
    """Cells of a block are not covered."""
    for row in range(b * size, min((b + 1) * size, covered.shape[0])):
        for column in range(a * size, min((a + 1) * size, covered.shape[1])):
            covered[row, column] = False
