"""Candidates where they are at the epoch of their primary, and what the motions' errors add."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..catalogs.candidates import Candidates
from ..catalogs.held import HeldCatalog
from ..catalogs.moving_pairs import has_own_epochs


def move_candidates(
    primary: HeldCatalog,
    others: Sequence[HeldCatalog],
    candidates: Candidates,
    ra: np.ndarray,
    dec: np.ndarray,
    covariance: np.ndarray,
) -> bool:
    """Put positions (degrees) and covariances (n_slots, 4) right, in place, of what moves.

    Returns whether a covariance has changed.
    """
    changed = False
    for k, other in enumerate(others):
        if other.arrival is None or other.motions is None or primary.epoch is None:
            continue
        slots, i = candidates.of_catalogue(k)
        motions = other.motions.subset(candidates.row[slots])
        epoch = primary.epoch[i] if primary.epoch.ndim else primary.epoch
        if has_own_epochs(primary, other):
            ra[slots], dec[slots] = motions.at(epoch)
        added = motions.variance(epoch)
        if added is None:
            continue
        changed = True
        wider = slots[added.any(axis=1)]
        covariance[slots, :2] += added
        xx, yy, xy, _ = covariance[wider].T
        covariance[wider, 3] = xx * yy - xy * xy
    return changed
