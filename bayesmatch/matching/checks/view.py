"""What is around a sample of the primaries: what the checks look at.

A check needs some thousand candidates to see what matters, not all of them: from more, every m-th
primary is taken. So the checks cost the same for a million sources as for ten thousand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..._kernels.sphere import offsets
from ...catalogs.errors import error_radius
from ...catalogs.segments import segments
from ..associations import Associations
from ..calibrated import Calibrated
from ..host_fraction import HostFraction
from ..options import MatchOptions
from ..setting import Setting
from .around import Around

#: associations looked at, about
MAX_ROWS = 8_000
ARCSEC2_PER_DEG2 = 3600.0**2
#: density outside a cone over that inside, at most: cones overlap
EMPTY = 0.3


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
    log10_combined: Mapping[str, np.ndarray]
    """by prior on combinations, (a,) per association"""
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

    @cached_property
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
        local = self._scales(part).get("local", True)
        return self.setting.field.details.get("model") != "uniform" and bool(local)

    def small_fields(self, part: Around) -> bool:
        """Whether a catalogue is small fields round the primaries, as far as the model knows."""
        return bool(self._scales(part).get("small_fields", False))

    def _scales(self, part: Around) -> dict[str, Any]:
        scales: dict[str, Any] = self.setting.field.details.get("scales", {})
        return scales.get(part.catalog.name) or {}

    @property
    def shares(self) -> bool:
        """Whether the field model knows of objects in several catalogues."""
        return bool(self.setting.field.details.get("shared"))


def view_of(
    setting: Setting,
    associations: Associations,
    calibrated: Calibrated,
    fit: HostFraction,
    ratios: tuple[Mapping[tuple[int, str], np.ndarray], Mapping[str, np.ndarray]],
    options: MatchOptions,
) -> View:
    """Look at a match; the arguments are its stages, `ratios` of one and of all catalogues."""
    step = max(1, -(-int(associations.first[-1]) // MAX_ROWS))
    looked = np.flatnonzero(setting.looked.all(axis=1))
    sample = (looked if len(looked) else np.arange(len(setting.primary)))[::step]
    count = np.diff(associations.first)[sample]
    begin = np.cumsum(count) - count
    rows = np.repeat(associations.first[sample] - begin, count) + np.arange(count.sum())
    covariance = setting.primary.covariance(sample)
    sigma = error_radius(covariance, setting.primary.errors.determinant(sample))
    view = View(
        setting,
        associations,
        calibrated,
        fit,
        options,
        *ratios,
        sample,
        rows,
        begin,
        sigma,
        (),
    )
    around = tuple(_around(view, covariance, k) for k in range(len(setting.others)))
    return replace(view, around=around)


def _around(view: View, covariance: np.ndarray, k: int) -> Around:
    setting = view.setting
    candidates, positions = setting.candidates, setting.positions
    block = view.sample * candidates.n_other + k
    begin, count = candidates.start[block], np.diff(candidates.start)[block]
    i = np.repeat(np.arange(view.n), count)
    slot = segments(begin, count)
    p = _marginal(view, k, slot)
    patterns = np.arange(1 << candidates.n_other)
    with_it = np.exp(view.fit.ln_fraction[view.sample])[:, (patterns >> k & 1) == 1]
    separation = candidates.separation[slot]
    theirs = positions.covariance.take(slot, axis=0).T
    # Each component by itself: whole columns are what is reckoned with.
    both = np.stack([own[i] + their for own, their in zip(covariance.T, theirs[:3], strict=True)])
    return Around(
        setting.others[k],
        k,
        i,
        slot,
        separation,
        p,
        _offsets(view, slot, i, separation),
        both,
        theirs[3],
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
    return end if beyond < EMPTY * min(within, stated) else view.radius


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
    """East and north of the primaries, (m, 2) arcsec."""
    primary, positions = view.setting.primary, view.setting.positions
    out = np.empty((len(slot), 2))
    at = view.sample[i], primary.ra, primary.dec, *positions.at_some(slot)
    offsets(*at, separation, out)
    return out
