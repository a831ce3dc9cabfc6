"""Residents of a search entered in the cells of the sky that their circles touch.

See :mod:`bayesmatch._kernels.grid`, which streams another catalogue past them.
"""

from __future__ import annotations

import math

import numpy as np

from .jit import jit


@jit
def count_entries(circle, radius, cell, zone_first):
    """How many cells the circles touch, for :func:`list_entries`, whose arguments it takes."""
    total = 0
    for i in range(len(circle)):
        low, high = zones_of(circle[i, 1], radius, cell, len(zone_first) - 1)
        for zone in range(low, high + 1):
            a, b = columns_of(circle[i, 0], circle[i, 3], zone_first[zone + 1] - zone_first[zone])
            total += b - a + 1
    return total


@jit
def list_entries(circle, radius, cell, zone_first, resident, cells, occupied):
    """List the cells that every circle touches, by their low bits, and set these in `occupied`.

    `circle` (n, 4): right ascension, declination, its cosine, and half the range of right
    ascension of the circle, degrees.  `radius` and `cell` in degrees, `radius` padded.
    `occupied` has 64 cells a word, a power of 2 of them.
    """
    mask, m = 64 * len(occupied) - 1, 0
    for i in range(len(circle)):
        low, high = zones_of(circle[i, 1], radius, cell, len(zone_first) - 1)
        for zone in range(low, high + 1):
            n = zone_first[zone + 1] - zone_first[zone]
            a, b = columns_of(circle[i, 0], circle[i, 3], n)
            for column in range(a, b + 1):
                at = zone_first[zone] + (column if 0 <= column < n else column % n)
                resident[m], cells[m] = i, at & mask
                m += 1
                occupied[np.uint64(at & mask) >> np.uint64(6)] |= np.uint64(1) << np.uint64(at & 63)


@jit
def zones_of(dec, radius, cell, n_zones):
    """First and last zone that a circle touches."""
    low = max(0, int(math.floor((dec - radius + 90.0) / cell)))
    return low, min(n_zones - 1, int(math.floor((dec + radius + 90.0) / cell)))


@jit
def columns_of(ra, half, n):
    """First and last of the `n` cells of a zone that a circle touches, beyond 0 and `n` too."""
    a = int(math.floor((ra - half) * n / 360.0))
    b = int(math.floor((ra + half) * n / 360.0))
    if half >= 180.0 or b - a + 1 >= n:
        return 0, n - 1
    return a, b


@jit
def sort_entries(resident, cells, occupied, before, start, entry):
    """Put what :func:`list_entries` found in order of the occupied bits, keeping its own in each.

    `before` as :func:`count_bits` has it; `start` (bits set + 2,) takes where the entries of every
    bit begin, and `entry` (m,) the residents.  Returns whether one is twice with the same bit.
    """
    for e in range(len(cells)):
        start[2 + np.int64(nth(cells[e], occupied, before))] += 1
    for bit in range(2, len(start)):
        start[bit] += start[bit - 1]
    for e in range(len(cells)):  # from the begin of every bit to its end, which is the next one's
        bit = 1 + np.int64(nth(cells[e], occupied, before))
        entry[start[bit]] = resident[e]
        start[bit] += 1
    twice = False
    for bit in range(len(start) - 2):
        for e in range(start[bit] + 1, start[bit + 1]):
            twice |= entry[e] == entry[e - 1]
    return twice


@jit
def count_bits(occupied, before):
    """How many bits are set before every word, and in all."""
    n = 0
    for word in range(len(occupied)):
        before[word] = n
        n += np.int64(bits_set(occupied[word]))
    before[len(occupied)] = n
    return n


@jit
def bits_set(x):
    """Bits set in a word of 64; processors have an instruction for what is written here."""
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (x * np.uint64(0x0101010101010101)) >> np.uint64(56)


@jit
def nth(bit, occupied, before):
    """How many bits are set before this one."""
    word = np.uint64(bit) >> np.uint64(6)
    below = (np.uint64(1) << np.uint64(bit & 63)) - np.uint64(1)
    return np.uint64(before[word]) + bits_set(occupied[word] & below)
