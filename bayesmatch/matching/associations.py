"""Associations: every combination of candidates around each primary, with their separations.

Combinations multiply: four other catalogues with forty candidates each make a million around every
primary. A primary with more than :data:`COMPLETE` of them keeps only the likely ones (see
:mod:`bayesmatch.matching.pruning`); all the others keep them all, and so does a match of two
catalogues.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._kernels import associations as kernels
from .._kernels.jit import balanced_ranges, run_kernel, run_ranges
from ..catalogs.candidates import too_many
from ..catalogs.memory import available_bytes, check_memory
from .pruning import LikelyAssociations, Pruned
from .setting import Setting

#: a primary with at most this many associations keeps them all
COMPLETE = 5000
#: as many are counted exactly, also where they do not fit into memory: seconds
COUNTED = 200_000_000
REMEDY = (
    "use a smaller radius (5 times the largest position error is enough), match fewer primaries at "
    "a time, or leave prune at its default"
)
REMEDY_UNPRUNED = (
    "use a smaller radius (5 times the largest position error is enough), match fewer primaries at "
    "a time, or do without priors on combinations, with which nothing is pruned"
)


@dataclass(frozen=True)
class Associations:
    """One row per association, primaries in order, the no-counterpart row first."""

    first: np.ndarray
    """(n_primary + 1,) first row of each primary, then the end"""
    member: np.ndarray
    """(n_rows, n_other) slot of the candidate that takes part, -1 = absent"""
    between: np.ndarray
    """(n_rows, n_other * (n_other - 1) / 2) arcsec between others (0,1), (0,2), (1,2), ...; NaN"""
    pieces: list[tuple[int, int]]
    """ranges of primaries of about equal work"""
    pruned: Pruned
    """the primaries that have only their likely associations here"""

    @property
    def primary(self) -> np.ndarray:
        """(n_rows,) primary of each row."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    def primary_of(self, rows: np.ndarray) -> np.ndarray:
        """Primary of some rows, (m,)."""
        return np.searchsorted(self.first, rows, side="right") - 1


def build_associations(
    setting: Setting,
    ln_ratio: np.ndarray,
    *,
    prune: float,
    max_rows: int,
    min_weight: float = np.inf,
    more: int = 0,
) -> Associations:
    """Combinations of candidates whose pairwise separations are all below the radius.

    ``ln_ratio``, ``prune`` and ``min_weight`` are as for
    :class:`bayesmatch.matching.pruning.LikelyAssociations`; ``prune=0`` keeps all. A row takes
    `more` bytes beyond those that any match needs, for priors on combinations.

    Raises
    ------
    ValueError
        If there are more than `max_rows`, or than memory holds; counted before anything is stored.
    """
    each_row, remedy = row_bytes(setting) + more, REMEDY_UNPRUNED if more else REMEDY
    asked, max_rows = max_rows, _worth_counting(each_row, max_rows)
    candidates, positions, radius = setting.candidates, setting.positions, setting.radius_arcsec
    n, n_other = candidates.n_primary, candidates.n_other
    args: tuple[Any, ...] = ()
    if n_other > 1:
        args = (candidates.start, positions.ra, positions.dec, positions.cos_dec, radius)
    in_block = np.diff(candidates.start).reshape(n, n_other)
    possible = np.prod(1.0 + in_block, axis=1)
    each = COMPLETE if prune > 0 else max_rows
    count, total = 1 + in_block[:, 0], 0

    def fits_memory(n_rows: int, number: str) -> None:
        what = f"{number} associations of {setting.primary.name!r}"
        check_memory(n_rows * each_row, what, remedy)

    if n_other > 1:
        count, total = _counted(n_other, args, possible, each, max_rows)
    many = np.flatnonzero(count > each)
    if n_other == 1 or prune == 0:  # all are kept
        total = int(count.sum()) if n_other == 1 else total + int(count[many].sum())
        many = many[:0]
    likely = LikelyAssociations(
        many,
        setting,
        ln_ratio,
        prune=prune,
        min_weight=min_weight,
        limit=max_rows - min(total, max_rows),
        fit=lambda least: fits_memory(total + least, f"at least {total + least:,}"),
    )
    if total + likely.total > max_rows:
        if max_rows < asked:
            fits_memory(max_rows + 1, f"over {max_rows:,}")
        worst = int(in_block.sum(axis=0).argmax())
        raise ValueError(
            too_many(
                f"up to {possible.sum():.3g} combinations",
                setting.others[worst],
                radius,
                max_rows,
                float(in_block[:, worst].mean()),
            )
        )
    count[many] = likely.pruned.count
    n_rows = int(count.sum())
    fits_memory(n_rows, f"{n_rows:,}")
    first = np.zeros(n + 1, np.int64)
    np.cumsum(count, out=first[1:])
    complete = np.ones(n, bool)
    complete[many] = False
    member, between, pieces = _filled(args, candidates.start, complete, first, n_other)
    likely.fill(first, member, between)
    return Associations(first, member, between, pieces, likely.pruned)


def _filled(
    args: tuple[Any, ...], start: np.ndarray, complete: np.ndarray, first: np.ndarray, n_other: int
) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int]]]:
    """Members and separations of the `complete` primaries' rows, and pieces of about equal work."""
    member = np.empty((first[-1], n_other), np.int64)
    between = np.empty((first[-1], n_other * (n_other - 1) // 2))
    pieces = balanced_ranges(first)

    if n_other == 1:
        run_kernel(kernels.fill_pairs, pieces, start, first, member)
    else:
        of = *args, complete, first, member, between
        run_kernel(kernels.fill_associations, pieces, *of)
    return member, between, pieces


def _worth_counting(each_row: int, max_rows: int) -> int:
    """`max_rows`, or the fewer beyond which memory ends: counting for hours would not help."""
    available = available_bytes() if max_rows > COUNTED else None
    if available is None:
        return max_rows
    return min(max_rows, max(COUNTED, available // each_row))


def row_bytes(setting: Setting) -> int:
    """Bytes that a match needs for an association: arrays of the stages, columns of its table."""
    k = len(setting.catalogs)
    pairs = k * (k - 1) // 2
    ids = sum(c.identifiers.itemsize + 1 for c in setting.catalogs)
    member, separations = 8 * (k - 1), 8 * (pairs - (k - 1))
    stages = member + separations + 7 * 8 + 2
    table = 8 * k + ids + 8 * pairs + 9 * 8 + 4
    return stages + table + member  # and the members once more while the table is made


def _counted(
    n_other: int, args: tuple, possible: np.ndarray, each: int, max_rows: int
) -> tuple[np.ndarray, int]:
    """Associations of each primary, counted up to ``each + 1``, and the sum over the rest."""
    count, total = np.zeros(len(possible), np.int64), 0
    # Never more than the product, and counted only as far as a limit.
    guess = np.zeros(len(possible) + 1, np.int64)
    np.cumsum(np.minimum(possible, each), out=guess[1:])
    for found in run_ranges(
        lambda a, b: kernels.count_associations(a, b, n_other, *args, each, max_rows, count),
        balanced_ranges(guess),
    ):
        total += found
        if total > max_rows:
            break
    return count, total
