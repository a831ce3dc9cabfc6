"""Neighbours within one list: rows in zones of declination, in each by right ascension."""

from __future__ import annotations

import math

import numpy as np

from .jit import jit
from .sphere import DEGREE


@jit
def rows_within(which, angle, square, unit, ra, dec, lowest, height, zone_first, begin, found):
    """List the rows near each of some, those themselves too, and return how many there are.

    The list is in order of zone and right ascension: `unit` (n, 3), `ra` and `dec` (n,) degrees,
    `zone_first` (zones + 1,) the first row of every zone, of `height` degrees from `lowest` on.
    Near are rows no farther than a chord whose `square` is given, and `angle`, degrees, no
    narrower.  Those of row `which[k]` are listed from `begin[k]` on, as far as `found` has room.
    """
    n, sine = 0, math.sin(DEGREE * angle)
    rows, zones = (unit, ra), (lowest, height, zone_first)
    for k in range(len(which)):
        i = which[k]
        begin[k] = n
        place = unit[i, 0], unit[i, 1], unit[i, 2], ra[i], dec[i]
        n, _ = _near(place, (angle, sine, square), rows, zones, found, n)
    begin[len(which)] = n
    return n


@jit
def nearest_squares(
    first, last, places, angle, square, unit, ra, dec, lowest, height, zone_first, out
):
    """Squared chords from some of the `places` to the nearest row, infinite beyond `square`.

    ``places`` is (unit (m, 3), ra, dec (m,) degrees); the rest as for :func:`rows_within`.
    """
    at, at_ra, at_dec = places
    sine, nowhere = math.sin(DEGREE * angle), np.empty(0, np.int64)
    rows, zones = (unit, ra), (lowest, height, zone_first)
    for i in range(first, last):
        place = at[i, 0], at[i, 1], at[i, 2], at_ra[i], at_dec[i]
        _, out[i] = _near(place, (angle, sine, square), rows, zones, nowhere, 0)


@jit
def _near(place, within, rows, zones, found, n):
    """List the rows near a place, and return how many are listed then, and the nearest's square.

    `place` is (x, y, z, ra, dec), `within` (angle, its sine, square), `rows` (unit, ra), `zones`
    (lowest, height, zone_first); listed are they from `n` on, as far as `found` has room.
    """
    at_x, at_y, at_z, at_ra, at_dec = place
    angle, sine, square = within
    unit, ra = rows
    lowest, height, zone_first = zones
    nearest = math.inf
    half = 360.0  # range of right ascension of the circle, over a pole all
    if abs(at_dec) + angle < 90.0:
        x = sine / math.sqrt(1.0 - at_z * at_z)
        half = x * (1.0 + 0.5708 * x * x) / DEGREE + 1e-9  # no less than the arcsine
    low = max(0, int((at_dec - angle - lowest) / height))
    high = min(len(zone_first) - 2, int((at_dec + angle - lowest) / height))
    for turn in range(-1, 2):
        middle = at_ra + 360.0 * turn
        if middle + half < 0.0 or middle - half > 360.0 or (half >= 180.0 and turn != 0):
            continue
        for zone in range(low, high + 1):
            end = zone_first[zone + 1]
            for j in range(_not_below(ra, zone_first[zone], end, middle - half), end):
                if ra[j] > middle + half:
                    break
                x, y, z = at_x - unit[j, 0], at_y - unit[j, 1], at_z - unit[j, 2]
                apart = x * x + y * y + z * z
                if apart <= square:
                    nearest = min(nearest, apart)
                    if n < len(found):
                        found[n] = j
                    n += 1
    return n, nearest


@jit
def kth_nearest(which, begin, found, unit, k, smallest, out):
    """Squared chord to the `k`-th neighbour of some rows, infinite where fewer were `found`.

    `begin` and `found` as :func:`rows_within` has them; `smallest` (k + 1,) is room to work in.
    """
    for block in range(len(which)):
        i = which[block]
        smallest[:] = math.inf
        for v in range(begin[block], begin[block + 1]):
            j = found[v]
            x, y, z = unit[i, 0] - unit[j, 0], unit[i, 1] - unit[j, 1], unit[i, 2] - unit[j, 2]
            square = x * x + y * y + z * z
            if square < smallest[k]:
                at = k
                while at > 0 and smallest[at - 1] > square:
                    smallest[at] = smallest[at - 1]
                    at -= 1
                smallest[at] = square
        out[block] = smallest[k]


@jit
def pairs_in_blocks(block, place, variance, square, circle_2):
    """Pairs of places of a block within their errors, all such pairs, and how many chance makes.

    `block` (m,) rising, `place` (m, 2) and `variance` (m,) arcsec; within is a squared distance of
    `square` times the sum of both variances, which chance finds in a circle of `circle_2` arcsec^2
    (over pi).
    """
    close, pairs, chance = 0, 0, 0.0
    for a in range(len(block)):
        b = a + 1
        while b < len(block) and block[b] == block[a]:
            x, y = place[b, 0] - place[a, 0], place[b, 1] - place[a, 1]
            reach = square * (variance[b] + variance[a])
            close += x * x + y * y <= reach
            chance += min(reach / circle_2, 1.0)
            pairs += 1
            b += 1
    return close, pairs, chance


@jit
def _not_below(values, first, end, least):
    """The first of ascending values, from `first` to `end`, that is not below `least`."""
    while first < end:
        middle = (first + end) >> 1
        if values[middle] < least:
            first = middle + 1
        else:
            end = middle
    return first
