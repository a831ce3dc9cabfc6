"""Priors that learn in rounds with the match: the probabilities that any ratio gives."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .._kernels import progress
from ..catalogs.errors import catalog_radius, error_radius
from ..catalogs.field_sample import FieldSample, position_hash
from ..catalogs.sky_box import SkyBox
from ..priors.evaluation import candidate_ratios
from ..priors.learned import FIELD_ROWS
from ..priors.learning_view import MatchView
from ..priors.prior_set import PriorSet
from ..priors.protocol import learns
from .associations import Associations
from .beyond import counterparts_beyond
from .evidence import Evidence
from .fractions import Covariates, covariates_of, fractions_of
from .host_fraction import HostFraction
from .likelihoods import ln_likelihood
from .local_ratio import log10_of_sample
from .options import MatchOptions
from .setting import Setting
from .table_columns import take

#: nearer than so many errors an object may be the counterpart, and is no field object
NEAR_SIGMA = 5.0

LN_10 = np.log(10.0)

Fractions = Callable[[np.ndarray], HostFraction]


class RatioEvidence:
    """Probabilities of associations with any prior ratios of one catalogue's candidates."""

    def __init__(
        self, associations: Associations, ln_like: np.ndarray, fractions: Fractions
    ) -> None:
        """`ln_like` (n_rows,) is without the ratios; `fractions` are fitted to another."""
        self.associations, self.ln_like, self.fractions = associations, ln_like, fractions
        member = associations.member
        first = associations.first
        self._primary = np.repeat(np.arange(len(first) - 1), np.diff(first))
        self._pattern = (member >= 0) @ (1 << np.arange(member.shape[1]))

    def of_catalogue(
        self, k: int, slots: np.ndarray, n_slots: int
    ) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """The function that :attr:`MatchView.evidence` is, for candidates in `slots`."""
        member = self.associations.member[:, k]
        takes_part = np.flatnonzero(member >= 0)
        own = member[takes_part]

        def evidence(ln_ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            per_slot = np.zeros(n_slots)
            per_slot[slots] = ln_ratio
            ln_like = self.ln_like.copy()
            ln_like[takes_part] += per_slot[own]
            p, ln_total = self.posterior(ln_like)
            return np.bincount(own, p[takes_part], n_slots)[slots], ln_total

        return evidence

    def add(self, slot_ln_ratio: np.ndarray) -> None:
        """Keep the ratios (n_slots,) of a prior that has been learned."""
        for k in range(self.associations.member.shape[1]):
            member = self.associations.member[:, k]
            self.ln_like = self.ln_like + take(slot_ln_ratio, member, 0.0)

    def posterior(self, ln_like: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probability of each association, and ln marginal likelihood of each primary."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # said of the match itself, where they hold
            fit = self.fractions(ln_like)
        first = self.associations.first[:-1]
        ln_p = fit.of_rows(ln_like) + fit.ln_within[self._primary, self._pattern]
        top = np.maximum.reduceat(ln_p, first)
        total = np.add.reduceat(np.exp(ln_p - top[self._primary]), first)
        ln_total = top + np.log(total)
        return np.exp(ln_p - ln_total[self._primary]), ln_total


def ratio_evidence(
    setting: Setting,
    associations: Associations,
    evidence: Evidence,
    options: MatchOptions,
    covariates: Covariates,
) -> RatioEvidence:
    """What the match says of its associations with any ratios besides those in `evidence`."""
    given = options.host_fraction
    known = given.details if isinstance(given, HostFraction) else {}
    beyond = counterparts_beyond(setting, known, associations)
    ln_like, setting, _ = ln_likelihood(
        setting, associations, evidence.against_none, beyond.partly if beyond else None
    )
    around = covariates_of(setting, options, covariates), beyond

    def fractions(ln_like: np.ndarray) -> HostFraction:
        return fractions_of(setting, associations, ln_like, options, around)

    return RatioEvidence(associations, ln_like, fractions)


def learn_in_rounds(
    setting: Setting,
    priors: PriorSet,
    evidence: RatioEvidence,
    log10_ratios: Mapping[tuple[int, str], np.ndarray],
) -> tuple[PriorSet, dict[tuple[int, str], np.ndarray]]:
    """The priors with a learned one for each that learns in rounds, one after the other.

    And `log10_ratios` (n_slots,), by catalogue and name, with theirs.
    """
    known = dict(log10_ratios)
    for name, n in priors.in_rounds:
        k = [other.name for other in setting.others].index(name)
        listed = priors.by_catalogue[name]
        beside = [p for p in listed if not learns(p) and getattr(p, "field_columns", None)]
        columns = list(dict.fromkeys(c for p in (listed[n], *beside) for c in p.field_columns))
        view, slots = _view(setting, k, columns, beside, evidence)
        with progress.stage(f"learning from {name}"):
            priors = priors.learn_in_rounds(name, n, setting.others[k], view)
        learned = priors.by_catalogue[name][n]
        per_slot = np.zeros(len(setting.candidates.row))
        per_slot[slots] = candidate_ratios(
            learned, setting.primary, setting.others[k], view.source, view.row
        )
        known[k, learned.name] = per_slot
        evidence.add(LN_10 * per_slot)
    return priors, known


def _view(
    setting: Setting,
    k: int,
    columns: Sequence[str],
    beside: Sequence[Any],
    evidence: RatioEvidence,
) -> tuple[MatchView, np.ndarray]:
    """What a prior of other catalogue number k learns from, and the slots of its candidates.

    Other priors `beside` it are in the evidence; the field is then what they leave of it, so that
    the mean of the product of all is 1, not that of each: else they would count twice what both
    know.
    """
    primary, other, candidates = setting.primary, setting.others[k], setting.candidates
    slots, source = candidates.of_catalogue(k)
    row = candidates.row[slots]
    errors = other.errors
    radius = error_radius(errors.covariance(row), errors.determinant(row))
    near = candidates.separation[slots] < NEAR_SIGMA * np.hypot(
        catalog_radius(primary)[source], radius
    )
    sample = other.field_sample(columns, SkyBox(primary.ra, primary.dec), FIELD_ROWS)
    # Known by their hash, and in its order: partitions number their rows as they like.
    known = position_hash(sample.catalog.ra, sample.catalog.dec)
    order = np.argsort(known, kind="stable")
    away = ~np.isin(known[order], position_hash(other.ra[row[near]], other.dec[row[near]]))
    sample = FieldSample(sample.catalog.bare(order[away], columns), sample.n_around)
    ln_beside = LN_10 * log10_of_sample(setting, other.name, beside, sample.catalog)
    return (
        MatchView(
            primary,
            other,
            source,
            row,
            near,
            sample,
            ln_beside,
            evidence.of_catalogue(k, slots, len(candidates.row)),
        ),
        slots,
    )
