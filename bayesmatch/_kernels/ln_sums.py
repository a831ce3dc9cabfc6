"""Sums of exponentials, kept as their logarithms."""

from __future__ import annotations

import math

import numpy as np

from .jit import jit

#: ln of what is less than half of the least double: the mathematical library says so slowly
NOTHING = -746.0
#: ln of what adds nothing to a sum of doubles in which there is a 1, however many of it there are
NEGLIGIBLE = -100.0


@jit
def exp_of(x):
    """Exp of x, without asking the library where that is 0."""
    return 0.0 if x < NOTHING else math.exp(x)


@jit
def log_sum(values, first, last):
    """Ln of the sum of exp over a range; -inf for a sum of zeros."""
    top = -np.inf
    for n in range(first, last):
        top = max(top, values[n])
    if top == -np.inf:
        return top
    total = 0.0
    for n in range(first, last):
        if not values[n] - top < NEGLIGIBLE:
            total += math.exp(values[n] - top)
    return top + math.log(total)


@jit
def with_term(top, total, term):
    """Largest term of a sum, and the sum in its units, with one more; (-inf, 0) has none."""
    if term > top:
        return term, total * math.exp(top - term) + 1.0
    if not term - top < NEGLIGIBLE and top > -np.inf:
        total += math.exp(term - top)
    return top, total


@jit
def ln_of(top, total):
    """Ln of such a sum."""
    return top + math.log(total) if top > -np.inf else top
