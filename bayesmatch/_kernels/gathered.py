"""Candidates taken out of their catalogue."""

from __future__ import annotations

from .jit import jit


@jit
def gather_circles(first, last, row, sigma, covariance):
    """Covariances (xx, yy, xy, det) of the rows of slots first to last.

    `sigma` (n,) or, the same for all, (1,) is that of circles.
    """
    each = len(sigma) > 1
    for slot in range(first, last):
        s = sigma[row[slot]] if each else sigma[0]
        covariance[slot, 0], covariance[slot, 1] = s * s, s * s
        covariance[slot, 2], covariance[slot, 3] = 0.0, (s * s) * (s * s)


@jit
def take_present(first, last, values, at, absent, out):
    """``values[at]`` from first to last into `out`, and `absent` where `at` is -1."""
    for n in range(first, last):
        out[n] = values[at[n]] if at[n] >= 0 else absent
