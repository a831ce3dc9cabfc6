"""Ln ratios whose mean over field objects is 1, the largest cut off, and their blend with 1."""

from __future__ import annotations

import numpy as np

#: the ratio stops growing where fewer field objects of the sample have a larger one
TAIL = 10
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


def field_means(start: np.ndarray, sums: np.ndarray, nodes: np.ndarray) -> tuple[np.ndarray, float]:
    """Ln mean ratio over field objects at each node (G,), and the largest ln ratio to be used.

    ``start`` (k,) and ``sums`` (k, 1 + C) are ln ratios before they are normalised.
    """
    ln_mean, cap = np.empty(len(nodes)), -np.inf
    for g, node in enumerate(nodes):
        ln_ratio = start + sums[:, 0] + sums[:, 1:] @ node
        top = ln_ratio.max()
        ln_mean[g] = top + np.log(np.exp(ln_ratio - top).mean())
        cap = max(cap, highest_known(ln_ratio) - ln_mean[g])
    cap = max(cap, 0.0)
    for g, node in enumerate(nodes):
        ln_mean[g] = _capped_ln_mean(start + sums[:, 0] + sums[:, 1:] @ node, ln_mean[g], cap)
    return ln_mean, cap


def highest_known(ln_ratio: np.ndarray) -> float:
    """The ln ratio beyond which too few field objects lie."""
    tail = min(TAIL, len(ln_ratio) - 1)
    return float(np.partition(ln_ratio, -1 - tail)[-1 - tail])


def _capped_ln_mean(ln_ratio: np.ndarray, ln_mean: float, cap: float) -> float:
    """What to subtract so that the mean ratio is 1 with the largest ones cut off at `cap`."""
    for _ in range(MAX_STEPS):
        change = float(np.log(np.exp(np.minimum(ln_ratio - ln_mean, cap)).mean()))
        ln_mean += change
        if abs(change) < CLOSE:
            break
    return ln_mean
