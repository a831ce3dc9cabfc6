"""A field sample that is too large to hold, as counts between edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: how far the outermost bins reach beyond the field objects outside the selected range
MARGIN = 1.0


@dataclass(frozen=True)
class FieldCounts:
    """A field sample too large to hold: all that the bins of a histogram depend on."""

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
        """Of values, those that are not finite left out."""
        finite = np.sort(values[np.isfinite(values)])
        low, high = (finite[0], finite[-1]) if len(finite) else (np.inf, -np.inf)
        return cls(edges, np.searchsorted(finite, edges), low, high, len(finite))

    def __len__(self) -> int:
        return self.n

    def __add__(self, other: FieldCounts) -> FieldCounts:
        return FieldCounts(self.edges, self.below + other.below, min(self.low, other.low),
                           max(self.high, other.high), self.n + other.n)

    def histogram(self) -> tuple[np.ndarray, np.ndarray]:
        """Edges with a bin more where the field reaches beyond them, and its number in each bin."""
        edges = with_margins(self.edges, self.low, self.high)
        first = 1 if self.low < self.edges[0] else 0
        up_to = np.full(len(edges), self.n)  # the last bin holds its upper edge too
        up_to[:first] = 0
        up_to[first : len(edges) - 1] = self.below[: len(edges) - 1 - first]
        return edges, np.diff(up_to)


def with_margins(edges: np.ndarray, low: float, high: float) -> np.ndarray:
    """The edges, and a bin more for a field that reaches beyond them."""
    if low < edges[0]:
        edges = np.append(low - MARGIN, edges)
    if high > edges[-1]:
        edges = np.append(edges, high + MARGIN)
    return edges
