"""Where a function of one number is 0: Brent's method.

That of ``scipy.optimize.brentq``, step by step, without loading SciPy for it, which takes longer
than many a match.
"""

from __future__ import annotations

import math
from collections.abc import Callable

#: relative accuracy, that of doubles
RELATIVE = 4.0 * 2.0**-52
MAX_STEPS = 100


def root(function: Callable[[float], float], low: float, high: float, accuracy: float) -> float:
    """A root between two places at which a function has different signs.

    Inverse quadratic interpolation through the last three places where it brings the best one
    nearer, else the secant's, else the middle (R. P. Brent 1973, *Algorithms for Minimization
    without Derivatives*, chapter 4).

    Parameters
    ----------
    function : callable
    low, high : float
        Places of different signs.
    accuracy : float
        How far from a root the result may be.

    Raises
    ------
    ValueError
        If the signs are equal.
    """
    last, best = low, high
    at_last, at_best = function(last), function(best)
    if at_last != 0.0 and at_best != 0.0 and (at_last < 0.0) == (at_best < 0.0):
        raise ValueError(f"the function has one sign at both {low:g} and {high:g}")
    if at_last == 0.0:
        return last
    other, at_other = last, at_last  # on the other side of the root
    step = before = best - last
    for _ in range(MAX_STEPS):
        if at_last != 0.0 and at_best != 0.0 and (at_last < 0.0) != (at_best < 0.0):
            other, at_other = last, at_last
            step = before = best - last
        if abs(at_other) < abs(at_best):
            last, best, other = best, other, best
            at_last, at_best, at_other = at_best, at_other, at_best
        least = 0.5 * (accuracy + RELATIVE * abs(best))
        middle = 0.5 * (other - best)
        if at_best == 0.0 or abs(middle) < least:
            break
        tried = None
        if abs(before) > least and abs(at_best) < abs(at_last):
            tried = _interpolated((last, best, other), (at_last, at_best, at_other))
            if not 2.0 * abs(tried) < min(abs(before), 3.0 * abs(middle) - least):  # or no number
                tried = None
        before, step = (middle, middle) if tried is None else (step, tried)
        last, at_last = best, at_best
        best += step if abs(step) > least else (least if middle > 0.0 else -least)
        at_best = function(best)
    return best


def _interpolated(places: tuple[float, float, float], values: tuple[float, float, float]) -> float:
    """The step from the second place by its secant with the first, or a parabola through all."""
    (last, best, other), (at_last, at_best, at_other) = places, values
    if last == other:
        return -at_best * (best - last) / (at_best - at_last)
    slope, slope_other = (at_last - at_best) / (last - best), (at_other - at_best) / (other - best)
    under = slope_other * slope * (at_other - at_last)
    if under == 0.0:  # of values near the smallest that there are
        return math.inf
    return -at_best * (at_other * slope_other - at_last * slope) / under
