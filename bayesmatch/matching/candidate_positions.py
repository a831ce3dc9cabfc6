"""Where the candidates of a match lie, and how well that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from .._kernels.bayes_factor import candidate_plane
from .._kernels.gathered import gather_circles, put_circles, put_values, take_present
from .._kernels.jit import ranges, run_kernel
from ..catalogs.candidates import Candidates
from ..catalogs.errors import PositionErrorModel
from ..catalogs.gaussian import GaussianErrors
from ..catalogs.held import HeldCatalog
from ..catalogs.memory import give_back
from .moved import move_candidates

#: candidates per piece of work
GATHERED = 1 << 14
#: candidates that are not forgotten: 48 bytes each
FEW = 1 << 18
#: some candidates
Slots = np.ndarray | slice


@dataclass(frozen=True)
class CandidatePositions:
    """Positions and errors of the candidates, per slot."""

    places: Callable[[Slots], tuple[np.ndarray, np.ndarray]]
    """gives right ascension and declination of some slots, (m,) degrees each"""
    made: Callable[[Slots], np.ndarray]
    """makes ``covariance`` of some slots, (m, 4)"""
    circular: bool
    """whether all errors of the match, the primaries' too, are circles"""

    @cached_property
    def at(self) -> tuple[np.ndarray, np.ndarray]:
        """Right ascension and declination, (n_slots,) degrees each.

        Two catalogues of circles do without: objects lie all over a catalogue, and each waits for
        the memory.
        """
        return self.places(slice(None))

    def at_some(self, slots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same of some slots, (m,) degrees each."""
        if "at" in self.__dict__:
            return self.ra[slots], self.dec[slots]
        return self.places(slots)

    @property
    def ra(self) -> np.ndarray:
        """(n_slots,) deg."""
        return self.at[0]

    @property
    def dec(self) -> np.ndarray:
        """(n_slots,) deg."""
        return self.at[1]

    @cached_property
    def covariance(self) -> np.ndarray:
        """(n_slots, 4) of east^2, north^2, east*north, arcsec^2, and the determinant, arcsec^4."""
        return self.made(slice(None))

    def covariance_of(self, slots: np.ndarray) -> np.ndarray:
        """The same of some slots, (m, 4)."""
        if "covariance" in self.__dict__:
            return self.covariance.take(slots, axis=0)
        return self.made(slots)

    def forget(self) -> None:
        """Do without them until they are asked for again: they are half of all that is held.

        A few megabytes are kept: gathering them again takes longer than what they are for.
        """
        if "covariance" in self.__dict__ and len(self.covariance) <= FEW:
            return
        known = [self.__dict__.pop(name, None) for name in ("covariance", "at")]
        n_slots = 0 if known[0] is None else len(known[0])
        del known
        give_back(n_slots)

    @cached_property
    def cos_dec(self) -> np.ndarray:
        """(n_slots,), asked for where objects of several catalogues are compared."""
        cos_dec: np.ndarray = np.cos(np.radians(self.dec))
        return cos_dec


def with_determinant(errors: PositionErrorModel, rows: np.ndarray | None = None) -> np.ndarray:
    """Covariance of some rows (default all) and its determinant, (m, 4): xx, yy, xy, det."""
    covariance = errors.covariance(rows)
    out = np.empty((len(covariance), 4))
    out[:, :3] = covariance
    # Of a circle the product of the columns is exact, and needs no second look at the rows.
    out[:, 3] = covariance[:, 0] ** 2 if errors.circular else errors.determinant(rows)
    return out


def candidate_positions(
    primary: HeldCatalog, others: Sequence[HeldCatalog], candidates: Candidates
) -> CandidatePositions:
    """Gather positions and errors of the candidates from their catalogues."""
    if len(others) == 1 and others[0].arrival is None:
        return _at_rest(primary, others[0], candidates.row)
    n = len(candidates.row)
    ra, dec, covariance = np.empty(n), np.empty(n), np.empty((n, 4))
    for k, other in enumerate(others):
        slots, _ = candidates.of_catalogue(k)
        of, pieces = (slots, candidates.row), ranges(len(slots), GATHERED)
        run_kernel(put_values, pieces, *of, other.ra, ra)
        run_kernel(put_values, pieces, *of, other.dec, dec)
        sigma = _circles(other.errors)
        if sigma is None:
            covariance[slots] = with_determinant(other.errors, candidates.row[slots])
        else:
            run_kernel(put_circles, pieces, *of, sigma, covariance)
    wider = move_candidates(primary, others, candidates, ra, dec, covariance)
    circles = not wider and all(other.circular for other in others)
    # What may have moved, or is of several catalogues, is kept.
    return _known(
        CandidatePositions(
            lambda slots: (ra[slots], dec[slots]),
            covariance.__getitem__,
            primary.circular and (circles or _circular(covariance)),
        ),
        at=(ra, dec),
        covariance=covariance,
    )


def _at_rest(primary: HeldCatalog, other: HeldCatalog, row: np.ndarray) -> CandidatePositions:
    """Those of the candidates `row` of the only other catalogue, which do not move."""
    sigma, places = _circles(other.errors), partial(_places, other, row)
    if sigma is not None:
        made = partial(_circle_covariance, sigma, row)
        out = CandidatePositions(places, made, primary.circular and other.circular)
        return _known(out, covariance=made(slice(None)))
    covariance = with_determinant(other.errors, row)
    circular = primary.circular and (other.circular or _circular(covariance))
    return _known(
        CandidatePositions(places, covariance.__getitem__, circular), covariance=covariance
    )


def _known(positions: CandidatePositions, **values: Any) -> CandidatePositions:
    """The same with what is at hand."""
    positions.__dict__.update(values)
    return positions


def _circular(covariance: np.ndarray) -> bool:
    """Whether covariances are circles, whatever errors the catalogues have.

    Decided by the candidates alone: objects elsewhere must not change the last digit.
    """
    return bool(np.all((covariance[:, 0] == covariance[:, 1]) & (covariance[:, 2] == 0.0)))


def _places(other: HeldCatalog, row: np.ndarray, slots: Slots) -> tuple[np.ndarray, np.ndarray]:
    at = row[slots]
    found = np.empty(len(at)), np.empty(len(at))
    for values, out in zip((other.ra, other.dec), found, strict=True):
        run_kernel(take_present, ranges(len(at), GATHERED), values, at, np.nan, out)
    return found


def _circles(errors: PositionErrorModel) -> np.ndarray | None:
    """Sigma (arcsec) of all rows, (n,), or of each, (1,); None where not all are circles."""
    if not (isinstance(errors, GaussianErrors) and errors.circular):
        return None
    return np.atleast_1d(np.asarray(errors.parts[0], np.float64))


def _circle_covariance(sigma: np.ndarray, row: np.ndarray, slots: Slots) -> np.ndarray:
    """Covariances of some slots, (m, 4), whose rows of a catalogue of circles are `row`."""
    row = row[slots]
    out = np.empty((len(row), 4))
    run_kernel(gather_circles, ranges(len(row), GATHERED), row, sigma, out)
    return out


def tangent_planes(
    primary: HeldCatalog,
    candidates: Candidates,
    positions: CandidatePositions,
    pieces: Sequence[tuple[int, int]],
) -> np.ndarray:
    """Candidates in the tangent planes of their primaries, (n_slots, 6).

    Offset to the east and north (arcsec) and covariance xx, yy, xy (arcsec^2), the axes being the
    primary's, with its determinant.  `pieces` are ranges of primaries.
    """
    plane = np.empty((len(candidates.row), 6))
    run_kernel(
        candidate_plane,
        pieces,
        candidates.n_other,
        candidates.start,
        primary.ra,
        primary.dec,
        positions.ra,
        positions.dec,
        candidates.separation,
        positions.covariance,
        plane,
    )
    return plane
