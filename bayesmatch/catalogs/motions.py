"""Proper motions of a catalogue's rows, and the same catalogue at another epoch.

The objects of the other catalogues are taken to where they were when the primary was observed.
Where all primaries have one epoch, all objects are moved to it before the search.  Where each has
its own, they are moved to the middle of these, searched with a radius that is larger by what they
move between there and the ends, and every pair is looked at with the object at the epoch of its
primary.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._kernels import motion as kernels
from .._kernels.jit import ranges, run_ranges
from .positions import read_only
from .warned import warn_user

#: rows moved at a time
PIECE = 1 << 16
#: of the radius: objects that move less than this are searched together; those that move more, in
#: classes of up to twice as much each
STEP = 0.25
#: added to what an object moves, for rounding
SLACK = 1.0 + 1e-6


@dataclass(frozen=True, eq=False)
class Motions:
    """Positions of some rows at their epochs, and how they move."""

    ra: np.ndarray
    """(n,) degrees"""
    dec: np.ndarray
    """(n,) degrees"""
    pm_ra: np.ndarray
    """(n,) mas/yr, times cos(dec)"""
    pm_dec: np.ndarray
    """(n,) mas/yr"""
    error: np.ndarray | None
    """(n, 2) mas/yr; None: they are exact"""
    epoch: np.ndarray
    """() or (n,) Julian years"""

    def subset(self, rows: np.ndarray) -> Motions:
        """Of some rows."""
        return Motions(
            self.ra[rows],
            self.dec[rows],
            self.pm_ra[rows],
            self.pm_dec[rows],
            None if self.error is None else self.error[rows],
            self.epoch if self.epoch.ndim == 0 else self.epoch[rows],
        )

    def at(self, epoch: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions (degrees) at an epoch, one or each row's own, (n,) each."""
        years = np.broadcast_to(epoch - self.epoch, self.ra.shape)
        given = (self.ra, self.dec, self.pm_ra, self.pm_dec, years)
        arrays = [read_only(np.ascontiguousarray(part, np.float64)) for part in given]
        ra, dec = np.empty(len(self.ra)), np.empty(len(self.ra))
        list(
            run_ranges(
                lambda a, b: kernels.move(a, b, *arrays, ra, dec), ranges(len(self.ra), PIECE)
            )
        )
        return ra, dec

    def variance(self, epoch: float | np.ndarray) -> np.ndarray | None:
        """What the errors of the motions add to the variances east and north, (n, 2) arcsec^2."""
        if self.error is None or not self.error.any():
            return None
        years = np.broadcast_to(epoch - self.epoch, self.ra.shape)
        added: np.ndarray = (1e-3 * self.error * years[:, None]) ** 2
        return added

    def moves(self, years: float) -> np.ndarray:
        """How far each row moves in some years at most, (n,) arcsec."""
        way: np.ndarray = SLACK * 1e-3 * np.hypot(self.pm_ra, self.pm_dec) * years
        return way


@dataclass(frozen=True)
class Arrival:
    """Where in time the objects of a catalogue have been moved to."""

    epoch: float
    """Julian year"""
    ends: tuple[float, float]
    """of the epochs of the primaries"""

    @classmethod
    def of(cls, primary: Any) -> Arrival:
        """For the epochs of a primary."""
        low, high = float(np.min(primary.epoch)), float(np.max(primary.epoch))
        return cls(low if low == high else 0.5 * (low + high), (low, high))

    @property
    def years(self) -> float:
        """From there to the farther end: 0 where all primaries have one epoch."""
        return max(self.epoch - self.ends[0], self.ends[1] - self.epoch)


def at_epoch_of(other: Any, primary: Any) -> Any:
    """A catalogue with its objects where they were at the epoch of the primary.

    The same one where it has no motions, or one of the epochs is not known.

    Warns
    -----
    UserWarning
        If motions are applied that were found and not given.
    """
    if primary.epoch is None or not other.said.moves:
        return other
    if not np.all(np.isfinite(primary.epoch)):
        row = int(np.flatnonzero(~np.isfinite(primary.epoch))[0])
        raise ValueError(
            f"catalogue {primary.name!r}: {primary.row_text(row)} has no epoch; give every source "
            "one, or one for the catalogue (epoch=, --epoch on the command line)"
        )
    arrival = Arrival.of(primary)
    if other.arrival is not None and other.motions is not None and other.arrival == arrival:
        return other
    if not other.said.given and other.arrival is None:
        pm, since = other.said.pm, other.said.epoch
        warn_user(
            f"catalogue {other.name!r}: proper motions ({pm[0]}, {pm[1]}) since {since} were found "
            f"and are applied, to the epoch of {primary.name!r}; pm=(0, 0) leaves them out (--pm "
            ":0,0 on the command line, a value per catalogue)"
        )
    out = copy.copy(other)
    out.arrival = arrival
    if other.motions is not None:
        out.ra, out.dec = map(read_only, other.motions.at(arrival.epoch))
    return out


def by_reach(moves: np.ndarray, radius: float) -> list[tuple[float, np.ndarray]]:
    """Rows that move about as far, with the radius (arcsec) to search them with."""
    kind = np.zeros(len(moves), np.int64)
    fast = moves > STEP * radius
    kind[fast] = np.ceil(np.log2(moves[fast] / (STEP * radius))).astype(np.int64)
    return [
        (radius * (1.0 + STEP * 2.0 ** int(k)), np.flatnonzero(kind == k)) for k in np.unique(kind)
    ]
