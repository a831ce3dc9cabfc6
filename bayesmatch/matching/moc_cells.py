"""Cells that a catalogue has looked at, as its coverage map says where counts cannot tell."""

from __future__ import annotations

import numpy as np

from ..catalogs.area import contains
from ..catalogs.cell_maps import Looked
from ..catalogs.held import HeldCatalog
from ..catalogs.sky_box import SkyBox

#: where cells that counts take for covered hold less than this of all objects, a map is asked
MOST = 0.5


def looked_within(other: HeldCatalog, box: SkyBox) -> Looked:
    """What cells tell of a catalogue: those wholly within its MOC, where counts tell less.

    Of a small footprint with few objects, counts cannot tell the edge: blocks of cells large enough
    to be judged by are larger than it, and what is left is where it has not looked.
    """
    looked = box.looked(other)
    if other.moc is None:
        return looked
    n_known = looked.count[box.known].sum()
    n_covered = looked.count[looked.covered].sum()
    if n_covered >= MOST * n_known:
        return looked
    within = box.known & _wholly_within(other.moc, box)
    if looked.count[within].sum() <= n_covered:
        return looked
    return Looked(looked.count, within, box.covered_windows(looked.count, within), True)


def _wholly_within(moc: object, box: SkyBox) -> np.ndarray:
    """Cells (rows, columns) all of whose corners and middles are within a `mocpy.MOC`."""
    corner = _inside(moc, box, 0.0, 1)
    middle = _inside(moc, box, 0.5, 0)
    whole: np.ndarray = middle & corner[1:, 1:] & corner[1:, :-1]
    whole &= corner[:-1, 1:] & corner[:-1, :-1]
    return whole


def _inside(moc: object, box: SkyBox, shift: float, more: int) -> np.ndarray:
    """Whether points of a grid, (rows + more, columns + more), are within a MOC."""
    row, column = np.arange(box.n_rows + more), np.arange(box.n_columns + more)
    dec = np.clip(box.low_dec + (row + shift) * box.cell, -90.0, 90.0)
    ra = (box.low_ra + (column + shift) * box.width) % 360.0
    grid = np.meshgrid(ra, dec)
    inside: np.ndarray = contains(moc, grid[0].ravel(), grid[1].ravel())
    return inside.reshape(len(row), len(column))
