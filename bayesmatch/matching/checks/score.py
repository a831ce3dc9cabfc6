"""Score tests: which way would a parameter go, from the state of the match, without a fit.

The derivative of each primary's ln likelihood by a parameter has the mean 0 where the model is
right. What the fit of the host fraction has already adjusted is projected out of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..._kernels.sums import product, rows_times

#: halvings of the interval in which a share is looked for
STEPS = 40


@dataclass(frozen=True)
class Step:
    """One step of Newton's towards the best value of some parameters."""

    value: np.ndarray
    """(c,)"""
    covariance: np.ndarray
    """(c, c)"""
    chi2: float
    """of all being 0"""


def regression(directions: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Coefficients (q, ...) of `values` (s, ...) in `directions` (s, q); 0 for empty ones."""
    normal = product(directions, directions)
    size = np.diag(normal).copy()
    # Directions that are nearly the same share what they explain.
    normal.flat[:: len(size) + 1] += 1e-9 * size + (size == 0)
    out: np.ndarray = np.linalg.solve(normal, product(directions, values))
    return out


def mixture_share(score: np.ndarray, lowest: float = -1.0) -> tuple[float, float, float]:
    """Share w that maximises the sum of ln(1 + w score), its error, and its likelihood ratio.

    That is the ln likelihood of a mixture whose score at w = 0 is `score` (s,), exactly: a step
    from 0 would be far too short where a few scores are large. The last is sqrt(2 gain). Scores are
    `lowest` at least, -1 where w is a share of what is there, and w ends where one of them would
    have no likelihood left.
    """
    score = np.maximum(score, lowest)
    low, high = 0.0, 0.98 / -lowest
    share = math.ldexp(high, -STEPS)  # as near 0 as the steps come, where it falls from there on
    for _ in range(STEPS if float(score.sum()) > 0 else 0):
        share = 0.5 * (low + high)
        rising = float((score / (1.0 + share * score)).sum()) > 0
        low, high = (share, high) if rising else (low, share)
    gain = float(np.log1p(share * score).sum())
    information = float(((score / (1.0 + share * score)) ** 2).sum())
    return share, information**-0.5 if information > 0 else np.inf, max(2.0 * gain, 0.0) ** 0.5


def newton_step(scores: np.ndarray, nuisance: np.ndarray) -> Step | None:
    """The step from scores (s, c) of parameters and those of nuisances (s, q); None: no data."""
    used = np.abs(scores).sum(axis=1) > 0
    if np.count_nonzero(used) <= scores.shape[1] + nuisance.shape[1] + 2:
        return None
    residual = scores - rows_times(nuisance, regression(nuisance, scores))
    information = product(residual, residual)
    size = np.sqrt(np.diag(information))
    if not np.all(size > 0):
        return None
    scaled = information / np.outer(size, size) + 1e-9 * np.eye(len(size))
    covariance = np.linalg.inv(scaled) / np.outer(size, size)
    total = residual.sum(axis=0)
    value = covariance @ total
    return Step(value, covariance, float(total @ value))
