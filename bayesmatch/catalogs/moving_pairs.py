"""Pairs of primaries, each of its own epoch, and objects that move."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .._kernels.motion import separations
from .held import HeldCatalog
from .motions import by_reach

Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


def has_own_epochs(primary: HeldCatalog, other: HeldCatalog) -> bool:
    """Whether objects have to be looked at where they are at the epoch of each primary."""
    return other.arrival is not None and other.arrival.years > 0


def moving_pairs(
    search: Callable[..., Pairs],
    primary: HeldCatalog,
    other: HeldCatalog,
    radius: float,
    **how: object,
) -> Pairs:
    """Pairs (primary row, other row, separation) at the epoch of each primary.

    `search` finds those of objects that do not move: each is looked at within a radius that is
    larger by what it moves from where it is now.
    """
    assert other.motions is not None and other.arrival is not None and primary.epoch is not None
    parts = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    for reach, rows in by_reach(other.motions.moves(other.arrival.years), radius):
        some = other.bare_of(rows, other.ra[rows], other.dec[rows])
        i, j, _ = search(primary, some, reach, **how)
        j = rows[j]
        ra, dec = other.motions.subset(j).at(primary.epoch[i])
        s = np.empty(len(i))
        separations(i, primary.ra, primary.dec, ra, dec, s)
        near = s < radius
        parts.append((i[near], j[near], s[near]))
    i, j, s = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.lexsort((j, i))
    return i[order], j[order], s[order]
