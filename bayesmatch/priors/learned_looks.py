"""The looks of a learned ratio: what was learned, feature by feature, with its errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .._kernels.jit import each
from .learned_ratio import LearnedRatio
from .learning_view import MatchView
from .looks import FeatureLooks, Looks

#: bins of a feature, from the expected number of counterparts
FEWEST, MOST = 8, 20
#: bins reach from this quantile to the opposite one, of counterparts (of those that are as likely
#: as this) and of field
TAIL, LIKELY = 0.005, 1e-3
#: field objects at which the ratios of all folds are evaluated, all features together
ROWS = 6_000


def with_looks(
    learned: LearnedRatio,
    own: np.ndarray,
    on_field: tuple[np.ndarray, np.ndarray],
    view: MatchView,
    p: np.ndarray,
) -> LearnedRatio:
    """The same ratio that also knows what it was learned from.

    Parameters
    ----------
    learned : LearnedRatio
        What was learned from `view`.
    own : ndarray, shape (m, F)
        Features of the candidates.
    on_field : tuple of ndarray, shapes (k, n_inputs) and (k,)
        Of the field objects, what :func:`~.learned_ratio.inputs` gives for `learned`.
    view : MatchView
        Of the match.
    p : ndarray, shape (m,)
        Probability of each candidate to be the counterpart.

    Notes
    -----
    The ratio of a bin is the mean over its field objects, which is the share of counterparts there
    over that of the field, if the learned ratio is right; the folds' models and the sources take
    turns at them. Its error is the jackknife's, from the models that each leave out one fold of the
    sources (Efron & Stein 1981, Ann. Statist. 9, 586), at some of the objects.
    """
    x_field, start = on_field
    field = x_field[:, : own.shape[1]]
    n_folds = len(learned.folds)
    sources = learned.context.values(view.primary)
    seen = x_field, start, sources[np.arange(len(field)) // n_folds % len(sources)]
    n_bins = int(np.clip(2.0 * float(p.sum()) ** 0.5, FEWEST, MOST))

    def places_of(f: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        cuts = _edges(own[:, f], p, field[:, f], n_bins)
        place = _places(field[:, f], cuts)
        return cuts, place, _taken(place, n_bins + 1, ROWS // own.shape[1])

    edges, places, taken = zip(*each(places_of, range(own.shape[1])), strict=True)
    ratio = np.empty(len(field))
    rows = np.unique(np.concatenate(taken))

    def of_fold(fold: int) -> np.ndarray:
        ratio[fold::n_folds] = _ratios(learned, fold, seen, np.s_[fold::n_folds])
        return _ratios(learned, fold, seen, rows)

    by_fold = np.stack(list(each(of_fold, range(n_folds))))
    features = []
    for name, x, cuts, place, mine in zip(
        learned.feature_names, own.T, edges, places, taken, strict=True
    ):
        counterparts = np.bincount(_places(x, cuts), p, n_bins + 1)
        counts = np.bincount(place, minlength=n_bins + 1).astype(float)
        log10_ratio = _log10_mean(ratio, place, n_bins + 1)
        few = by_fold[:, np.searchsorted(rows, mine)]
        error = _jackknife([_log10_mean(own, place[mine], n_bins + 1) for own in few])
        features.append(FeatureLooks(name, cuts, counterparts, counts, log10_ratio, error))
    return replace(learned, learned={**learned.learned, "looks": Looks(tuple(features)).record()})


def _edges(x: np.ndarray, p: np.ndarray, field: np.ndarray, n: int) -> np.ndarray:
    """Edges of equal bins over nearly all counterparts and field objects that have a value."""
    ends = []
    likely = ~np.isnan(x) & (p > LIKELY)
    if likely.any():
        order = np.argsort(x[likely], kind="stable")
        total = np.cumsum(p[likely][order])
        at = np.searchsorted(total, np.array([TAIL, 1 - TAIL]) * total[-1])
        ends.append(x[likely][order][np.minimum(at, len(total) - 1)])
    if not np.isnan(field).all():
        ends.append(np.quantile(field[~np.isnan(field)], [TAIL, 1 - TAIL]))
    low, high = (min(e[0] for e in ends), max(e[1] for e in ends)) if ends else (0.0, 0.0)
    if high - low <= 1e-9 * max(abs(low), abs(high), 1.0):
        half = 0.5 * max(1.0, 1e-6 * abs(low))
        low, high = low - half, high + half
    return np.linspace(low, high, n + 1)


def _places(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The bin of each value, the outermost for what lies beyond; one more for missing ones."""
    n = len(edges) - 1
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, n - 1)
    return np.where(np.isnan(values), n, place)


def _taken(place: np.ndarray, n: int, most: int) -> np.ndarray:
    """Some objects of each bin, evenly chosen."""
    order = np.argsort(place.astype(np.int16), kind="stable")  # a radix sort
    first = np.searchsorted(place[order], np.arange(n + 1))
    each = max(1, most // n)
    return np.concatenate(
        [
            order[np.unique(np.linspace(a, b - 1, min(each, b - a)).astype(np.int64))]
            for a, b in zip(first[:-1], first[1:], strict=True)
        ]
    )


def _ratios(
    learned: LearnedRatio, fold: int, seen: tuple[np.ndarray, ...], rows: slice | np.ndarray
) -> np.ndarray:
    """Ratio of some field objects for some sources, by the model of a fold."""
    ratio: np.ndarray = 10.0 ** learned.log10_ratio_of_fold(fold, *(part[rows] for part in seen))
    return ratio


def _log10_mean(ratio: np.ndarray, place: np.ndarray, n: int) -> np.ndarray:
    """Log10 of the mean ratio in each of n bins; NaN where none is."""
    number = np.bincount(place, minlength=n)
    sums = np.maximum(np.bincount(place, ratio, n), 1e-100)
    mean: np.ndarray = np.log10(sums / np.where(number > 0, number, np.nan))
    return mean


def _jackknife(values: Sequence[np.ndarray]) -> np.ndarray:
    """Standard error of what F models say, each of which one fold is left out of."""
    stacked = np.stack(values)
    spread = ((stacked - stacked.mean(axis=0)) ** 2).sum(axis=0)
    error: np.ndarray = np.sqrt(spread * (len(values) - 1) / len(values))
    return error
