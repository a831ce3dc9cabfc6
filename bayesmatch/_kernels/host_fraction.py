"""Marginal likelihood of the pattern fractions, with its gradient and curvature."""

from __future__ import annotations

import math

import numpy as np

from .jit import jit


@jit
def pattern_shares(z, coefficients, share):
    """Softmax over the free patterns of a multinomial logit; the first has coefficients 0."""
    top = -np.inf
    for s in range(len(share)):
        eta = 0.0
        for q in range(len(z)):
            eta += coefficients[s, q] * z[q]
        share[s] = eta
        top = max(top, eta)
    total = 0.0
    for s in range(len(share)):
        share[s] = math.exp(share[s] - top)
        total += share[s]
    for s in range(len(share)):
        share[s] /= total


@jit
def likelihood_sums(
    i_first, i_last, ln_like, fixed_ln_like, free_total, z, coefficients, complete, out, information
):
    """Sum over a range of primaries of ln(fixed + free_total * sum_S share_S(z) L_S).

    ``ln_like`` (n, S) are the free patterns, ``fixed_ln_like`` (n,) the log of a term that does
    not depend on the coefficients (-inf: none).  `out` receives the sum and the gradient (d),
    where d = (S - 1) * Q runs over the coefficients after the first pattern's; the lower triangle
    of `information` (d, d) the observed information, or the expected one of `complete` data.
    """
    n_free, n_z = coefficients.shape
    share, r = np.empty(n_free), np.empty(n_free)
    out[:] = 0.0
    information[:] = 0.0
    for i in range(i_first, i_last):
        pattern_shares(z[i], coefficients, share)
        top = fixed_ln_like[i]
        for s in range(n_free):
            top = max(top, ln_like[i, s])
        total = math.exp(fixed_ln_like[i] - top)
        for s in range(n_free):
            r[s] = free_total * share[s] * math.exp(ln_like[i, s] - top)
            total += r[s]
        out[0] += top + math.log(total)
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
