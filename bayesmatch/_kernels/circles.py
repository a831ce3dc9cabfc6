"""Natural log of the Bayes factor of an association of circles against chance.

Two and three catalogues have loops of their own, which do the operations of any number in their
order: the same digits, most of them worked out once for a primary or a candidate.
"""

from __future__ import annotations

import math

import numpy as np

from .jit import jit
from .sphere import ARCSEC

#: ln of 2 / (1 arcsec in radians)^2, one for every member beyond the first
LN_SCALE = math.log(2.0) - 2.0 * math.log(ARCSEC)


@jit
def scaled(product):
    """Ln of what is taken out of a product of weights, and what is left of it.

    Only where it has to be: one logarithm serves several members.
    """
    if not 1e-99 < product < 1e99:
        return math.log(product), 1.0
    return 0.0, product


@jit
def ln_bayes_circular(n, variance, apart):
    """Circular errors, equation (15): B = 2^(m-1) prod w / sum w exp(-sum w w psi^2 / 2 sum w).

    The first `n` of `variance` (arcsec^2, per axis) and of the matrix `apart` (arcsec) count.
    """
    w_sum, exponent = 0.0, 0.0
    ln_w, product = 0.0, 1.0
    for a in range(n):
        w = 1.0 / variance[a]
        for b in range(a):
            exponent += w / variance[b] * apart[b, a] * apart[b, a]
        w_sum += w
        more, product = scaled(product * w)
        ln_w += more
    return (n - 1) * LN_SCALE + ln_w + math.log(product / w_sum) - 0.5 * exponent / w_sum


@jit
def rows_of_pairs(begin, end, member, variance, slot_cov, separation, ln_b):
    """Ln B of the rows of one primary, of `variance` arcsec^2, with one other catalogue, circles.

    :func:`ln_bayes_circular` of two, its operations in their order.
    """
    w = 1.0 / variance
    ln_own, own = scaled(w)
    for row in range(begin, end):
        slot = member[row, 0]
        if slot < 0:
            ln_b[row] = 0.0
            continue
        w_slot = 1.0 / slot_cov[slot, 0]
        exponent = w_slot / variance * separation[slot] * separation[slot]
        w_sum = w + w_slot
        more, product = scaled(own * w_slot)
        ln_w = ln_own + more
        ln_b[row] = LN_SCALE + ln_w + math.log(product / w_sum) - 0.5 * exponent / w_sum


@jit
def rows_of_triples(begin, end, member, variance, slot_cov, separation, between, ln_prior, ln_b):
    """Ln B of the rows of one primary, of `variance` arcsec^2, with two other catalogues, circles.

    :func:`ln_bayes_circular` of up to three, its operations in their order.  Returns the largest
    ln B times prior, `ln_prior`, of two members being one object without the primary, at least 0.
    Errors are often the same for a whole catalogue: a logarithm serves all rows that ask for the
    same one after the other.
    """
    w = 1.0 / variance
    ln_w, product = scaled(w)
    best, least = 0.0, LN_SCALE + ln_prior
    if ln_prior > -np.inf:
        least -= math.log(least_sum(begin, end, member, slot_cov)) - 1e-9
    a, w_a, v_a, e_a, sum_a, ln_a, product_a = np.int64(-1), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    last, ln_last, last_own, ln_last_own = -1.0, 0.0, -1.0, 0.0
    for row in range(begin, end):
        if member[row, 0] != a:
            a = member[row, 0]
            v_a = slot_cov[a, 0]
            w_a = 1.0 / v_a
            e_a = w_a / variance * separation[a] * separation[a]
            sum_a = w + w_a
            more, product_a = scaled(product * w_a)
            ln_a = ln_w + more
        b = member[row, 1]
        n, total, ln_all, inside, exponent = 0.0, w, ln_w, product, 0.0
        if a >= 0:
            n, total, ln_all, inside, exponent = 1.0, sum_a, ln_a, product_a, e_a
        if b >= 0:
            w_b = 1.0 / slot_cov[b, 0]
            n += 1.0
            total += w_b
            more, inside = scaled(inside * w_b)
            ln_all += more
            exponent += w_b / variance * separation[b] * separation[b]
            if a >= 0:
                own = w_b / v_a * between[row, 0] * between[row, 0]
                exponent += own
                w_sum = w_a + w_b
                if least - 0.5 * own / w_sum > best - 1e-6:
                    ln_own, product_own = scaled(w_a)
                    more, product_own = scaled(product_own * w_b)
                    if product_own / w_sum != last_own:
                        last_own = product_own / w_sum
                        ln_last_own = math.log(last_own)
                    ln_own += more
                    value = LN_SCALE + ln_own + ln_last_own - 0.5 * own / w_sum
                    best = max(best, value + ln_prior)
        if inside / total != last:
            last = inside / total
            ln_last = math.log(last)
        ln_b[row] = n * LN_SCALE + ln_all + ln_last - 0.5 * exponent / total
    return best


@jit
def least_sum(begin, end, member, slot_cov):
    """Least sum of the variances of two members of a row, one of each other catalogue."""
    least_a, least_b = np.inf, np.inf
    for row in range(begin, end):
        if member[row, 0] >= 0:
            least_a = min(least_a, slot_cov[member[row, 0], 0])
        if member[row, 1] >= 0:
            least_b = min(least_b, slot_cov[member[row, 1], 0])
    return least_a + least_b
