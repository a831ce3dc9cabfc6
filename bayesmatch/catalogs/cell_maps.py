"""Maps of a box of cells on the sky, one for every thread that counts objects in them.

Counts are whole numbers: which thread has counted what, and in which order the maps are summed, is
no matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from .._kernels import cell_counts as kernels
from .._kernels import sky_counts


class Counted(Protocol):
    """A catalogue that counts its objects in cells."""

    @property
    def n_rows(self) -> int:
        """Number of its objects."""

    @property
    def counted(self) -> Any:
        """What its search has counted in cells; None: it is still to do."""

    def cell_counts(self, box: Any) -> np.ndarray:
        """Objects in the cells, (rows, columns)."""


@dataclass(frozen=True)
class Looked:
    """What cells tell of a catalogue."""

    count: np.ndarray
    """objects in each cell, (rows, columns)"""
    covered: np.ndarray
    """cells that matter and that it has looked at wholly, (rows, columns) bool"""
    windows: tuple[np.ndarray, ...]
    """objects, area (arcsec^2) and sources in the windows around each source, (n, w) each"""
    by_map: bool = False
    """whether a coverage map says what is covered, and not the counts"""


class CellCounts(NamedTuple):
    """How many objects cells hold, the sum of both."""

    low: np.ndarray
    """(n,) uint8: what a byte holds"""
    high: np.ndarray
    """(n,) int32: the rest, multiples of 256"""

    @classmethod
    def none(cls, n: int) -> CellCounts:
        """Of so many empty cells."""
        return cls(np.zeros(n, np.uint8), np.zeros(n, np.int32))


class CellMaps:
    """As many maps as there are threads that count at a time, all of them empty at first.

    `shape`: rows and columns.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape
        self._made: list[CellCounts] = []
        self._spare: list[CellCounts] = []

    @contextmanager
    def one(self) -> Iterator[CellCounts]:
        """A map (rows * columns,) that no other thread has at the time, to add counts to.

        Where that fails, what the map holds belongs to nothing, and it is not used again.
        """
        try:
            cells = self._spare.pop()
        except IndexError:
            cells = CellCounts.none(self.shape[0] * self.shape[1])
            self._made.append(cells)
        yield cells
        self._spare.append(cells)

    def total(self) -> np.ndarray:
        """Counts of all maps together, (rows, columns), int32; no map can be had any more."""
        total = np.zeros(self.shape[0] * self.shape[1], np.int32)
        for cells in self._made:
            kernels.add_up(*cells, total)
        self._made, self._spare = [], []
        return total.reshape(self.shape)


def corner_sums(values: np.ndarray) -> np.ndarray:
    """Sums over the corner below each cell of `values` (r, c), (r + 1, c + 1) of their type."""
    out = np.empty((values.shape[0] + 1, values.shape[1] + 1), values.dtype)
    sky_counts.corner_sums(values, out)
    return out


def taken(cells: CellCounts) -> tuple[np.ndarray, np.ndarray]:
    """What a map (n,) holds, which is empty then: -1 less the cell, and how many objects it has."""
    row, number = np.empty(0, np.int64), np.empty(0)
    n = kernels.take_counts(*cells, row, number)
    if n:
        row, number = np.empty(n, np.int64), np.empty(n)
        kernels.take_counts(*cells, row, number)
    return row, number
