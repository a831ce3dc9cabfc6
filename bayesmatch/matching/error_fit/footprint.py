"""Which primaries lie where another catalogue has looked at all.

A sky area is a number: it does not say where a catalogue has holes and ends. A primary outside
its footprint has no counterpart there whatever its nature, so it says nothing about how many
have one.
"""

from __future__ import annotations

import numpy as np

from ..._kernels.sky_windows import LOW_BITS, covered_sums
from ...catalogs.footprint import looked_at
from ...catalogs.held import HeldCatalog
from ...catalogs.positions import square_degrees
from ...catalogs.sky_box import SkyBox
from ..fraction_likelihood import UNCOVERED_SIGMA

#: where this many field objects are expected, there are none by chance once in a million times
EXPECTED = 14.0
#: widest window of cells around a primary, degrees
MAX_WIDTH = 90.0
#: steps of the EM algorithm for the share outside
STEPS = 50


def covered(
    primary: HeldCatalog,
    other: HeldCatalog,
    near: np.ndarray,
    radius: float,
    box: SkyBox,
    count: np.ndarray,
) -> np.ndarray:
    """Whether each primary is within the footprint of another catalogue, (n,).

    It is where the catalogue has an object within the radius or, where fewer than 14 field objects
    are expected in that circle, in the window of cells that makes it 14. What all objects say in
    cells is at hand of scanned catalogues, too. Where the area is a MOC, it says the rest.

    Parameters
    ----------
    primary, other : HeldCatalog
        Of a scanned catalogue the candidates.
    near : ndarray of bool, shape (n,)
        Whether the primary has a candidate.
    radius : float
        arcsec.
    box : SkyBox
        The cells around the primary.
    count : ndarray of int, shape (rows, columns)
        Objects of the other catalogue in them.
    """
    if other.itself:
        return np.ones(len(primary), bool)
    out = near.copy()
    alone = np.flatnonzero(~near)
    if len(alone) and other.density_deg2 * square_degrees(radius) < EXPECTED:
        out[alone] = some_around(
            box, count, primary.ra[alone], primary.dec[alone], other.density_deg2 / 3600.0**2
        )
    out &= looked_at(other, primary)
    return out


def some_around(
    box: SkyBox, count: np.ndarray, ra: np.ndarray, dec: np.ndarray, density: float
) -> np.ndarray:
    """Whether there are objects in the smallest window of cells that lets one expect some, (n,).

    Also where no window does. Of the cells those count that lie near any of the box's sources: a
    scanned catalogue may have been read no farther.

    Parameters
    ----------
    box : SkyBox
        The cells.
    count : ndarray of int, shape (rows, columns)
        Objects in them.
    ra, dec : ndarray, shape (n,)
        Middles of the windows, degrees.
    density : float
        Of the objects, arcsec^-2.
    """
    tables = covered_sums(count, box.known, box.cell_area, box.sources)
    out, left, size = np.ones(len(ra), bool), np.arange(len(ra)), 1
    y, x = (dec - box.low_dec) / box.cell, ((ra - box.low_ra) % 360.0) / box.width
    cosine = box.cosine[np.clip(y.astype(np.int64), 0, box.n_rows - 1)]
    while len(left) and size * box.cell <= MAX_WIDTH:
        wide = np.minimum(size * box.cell / (box.width * cosine[left]), box.n_columns)
        number, area = _in_windows(box, tables, (y[left], x[left]), (size, wide))
        empty = (number & LOW_BITS) == 0
        told = empty & (area * density >= EXPECTED)
        out[left[told]] = False
        left, size = left[empty & ~told], size + max(1, size // 3)
    return out


def _in_windows(
    box: SkyBox,
    tables: tuple[np.ndarray, ...],
    middle: tuple[np.ndarray, np.ndarray],
    size: tuple[int, np.ndarray],
) -> list[np.ndarray]:
    """Sums over windows, (n,) each, from the corner sums below each cell.

    `middle`: rows and columns, (n,) each; `size`: rows, and columns (n,). A box round the sky goes
    on at its other side.
    """
    (y, x), (high, wide), n = middle, size, box.n_columns
    low = np.rint(y - 0.5 * high).astype(np.int64)
    first = np.rint(x - 0.5 * wide).astype(np.int64)
    last = np.maximum(np.rint(x + 0.5 * wide).astype(np.int64), first + 1)
    low, above = np.clip(low, 0, box.n_rows), np.clip(low + high, 0, box.n_rows)
    whole = last - first >= n
    turns = (0, -n, n) if n * box.width > 359.999 else (0,)
    out = []
    for table in tables:
        total = np.zeros(len(y), table.dtype)
        for turn in turns:
            a, b = np.clip(first + turn, 0, n), np.clip(last + turn, 0, n)
            a, b = np.where(whole, 0, a), np.where(whole, n * (turn == 0), b)
            total += table[above, b] - table[low, b] - table[above, a] + table[low, a]
        out.append(total)
    return out


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
