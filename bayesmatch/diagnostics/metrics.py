"""How good a set of identifications is: pure functions of arrays, no tables and no catalogues.

A source with a counterpart in truth is right (given that counterpart), wrong (given another) or
called hostless; one without is given a match or rightly called hostless. Everything else is made
from these five counts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

#: equal bins of a probability, for its reliability
N_BINS = 10
#: at which completeness is given
PURITIES = (0.95, 0.98, 0.99)


class Confusion(NamedTuple):
    """The five counts, by name or position; numbers, or arrays with one value per cutoff."""

    right: Any
    """has a counterpart, given that one"""
    wrong: Any
    """has a counterpart, given another"""
    hostless_matched: Any
    """hostless, given a match"""
    matched_hostless: Any
    """has a counterpart, called hostless"""
    right_hostless: Any
    """hostless, called hostless"""

    def __getitem__(self, key: Any) -> Any:
        return getattr(self, key) if isinstance(key, str) else tuple.__getitem__(self, key)


class Crossing(NamedTuple):
    """Where counterpart purity equals counterpart completeness."""

    cutoff: float
    value: float


class Floor(NamedTuple):
    """Calibration error of probabilities that are exactly right, from finite numbers alone."""

    mean: float
    p95: float
    """95% point: only one sample in twenty exceeds it"""


class Curve(NamedTuple):
    """What is selected at or above each distinct score, from the highest: shape (n_scores,)."""

    cutoff: np.ndarray
    matched: np.ndarray
    right: np.ndarray


def ratios(counts: Confusion) -> dict[str, tuple[Any, Any]]:
    """Each metric of the five counts as a pair: how many, of how many.

    As in Bykov et al. (2022, Astronomy Letters 48, 653): the overall purity is the share of all
    sources with the right answer.
    """
    right, wrong, hostless_matched, matched_hostless, right_hostless = counts
    hosts = right + wrong + matched_hostless
    hostless = hostless_matched + right_hostless
    return {
        "overall_purity": (right + right_hostless, hosts + hostless),
        "counterpart_purity": (right, right + wrong + hostless_matched),
        "counterpart_completeness": (right, hosts),
        "hostless_purity": (right_hostless, right_hostless + matched_hostless),
        "hostless_completeness": (right_hostless, hostless),
    }


def scores(
    right: Any, wrong: Any, hostless_matched: Any, matched_hostless: Any, right_hostless: Any
) -> dict[str, Any]:
    """Purity and completeness from the five counts (numbers or arrays); NaN for 0 of 0.

    >>> from bayesmatch.diagnostics.metrics import scores
    >>> {name: round(v, 2) for name, v in scores(503, 20, 6, 6, 24).items()}
    ... # doctest: +NORMALIZE_WHITESPACE
    {'overall_purity': 0.94, 'counterpart_purity': 0.95, 'counterpart_completeness': 0.95,
     'hostless_purity': 0.8, 'hostless_completeness': 0.8}
    """
    counts = Confusion(right, wrong, hostless_matched, matched_hostless, right_hostless)
    return {name: share(k, n) for name, (k, n) in ratios(counts).items()}


def share(k: Any, n: Any) -> Any:
    """``k / n``, NaN where n is 0."""
    k, n = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    out = np.divide(k, n, out=np.full(np.broadcast(k, n).shape, np.nan), where=n > 0)
    return float(out) if out.ndim == 0 else out


def wilson(k: Any, n: Any, z: float = 1.0) -> tuple[Any, Any]:
    """Wilson's interval of a binomial share; `z` 1 is 68%. NaN where n is 0."""
    p = share(k, n)
    n = np.asarray(n, dtype=np.float64)
    some = np.maximum(n, 1.0)
    centre = (p + z * z / (2 * some)) / (1 + z * z / some)
    half = z / (1 + z * z / some) * np.sqrt(p * (1 - p) / some + (z / (2 * some)) ** 2)
    # Exact at the ends, where the difference would leave 1e-17.
    low = np.where(p == 0, 0.0, centre - half)
    high = np.where(p == 1, 1.0, centre + half)
    return (float(low), float(high)) if low.ndim == 0 else (low, high)


def confusion(
    score: np.ndarray, candidate: np.ndarray, right: np.ndarray, host: np.ndarray, cutoff: Any
) -> Confusion:
    """The five counts where sources with a candidate and score >= cutoff are matched.

    Parameters
    ----------
    score : (n,) float
    candidate, right, host : (n,) bool
        There is a candidate; the best one is the counterpart; there is a counterpart.
    cutoff : float or (m,) float

    Returns
    -------
    Confusion
        Of int, or of (m,) integer arrays.
    """
    order = np.argsort(-score[candidate], kind="stable")
    matched = np.searchsorted(-score[candidate][order], -np.asarray(cutoff), side="right")
    rights = np.append(0, np.cumsum(right[candidate][order]))[matched]
    hostless = np.append(0, np.cumsum(~host[candidate][order]))[matched]
    wrongs = matched - rights - hostless
    counts = (rights, wrongs, hostless, host.sum() - rights - wrongs, (~host).sum() - hostless)
    return Confusion(*(int(c) if np.ndim(c) == 0 else c for c in counts))


class Ranking:
    """Sources with a candidate in the order of falling score, for curves of many resamplings."""

    def __init__(self, score: np.ndarray, candidate: np.ndarray, right: np.ndarray) -> None:
        rows = np.flatnonzero(candidate)
        self.order = rows[np.argsort(-score[rows], kind="stable")]
        ranked = score[self.order]
        self.last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)[: len(ranked)])
        self.cutoff = ranked[self.last]  # a cutoff takes all of equal score
        self.right = right[self.order]

    def curve(self, weight: np.ndarray | None = None) -> Curve:
        """Numbers matched and right at every cutoff; `weight` is (n,), how often each counts."""
        times = np.ones(len(self.order), np.int64) if weight is None else weight[self.order]
        return Curve(
            self.cutoff, np.cumsum(times)[self.last], np.cumsum(times * self.right)[self.last]
        )


def crossing(curve: Curve, n_host: float) -> Crossing:
    """Where purity equals completeness: as many are matched as have a counterpart.

    Linear between neighbouring scores if equal scores leave no such cutoff; NaN where fewer
    sources have candidates than have counterparts, or none has a counterpart.
    """
    if not (n_host > 0 and len(curve.matched) and curve.matched[-1] >= n_host):
        return Crossing(np.nan, np.nan)
    return Crossing(
        float(np.interp(n_host, curve.matched, curve.cutoff)),
        float(np.interp(n_host, np.append(0, curve.matched), np.append(0, curve.right)) / n_host),
    )


def at_purity(curve: Curve, n_host: float, purity: float) -> Crossing:
    """The cutoff with the most right matches at this purity or above, and its completeness.

    Completeness 0 at cutoff NaN if no cutoff is that pure; NaN if nothing has a counterpart.
    """
    pure = np.flatnonzero((curve.right >= purity * curve.matched) & (curve.matched > 0))
    if not n_host > 0 or len(pure) == 0:
        return Crossing(np.nan, 0.0 if n_host > 0 else np.nan)
    best = pure[-1]  # the right ones only grow towards lower cutoffs
    return Crossing(float(curve.cutoff[best]), float(curve.right[best] / n_host))


def bin_number(p: np.ndarray, n_bins: int = N_BINS) -> np.ndarray:
    """Which of `n_bins` equal bins between 0 and 1 each probability is in."""
    return np.clip((np.asarray(p) * n_bins).astype(np.int64), 0, n_bins - 1)


def reliability_bins(
    p: np.ndarray, true: np.ndarray, n_bins: int = N_BINS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean probability, number that came true and number, in equal bins of the probability."""
    at = bin_number(p, n_bins)
    n = np.bincount(at, minlength=n_bins)
    happened = np.bincount(at, weights=np.asarray(true, np.float64), minlength=n_bins)
    return share(np.bincount(at, weights=p, minlength=n_bins), n), happened.astype(np.int64), n


def calibration_error(
    p: np.ndarray, true: np.ndarray, weight: np.ndarray | None = None, n_bins: int = N_BINS
) -> float:
    """Expected calibration error: mean distance of observed from predicted, equal bins."""
    difference = np.asarray(true, np.float64) - p
    total = len(p) if weight is None else weight.sum()
    if weight is not None:
        difference = weight * difference
    by_bin = np.bincount(bin_number(p, n_bins), weights=difference, minlength=n_bins)
    return float(np.abs(by_bin).sum() / total) if total else np.nan


def calibration_floor(
    p: np.ndarray, seed: int = 0, n_draws: int = 1000, n_bins: int = N_BINS
) -> Floor:
    """Calibration error when every outcome is drawn, by itself, with its own probability."""
    if len(p) == 0:
        return Floor(np.nan, np.nan)
    rng = np.random.default_rng(seed)
    order = np.argsort(bin_number(p, n_bins), kind="stable")
    p = np.asarray(p, np.float64)[order]
    start = np.unique(bin_number(p, n_bins), return_index=True)[1]
    expected = np.add.reduceat(p, start)
    errors = np.empty(n_draws)
    for k in range(n_draws):
        happened = np.add.reduceat((rng.random(len(p)) < p).astype(np.float64), start)
        errors[k] = np.abs(happened - expected).sum() / len(p)
    return Floor(float(errors.mean()), float(np.quantile(errors, 0.95)))
