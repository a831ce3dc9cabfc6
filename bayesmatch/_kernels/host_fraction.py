"""Marginal likelihood of the pattern fractions, with its gradient and curvature."""

from __future__ import annotations

import math

import numpy as np

from .jit import jit


@jit
def pattern_shares(i, z, coefficients, share):
    """Softmax over the free patterns of a multinomial logit, of primary i.

    The first has coefficients 0.
    """
    top = -np.inf
    for s in range(len(share)):
        eta = 0.0
        for q in range(z.shape[1]):
            eta += coefficients[s, q] * z[i, q]
        share[s] = eta
        top = max(top, eta)
    total = 0.0
    for s in range(len(share)):
        share[s] = math.exp(share[s] - top)
        total += share[s]
    for s in range(len(share)):
        share[s] /= total


@jit
def in_units_of_largest(ln_like, fixed_ln_like, top, like):
    """Likelihoods `like` (n, 1 + S) in units of the largest of each primary, `top` (n,) in ln.

    ``fixed_ln_like`` (n,), the first, is the log of a term that does not depend on the coefficients
    (-inf: none), ``ln_like`` (n, S) are the free patterns.  Steps of the fit then need no
    exponential of any of them.
    """
    n_free = ln_like.shape[1]
    for i in range(len(top)):
        top[i] = fixed_ln_like[i]
        for s in range(n_free):
            top[i] = max(top[i], ln_like[i, s])
        like[i, 0] = math.exp(fixed_ln_like[i] - top[i])
        for s in range(n_free):
            like[i, 1 + s] = math.exp(ln_like[i, s] - top[i])


@jit
def likelihood_sums(
    i_first, i_last, top, like, free_total, z, coefficients, complete, out, information
):
    """Sum over a range of primaries of ln(fixed + free_total * sum_S share_S(z) L_S).

    `top` and `like` as :func:`in_units_of_largest` has them.  `out` receives the sum and the
    gradient (d), where d = (S - 1) * Q runs over the coefficients after the first pattern's; the
    lower triangle of `information` (d, d) the observed information, or the expected one of
    `complete` data.
    """
    n_free, n_z = coefficients.shape
    share, r = np.empty(n_free), np.empty(n_free)
    out[:] = 0.0
    information[:] = 0.0
    if n_free == 2 and not complete:  # the common case, in half the time
        sums_of_two(i_first, i_last, top, like, free_total, z, coefficients[1], out, information)
        return
    for i in range(i_first, i_last):
        pattern_shares(i, z, coefficients, share)
        total = like[i, 0]
        for s in range(n_free):
            r[s] = free_total * share[s] * like[i, 1 + s]
            total += r[s]
        out[0] += top[i] + math.log(total)
        free = 0.0
        for s in range(n_free):
            r[s] /= total
            free += r[s]
        for s in range(1, n_free):
            for q in range(n_z):
                out[1 + (s - 1) * n_z + q] += (r[s] - free * share[s]) * z[i, q]
            for t in range(1, s + 1):
                h = -free * share[s] * share[t]
                if s == t:
                    h += free * share[s]
                if not complete:
                    h += r[s] * r[t] + (1.0 - free) * (
                        r[s] * share[t] + share[s] * r[t] - free * share[s] * share[t]
                    )
                    if s == t:
                        h -= r[s]
                for q in range(n_z):
                    for p in range(q + 1 if s == t else n_z):
                        information[(s - 1) * n_z + q, (t - 1) * n_z + p] += h * z[i, q] * z[i, p]


@jit
def sums_of_two(i_first, i_last, top, like, free_total, z, coefficients, out, information):
    """:func:`likelihood_sums` of two free patterns, observed information: the same operations.

    `coefficients` (Q,) of the second. One of the two exponentials of a softmax is that of 0.
    """
    n_z = len(coefficients)
    for i in range(i_first, i_last):
        eta = 0.0
        for q in range(n_z):
            eta += coefficients[q] * z[i, q]
        small = math.exp(-abs(eta))
        second = small if eta < 0.0 else 1.0
        both = 1.0 + small
        share = second / both
        first = free_total * ((small if eta > 0.0 else 1.0) / both) * like[i, 1]
        r = free_total * share * like[i, 2]
        total = like[i, 0] + first + r
        out[0] += top[i] + math.log(total)
        r /= total
        free = first / total + r
        h = -free * share * share
        h += free * share
        h += r * r + (1.0 - free) * (r * share + share * r - free * share * share)
        h -= r
        for q in range(n_z):
            out[1 + q] += (r - free * share) * z[i, q]
            for p in range(q + 1):
                information[q, p] += h * z[i, q] * z[i, p]
