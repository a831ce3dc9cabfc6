"""Counterparts by the positions alone: do they look as a prior says.

A prior whose ratios are too far from 1 (natural logarithms for decadic ones, an overtrained model)
takes for a counterpart only what looks like one. Of the counterparts that it believes in it is
right: they have to be told without it.
"""

from __future__ import annotations

import math

import numpy as np

from .field_alike import MIN_OBJECTS, field_weight, mean_ratios
from .view import View

#: log10 at which ratios and their inverses are cut
CUT_LOG10 = 1.0
#: probability of a candidate that is looked at: less likely ones only add noise
LEAST = 0.05


def without_it(view: View, k: int, name: str, weight: np.ndarray) -> tuple[float, float]:
    """Mean inverse ratio of counterparts as they are told without a prior, and its standard error.

    A candidate of probability p is the counterpart or, else, a field object: its expected inverse
    is p times the mean of counterparts, 1 or, cut, less, and 1 - p times that of the field.

    Parameters
    ----------
    view : View
        A match.
    k, name
        The prior.
    weight : ndarray, shape (q,)
        Of the associations looked at, without it.
    """
    part = view.around[k]
    member = view.associations.member[view.rows, k]
    there = np.flatnonzero(member >= 0)
    total = np.add.reduceat(weight, view.first)
    primary = np.searchsorted(view.first, there, side="right") - 1
    share = weight[there] / np.maximum(total[primary], 1e-300)
    at = np.searchsorted(part.slot, member[there])
    p = np.minimum(np.bincount(at, weights=share, minlength=len(part.slot)), 1.0)
    log10 = view.log10_ratios[k, name][part.slot]
    if view.one_prior(k):
        log10 = log10 - np.log10(mean_ratios(view, k)[view.sample][part.i])
    inverse = 10.0 ** np.clip(-log10, -CUT_LOG10, CUT_LOG10)
    field = field_weight(view, part.believed(p))
    looked = np.where(p > LEAST, p, 0.0)
    number = float((looked * p).sum())
    if field.sum() < MIN_OBJECTS or number < 1.0:
        return 1.0, math.inf
    of_field = (1.0 - p) * float((field * inverse).sum()) / float(field.sum())
    mean = float((looked * (inverse - of_field)).sum()) / number
    by_primary = part.total(looked * (inverse - p * mean - of_field), view.n)
    # What few counterparts leave to chance: a value as far off as any can be.
    noise = float((by_primary**2).sum()) + 1.0
    return mean, math.sqrt(view.clumps * noise) / number
