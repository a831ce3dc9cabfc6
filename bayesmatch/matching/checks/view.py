"""What is around a sample of the primaries: what the checks look at.

A check needs some thousand candidates to see what matters, not all of them: from more, every m-th
primary is taken. So the checks cost the same for a million sources as for ten thousand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ...catalogs.held import HeldCatalog
from ...catalogs.tails import Tails
from ..associations import Associations
from ..calibrated import Calibrated
from ..host_fraction import HostFraction
from ..options import MatchOptions
from ..setting import Setting

#: associations looked at, about
MAX_ROWS = 8_000
ARCSEC2_PER_DEG2 = 3600.0**2
#: density outside a cone over that inside, at most: cones overlap
EMPTY = 0.3


@dataclass(frozen=True)
class Around:
    """Candidates of one other catalogue around the sampled primaries, s of them."""

    catalog: HeldCatalog
    k: int
    """which of the other catalogues"""
    i: np.ndarray
    """(m,) sampled primary of each candidate, rising"""
    slot: np.ndarray
    """(m,) its slot"""
    separation: np.ndarray
    """(m,) arcsec"""
    p: np.ndarray
    """(m,) probability of being the counterpart"""
    offset: np.ndarray
    """(m, 2) arcsec to the east and north of the primary"""
    covariance: np.ndarray
    """(m, 3) of the offset, arcsec^2: xx, yy, xy"""
    radius: float
    """arcsec, within which there are objects: of the match, or less where a catalogue is cones"""
    tails: Tails
    """of the primaries' errors"""
    own: np.ndarray
    """(m,) squared error radius of the primary, arcsec^2"""
    fraction: np.ndarray
    """(s,) fitted fraction of such primaries with a counterpart in this catalogue"""

    @cached_property
    def determinant(self) -> np.ndarray:
        """(m,) of the covariance, arcsec^4."""
        xx, yy, xy = self.covariance.T
        det: np.ndarray = xx * yy - xy * xy
        return det

    @cached_property
    def distance2(self) -> np.ndarray:
        """(m,) squared separation in standard errors."""
        (e, n), (xx, yy, xy) = self.offset.T, self.covariance.T
        d2: np.ndarray = (yy * e * e - 2.0 * xy * e * n + xx * n * n) / self.determinant
        return d2

    @cached_property
    def inverse_square(self) -> np.ndarray:
        """(m,) mean of 1 / f^2, f the factor by which the error of a counterpart there is wider.

        1 where the primaries' errors have no tails.
        """
        wide, chance = self.tail
        out: np.ndarray = 1.0 - chance + chance / wide
        return out

    @cached_property
    def tail(self) -> tuple[np.ndarray, np.ndarray]:
        """(m,) each: f^2 in the tails that the errors have, and the chance to be in them."""
        if self.tails.fraction == 0:
            return np.ones(len(self.i)), np.zeros(len(self.i))
        both = np.sqrt(self.determinant)
        wide = 1.0 + (self.tails.factor**2 - 1.0) * np.minimum(self.own / both, 1.0)
        exponent = np.minimum(0.5 * self.distance2 * (1.0 - 1.0 / wide), 700.0)
        ratio = self.tails.fraction / (1.0 - self.tails.fraction) / wide * np.exp(exponent)
        return wide, ratio / (1.0 + ratio)

    def total(self, values: np.ndarray, n: int) -> np.ndarray:
        """(n,) sums over the candidates of each sampled primary."""
        return np.bincount(self.i, weights=values, minlength=n)

    def count(self, which: np.ndarray, n: int) -> np.ndarray:
        """(n,) how many candidates of each sampled primary."""
        return np.bincount(self.i[which], minlength=n).astype(np.float64)


@dataclass(frozen=True)
class View:
    """A match as the checks see it."""

    setting: Setting
    associations: Associations
    calibrated: Calibrated
    fit: HostFraction
    options: MatchOptions
    log10_ratios: Mapping[tuple[int, str], np.ndarray]
    """by (other catalogue, prior name), per candidate slot"""
    sample: np.ndarray
    """(s,) rows of the primaries looked at"""
    rows: np.ndarray
    """(q,) their associations"""
    first: np.ndarray
    """(s,) where the associations of each begin in `rows`"""
    sigma: np.ndarray
    """(s,) arcsec, error radius of the sampled primaries"""
    around: tuple[Around, ...]
    """a part per other catalogue"""

    @property
    def n(self) -> int:
        """Number of primaries looked at."""
        return len(self.sample)

    @property
    def radius(self) -> float:
        """Of the match, arcsec."""
        return self.setting.radius_arcsec

    @property
    def clumps(self) -> float:
        """Variance of a sum over the primaries, relative to independent ones: circles overlap."""
        primary = self.setting.primary
        per_arcsec2 = primary.n_rows / primary.area / ARCSEC2_PER_DEG2
        share = len(self.sample) / len(primary)
        return 1.0 + share * per_arcsec2 * np.pi * self.radius**2

    @cached_property
    def host_scores(self) -> np.ndarray:
        """(s, n_other) derivatives of ln likelihood by the logit of each host fraction."""
        return np.column_stack([a.total(a.p, self.n) - a.fraction for a in self.around])

    @cached_property
    def nuisance_scores(self) -> np.ndarray:
        """(s, 2 n_other) the same of what the match takes as known or has fitted.

        Host fractions, and ln density of each catalogue: field objects counted minus expected, so
        that an area that is somewhat wrong is not taken for something else.
        """
        per_arcsec2 = self.setting.field.per_deg2[self.sample] / ARCSEC2_PER_DEG2
        density = [
            np.bincount(a.i, minlength=self.n)
            - a.total(a.p, self.n)
            - per_arcsec2[:, a.k] * np.pi * a.radius**2
            for a in self.around
        ]
        return np.column_stack([self.host_scores, *density])

    def follows(self, part: Around) -> bool:
        """Whether the field model follows the density of a catalogue by itself."""
        details = self.setting.field.details
        scales = details.get("scales", {}).get(part.catalog.name, {})
        return details.get("model") != "uniform" and bool(scales.get("local", True))

    @property
    def shares(self) -> bool:
        """Whether the field model knows of objects in several catalogues."""
        return bool(self.setting.field.details.get("shared"))


def view_of(
    setting: Setting,
    associations: Associations,
    calibrated: Calibrated,
    fit: HostFraction,
    log10_ratios: Mapping[tuple[int, str], np.ndarray],
    options: MatchOptions,
) -> View:
    """Look at a match; the arguments are its stages."""
    step = max(1, -(-int(associations.first[-1]) // MAX_ROWS))
    looked = np.flatnonzero(setting.looked.all(axis=1))
    sample = (looked if len(looked) else np.arange(len(setting.primary)))[::step]
    count = np.diff(associations.first)[sample]
    begin = np.cumsum(count) - count
    rows = np.repeat(associations.first[sample] - begin, count) + np.arange(count.sum())
    covariance = setting.primary.covariance(sample)
    determinant = covariance[:, 0] * covariance[:, 1] - covariance[:, 2] ** 2
    view = View(
        setting,
        associations,
        calibrated,
        fit,
        options,
        log10_ratios,
        sample,
        rows,
        begin,
        np.maximum(determinant, 0.0) ** 0.25,
        (),
    )
    around = tuple(_around(view, covariance, k) for k in range(len(setting.others)))
    view = replace(view, around=around)
    return _each_once(view) if options.claims == "independent" else view


def _each_once(view: View) -> View:
    """Probabilities less what another primary, whose best it is, has of the object.

    Where every primary is matched by itself, a neighbour's counterpart is taken for a field object,
    and does not look like one.
    """
    best = view.calibrated.best
    around = []
    for part in view.around:
        member = np.where(best < 0, -1, view.associations.member[best, part.k])
        owner = np.flatnonzero(member >= 0)
        row = view.setting.candidates.row[member[owner]]
        p = view.calibrated.marginal[owner, part.k]
        order = np.lexsort((p, row))
        row, p, owner = row[order], p[order], owner[order]
        mine = view.setting.candidates.row[part.slot]
        at = np.searchsorted(row, mine, side="right") - 1  # of several the surest
        theirs = (at >= 0) & (len(row) > 0)
        theirs[theirs] = (row[at[theirs]] == mine[theirs]) & (
            owner[at[theirs]] != view.sample[part.i[theirs]]
        )
        left = np.ones(len(mine))
        left[theirs] -= p[at[theirs]]
        around.append(replace(part, p=part.p * np.clip(left, 0.0, 1.0)))
    return replace(view, around=tuple(around))


def _around(view: View, covariance: np.ndarray, k: int) -> Around:
    setting = view.setting
    candidates, positions = setting.candidates, setting.positions
    block = view.sample * candidates.n_other + k
    begin, count = candidates.start[block], np.diff(candidates.start)[block]
    i = np.repeat(np.arange(view.n), count)
    slot = np.repeat(begin - (np.cumsum(count) - count), count) + np.arange(count.sum())
    p = _marginal(view, k, slot)
    patterns = np.arange(1 << candidates.n_other)
    with_it = np.exp(view.fit.ln_fraction[view.sample])[:, (patterns >> k & 1) == 1]
    separation = candidates.separation[slot]
    return Around(
        setting.others[k],
        k,
        i,
        slot,
        separation,
        p,
        _offsets(view, slot, i, separation),
        covariance[i] + positions.covariance[slot, :3],
        _reach(view, k, separation),
        setting.primary.tails,
        view.sigma[i] ** 2,
        with_it.sum(axis=1),
    )


def _reach(view: View, k: int, separation: np.ndarray) -> float:
    """Where a catalogue that is cones round the primaries ends.

    The field model takes it from how the candidates thin out, which they also do where the errors
    are too small for the counterparts: a cone has next to nothing outside.
    """
    reach = view.setting.field.reach_arcsec
    end = view.radius if reach is None else min(view.radius, float(reach[k]))
    if end >= view.radius:
        return view.radius
    beyond = float(np.count_nonzero(separation > end)) / (view.radius**2 - end**2)
    stated = view.setting.others[k].density_deg2 / ARCSEC2_PER_DEG2 * np.pi * view.n
    within = float(np.count_nonzero(separation <= end)) / end**2
    return end if beyond < EMPTY * min(within, max(stated, 0.1 * within)) else view.radius


def _marginal(view: View, k: int, slot: np.ndarray) -> np.ndarray:
    """Probability of each candidate, (m,): the sum over the associations that contain it."""
    member = view.associations.member[view.rows, k]
    there = np.flatnonzero(member >= 0)
    p_match: np.ndarray = view.calibrated.p_match[view.rows[there]]
    if len(there) == len(slot):  # two catalogues: an association per candidate, in their order
        return p_match
    # Blocks of slots are in the order of the primaries.
    at = np.searchsorted(slot, member[there])
    return np.bincount(at, weights=p_match, minlength=len(slot))


def _offsets(view: View, slot: np.ndarray, i: np.ndarray, separation: np.ndarray) -> np.ndarray:
    """East and north of the primaries, (m, 2) arcsec: the bearing, as long as the separation."""
    primary, positions = view.setting.primary, view.setting.positions
    row = view.sample[i]
    half = np.radians(0.5 * (positions.ra[slot] - primary.ra[row]))
    sine = np.sin(half)
    cos_dec = positions.cos_dec[slot]
    sin_dec = np.sin(np.radians(primary.dec[view.sample]))[i]
    east = 2.0 * sine * np.cos(half) * cos_dec
    # sin(a - b) of small angles, and what the meridians' convergence adds: right at the poles too
    north = np.sin(np.radians(positions.dec[slot] - primary.dec[row]))
    north += 2.0 * sine * sine * sin_dec * cos_dec
    length = np.hypot(east, north)
    scale = np.divide(separation, length, out=np.zeros(len(slot)), where=length > 0)
    return np.column_stack([east * scale, north * scale])


def with_density(view: View, ratio: float) -> View:
    """The probabilities as they are with a density `ratio` times the one that was taken.

    Of two catalogues. The odds of a counterpart are divided by the ratio, and those of the host
    fraction multiplied by the factor that has the largest likelihood then.
    """
    hostless = np.clip(view.calibrated.p_hostless[view.sample], 1e-300, 1.0)
    fraction = np.clip(view.around[0].fraction, 1e-12, 1.0 - 1e-12)
    prior = np.log(fraction / (1.0 - fraction))
    ln_odds = np.log(np.maximum(1.0 - hostless, 1e-300) / hostless) - np.log(ratio)
    low, high = -6.0, 6.0
    for _ in range(24):
        middle = 0.5 * (low + high)
        host = 1.0 / (1.0 + np.exp(np.minimum(-(ln_odds + middle), 700.0)))
        short = float((host - 1.0 / (1.0 + np.exp(-(prior + middle)))).sum()) > 0
        low, high = (middle, high) if short else (low, middle)
    factor = host / np.maximum(1.0 - hostless, 1e-300)
    part = view.around[0]
    fraction = 1.0 / (1.0 + np.exp(-(prior + middle)))
    changed = replace(part, p=np.minimum(part.p * factor[part.i], 1.0), fraction=fraction)
    return replace(view, around=(changed,))
