"""How many entries of a list are in sets of one, two, three ... that are one source.

And which of the larger sets are likelier to be pairs beside each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lgamma

import numpy as np

from .same_source import ClosePairs, Duplicates

#: disjoint pairs of sets of three or more, by their number, and the ln of their odds
Parts = dict[int, tuple[list[np.ndarray], float]]
#: steps of the shares, and the least share of single entries
STEPS, LEAST_SINGLE = 30, 0.1
#: sets of three and more of a size that are taken to be chance: a few by chance would call for more
CHANCE_SETS = 2.0
#: the least share of entries in sets of some size
TINY = 1e-12


def ln_sizes_of(
    ln_odds: np.ndarray,
    size: np.ndarray,
    parts: Parts,
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
    parts : Parts
        Pairs that sets of three or more may be instead.
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


def parts_of(pairs: ClosePairs, ln_odds: np.ndarray, members: Sequence[np.ndarray]) -> Parts:
    """The likeliest disjoint pairs of every set of three or more."""
    number = np.full(int(np.concatenate(members).max()) + 1, -1)
    for k, m in enumerate(members):
        if len(m) > 2:
            number[m] = k
    at = np.flatnonzero(np.maximum(pairs.first, pairs.second) < len(number))
    of = number[pairs.first[at]]
    at = at[(of >= 0) & (of == number[pairs.second[at]])]
    taken: set[int] = set()
    out: Parts = {}
    for p in at[np.lexsort((pairs.second[at], pairs.first[at], -ln_odds[at]))].tolist():
        i, j = int(pairs.first[p]), int(pairs.second[p])
        if i not in taken and j not in taken:
            taken.update((i, j))
            found, ln_sum = out.get(int(number[i]), ([], 0.0))
            out[int(number[i])] = [*found, np.array([i, j])], ln_sum + float(ln_odds[p])
    return out


def parted(
    members: Sequence[np.ndarray], ln_odds: np.ndarray, parts: Parts, found: Duplicates
) -> list[np.ndarray]:
    """The sets, with pairs in place of those that are likelier to be pairs beside each other."""
    ln_pair = float(found.of_size(np.array([2]))[0])
    out: list[np.ndarray] = []
    for k, m in enumerate(members):
        couples, ln_sum = parts.get(k, ([], 0.0))
        apart = couples and ln_sum + len(couples) * ln_pair > ln_odds[k]
        out.extend(couples if apart else [m])
    return out


def _share(ln_odds: np.ndarray) -> np.ndarray:
    """The probability of some odds."""
    out: np.ndarray = 0.5 * (1.0 + np.tanh(0.5 * ln_odds))
    return out
