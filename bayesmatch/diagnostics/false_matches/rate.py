"""The rate of false matches at every cutoff, and how well fake positions know it."""

from __future__ import annotations

import numpy as np
from scipy.stats import beta

from ...matching.result import MatchResult

#: score, and whether sources at or above the cutoff are selected (+1) or those at or below (-1)
SCORES = {"p_any": 1, "p_match": 1, "p_hostless": -1}
#: Neighbouring cutoffs share their sources, so a curve is outside an interval at many cutoffs or at
#: none. With 95% at each cutoff alone, one list in eight is outside at over a tenth of them; with
#: 98.8% one in thirty.
LEVEL = 0.988


def selected_fraction(
    result: MatchResult, score: str, cutoffs: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Weighted fraction of a result's sources that each cutoff selects."""
    value = SCORES[score] * np.asarray(result.sources[score], dtype=np.float64)
    order = np.argsort(value)
    above = np.append(np.cumsum(weight[order][::-1])[::-1], 0.0)  # from each source up
    fraction: np.ndarray = above[np.searchsorted(value[order], SCORES[score] * cutoffs)] / above[0]
    return fraction


def rate_interval(
    by_realization: np.ndarray, weight: np.ndarray, used: float
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of the fraction selected among the list's own sources without a counterpart."""
    false = by_realization.mean(axis=0)
    n_hostless = max(weight.sum(), 1.0)
    n_fake = used * weight.sum() ** 2 / (weight**2).sum()  # as good as so many of equal weight
    spread = 1.0
    if len(by_realization) > 1 and (false * (1 - false)).sum() > 0:
        scatter = by_realization.var(axis=0, ddof=1).sum()
        spread = max(1.0, scatter * n_fake / (false * (1 - false)).sum())
    # Two samples, as many as are hostless and as many as are fake, and Jeffreys' interval; whole
    # numbers of hostless sources, rounded outwards.
    n = 1.0 / (1.0 / n_hostless + spread / (n_fake * len(by_realization)))
    a, b = n * false + 0.5, n * (1.0 - false) + 0.5
    lo = np.floor(beta.ppf((1 - LEVEL) / 2, a, b) * n_hostless) / n_hostless
    hi = np.ceil(beta.ppf((1 + LEVEL) / 2, a, b) * n_hostless) / n_hostless
    return np.minimum(lo, false), np.clip(hi, false, 1.0)
