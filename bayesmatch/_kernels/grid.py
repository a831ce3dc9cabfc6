"""Pairs closer than a radius: one catalogue sits in a hashed grid, the other streams past it.

The sky is cut into declination zones and each zone into cells of about equal area.  A resident
source is entered in every cell that its search circle can touch, so a streamed object looks only
at its own cell, found with two multiplications; most cells are empty, and an object in an empty
cell costs no trigonometry.  Cells are hashed, so memory depends on the residents alone.

A block of streamed objects goes through three sieves, each finer and dearer than the one before:
is the cell occupied (a table of bits, small enough for the processor's cache), does the object lie
in the box around a resident's circle, is it within the radius.  Each writes every object and
advances by 0 or 1: without a branch there is none to mispredict, and the processor fetches ahead,
which halved the time.
"""

from __future__ import annotations

import math

import numpy as np

from .jit import jit
from .sphere import DEGREE, separation

#: streamed objects, or pairs, that go through a sieve at a time
BLOCK = 2048
#: cells are told apart by their low bits: two cells of one circle are never that far apart
LOW = (1 << 31) - 1


@jit
def fill_grid(circle, radius, cell, zone_first, mask, start, occupied, entry):
    """Count the entries of every bucket (empty `entry`) or fill them; return their number.

    `circle` (n, 4): right ascension, declination, its cosine, and half the range of right
    ascension of the circle, degrees.  `start` (CSR over buckets) is the running count: after the
    counting call its element b + 1 holds the size of bucket b; the filling call moves element b
    from the bucket's first to its last entry.  `occupied` has 16 bits for every bucket
    (at most 2^31), and `entry` (m, 2) takes resident and cell.  `radius` and `cell` in degrees,
    `radius` padded.
    """
    filling = len(entry) > 0
    n_zones = len(zone_first) - 1
    total = 0
    for i in range(len(circle)):
        ra, dec, half = circle[i, 0], circle[i, 1], circle[i, 3]
        low = max(0, int(math.floor((dec - radius + 90.0) / cell)))
        high = min(n_zones - 1, int(math.floor((dec + radius + 90.0) / cell)))
        for zone in range(low, high + 1):
            n = zone_first[zone + 1] - zone_first[zone]
            a = int(math.floor((ra - half) * n / 360.0))
            b = int(math.floor((ra + half) * n / 360.0))
            if half >= 180.0 or b - a + 1 >= n:
                a, b = 0, n - 1
            for column in range(a, b + 1):
                key = zone_first[zone] + column % n
                bucket = key & mask
                total += 1
                if filling:
                    entry[start[bucket], 0] = i
                    entry[start[bucket], 1] = key & LOW
                    start[bucket] += 1
                else:
                    start[bucket + 1] += 1
                    bit = key & (8 * len(occupied) - 1)
                    occupied[bit >> 3] |= np.uint8(1 << (bit & 7))
    return total


@jit
def in_occupied_cells(
    first,
    last,
    ra,
    dec,
    zones_per_degree,
    zone_cell,
    last_column,
    columns_per_degree,
    occupied,
    row,
    key,
    cell,
):
    """Streamed rows whose cell may hold a resident, and their cells; returns how many.

    Of cells the low 32 bits, of each zone those of its first in `zone_cell`.  The cells of all are
    found first: with numbers of 32 bits the processor does several at a time.
    """
    last_zone, mask = np.int32(len(zone_cell) - 1), np.int32(8 * len(occupied) - 1)
    some_ra, some_dec = ra[first:last], dec[first:last]
    for a in range(len(some_ra)):
        zone = min(np.int32((some_dec[a] + 90.0) * zones_per_degree), last_zone)
        column = min(np.int32(some_ra[a] * columns_per_degree[zone]), last_column[zone])
        cell[a] = zone_cell[zone] + column
    n = 0
    for a in range(len(some_ra)):
        c = cell[a]
        row[n], key[n] = first + a, c
        n += (occupied[np.uint32(c & mask) >> np.uint32(3)] >> (c & np.int32(7))) & 1
    return n


@jit
def entries_of(begin, end, a, n_rows, look):
    """What to compare of the rows from `a` on, as far as there is room; how much, and the next row.

    `begin` and `end` of each row's bucket.  Room is asked for by row: for each entry, that took
    half of the time of a search.
    """
    n = 0
    while a < n_rows and n + end[a] - begin[a] <= len(look):
        for e in range(begin[a], end[a]):
            look[n, 0], look[n, 1] = e, a
            n += 1
        a += 1
    return n, a


@jit
def append_pairs(look, n_look, row, key, ra, dec, entry, circle, radius, out_i, out_j, out_s, n):
    """Append the pairs closer than `radius` arcsec from `n` on; returns where they end.

    `look` (entry, position in `row`): what to compare; the output has room for all of it.
    """
    reach = radius / 3600.0 * (1.0 + 1e-9) + 1e-12  # no pair may be lost to rounding
    m = n
    for q in range(n_look):
        e, a = look[q, 0], look[q, 1]
        i, j = entry[e, 0], row[a]
        d_ra = abs(ra[j] - circle[i, 0])
        out_i[m], out_j[m] = i, j
        m += (
            (entry[e, 1] == key[a] & LOW)
            & (abs(dec[j] - circle[i, 1]) <= reach)
            & ((d_ra <= circle[i, 3]) | (d_ra >= 360.0 - circle[i, 3]))
        )
    for p in range(n, m):
        i, j = out_i[p], out_j[p]
        s = separation(
            circle[i, 0], circle[i, 1], circle[i, 2], ra[j], dec[j], math.cos(dec[j] * DEGREE)
        )
        out_i[n], out_j[n], out_s[n] = i, j, s
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
    row, key, cells = (
        np.empty(BLOCK, np.int64),
        np.empty(BLOCK, np.int32),
        np.empty(BLOCK, np.int32),
    )
    begin, end = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64)
    look = np.empty((4 * BLOCK, 2), np.int64)
    n = 0
    mask = len(start) - 2
    for block in range(first, last, BLOCK):
        n_rows = in_occupied_cells(
            block,
            min(block + BLOCK, last),
            ra,
            dec,
            1.0 / cell,
            zone_cell,
            last_column,
            columns_per_degree,
            occupied,
            row,
            key,
            cells,
        )
        for a in range(n_rows):
            begin[a], end[a] = start[key[a] & mask], start[(key[a] & mask) + 1]
        a = 0
        while a < n_rows:
            if end[a] - begin[a] > len(look):
                look = np.empty((2 * (end[a] - begin[a]), 2), np.int64)
            n_look, a = entries_of(begin, end, a, n_rows, look)
            out_i, out_j, out_s = room_for(n + n_look, out_i, out_j, out_s)
            n = append_pairs(
                look, n_look, row, key, ra, dec, entry, circle, radius, out_i, out_j, out_s, n
            )
            if n > max_pairs:
                return out_i, out_j, out_s
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
