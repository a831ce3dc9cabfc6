"""How many entries of a list are in sets of one, two, three ... that are one source."""

from __future__ import annotations

from collections.abc import Mapping
from math import lgamma
from typing import Any

import numpy as np

#: steps of the shares, and the least share of single entries
STEPS, LEAST_SINGLE = 30, 0.1
#: sets of three and more of a size that are taken to be chance: a few by chance would call for more
CHANCE_SETS = 2.0
#: the least share of entries in sets of some size
TINY = 1e-12


def ln_sizes_of(
    ln_odds: np.ndarray,
    size: np.ndarray,
    parts: Mapping[int, tuple[list[Any], float]],
    ln_odds_of_pairs: np.ndarray,
    n_entries: int,
) -> np.ndarray:
    """What the ln of the odds of sets of 2, 3 ... entries lacks, (largest - 1,).

    The odds of a pair are those of an entry that has d others, with another that is there by
    chance.  What a set of m is an alternative to is m sources of one entry each: if these are a
    share s_1 of all entries and s_m of them are in sets of m, the odds have (m - 1)! s_m / s_1^m in
    place of d^(m - 1).  In a list of which 40% are listed twice that is 5 times as much for a pair,
    and nothing for three: an entry beside a pair is there by chance.  The shares are found by
    expectation and maximisation.

    Parameters
    ----------
    ln_odds : ndarray, shape (n_sets,)
        From those of pairs.
    size : ndarray of int, shape (n_sets,)
    parts : mapping
        Of sets of three or more by their number: pairs that they may be instead, the ln of the
        product of their odds.
    ln_odds_of_pairs : ndarray, shape (n_pairs,)
        Of all pairs.
    n_entries : int
        All whose pairs are known.
    """
    sizes = np.arange(2, int(size.max()) + 1)
    per_source = 2.0 * float(_share(ln_odds_of_pairs).sum()) / n_entries
    plain = np.array([lgamma(m) for m in sizes]) - (sizes - 1.0) * np.log(per_source)
    large = np.fromiter(parts, np.int64, len(parts))
    n_parts = np.array([len(couples) for couples, _ in parts.values()])
    ln_parts = np.array([ln for _, ln in parts.values()])
    ln_sizes = np.zeros(len(sizes))
    for _ in range(STEPS):
        ln_same = ln_odds + ln_sizes[size - 2]
        same = _share(ln_same)
        ln_apart = ln_parts + n_parts * ln_sizes[0]
        same[large] = _share(ln_same[large] - np.logaddexp(0.0, ln_apart))
        apart = _share(ln_apart - np.logaddexp(0.0, ln_same[large]))
        entries = np.bincount(size - 2, same * size, len(sizes)).astype(float)
        entries[0] += 2.0 * float(n_parts @ apart) if len(parts) else 0.0
        entries[1:] = entries[1:] - CHANCE_SETS * sizes[1:]
        share = np.maximum(entries / n_entries, TINY)
        single = max(1.0 - float(share.sum()), LEAST_SINGLE)
        ln_sizes = plain + np.log(share) - sizes * np.log(single)
    return ln_sizes


def _share(ln_odds: np.ndarray) -> np.ndarray:
    """The probability of some odds."""
    out: np.ndarray = 0.5 * (1.0 + np.tanh(0.5 * ln_odds))
    return out
