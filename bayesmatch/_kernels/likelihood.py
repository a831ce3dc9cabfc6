"""The scalar kernels of a match over plain arrays: associations one by one, groups of rows."""

from __future__ import annotations

import math

import numpy as np

from .bayes_factor import ln_bayes_circular, ln_bayes_general, ln_bayes_thin
from .jit import jit
from .ln_sums import log_sum
from .posterior import against_chance, calibrated_group, nway_group
from .thin import is_thin


@jit
def product(a, b):
    """``a * b`` as a rounded number and what the rounding left out (Dekker 1971)."""
    split = 134217729.0  # 2^27 + 1
    high_a, high_b = split * a, split * b
    high_a, high_b = high_a - (high_a - a), high_b - (high_b - b)
    low_a, low_b = a - high_a, b - high_b
    whole = a * b
    return whole, ((high_a * high_b - whole) + high_a * low_b + low_a * high_b) + low_a * low_b


@jit
def determinant(xx, yy, xy):
    """``xx yy - xy^2`` to the last digit, however thin the ellipse."""
    one, rest = product(xx, yy)
    other, remainder = product(xy, xy)
    return (one - other) + (rest - remainder)


@jit
def ln_bayes_each(offsets, covariances, out):
    """Ln B of associations of K members: offsets (A, K, 2), covariances (A, K, 2, 2), `out` (A,).

    As in a match, circles only have the closed form, and everything else the exact integral.
    """
    n_members = offsets.shape[1]
    work = np.empty((6, n_members))
    apart = np.empty((n_members, n_members))
    for row in range(len(out)):
        circular, thin = True, False
        for a in range(n_members):
            c = covariances[row, a]
            work[0, a], work[1, a] = offsets[row, a, 0], offsets[row, a, 1]
            work[2, a], work[3, a], work[4, a] = c[0, 0], c[1, 1], c[0, 1]
            circular = circular and c[0, 0] == c[1, 1] and c[0, 1] == 0.0
            work[5, a] = determinant(c[0, 0], c[1, 1], c[0, 1])
            thin = thin or is_thin(c[0, 0], c[1, 1], work[5, a])
            for b in range(a):
                apart[b, a] = math.hypot(work[0, a] - work[0, b], work[1, a] - work[1, b])
        if circular:
            out[row] = ln_bayes_circular(n_members, work[2], apart)
        elif thin:
            out[row] = ln_bayes_thin(n_members, work)
        else:
            out[row] = ln_bayes_general(n_members, work)


@jit
def nway_each(first, odds, ln_prior, ln_evidence, secondary_ratio, p_any, p_i, p_single, flag):
    """NWAY's probabilities of the groups of rows ``first[i]:first[i + 1]``; `odds` per row."""
    weight = ln_prior + ln_evidence
    for row in range(len(weight)):
        p_single[row] = against_chance(odds[row], ln_evidence[row])
    for i in range(len(first) - 1):
        begin, end = first[i], first[i + 1]
        p_any[i] = nway_group(begin, end, weight[begin:end], secondary_ratio, p_i, flag)


@jit
def calibrated_each(first, weight, p_match, p_hostless):
    """Shares of the groups of rows in their sums; `weight` is ln of fraction times likelihood."""
    for i in range(len(first) - 1):
        begin, end = first[i], first[i + 1]
        calibrated_group(begin, end, weight[begin:end], p_match)
        p_hostless[i] = p_match[begin]


@jit
def ln_marginal(first, weight):
    """Sum over the groups of ln of the summed weights."""
    total = 0.0
    for i in range(len(first) - 1):
        total += log_sum(weight, first[i], first[i + 1])
    return total
