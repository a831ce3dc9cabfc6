"""Associations: every combination of candidates around each primary, with their separations.

Combinations multiply: four other catalogues with forty candidates each make a million around every
primary. A primary with more than :data:`COMPLETE` of them keeps only the likely ones (see
:mod:`bayesmatch.pruning`); all the others keep them all, and so does a match of two catalogues.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ._kernels import associations as kernels
from ._kernels.jit import balanced_ranges, run_ranges
from .candidates import Candidates, too_many
from .catalogs.catalog import Catalog
from .patterns import PatternPriors
from .placed import Placed
from .pruning import LikelyAssociations, Pruned

#: a primary with at most this many associations keeps them all
COMPLETE = 5000


@dataclass(frozen=True)
class Associations:
    """One row per association, primaries in order, the no-counterpart row first."""

    first: np.ndarray
    """(n_primary + 1,) first row of each primary, then the end"""
    member: np.ndarray
    """(n_rows, n_other) slot of the candidate that takes part, -1 = absent"""
    second: np.ndarray
    """(n_rows, n_other * (n_other - 1) / 2) arcsec between others (0,1), (0,2), (1,2), ...; NaN"""
    pieces: list[tuple[int, int]]
    """ranges of primaries of about equal work"""
    pruned: Pruned
    """the primaries that have only their likely associations here"""

    @property
    def primary(self) -> np.ndarray:
        """(n_rows,) primary of each row."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))


def build_associations(
    primary: Catalog,
    others: Sequence[Catalog],
    candidates: Candidates,
    placed: Placed,
    priors: PatternPriors,
    ln_ratio: np.ndarray,
    radius: float,
    *,
    prune: float,
    max_rows: int,
    min_weight: float = np.inf,
) -> Associations:
    """Combinations of candidates whose pairwise separations are all below `radius` arcsec.

    ``ln_ratio``, ``prune`` and ``min_weight`` are as for
    :class:`bayesmatch.pruning.LikelyAssociations`; ``prune=0`` keeps all.

    Raises
    ------
    ValueError
        If there are more than `max_rows`; counted before anything is stored.
    """
    n, n_other = candidates.n_primary, candidates.n_other
    args = (candidates.start, placed.ra, placed.dec, placed.cos_dec, radius)
    in_block = np.diff(candidates.start).reshape(n, n_other)
    count = 1 + in_block[:, 0]
    possible = np.prod(1.0 + in_block, axis=1)
    total, each = 0, COMPLETE if prune > 0 else max_rows
    if n_other > 1:
        count = np.zeros(n, np.int64)
        # Never more than the product, and counted only as far as a limit.
        guess = np.zeros(n + 1, np.int64)
        np.cumsum(np.minimum(possible, each), out=guess[1:])
        for found in run_ranges(lambda a, b: kernels.count_associations(
                a, b, n_other, *args, each, max_rows, count), balanced_ranges(guess)):
            total += found
            if total > max_rows:
                break
    many = np.flatnonzero(count > each)
    if n_other == 1 or prune == 0:
        total += int(count[many].sum())
        many = many[:0]
    likely = LikelyAssociations(many, primary, candidates, placed, priors, ln_ratio, radius,
                                prune=prune, min_weight=min_weight,
                                limit=max_rows - min(total, max_rows))
    if total + likely.total > max_rows:
        worst = int(in_block.sum(axis=0).argmax())
        raise ValueError(too_many(f"up to {possible.sum():.3g} combinations", others[worst],
                                  radius, max_rows, float(in_block[:, worst].mean())))
    count[many] = likely.pruned.count
    first = np.zeros(n + 1, np.int64)
    np.cumsum(count, out=first[1:])
    member = np.empty((first[-1], n_other), np.int64)
    second = np.empty((first[-1], n_other * (n_other - 1) // 2))
    pieces = balanced_ranges(first)
    complete = np.ones(n, bool)
    complete[many] = False
    list(run_ranges(lambda a, b: kernels.fill_associations(
        a, b, *args, complete, first, member, second), pieces))
    likely.fill(first, member, second)
    return Associations(first, member, second, pieces, likely.pruned)
