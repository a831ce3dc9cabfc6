"""Pairs closer than a radius: one catalogue sits in a hashed grid, the other streams past it.

The sky is cut into declination zones and each zone into cells of about equal area.  A resident
source is entered in every cell that its search circle can touch, so a streamed object looks only
at its own cell, found with two multiplications; most cells are empty, and an object in an empty
cell costs no trigonometry.  Cells are hashed, so memory depends on the residents alone.
"""

from __future__ import annotations

import math

import numpy as np

from .jit import jit
from .sphere import DEGREE, separation


@jit
def cell_range(ra, dec, radius, cell, zone_first):
    """First and last zone, and right-ascension half width (degrees), of a resident's circle."""
    n_zones = len(zone_first) - 1
    low = max(0, int(math.floor((dec - radius + 90.0) / cell)))
    high = min(n_zones - 1, int(math.floor((dec + radius + 90.0) / cell)))
    if abs(dec) + radius >= 90.0:
        return low, high, 180.0
    return low, high, math.asin(math.sin(radius * DEGREE) / math.cos(dec * DEGREE)) / DEGREE


@jit
def fill_grid(ra, dec, radius, cell, zone_first, mask, start, resident, resident_cell):
    """Count the entries of every bucket (empty `resident`) or fill them; return their number.

    `start` (CSR over buckets) is the running count: after the counting call its element b + 1
    holds the size of bucket b; the filling call moves element b from the bucket's first to its
    last entry.  `radius` and `cell` in degrees, `radius` padded beyond the search radius.
    """
    filling = len(resident) > 0
    total = 0
    for i in range(len(ra)):
        low, high, half = cell_range(ra[i], dec[i], radius, cell, zone_first)
        for zone in range(low, high + 1):
            n = zone_first[zone + 1] - zone_first[zone]
            a = int(math.floor((ra[i] - half) * n / 360.0))
            b = int(math.floor((ra[i] + half) * n / 360.0))
            if half >= 180.0 or b - a + 1 >= n:
                a, b = 0, n - 1
            for column in range(a, b + 1):
                key = zone_first[zone] + column % n
                bucket = key & mask
                total += 1
                if filling:
                    resident[start[bucket]] = i
                    resident_cell[start[bucket]] = key
                    start[bucket] += 1
                else:
                    start[bucket + 1] += 1
    return total


@jit
def search(first, last, ra, dec, cell, zone_first, mask, start, resident, resident_cell,
           r_ra, r_dec, r_cos, radius, max_pairs):
    """Pairs (resident, streamed row, separation) for streamed rows first..last, in their order.

    `radius` in arcsec, exclusive.  Returns one pair more than `max_pairs` when there are more.
    """
    size = 1024
    out_i = np.empty(size, np.int64)
    out_j = np.empty(size, np.int64)
    out_s = np.empty(size, np.float64)
    n = 0
    last_zone = len(zone_first) - 2
    zones_per_degree = 1.0 / cell
    # A declination difference alone beyond the radius rejects a pair without trigonometry.
    reach = radius / 3600.0 * (1.0 + 1e-9) + 1e-12
    for j in range(first, last):
        zone = min(int((dec[j] + 90.0) * zones_per_degree), last_zone)
        columns = zone_first[zone + 1] - zone_first[zone]
        key = zone_first[zone] + min(int(ra[j] * columns / 360.0), columns - 1)
        bucket = key & mask
        if start[bucket] == start[bucket + 1]:
            continue
        cos_dec = -2.0
        for entry in range(start[bucket], start[bucket + 1]):
            i = resident[entry]
            if resident_cell[entry] != key or abs(dec[j] - r_dec[i]) > reach:
                continue
            if cos_dec == -2.0:
                cos_dec = math.cos(dec[j] * DEGREE)
            s = separation(r_ra[i], r_dec[i], r_cos[i], ra[j], dec[j], cos_dec)
            if s < radius:
                if n == size:
                    if n > max_pairs:
                        return out_i, out_j, out_s
                    size *= 2
                    out_i = grown(out_i, size)
                    out_j = grown(out_j, size)
                    out_s = grown(out_s, size)
                out_i[n], out_j[n], out_s[n] = i, j, s
                n += 1
    return out_i[:n].copy(), out_j[:n].copy(), out_s[:n].copy()


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
