"""A sample of the primaries with what is around each, before there are probabilities.

A check needs some thousand candidates to see what matters, not all of them: from more, every m-th
primary is taken. So the checks cost the same for a million sources as for ten thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..._kernels.sphere import offsets
from ...catalogs.errors import error_radius
from ...catalogs.segments import segments
from ..associations import Associations
from ..field import ARCSEC2_PER_DEG2
from ..setting import Setting
from .around import Around

#: associations looked at, about
MAX_ROWS = 8_000
#: density outside a cone over that inside, at most: cones overlap
EMPTY = 0.3
#: share of the primaries within some catalogue that lie within all, for those to be looked at alone
MOSTLY = 0.5
#: degrees: in wider fields a rotation is no matrix
WIDEST = 30.0


@dataclass(frozen=True)
class Sample:
    """Primaries that are looked at, and where their candidates are."""

    primary: np.ndarray
    """(s,) rows of the primaries looked at"""
    rows: np.ndarray
    """(q,) their associations"""
    first: np.ndarray
    """(s,) where the associations of each begin in `rows`"""
    sigma: np.ndarray
    """(s,) arcsec, error radius of the sampled primaries"""
    place: np.ndarray
    """(s, 3) 1 and the position in the field in units of its spread; (s, 1) where it is wide"""
    around: tuple[Around, ...]
    """a part per other catalogue, nothing being probable yet"""


def sample_of(setting: Setting, associations: Associations) -> Sample:
    """The sample of a match."""
    step = max(1, -(-int(associations.first[-1]) // MAX_ROWS))
    sample = those_looked_at(setting)[::step]
    count = np.diff(associations.first)[sample]
    begin = np.cumsum(count) - count
    rows = segments(associations.first[sample], count)
    covariance = setting.primary.covariance(sample)
    sigma = error_radius(covariance, setting.primary.errors.determinant(sample))
    around = (_around(setting, sample, covariance, sigma, k) for k in range(len(setting.others)))
    place = _place(setting.primary.ra[sample], setting.primary.dec[sample])
    return Sample(sample, rows, begin, sigma, place, tuple(around))


def those_looked_at(setting: Setting) -> np.ndarray:
    """Primaries (m,) where all other catalogues have looked, as far as maps say.

    Where those are too few of them to speak for the rest, all where one has; all if none has.
    """
    alike = np.flatnonzero(setting.looked.all(axis=1))
    some = np.flatnonzero(setting.looked.any(axis=1))
    if len(some) == 0:
        return np.arange(len(setting.primary))
    return alike if len(alike) >= MOSTLY * len(some) else some


def _place(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """As :attr:`Sample.place`, of positions in degrees."""
    turn = np.radians(ra)
    centre = np.degrees(np.arctan2(np.sin(turn).mean(), np.cos(turn).mean()))
    x = ((ra - centre + 180.0) % 360.0 - 180.0) * np.cos(np.radians(dec.mean()))
    y = dec - dec.mean()
    spread = np.array([x.std(), y.std()])
    one = np.ones((len(ra), 1))
    if np.abs(x).max() > WIDEST or np.abs(y).max() > WIDEST or not np.all(spread > 0):
        return one
    return np.column_stack([one, (x - x.mean()) / spread[0], y / spread[1]])


def _around(
    setting: Setting, sample: np.ndarray, covariance: np.ndarray, sigma: np.ndarray, k: int
) -> Around:
    primary, candidates, positions = setting.primary, setting.candidates, setting.positions
    block = sample * candidates.n_other + k
    begin = candidates.start[block]
    count = candidates.start[block + 1] - begin
    i, slot = np.repeat(np.arange(len(sample)), count), segments(begin, count)
    separation, offset = candidates.separation[slot], np.empty((len(slot), 2))
    at = sample[i], primary.ra, primary.dec, *positions.at_some(slot)
    offsets(*at, separation, offset)
    theirs = positions.covariance_of(slot).T
    # Each component by itself: whole columns are what is reckoned with.
    both = np.stack([own[i] + their for own, their in zip(covariance.T, theirs[:3], strict=True)])
    part = Around(
        setting.others[k],
        k,
        count,
        i,
        slot,
        separation,
        np.zeros(len(slot)),
        offset,
        both,
        theirs,
        _reach(setting, k, separation, len(sample)),
        primary.tails,
        sigma[i] ** 2,
        np.zeros(len(sample)),
    )
    part.look_ahead()
    return part


def _reach(setting: Setting, k: int, separation: np.ndarray, n: int) -> float:
    """Where a catalogue that is cones round the `n` primaries ends.

    The field model takes it from how the candidates thin out, which they also do where the errors
    are too small for the counterparts: a cone has next to nothing outside.
    """
    radius, reach = setting.radius_arcsec, setting.field.reach_arcsec
    end = radius if reach is None else min(radius, float(reach[k]))
    if end >= radius:
        return radius
    beyond = float(np.count_nonzero(separation > end)) / (radius**2 - end**2)
    stated = setting.others[k].density_deg2 / ARCSEC2_PER_DEG2 * np.pi * n
    within = float(np.count_nonzero(separation <= end)) / end**2
    return end if beyond < EMPTY * min(within, stated) else radius
