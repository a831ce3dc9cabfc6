"""A match as the checks see it: what is around a sample of the primaries, and how probable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..associations import Associations
from ..calibrated import Calibrated
from ..field import ARCSEC2_PER_DEG2
from ..host_fraction import HostFraction
from ..options import MatchOptions
from ..setting import Setting
from .around import Around
from .sample import Sample


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
    log10_bayes: np.ndarray
    """(a,) log10 Bayes factor of each association, with the tails of all errors"""
    sample: np.ndarray
    """(s,) rows of the primaries looked at"""
    rows: np.ndarray
    """(q,) their associations"""
    first: np.ndarray
    """(s,) where the associations of each begin in `rows`"""
    sigma: np.ndarray
    """(s,) arcsec, error radius of the sampled primaries"""
    place: np.ndarray
    """(s, 3) or (s, 1), as :attr:`.sample.Sample.place`"""
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

    def one_prior(self, k: int) -> bool:
        """Whether another catalogue has just one prior, which then has its mean ratio alone."""
        return sum(other == k for other, _ in self.log10_ratios) == 1

    @cached_property
    def clumps(self) -> float:
        """Variance of a sum over the primaries, relative to independent ones: circles overlap."""
        primary = self.setting.primary
        per_arcsec2 = primary.n_rows / primary.area / ARCSEC2_PER_DEG2
        share = len(self.sample) / len(primary)
        return 1.0 + share * per_arcsec2 * np.pi * self.radius**2

    @cached_property
    def hosts(self) -> list[np.ndarray]:
        """(s,) counterparts of each primary expected in each other catalogue."""
        return [a.total(a.p, self.n) for a in self.around]

    @cached_property
    def host_scores(self) -> np.ndarray:
        """(s, n_other) derivatives of ln likelihood by the logit of each host fraction."""
        return np.column_stack(
            [self.inside * (of - a.fraction) for of, a in zip(self.hosts, self.around, strict=True)]
        )

    @property
    def looked(self) -> np.ndarray:
        """(s, n_other) bool, whether the catalogue has looked there, as far as its MOC says."""
        there: np.ndarray = self.setting.looked[self.sample]
        return there

    @cached_property
    def inside(self) -> np.ndarray:
        """(s,) probability of lying within the footprint: nothing is expected outside."""
        return np.ones(self.n) if self.fit.inside is None else self.fit.inside[self.sample]

    @cached_property
    def nuisance_scores(self) -> np.ndarray:
        """(s, 2 n_other) the same of what the match takes as known or has fitted.

        Host fractions, and ln density of each catalogue: field objects counted minus expected, so
        that an area that is somewhat wrong is not taken for something else.
        """
        per_arcsec2 = self.setting.field.per_deg2[self.sample] / ARCSEC2_PER_DEG2
        density = [
            self.inside * there * (a.number - of - per_arcsec2[:, a.k] * np.pi * a.radius**2)
            for of, a, there in zip(self.hosts, self.around, self.looked.T, strict=True)
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
    looked: Sample,
    setting: Setting,
    associations: Associations,
    calibrated: Calibrated,
    fit: HostFraction,
    evidence: tuple[Mapping[tuple[int, str], np.ndarray], Mapping[str, np.ndarray], np.ndarray],
    options: MatchOptions,
) -> View:
    """Look at a match; the arguments are its stages.

    `evidence`: ratios of one and of all catalogues, and Bayes factors, as their logs to base 10.
    """
    view = View(
        setting,
        associations,
        calibrated,
        fit,
        options,
        *evidence,
        looked.primary,
        looked.rows,
        looked.first,
        looked.sigma,
        looked.place,
        looked.around,
    )
    fraction, patterns = np.exp(fit.ln_fraction[view.sample]), np.arange(1 << len(view.around))
    return replace(
        view,
        around=tuple(
            part.believed(
                _marginal(view, part), fraction[:, patterns >> part.k & 1 == 1].sum(axis=1)
            )
            for part in view.around
        ),
    )


def _marginal(view: View, part: Around) -> np.ndarray:
    """Probability of each candidate, (m,): the sum over the associations that contain it."""
    member = view.associations.member[view.rows, part.k]
    there = np.flatnonzero(member >= 0)
    p_match: np.ndarray = view.calibrated.p_match[view.rows[there]]
    if len(there) == len(part.slot):  # two catalogues: an association per candidate, in their order
        return p_match
    # Blocks of slots are in the order of the primaries.
    at = np.searchsorted(part.slot, member[there])
    return np.bincount(at, weights=p_match, minlength=len(part.slot))
