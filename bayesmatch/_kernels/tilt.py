"""Moments of field objects weighted by a ratio, and the solution of Newton's equations.

Features stand as few entries per object: columns, each of them once, and values.
Sums run over fixed pieces in a fixed order: the same bytes for any number of threads.
"""

from __future__ import annotations

import math

import numpy as np

from .jit import jit

#: groups whose sums stand together and are worked out together: their sums of an entry are one
#: vector of the processor
TOGETHER = 4


@jit
def add_moments(first, last, column, value, ln_weight, total, mean, square, with_square):
    """Add weights, features, and products of features times weights of the objects first to last.

    ``column`` and ``value`` (n, m), ``ln_weight`` (G, n) in each of G groups; ``total`` (G,),
    ``mean`` (D, G), ``square`` (D, D, G), of which the lower half, where asked for.
    """
    together = len(total) - len(total) % TOGETHER
    for g in range(0, together, TOGETHER):
        for r in range(first, last):
            _add_four(r, g, column, value, ln_weight, total, mean, square, with_square)
    for g in range(together, len(total)):
        for r in range(first, last):
            _add_one(r, g, column, value, ln_weight, total, mean, square, with_square)


@jit
def _add_one(r, g, column, value, ln_weight, total, mean, square, with_square):
    """Add object r in group g."""
    q = math.exp(ln_weight[g, r])
    total[g] += q
    for a in range(column.shape[1]):
        v = value[r, a]
        if v == 0.0:
            continue
        w, i = q * v, np.uint32(column[r, a])  # as unsigned: no look whether it is negative
        mean[i, g] += w
        if with_square:
            for b in range(a + 1):
                j = np.uint32(column[r, b])
                square[max(i, j), min(i, j), g] += w * value[r, b]


@jit
def _add_four(r, g, column, value, ln_weight, total, mean, square, with_square):
    """Add object r in the groups g to g + 3: what :func:`_add_one` does in each, to the bit."""
    q0, q1 = math.exp(ln_weight[g, r]), math.exp(ln_weight[g + 1, r])
    q2, q3 = math.exp(ln_weight[g + 2, r]), math.exp(ln_weight[g + 3, r])
    _add_each(total, g, q0, q1, q2, q3)
    for a in range(column.shape[1]):
        v = value[r, a]
        if v == 0.0:
            continue
        i = np.uint32(column[r, a])
        w0, w1, w2, w3 = q0 * v, q1 * v, q2 * v, q3 * v
        _add_each(mean[i], g, w0, w1, w2, w3)
        if with_square:
            for b in range(a + 1):
                j, u = np.uint32(column[r, b]), value[r, b]
                own = square[max(i, j), min(i, j)]
                _add_each(own, g, w0 * u, w1 * u, w2 * u, w3 * u)


@jit
def _add_each(out, g, v0, v1, v2, v3):
    """Add four values to the entries g to g + 3."""
    out[g] += v0
    out[g + 1] += v1
    out[g + 2] += v2
    out[g + 3] += v3


@jit
def hat_entries(start, stop, x, knots, first, column, value):
    """Hats that are not 0 at the rows start to stop of `x` (n, F): `column`, `value` (n, 2F).

    Knots of feature f are ``knots[first[f]:first[f + 1]]``, ascending, two or more; after all of
    them come the functions "is missing".
    """
    n_features = x.shape[1]
    for r in range(start, stop):
        for f in range(n_features):
            a, last = first[f], first[f + 1] - 1
            v = x[r, f]
            if math.isnan(v):
                column[r, 2 * f], column[r, 2 * f + 1] = first[n_features] + f, a + 1
                value[r, 2 * f], value[r, 2 * f + 1] = 1.0, 0.0
                continue
            at = min(max(v, knots[a]), knots[last])
            left = a
            while left < last - 1 and knots[left + 1] <= at:
                left += 1
            part = (at - knots[left]) / (knots[left + 1] - knots[left])
            column[r, 2 * f], column[r, 2 * f + 1] = left, left + 1
            value[r, 2 * f], value[r, 2 * f + 1] = 1.0 - part, part


@jit
def weighted_columns(column, value, weight, out):
    """Add the features of all objects times their weight (n,) to `out` (D,)."""
    for r in range(len(weight)):
        if weight[r] != 0.0:
            for a in range(column.shape[1]):
                out[np.uint32(column[r, a])] += weight[r] * value[r, a]


@jit
def feature_sums(first, last, column, value, coefficients, out):
    """Sums `out` (n, B) of the features of the objects first to last times coefficients (D, B)."""
    for r in range(first, last):
        for b in range(coefficients.shape[1]):
            s = 0.0
            for a in range(column.shape[1]):
                s += value[r, a] * coefficients[np.uint32(column[r, a]), b]
            out[r, b] = s
