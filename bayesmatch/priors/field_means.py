"""Ln ratios whose mean over field objects is 1, the largest cut off, and their blend with 1."""

from __future__ import annotations

import numpy as np

from .._kernels.sums import dot, rows_times

#: the ratio stops growing where fewer field objects of the sample have a larger one
TAIL = 10
#: errors of the number of counterparts beyond it from which on it is another than the ratio says
MOST_SURE = 2.0
#: steps towards a mean of 1 below the largest ratio, at most, and how close is enough
MAX_STEPS, CLOSE = 100, 1e-5


def blended(ln_ratio: np.ndarray, alike: float) -> np.ndarray:
    """Ln ratio where a share of the counterparts looks like field objects; its mean stays 1."""
    if alike == 0.0:
        return ln_ratio
    out: np.ndarray = np.logaddexp(ln_ratio + np.log1p(-alike), np.log(alike))
    return out


def share_of_ratio(ln_blended: np.ndarray, alike: float) -> np.ndarray:
    """Of counterparts with such a blended ratio, the share that does not look like the field."""
    share: np.ndarray = np.clip(1.0 - alike * np.exp(-ln_blended), 0.0, 1.0)
    return share


def field_means(
    start: np.ndarray, sums: np.ndarray, nodes: np.ndarray, weight: np.ndarray | float = 1.0
) -> tuple[np.ndarray, float, np.ndarray]:
    """Ln mean ratio over field objects at each node (G,), and the largest ln ratio to be used.

    And the share of the objects that have it at each node (G,). ``start`` (k,) and ``sums`` (k,
    1 + C) are ln ratios before they are normalised, ``weight`` (k,), 1 on average, says how much
    each object counts.
    """
    ln_mean, beyond, cap = np.empty(len(nodes)), np.empty(len(nodes)), -np.inf
    for g, node in enumerate(nodes):
        ln_ratio = start + sums[:, 0] + rows_times(sums[:, 1:], node)
        top = ln_ratio.max()
        ln_mean[g] = top + np.log((weight * np.exp(ln_ratio - top)).mean())
        cap = max(cap, highest_known(ln_ratio) - ln_mean[g])
    cap = max(cap, 0.0)
    for g, node in enumerate(nodes):
        ln_ratio = start + sums[:, 0] + rows_times(sums[:, 1:], node)
        ln_mean[g] = _capped_ln_mean(ln_ratio, ln_mean[g], cap, weight)
        beyond[g] = (weight * (ln_ratio - ln_mean[g] >= cap)).mean()
    return ln_mean, cap, beyond


def topped(ln_ratio: np.ndarray, edge: np.ndarray | float, cap: np.ndarray | float) -> np.ndarray:
    """Ln ratio that is the largest, `cap`, from an edge on."""
    out: np.ndarray = np.where(ln_ratio >= edge, cap, ln_ratio)
    return out


def rarer_than_seen(
    ln_ratio: np.ndarray, p: np.ndarray, cap: np.ndarray, beyond: np.ndarray
) -> tuple[float, float] | None:
    """What to add to ln ratios, and the largest, where counterparts are what hardly any object is.

    A few objects of the sample have the largest ratio, but more counterparts than it says of them.
    The share of these over that of the objects is what it is, and the other counterparts are left
    to the other objects: with a mean of 1 the ratio of these came out up to 5 times too high.

    Parameters
    ----------
    ln_ratio, p, cap, beyond : ndarray, shape (m,)
        Of candidates: ln ratio not cut off, probability of a counterpart that the ratio says
        something of; the largest ln ratio of its model, and the share of field objects with it.

    Returns
    -------
    tuple of float, or None
        None: as many counterparts as the ratio says, within chance.
    """
    number = float(p.sum())
    if number < MOST_SURE:
        return None
    there, seen = float(p[ln_ratio >= cap].sum()), dot(p, beyond) / number
    said = dot(p, np.exp(cap) * beyond)
    if there - said < MOST_SURE * (there + said * said / TAIL) ** 0.5 or seen <= 0.0:
        return None
    share = min(there, number - 1.0) / number
    return float(np.log1p(-share) - np.log1p(-said / number)), float(np.log(share / seen))


def highest_known(ln_ratio: np.ndarray) -> float:
    """The ln ratio beyond which too few field objects lie."""
    tail = min(TAIL, len(ln_ratio) - 1)
    return float(np.partition(ln_ratio, -1 - tail)[-1 - tail])


def _capped_ln_mean(
    ln_ratio: np.ndarray, ln_mean: float, cap: float, weight: np.ndarray | float
) -> float:
    """What to subtract so that the mean ratio is 1 with the largest ones cut off at `cap`."""
    for _ in range(MAX_STEPS):
        change = float(np.log((weight * np.exp(np.minimum(ln_ratio - ln_mean, cap))).mean()))
        ln_mean += change
        if abs(change) < CLOSE:
            break
    return ln_mean
