"""Which part of the sky the circles around some positions touch, on a grid of equal angles."""

from __future__ import annotations

import math

from .jit import jit


@jit
def mark_circles(ra, dec, half, radius, touched):
    """Set the cells of `touched` (zones, columns) that a circle of `radius` degrees can touch.

    `half` (n,): half the range of right ascension of each circle, 180 over a pole.
    """
    n_zones, n = touched.shape
    for i in range(len(ra)):
        low = max(0, int(math.floor((dec[i] - radius + 90.0) * n_zones / 180.0)))
        high = min(n_zones - 1, int(math.floor((dec[i] + radius + 90.0) * n_zones / 180.0)))
        a = int(math.floor((ra[i] - half[i]) * n / 360.0))
        b = int(math.floor((ra[i] + half[i]) * n / 360.0))
        if half[i] >= 180.0 or b - a + 1 >= n:
            a, b = 0, n - 1
        for zone in range(low, high + 1):
            for column in range(a, b + 1):  # a division takes longer than all the rest
                touched[zone, column if 0 <= column < n else column % n] = True
