"""What the pieces of a search through a scanned catalogue find, put together as they come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..._kernels.cell_counts import put_counts
from ..cell_maps import CellMaps
from ..sky_box import SkyBox

if TYPE_CHECKING:
    import pyarrow as pa

#: a row of what a search finds that is none: how many rows have no position
WITHOUT = -(1 << 62)


@dataclass(frozen=True)
class Found:
    """The objects near some positions, and what else was counted on the way."""

    row: np.ndarray
    """(n,) rows of the data set, ascending"""
    ra: np.ndarray
    """(n,) degrees"""
    dec: np.ndarray
    """(n,) degrees"""
    cells: np.ndarray
    """objects in each cell of the box, (rows, columns), int32; of no cells without a box"""
    n_without: int
    """how many of the rows read have no position"""
    data: pa.Table | None = None
    """columns of the rows, where these were read with them"""


class Pieces:
    """Tables of rows and positions, as tasks give them and a checkpoint keeps them.

    A row -1 - c of a table has, for a right ascension, a number of objects in cell c; a row
    `WITHOUT` how many of those read have no position.
    """

    def __init__(self, box: SkyBox | None) -> None:
        self._shape = (0, 0) if box is None else box.shape
        self._rows = [(np.empty(0, np.int64), np.empty(0), np.empty(0))]
        self._kept: np.ndarray | None = None
        self.n_near = self._n_without = 0

    def add(self, table: pa.Table) -> None:
        """Take up what a task has found; tables come in the order of the rows."""
        for batch in table.to_batches():  # by pieces: as they lie in the memory
            row, ra, dec = (batch.column(name).to_numpy() for name in ("row", "ra", "dec"))
            near = row >= 0
            if not near.all():
                self._add_counts(row, ra)
                row, ra, dec = row[near], ra[near], dec[near]
            self.n_near += len(row)
            self._rows.append((row, ra, dec))

    def _add_counts(self, row: np.ndarray, number: np.ndarray) -> None:
        without = row == WITHOUT
        self._n_without += int(number[without].sum())
        cells = (row < 0) & ~without
        if cells.any():
            if self._kept is None:
                self._kept = np.zeros(self._shape[0] * self._shape[1], np.int32)
            put_counts(row[cells], number[cells], self._kept)

    def together(self, maps: CellMaps | None, data: pa.Table | None) -> Found:
        """All that was found, with what is still in the maps in which objects were counted."""
        cells = np.empty((0, 0), np.int32) if maps is None else maps.total()
        if self._kept is not None:
            cells += self._kept.reshape(self._shape)
        row, ra, dec = map(np.concatenate, zip(*self._rows, strict=True))
        return Found(row, ra, dec, cells, self._n_without, data)
