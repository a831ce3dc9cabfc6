"""Rows of partitions where they are at the epoch of the primary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..catalogs.epochs import Said, read_motions, said_of
from ..catalogs.held import HeldCatalog
from ..catalogs.motions import Arrival, at_epoch_of
from ..catalogs.positions import read_only
from ..catalogs.values import ColumnValues
from .partition import Survey, plain_table


@dataclass(frozen=True)
class Motion:
    """How the rows of a survey are moved."""

    said: Said
    arrival: Arrival


class _Named:
    """What :func:`at_epoch_of` asks of a catalogue whose rows have not been read."""

    motions = arrival = None

    def __init__(self, name: str, said: Said) -> None:
        self.name, self.said = name, said


def motion_to(primary: HeldCatalog, secondary: Any, survey: Survey) -> Motion | None:
    """The motion of a survey's rows to the epoch of a primary; None: they stay."""
    values = ColumnValues(plain_table(secondary.meta), survey.name)
    said = said_of(values, {}, survey.epoch, survey.pm, survey.pm_err)
    arrival = at_epoch_of(_Named(survey.name, said), primary).arrival
    return None if arrival is None else Motion(said, arrival)


def moved_by(motion: Motion | None) -> list[str]:
    """Columns that the motion is made from."""
    return [] if motion is None else motion.said.columns


def moved_rows(
    motion: Motion | None, values: ColumnValues, rows: np.ndarray, ra: np.ndarray, dec: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Positions (degrees) of some rows where they are then, and how far they may move, arcsec.

    None: no farther, because all primaries are of one epoch.
    """
    if motion is None:
        return ra, dec, None
    some = ColumnValues(values.table[rows], values.catalog)
    motions = read_motions(some, motion.said, ra, dec)
    assert motions is not None
    moves = motions.moves(motion.arrival.years) if motion.arrival.years > 0 else None
    new = motions.at(motion.arrival.epoch)
    return read_only(new[0]), read_only(new[1]), moves


def moved_to(found: Any, motion: Motion | None) -> None:
    """The candidates of a survey, moved in place."""
    if motion is not None:
        found.arrival = motion.arrival
        found.ra, found.dec = map(read_only, found.motions.at(motion.arrival.epoch))
