"""What some partitions of a survey have near the sources: the rows, the pairs, and the counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from .._kernels.jit import ranges
from ..catalogs.area import contains
from ..catalogs.candidates import too_many
from ..catalogs.motions import by_reach
from ..catalogs.scan.search import MARGIN
from ..catalogs.search_grid import STREAM_ROWS, Grid, half_width
from ..catalogs.values import ColumnValues
from .moving import moved_by, moved_rows
from .partition import positions_there
from .wanted import Near, Wanted

#: rows; of each, how many positions it is near; these; and how far, arcsec
RowsAndPairs = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def near_rows(several: Iterable[Any], wanted: Wanted) -> Near:
    """What some partitions have of what is wanted."""
    return Near.together([_near_rows(part, wanted) for part in several])


def _near_rows(part: Any, wanted: Wanted) -> Near:
    names = [wanted.ra_name, wanted.dec_name, *moved_by(wanted.motion)]
    values = ColumnValues(part.plain(names), wanted.survey.name)
    ra, dec, inside = positions_there(values, wanted.ra_name, wanted.dec_name)
    n_without = len(part) - len(ra)
    ra, dec, moves = moved_rows(wanted.motion, values, inside, ra, dec)
    if wanted.moc is not None:
        within = np.flatnonzero(contains(wanted.moc, ra, dec))
        ra, dec, inside = ra[within], dec[within], inside[within]
        moves = None if moves is None else moves[within]
    near, *pairs = _pairs_near(ra, dec, moves, wanted)
    cell = count = np.empty(0, np.int32)
    if wanted.box is not None and len(ra):
        cell, count = wanted.box.filled(ra, dec)
    row = inside[near]
    some = part.take(wanted.kept or wanted.columns, row)
    return Near(np.array([len(row)]), row, some, len(ra), n_without, cell, count, *pairs)


def _pairs_near(
    ra: np.ndarray, dec: np.ndarray, moves: np.ndarray | None, wanted: Wanted
) -> RowsAndPairs:
    """Rows within the radius, or farther by what they move (arcsec), of any position; ascending."""
    if moves is None:
        return _pairs_within(ra, dec, wanted)
    assert not wanted.pairs
    found = [np.empty(0, np.int64)]
    for reach, rows in by_reach(moves, wanted.radius_arcsec):
        wider = replace(wanted, radius_arcsec=reach)
        found.append(rows[_pairs_within(ra[rows], dec[rows], wider)[0]])
    return np.sort(np.concatenate(found)), *_no_pairs()


def _no_pairs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0)


def _pairs_within(ra: np.ndarray, dec: np.ndarray, wanted: Wanted) -> RowsAndPairs:
    """Rows within the radius of any position, ascending."""
    around = _positions_about(ra, dec, wanted)
    rows, pairs = [np.empty(0, np.int64)], [_no_pairs()]
    if not len(around):
        return rows[0], *pairs[0]
    where = Grid(wanted.ra[around], wanted.dec[around], wanted.radius_arcsec * MARGIN)
    for a, b in ranges(len(ra), STREAM_ROWS):
        i, j, s = where.search(a, b, ra, dec, wanted.max_rows)
        if len(j) > wanted.max_rows:
            named: Any = wanted.survey
            what = f"at least {len(j):,} pairs"
            each = len(j) / len(wanted.ra)
            raise ValueError(too_many(what, named, wanted.radius_arcsec, wanted.max_rows, each))
        first = np.flatnonzero(np.diff(j, prepend=-1))
        rows.append(j[first])
        if wanted.pairs:
            n = np.diff(first, append=len(j)).astype(np.int32)
            pairs.append((n, around[i].astype(np.int32), s))
    n, position, separation = (np.concatenate(arrays) for arrays in zip(*pairs, strict=True))
    return np.concatenate(rows), n, position, separation


def _positions_about(ra: np.ndarray, dec: np.ndarray, wanted: Wanted) -> np.ndarray:
    """Those positions that may be near some rows: in the box that these fill, and a little more."""
    if not len(ra):
        return np.empty(0, np.int64)
    reach = wanted.radius_arcsec / 3600.0 * (1.0 + 1e-6) + 1e-9
    low, high = dec.min() - reach, dec.max() + reach
    wide = float(half_width(np.array([max(-low, high)]), reach)[0])
    first, last = ra.min() - wide, ra.max() + wide
    if last - first >= 180.0:  # on both sides of RA 0, over a pole, or round the sky
        east = _turned(ra - ra[0])
        first, last = ra[0] + east.min() - wide, ra[0] + east.max() + wide
    within: np.ndarray
    if wanted.ascending and last - first < 180.0:
        # Without a look at all of them for each partition.
        ends = [(first, last)]
        if first < 0.0 or last >= 360.0:
            ends = [(0.0, last % 360.0), (first % 360.0, 360.0)]
        here = np.concatenate([np.arange(*np.searchsorted(wanted.ra, pair)) for pair in ends])
        north = wanted.dec[here]
        within = here[(north >= low) & (north <= high)]
        return within
    some = np.flatnonzero((wanted.dec >= low) & (wanted.dec <= high))
    if not last - first < 360.0:
        return some
    about = _turned(wanted.ra[some] - 0.5 * (first + last))
    within = some[np.abs(about) <= 0.5 * (last - first)]
    return within


def _turned(degrees: np.ndarray) -> np.ndarray:
    """Angles from -180 to below 180; the same array where they are already."""
    if len(degrees) == 0 or -180.0 <= degrees.min() <= degrees.max() < 180.0:
        return degrees
    turned: np.ndarray = (degrees + 180.0) % 360.0 - 180.0
    return turned
