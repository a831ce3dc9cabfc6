"""A calibration error in two parts: the share of the sample, and the shape of the probabilities.

A sample with known answers is rarely a fair one: where precise positions were taken, counterparts
may be more common than among all sources. Probabilities that are exactly right for all sources are
then off by one number for the sample: their odds lack a common factor. The **offset** is the
difference of the means; the **shape** is the calibration error that is left when the odds have
been given the one factor that makes the means equal.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import metrics
from .metrics import Floor

#: of the common factor of the odds, ln: beyond, all probabilities are 0 or 1
MAX_SHIFT = 60.0


class ShareDifference(NamedTuple):
    """The share of counterparts in a truth sample, and what the result says of all its sources."""

    truth: float
    result: float
    sigma: float
    """their difference in standard errors: above 3 the sample is not a fair one, or the result's
    probabilities are wrong"""


def offset_of(p: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """Mean probability minus the share that came true, and its standard error.

    The error is that of the share if `p` are right: of a Poisson-binomial.
    """
    if len(p) == 0:
        return np.nan, np.nan
    return float(p.mean() - np.mean(true)), float(np.sqrt((p * (1.0 - p)).sum()) / len(p))


def shifted(p: np.ndarray, total: float) -> np.ndarray:
    """The probabilities (n,) with their odds times one factor, so that they add up to `total`.

    A total that no factor reaches (0, or n) is come as near as doubles allow.
    """
    logit = _logit(p)
    low, high = -MAX_SHIFT, MAX_SHIFT
    for _ in range(60):  # bisection to the last digit: Newton overshoots where p is near 0 and 1
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _expit(logit + middle).sum() < total else (low, middle)
    out: np.ndarray = _expit(logit + 0.5 * (low + high))
    return out


def shape_error(p: np.ndarray, true: np.ndarray) -> float:
    """Calibration error of the probabilities after one shift in the logit."""
    if len(p) == 0:
        return np.nan
    return metrics.calibration_error(shifted(p, float(np.sum(true))), true)


def shape_floor(p: np.ndarray, true: np.ndarray, seed: int = 0, n_draws: int = 1000) -> Floor:
    """Shape of probabilities whose shape is right: outcomes drawn, and the shift fitted to each.

    They are drawn from the probabilities shifted to the truth's share; fitting the shift again to
    each draw takes out of the floor what it takes out of the shape.
    """
    if len(p) == 0:
        return Floor(np.nan, np.nan)
    p = shifted(p, float(np.sum(true)))
    rng = np.random.default_rng(seed)
    fitted: dict[int, np.ndarray] = {}
    errors = np.empty(n_draws)
    for k in range(n_draws):
        drawn = rng.random(len(p)) < p
        total = int(drawn.sum())
        if total not in fitted:  # draws share their totals: some hundred different ones
            fitted[total] = shifted(p, total)
        errors[k] = metrics.calibration_error(fitted[total], drawn)
    return Floor(float(errors.mean()), float(np.quantile(errors, 0.95)))


def share_difference(
    p: np.ndarray, true: np.ndarray, p_all: np.ndarray, fit_error: float
) -> ShareDifference:
    """Whether the truth's share differs from what the result says of all its sources.

    Parameters
    ----------
    p, true : ndarray, shape (n,)
        Of the sample: probabilities, and what came true.
    p_all : ndarray, shape (n_all,)
        Probabilities of all sources, the sample among them.
    fit_error : float
        Standard error of the mean of `p_all`, from the fit of the host fraction.
    """
    n, n_all = len(p), len(p_all)
    if n == 0:
        return ShareDifference(np.nan, float(p_all.mean()) if n_all else np.nan, np.nan)
    truth, result = float(np.mean(true)), float(p_all.mean())
    # Outcomes by chance, which sources are in the sample by chance, and the fit.
    variance = (p * (1.0 - p)).sum() / n**2 + (1.0 - n / n_all) * p_all.var() / n + fit_error**2
    sigma = abs(truth - result) / np.sqrt(variance) if variance > 0 else np.inf
    return ShareDifference(truth, result, float(sigma if truth != result else 0.0))


def _logit(p: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        out: np.ndarray = np.log(p) - np.log1p(-p)
    return out


def _expit(x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        out: np.ndarray = 1.0 / (1.0 + np.exp(-x))
    return out
