"""Which primaries lie where another catalogue has looked at all.

A sky area is a number: it does not say where a catalogue has holes and ends. A primary outside
its footprint has no counterpart there whatever its nature, so it says nothing about how many
have one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...catalogs.candidates import Candidates, pairs_within
from ...catalogs.held import HeldCatalog
from ..fraction_likelihood import UNCOVERED_SIGMA

#: a circle in which this many field objects are expected is empty by chance once in a million times
EXPECTED = 14.0
MAX_REACH = 45.0 * 3600.0
#: steps of the EM algorithm for the share outside
STEPS = 50


def covered(
    primary: HeldCatalog,
    others: Sequence[HeldCatalog],
    candidates: Candidates,
    radius: float,
    *,
    max_rows: int,
) -> np.ndarray:
    """Whether each primary is within the footprint of each other catalogue.

    It is where the catalogue has an object within `radius` or, where fewer than 14 field objects
    are expected in that circle, within the circle that makes it 14. Of a scanned catalogue only the
    candidates are at hand, and it counts as looking everywhere.

    Returns
    -------
    ndarray of bool, shape (n_primary, n_other)
    """
    near = np.diff(candidates.start).reshape(-1, len(others)) > 0
    for k, other in enumerate(others):
        if not other.all_at_hand:
            near[:, k] = True
            continue
        reach = min(3600.0 * np.sqrt(EXPECTED * other.area / (np.pi * len(other))), MAX_REACH)
        alone = np.flatnonzero(~near[:, k])
        if reach > radius and len(alone):
            found, _, _ = pairs_within(
                primary.subset(alone, [primary.ra_name]),
                other,
                reach,
                max_pairs=max_rows,
                advance=lambda rows: None,
            )
            near[alone[np.unique(found)], k] = True
    return near


def inside(empty: np.ndarray, expected: np.ndarray, hosts: float) -> np.ndarray:
    """Probability that primaries do not lie in a hole, (n,); 1 where chance explains all.

    One near the rim of a hole has an object near by. Where 30% of a sky were holes, a third of
    those in them did, and made counterparts seem rarer by a sixth: far ones did not count as such.

    Parameters
    ----------
    empty : ndarray of bool, shape (n,)
        Primaries without a candidate.
    expected : ndarray, shape (n,)
        Number of field objects expected in the circle.
    hosts : float
        Share of the primaries with a counterpart.
    """
    chance = max(1.0 - hosts, 1e-3) * np.exp(-np.minimum(expected, 300.0))
    score = (1.0 / chance[empty]).sum() - len(empty)
    outside, share = np.zeros(len(empty)), float(empty.mean()) if len(empty) else 0.0
    if score > UNCOVERED_SIGMA * np.sqrt((1.0 / chance - 1.0).sum()) and share < 1.0:
        for _ in range(STEPS):
            outside = empty * share / (share + (1.0 - share) * chance)
            share = float(outside.mean())
    return 1.0 - outside
