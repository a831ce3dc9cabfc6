"""Rows of a data set where they are at another epoch, batch by batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..epochs import read_motions
from ..formats.arrow import from_arrow
from ..motions import SLACK
from ..positions import read_only
from ..values import ColumnValues
from ..years import year_scale
from .parts import Part

#: arcsec: farther than any map of the sky goes
FAR = 1e7


def moved(
    other: Any, batch: Any, kept: np.ndarray | None, ra: np.ndarray, dec: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Positions (degrees) of the rows kept at the epoch that the catalogue was moved to.

    And how far each may move from there, (n,) arcsec; None where all primaries are of that epoch.
    """
    import pyarrow as pa

    names = other.said.columns
    table = from_arrow(pa.Table.from_batches([batch]).select(names))
    for name in names:
        table[name].unit = other.table[name].unit
    if not names:
        table = from_arrow(pa.Table.from_batches([batch]))
    if kept is not None:
        table = table[kept]
    motions = read_motions(ColumnValues(table, other.name), other.said, ra, dec)
    assert motions is not None
    new = motions.at(other.arrival.epoch)
    moves = motions.moves(other.arrival.years) if other.arrival.years > 0 else None
    return read_only(new[0]), read_only(new[1]), moves


def group_moves(other: Any, part: Part) -> np.ndarray:
    """How far the rows of each row group move at most, (n_groups,) arcsec; FAR: not known."""
    columns = other.said.columns

    def bounds_of(given: Any) -> np.ndarray:
        """(n_groups, 2) least and largest."""
        if not isinstance(given, str):
            return np.full((len(part.group_rows), 2), float(given))
        return part.bounds[:, 2 + columns.index(given)]

    speed = np.zeros(len(part.group_rows))
    for given in other.said.pm:
        factor = 1.0
        if isinstance(given, str) and other.table[given].unit is not None:
            factor = other.columns.unit_factor(other.table[given].unit, "mas/yr", given)
        speed = np.hypot(speed, np.abs(bounds_of(given) * factor).max(axis=1))
    epoch = bounds_of(other.said.epoch)
    if isinstance(other.said.epoch, str):
        offset, factor = year_scale(other.columns, other.said.epoch)
        epoch = offset + factor * epoch
    years = np.abs(epoch[:, :, None] - np.array(other.arrival.ends)).max(axis=(1, 2))
    moves: np.ndarray = np.nan_to_num(1e-3 * speed * years * SLACK, nan=FAR)
    within: np.ndarray = np.minimum(moves, FAR)
    return within
