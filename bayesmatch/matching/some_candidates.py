"""A sample of the candidates, the same ones in whatever order the rows of the catalogues stand."""

from __future__ import annotations

import numpy as np

from ..catalogs.candidates import Candidates
from ..catalogs.field_sample import position_hash
from ..catalogs.held import HeldCatalog
from ..catalogs.segments import segments

#: that many candidates tell how large the errors of the objects are, on average
SAMPLE = 1000
#: candidates are drawn from those of so many times as many, in whole circles: far from all of a
#: large match are looked at, and no few crowded circles speak for the others
DRAWN_FROM = 4


def some_slots(
    primary: HeldCatalog,
    other: HeldCatalog,
    candidates: Candidates,
    k: int,
    most: int = SAMPLE,
) -> np.ndarray | slice:
    """Slots of about `most` candidates of one other catalogue, of all where there are no more."""
    start = candidates.start
    begin = start[:-1].reshape(-1, candidates.n_other)[:, k]
    count = np.diff(start).reshape(-1, candidates.n_other)[:, k]
    slots = candidates.slots_of(k)
    total = int(count.sum())
    if total <= most:
        return slots
    if total > DRAWN_FROM * most:
        hashed = position_hash(*primary.given_positions)
        order = np.argsort(hashed)
        last = np.searchsorted(np.cumsum(count[order]), DRAWN_FROM * most)
        circles = np.flatnonzero(hashed <= hashed[order[last]])
        slots = segments(begin[circles], count[circles])
    rows = candidates.row[slots]
    drawn = position_hash(other.ra[rows], other.dec[rows])
    found = np.flatnonzero(drawn <= np.partition(drawn, most - 1)[most - 1])
    return found if isinstance(slots, slice) else slots[found]
