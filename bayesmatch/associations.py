"""Associations: every combination of candidates around each primary, with their separations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ._kernels import associations as kernels
from ._kernels.jit import balanced_ranges, run_ranges
from .candidates import Candidates, too_many
from .catalog import Catalog


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

    @property
    def primary(self) -> np.ndarray:
        """(n_rows,) primary of each row."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))


def build_associations(
    candidates: Candidates,
    others: Sequence[Catalog],
    ra: np.ndarray,
    dec: np.ndarray,
    radius: float,
    *,
    max_rows: int,
) -> Associations:
    """Every combination of candidates whose pairwise separations are all below `radius` arcsec.

    ``ra``, ``dec`` are the candidates' positions, per slot.

    Raises
    ------
    ValueError
        If there are more than `max_rows`; counted before anything is stored.
    """
    n, n_other = candidates.n_primary, candidates.n_other
    args = (candidates.start, ra, dec, radius)
    in_block = np.diff(candidates.start).reshape(n, n_other)
    count = 1 + in_block[:, 0]
    if n_other > 1:
        # Never more than the product; counted only as far as the limit.
        bound = np.prod(1.0 + in_block, axis=1).sum()
        count = np.zeros(n, np.int64)
        total = kernels.count_associations(0, n, n_other, *args, max_rows, count)
        if total > max_rows:
            worst = int(in_block.sum(axis=0).argmax())
            raise ValueError(too_many(f"up to {bound:.3g} combinations", others[worst], radius,
                                      max_rows, float(in_block[:, worst].mean())))
    first = np.zeros(n + 1, np.int64)
    np.cumsum(count, out=first[1:])
    member = np.empty((first[-1], n_other), np.int64)
    second = np.empty((first[-1], n_other * (n_other - 1) // 2))
    pieces = balanced_ranges(first)
    list(run_ranges(lambda a, b: kernels.fill_associations(a, b, *args, first, member, second),
                    pieces))
    return Associations(first, member, second, pieces)
