"""Whether the objects outside the circles of a match keep to the sources, as in fields round them.

Hosts lie in the circles, wherever errors put them there; what is outside all of them is field.  If
the survey goes on beyond the circles, that lies anywhere; if it consists of fields round the
sources, next to nothing is farther from all than these reach, however dense the sources are.
"""

from __future__ import annotations

import numpy as np

from ..catalogs.neighbours import Neighbours
from ..catalogs.sky_box import SkyBox
from .density_ladder import SURE

#: radii that fields are tried with: of the circles', and in cells
RADII, CELLS = (1.2, 1.5, 2.0, 3.0), (0.75, 1.5, 2.5, 4.0, 6.0)
#: cells of a block, along each side, in which the density is one
BLOCK = 8
#: how far apart sources may be, in cells, to have a cell among them
AROUND = 8
#: most cells that are looked at, and places in each, along each side
MOST_CELLS, PLACES = 5_000, 4
#: density beyond fields over that in them: what else a catalogue holds
BEYOND = 0.02


def keep_to_sources(
    outside: np.ndarray, radius: float, box: SkyBox, at: tuple[np.ndarray, np.ndarray]
) -> bool:
    """Whether fields of some radius explain the objects outside all circles better than none.

    Parameters
    ----------
    outside : ndarray, shape (rows, columns)
        Objects in the cells of `box` that are in no circle.
    radius : float
        Of the circles, arcsec.
    box : SkyBox
        The cells around the sources.
    at : tuple of ndarray, shape (n,)
        Right ascensions and declinations of the sources, degrees.

    Notes
    -----
    Given how many a block of cells holds, the probability that they are in the cells in which they
    are goes by the part of each cell that is outside the circles, or, of fields, by the part
    that is within their radius: density varies from block to block, and blocks that fields fill
    tell nothing.
    """
    cell = 3600.0 * box.cell
    tried = sorted({*(radius * r for r in RADII), *(cell * c for c in CELLS if cell * c > radius)})
    row, column = _cells(among(box), box)
    far = _distances(box, row, column, at, tried[-1])
    block = np.unique(row // BLOCK * box.n_columns + column // BLOCK, return_inverse=True)[1]
    objects = np.maximum(outside[row, column], 0).astype(float)
    anywhere = np.mean(far > radius, axis=1) + BEYOND / PLACES**2
    of_none = _ln_probability(objects, anywhere, block)
    for reach in tried:
        within = np.mean((far > radius) & (far <= reach), axis=1)
        if _ln_probability(objects, within + BEYOND * anywhere, block) > of_none + 0.5 * SURE**2:
            return True
    return False


def among(box: SkyBox) -> np.ndarray:
    """Cells (rows, columns) that sources lie around: no edge of theirs is an edge of fields.

    Within some cells there is one in each quarter: above and below, to either side, and not in its
    own row or column: where sources end with the survey, both cut through cells.
    """
    n_rows, n_columns = box.shape
    row, column = np.arange(n_rows)[:, None], np.arange(n_columns)[None]
    wide = np.rint(AROUND * box.half_columns[:, :1] / box.half_rows[0]).astype(np.int64)
    out = np.ones(box.shape, bool)
    for low, high in ((np.maximum(row - AROUND, 0), row), (row + 1, row + AROUND + 1)):
        for left, right in (
            (np.maximum(column - wide, 0), column),
            (column + 1, column + wide + 1),
        ):
            a, b = np.minimum(high, n_rows), np.minimum(right, n_columns)
            sums = box.source_sums
            out &= sums[a, b] - sums[low, b] - sums[a, left] + sums[low, left] > 0
    return out


def _cells(some: np.ndarray, box: SkyBox) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of some cells (rows, columns); of too many, of blocks among them."""
    row, column = np.nonzero(some)
    every = -(-len(row) // MOST_CELLS)
    if every > 1:
        number = np.unique(row // BLOCK * box.n_columns + column // BLOCK, return_inverse=True)[1]
        kept = number % every == 0
        row, column = row[kept], column[kept]
    return row, column


def _distances(
    box: SkyBox,
    row: np.ndarray,
    column: np.ndarray,
    at: tuple[np.ndarray, np.ndarray],
    most: float,
) -> np.ndarray:
    """From places in some cells to the nearest source, arcsec, (cells, places); inf beyond most."""
    part = (np.arange(PLACES) + 0.5) / PLACES
    up, along = (values.ravel() for values in np.meshgrid(part, part, indexing="ij"))
    dec = np.clip(box.low_dec + (row[:, None] + up) * box.cell, -90.0, 90.0)
    ra = (box.low_ra + (column[:, None] + along) * box.width) % 360.0
    chord = 2.0 * np.sin(np.radians(most / 3600.0) / 2.0)
    found = Neighbours(*at, most).nearest(ra.ravel(), dec.ravel(), chord).reshape(dec.shape)
    out: np.ndarray = 3600.0 * np.degrees(2.0 * np.arcsin(np.minimum(found / 2.0, 1.0)))
    return np.where(np.isfinite(found), out, np.inf)


def others_within(at: tuple[np.ndarray, np.ndarray], radius: float) -> np.ndarray:
    """(n,) other sources per arcsec^2 within a radius (arcsec) of each, positions in degrees."""
    chord = 2.0 * np.sin(np.radians(radius / 3600.0) / 2.0)
    number = Neighbours(*at, radius).numbers(chord) - 1
    out: np.ndarray = number / (np.pi * radius**2)
    return out


def _ln_probability(objects: np.ndarray, parts: np.ndarray, block: np.ndarray) -> float:
    """Of the cells that objects are in, given how many each block holds."""
    whole, held = np.bincount(block, parts), np.bincount(block, objects)
    return float((objects * np.log(parts)).sum() - (held * np.log(whole)).sum())
