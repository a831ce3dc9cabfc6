"""Errors of a part of the sources that are far too small: in another unit, or without systematics.

The fitted host fraction may depend on the error, so it takes such sources for hostless ones, and
the others fit.
"""

from __future__ import annotations

import math

import numpy as np

from .errors import ERRORS, EXPLAINED
from .finding import LOOK, OK, SIGMA_COUNTS, Finding, poisson_sigma
from .view import View

#: shares of the sources, those with the smallest errors
SMALLEST = (0.25, 0.0625)
#: their largest error over the usual one, at most: else they are like the others
SMALL = 0.5
#: fewest of them
FEWEST = 8
#: shares of the radius within which close objects are counted
WITHIN = (0.25, 0.125)


def few_errors(view: View, found: Finding) -> Finding:
    """What :mod:`.errors` found or, where it found nothing, that the smallest errors do not fit."""
    if found.verdict != OK or not math.isfinite(found.sigma):
        return found
    rising, worst = np.sort(view.sigma), (SIGMA_COUNTS, 0.0, 0.0)
    for share in SMALLEST:
        n = int(share * view.n)
        if n < FEWEST or rising[n - 1] > SMALL * rising[view.n // 2]:
            continue
        largest = float(rising[n - 1])
        worst = max(worst, (*_excess(view, view.sigma <= largest), largest))
    sigma, unexplained, largest = worst
    if largest == 0.0:
        return found
    advice = (
        f"{unexplained:.0f} of the sources with the smallest errors, up to {largest:.3g} arcsec, "
        "have a close object that gets no probability, beyond what chance gives: these errors are "
        "too small, in another unit, or lack a systematic part"
    )
    return Finding(ERRORS, found.value, 1.0, found.error, sigma, LOOK, advice)


def _excess(view: View, of: np.ndarray) -> tuple[float, float]:
    """Of some primaries, (s,) bool, those with a close candidate that nothing explains.

    How many standard errors, and how many sources.  Chance is what the outer half of the radius
    shows, and a close candidate is explained by its probability.
    """
    worst, n = (0.0, 0.0), int(np.count_nonzero(of))
    for part in view.around:
        mine = of[part.i]
        s, p, i = part.separation[mine], part.p[mine], part.i[mine]
        outside = s > 0.5 * part.radius
        field = max(float(np.count_nonzero(outside)) - float(p[outside].sum()), 0.0)
        for share in WITHIN:
            near = s <= share * part.radius
            s, p, i = s[near], p[near], i[near]
            with_one = float(np.count_nonzero(np.bincount(i)))
            explained = float(np.minimum(np.bincount(i, weights=p), 1.0).sum())
            to_area = share**2 / 0.75
            by_chance = math.exp(-to_area * field / n)
            unexplained = with_one - n + (n - explained) * by_chance
            if unexplained < (1.0 - EXPLAINED) * (with_one - n * (1.0 - by_chance)):
                continue
            clumps = view.clumps * (1.0 + to_area)
            sigma = poisson_sigma(with_one, with_one - unexplained, clumps)
            worst = max(worst, (sigma, unexplained))
    return worst
