"""Which part of the sky the circles around some positions touch, on a grid of equal angles."""

from __future__ import annotations

import math

from .grid import cell_range
from .jit import jit


@jit
def mark_circles(ra, dec, radius, cell, zone_first, touched):
    """Set the cells of `touched` (zones, columns) that a circle of `radius` degrees can touch."""
    n = touched.shape[1]
    for i in range(len(ra)):
        low, high, half = cell_range(ra[i], dec[i], radius, cell, zone_first)
        a = int(math.floor((ra[i] - half) * n / 360.0))
        b = int(math.floor((ra[i] + half) * n / 360.0))
        if half >= 180.0 or b - a + 1 >= n:
            a, b = 0, n - 1
        for zone in range(low, high + 1):
            for column in range(a, b + 1):
                touched[zone, column % n] = True


@jit
def value_range(values):
    """Least and largest value; NaN both if any is NaN."""
    low, high = math.inf, -math.inf
    for k in range(len(values)):
        value = values[k]
        if not value - value == 0.0:  # NaN or infinite
            return math.nan, math.nan
        low = min(low, value)
        high = max(high, value)
    return low, high
