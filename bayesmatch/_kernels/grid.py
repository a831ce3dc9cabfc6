"""Pairs closer than a radius: one catalogue sits in a hashed grid, the other streams past it.

The sky is cut into declination zones and each zone into cells of about equal area.  A resident
source is entered in every cell that its search circle can touch, so a streamed object looks only
at its own cell, found with two multiplications; most cells are empty, and an object in an empty
cell costs no trigonometry.  Cells are hashed, so memory depends on the residents alone: a bit says
whether a cell is occupied, and how many bits are set before it where its entries are.  Cells with
the same bit are not told apart, the circles are.

A block of streamed objects goes through three sieves, each finer and dearer than the one before:
is the cell occupied (a table of bits, small enough for the processor's cache), does the object lie
in the box around a resident's circle, is it within the radius.  Each writes every object and
advances by 0 or 1: without a branch there is none to mispredict, and the processor fetches ahead,
which halved the time.  Indices are unsigned: a negative one would count from the end of an array,
and asking cost as much as looking.
"""

from __future__ import annotations

import math

import numpy as np

from .grid_entries import nth
from .jit import jit
from .sphere import DEGREE, separation_of

#: streamed objects that go through a sieve at a time
BLOCK = 2048
#: entries written of every cell, whether it has as many or fewer: most have, and no branch asks
AT_ONCE = 4


@jit
def in_occupied_cells(
    ra, dec, zones_per_degree, zone_cell, last_column, columns_per_degree, occupied, row, key, cell
):
    """Rows of a block whose cell may hold a resident, and their cells; returns how many.

    Of cells the low 32 bits, of each zone those of its first in `zone_cell`.  The cells of all are
    found first: with numbers of 32 bits the processor does several at a time.
    """
    last_zone, mask = np.int32(len(zone_cell) - 1), np.int32(64 * len(occupied) - 1)
    for a in range(len(ra)):
        zone = min(np.int32((dec[a] + 90.0) * zones_per_degree), last_zone)
        column = min(np.int32(ra[a] * columns_per_degree[zone]), last_column[zone])
        cell[a] = zone_cell[zone] + column
    n = 0
    for a in range(len(ra)):
        c = cell[a]
        row[n], key[n] = a, c
        word = occupied[np.uint32(c & mask) >> np.uint32(6)]
        n += np.int64((word >> np.uint64(c & np.int32(63))) & np.uint64(1))
    return n


@jit
def entries_of(key, a, n_rows, occupied, before, start, look, of):
    """Entries to compare the rows from `a` on with, as far as there is room.

    `look` takes the entries, `of` their rows; returns how many, and the next row.
    """
    mask, n = np.int32(64 * len(occupied) - 1), 0
    while a < n_rows and n + AT_ONCE <= len(look):
        bit = nth(key[a] & mask, occupied, before)
        begin, end = start[bit], start[bit + np.uint64(1)]
        if end - begin <= AT_ONCE:
            for e in range(AT_ONCE):
                look[n + e], of[n + e] = begin + e, a
        elif n + end - begin > len(look):
            break
        else:
            for e in range(end - begin):
                look[n + e], of[n + e] = begin + e, a
        n += end - begin
        a += 1
    return n, a


@jit
def in_boxes(look, of, n_look, row, ra, dec, entry, circle, radius, resident, inside):
    """Those of `look` and `of` in the box of a circle, as `resident` and row `inside`; how many.

    `radius` in arcsec.
    """
    reach = radius / 3600.0 * (1.0 + 1e-9) + 1e-12  # no pair may be lost to rounding
    m = 0
    for q in range(n_look):
        e, a = np.uint64(look[q]), np.uint64(of[q])
        i, j = np.uint64(entry[e]), np.uint64(row[a])
        d_ra = abs(ra[j] - circle[i, 0])
        resident[m], inside[m] = i, j
        m += (abs(dec[j] - circle[i, 1]) <= reach) & (
            (d_ra <= circle[i, 3]) | (d_ra >= 360.0 - circle[i, 3])
        )
    return m


@jit
def append_pairs(resident, row, m, first, ra, dec, circle, radius, out_i, out_j, out_s, n):
    """Append the pairs closer than `radius` arcsec from `n` on; returns where they end.

    Rows of the block, which begins at row `first`; the output has room for all of it.
    """
    for p in range(m):
        i, j = np.uint64(resident[p]), np.uint64(row[p])
        s = separation_of(
            ra[j] - circle[i, 0], dec[j] - circle[i, 1], circle[i, 2], math.cos(dec[j] * DEGREE)
        )
        out_i[n], out_j[n], out_s[n] = resident[p], first + row[p], s
        n += s < radius
    return n


@jit
def search(
    first,
    last,
    ra,
    dec,
    cell,
    zone_cell,
    last_column,
    columns_per_degree,
    occupied,
    before,
    start,
    entry,
    circle,
    radius,
    max_pairs,
):
    """Pairs (resident, streamed row, separation) for streamed rows first..last, in their order.

    `radius` in arcsec, exclusive.  Returns more than `max_pairs` when there are more.
    """
    out_i, out_j, out_s = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64)
    row, key, cells = np.empty((3, BLOCK), np.int32)
    look, resident = np.empty((2, 4 * BLOCK), entry.dtype)
    of, inside = np.empty((2, 4 * BLOCK), np.int32)
    n = 0
    for block in range(first, last, BLOCK):
        some_ra, some_dec = (
            ra[block : min(block + BLOCK, last)],
            dec[block : min(block + BLOCK, last)],
        )
        n_rows = in_occupied_cells(
            some_ra,
            some_dec,
            1.0 / cell,
            zone_cell,
            last_column,
            columns_per_degree,
            occupied,
            row,
            key,
            cells,
        )
        a = 0
        while a < n_rows:
            n_look, after = entries_of(key, a, n_rows, occupied, before, start, look, of)
            if after == a:  # a cell of more entries than there is room for
                look, resident = np.empty((2, 2 * len(look)), entry.dtype)
                of, inside = np.empty((2, len(look)), np.int32)
            a = after
            m = in_boxes(
                look,
                of,
                n_look,
                row,
                some_ra,
                some_dec,
                entry,
                circle,
                radius,
                resident,
                inside,
            )
            out_i, out_j, out_s = room_for(n + m + 1, out_i, out_j, out_s)
            n = append_pairs(
                resident,
                inside,
                m,
                block,
                some_ra,
                some_dec,
                circle,
                radius,
                out_i,
                out_j,
                out_s,
                n,
            )
            if n > max_pairs:
                return out_i[:n], out_j[:n], out_s[:n]
    return out_i[:n].copy(), out_j[:n].copy(), out_s[:n].copy()


@jit
def room_for(n, out_i, out_j, out_s):
    """The three arrays, made longer where they hold fewer than `n`."""
    if n <= len(out_i):
        return out_i, out_j, out_s
    return grown(out_i, 2 * n), grown(out_j, 2 * n), grown(out_s, 2 * n)


@jit
def grown(array, size):
    """A longer array that begins with the old one."""
    out = np.empty(size, array.dtype)
    out[: len(array)] = array
    return out


@jit
def bucket_pairs(i, j, s, slot, out_j, out_s):
    """Put the pairs of resident i from `slot[i]` on, keeping their order; advances `slot`."""
    for n in range(len(i)):
        at = slot[i[n]]
        out_j[at] = j[n]
        out_s[at] = s[n]
        slot[i[n]] = at + 1
