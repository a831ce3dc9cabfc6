"""A field sample counted between given edges, for catalogues too large to hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FieldCounts:
    """A field sample too large to hold: all that its histogram in adaptive bins depends on."""

    edges: np.ndarray
    """(e,) edges between quantiles of the selected sample, ascending"""
    below: np.ndarray
    """(e,) number of values below each edge"""
    low: float
    """least value"""
    high: float
    """largest value"""
    n: int
    """number of values"""

    @classmethod
    def of(cls, values: np.ndarray, edges: np.ndarray) -> FieldCounts:
        """Of values (n,), those that are not finite left out, at edges (e,)."""
        finite = np.sort(values[np.isfinite(values)])
        low, high = (finite[0], finite[-1]) if len(finite) else (np.inf, -np.inf)
        return cls(edges, np.searchsorted(finite, edges), low, high, len(finite))

    def __len__(self) -> int:
        return self.n

    def __add__(self, other: FieldCounts) -> FieldCounts:
        return FieldCounts(
            self.edges,
            self.below + other.below,
            min(self.low, other.low),
            max(self.high, other.high),
            self.n + other.n,
        )
