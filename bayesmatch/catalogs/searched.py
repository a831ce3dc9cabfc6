"""Pairs that were found when the rows of a catalogue were looked for, not to be searched again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

#: primary row, row of the other catalogue, arcsec; (n,) each
Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Searched:
    """Pairs of two catalogues, as the search gives them that has the primary in its grid."""

    positions: tuple[np.ndarray, ...]
    """of both, as they were searched"""
    radius: float
    """arcsec"""
    pairs: Pairs
    """those closer, the rows of the other catalogue ascending"""

    @classmethod
    def of(cls, primary: Any, other: Any, radius: float, within: Pairs) -> Searched:
        """Those of some pairs of two catalogues that are closer than `radius` arcsec."""
        i, j, s = within
        near = s < radius
        if not near.all():
            i, j, s = i[near], j[near], s[near]
        return cls(_positions(primary, other), radius, (i, j, s))

    def holds(self, primary: Any, other: Any, radius: float) -> bool:
        """Whether these are the pairs of two catalogues, which may have changed since then."""
        now = _positions(primary, other)
        return radius == self.radius and all(map(_same, now, self.positions))


def _positions(primary: Any, other: Any) -> tuple[np.ndarray, ...]:
    return primary.ra, primary.dec, other.ra, other.dec


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one is other
