"""Likelihoods of the separations of close pairs, when errors are scaled."""

from __future__ import annotations

import math

import numpy as np

from .jit import jit

#: arcsec^4, which a determinant is at least
LEAST_DET = 1e-60
#: squared separation in sigma, beyond which nothing is left of a Gaussian
NOTHING_LEFT = 1400.0


@jit
def ln_likelihoods_of_scaled(i, n, offset, own, other, scales, density, fractions):
    """Ln likelihood over that of chance alone, at the best of some `fractions` with a counterpart.

    Candidates m of n primaries ``i``, rising; ``offset`` (2, m) arcsec, the primaries' covariances
    ``own`` and theirs, ``other`` (3, m) as xx, yy, xy, which each row of ``scales`` (F, 4)
    multiplies; ``density`` of candidates per arcsec^2.  Returns (F,).
    """
    best = np.full(len(scales), -math.inf)
    total = np.empty(len(fractions))
    for s in range(len(scales)):
        total[:] = 0.0
        k, alone = 0, n
        while k < len(i):
            each, first = 0.0, i[k]
            while k < len(i) and i[k] == first:
                xx = scales[s, 0] * own[0, k] + scales[s, 3] * other[0, k]
                yy = scales[s, 1] * own[1, k] + scales[s, 3] * other[1, k]
                xy = scales[s, 2] * own[2, k] + scales[s, 3] * other[2, k]
                east, north = offset[0, k], offset[1, k]
                det = max(xx * yy - xy * xy, LEAST_DET)
                square = yy * east * east - 2.0 * xy * east * north + xx * north * north
                if square < NOTHING_LEFT * det:
                    each += math.exp(-0.5 * square / det) / math.sqrt(det)
                k += 1
            each /= 2.0 * math.pi * density
            alone -= 1
            for q in range(len(fractions)):
                total[q] += math.log1p(fractions[q] * (each - 1.0))
        for q in range(len(fractions)):
            best[s] = max(best[s], total[q] + alone * math.log1p(-fractions[q]))
    return best
