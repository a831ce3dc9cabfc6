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

#: a circle in which this many field objects are expected is empty by chance once in a million times
EXPECTED = 14.0
MAX_REACH = 45.0 * 3600.0


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
