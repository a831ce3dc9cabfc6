"""The stages of a match, in the order in which data flows."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from .._kernels.jit import begin
from ..catalogs.candidates import find_candidates
from ..catalogs.far import FarCatalog
from ..catalogs.held import HeldCatalog
from ..catalogs.itself import pairs_once
from ..catalogs.memory import give_back
from ..catalogs.scan.candidates import hold_scanned
from ..catalogs.scan.catalog import ScannedCatalog
from ..catalogs.searched import box_around
from ..priors.field_ratio import learns_from_field, without_sample
from ..priors.prior_set import PriorSet
from .associations import Associations, build_associations
from .beyond import counterparts_beyond
from .calibrated import calibrated_of, pruned_bound
from .checks.run import look_ahead, run_checks
from .clock import Clock
from .combined import bytes_more, judged, unpruned
from .dense_primaries import OthersHosts
from .evidence import weigh
from .fractions import Covariates, covariates_of, fractions_of
from .host_fraction import HostFraction
from .left_out import dropped, with_errors_alone
from .likelihoods import ln_likelihood
from .local_field import LocalField
from .local_ratio import with_mean_ratios
from .made_later import kept_identifiers, made_later, rows_shown, to_be_shown
from .options import MatchOptions
from .pairs_field import pairs_field
from .posterior import BayesFactors, Posterior, bayes_factors, posterior_of
from .record import MatchRecord
from .result import MatchResult
from .setting import Setting, make_setting
from .settled import Settled, entries_ahead, settle
from .terms import PosteriorTerms

LN_10 = np.log(10.0)
#: associations with a dist_post above this are never pruned while priors learn from them: far
#: below the posteriors that matter to an AutoPrior
MIN_WEIGHT_LEARNED = 1e-5

AnyCatalog = HeldCatalog | ScannedCatalog | FarCatalog
Weighed = tuple[Associations, BayesFactors]


def run_match(
    primary: HeldCatalog,
    others: Sequence[AnyCatalog],
    priors: PriorSet,
    options: MatchOptions,
    covariates: Covariates,
    fitted_errors: dict[str, Any] | None = None,
) -> MatchResult:
    """See :func:`bayesmatch.match`; the arguments are checked, `covariates` a matrix of them.

    `fitted_errors`: what was done to position errors, for the record.
    """
    clock, options = Clock(options.progress), unpruned(options, priors)
    with contextlib.closing(clock):
        result = _run(primary, others, priors, options, covariates, fitted_errors, clock)
        clock.finish()
    return result


def _run(
    primary: HeldCatalog,
    others: Sequence[AnyCatalog],
    priors: PriorSet,
    options: MatchOptions,
    covariates: Covariates,
    fitted_errors: dict[str, Any] | None,
    clock: Clock,
) -> MatchResult:
    """All stages, one after the other."""
    setting = _search(primary, others, priors, options, clock)
    learned, log10_ratios, slot_ln_ratio, weighed = _learn(
        setting, priors, options, covariates, clock
    )
    with clock("priors"):
        setting = with_mean_ratios(setting, learned, log10_ratios)
    more = bytes_more(priors)
    associations, bayes = weighed or _associate(setting, slot_ln_ratio, options, clock, more=more)
    setting.positions.forget()
    evidence = weigh(setting, associations, bayes, slot_ln_ratio, learned, options, clock)
    del slot_ln_ratio, weighed, bayes
    evidence, against_none = evidence.apart()
    looked = begin(partial(look_ahead, setting, associations))
    settled, ln_gain = _settled(
        setting, associations, evidence.post, against_none, options, covariates, clock
    )
    give_back(len(setting.candidates.row))
    setting, fit, claims = settled.setting.bare(), settled.fit, settled.claims
    calibrated = claims.calibrated
    with clock("tables"):
        identifiers = begin(partial(kept_identifiers, setting))  # each waits for the memory
        matched = to_be_shown(setting, associations, log10_ratios, evidence, claims)
        n_associations, terms = rows_shown(matched, associations, claims.terms, options.min_p_i)
    said = log10_ratios, evidence.log10_combined, evidence.ln_tailed  # log10, now that it is shown
    record = MatchRecord.of(
        options,
        setting.catalogs,
        dropped=dropped(setting.catalogs, setting.candidates.unjudged),
        priors=learned.names(),
        combination_priors=list(evidence.log10_combined),
        auto_priors=priors.learning_record(learned),
        host_fraction=fit.mean,
        host_fraction_error=fit.mean_error,
        host_fraction_fit=fit.details,
        pruned_primaries=len(associations.pruned.primary),
        pruned_bound=pruned_bound(associations, fit, calibrated, ln_gain),
        field=setting.field.record([c.name for c in setting.others]),
        claims=claims.details,
        errors=fitted_errors or {"given": True},
        checks=run_checks(looked(), setting, associations, calibrated, fit, said, options),
        n_candidates=len(setting.candidates.row),
        n_associations=n_associations,
        seconds=clock.seconds,
    )
    return MatchResult(
        *made_later(replace(matched, identifiers=identifiers()), options.min_p_i),
        record.meta(),
        priors=learned.as_dict(),
        catalogs=setting.catalogs,
        host_fraction=fit,
        terms=PosteriorTerms(
            setting.field.log10_full_sky,
            fit.ln_fraction,
            setting.field.log10_mean_ratio,
            terms,
            fit.ln_beyond,
        ),
        claims=settled.known,
        field=setting.field,
    )


def _search(
    primary: HeldCatalog,
    others: Sequence[AnyCatalog],
    priors: PriorSet,
    options: MatchOptions,
    clock: Clock,
) -> Setting:
    """Candidates, where they lie, and how dense the field is."""
    radius, n = options.radius_arcsec, len(primary)
    n_rows = sum(len(c) if isinstance(c, ScannedCatalog) else max(_held_rows(c), n) for c in others)
    with clock("search"), clock.searching(n_rows) as advance:
        counted = options.field.counts_cells or learns_from_field(priors)
        box = box_around(primary, others) if counted else None
        held = tuple(
            hold_scanned(
                primary,
                others,
                {c.name: priors.columns(c.name) for c in others},
                radius,
                max_rows=options.max_rows,
                advance=advance,
                checkpoint=options.checkpoint,
                box=box,
            )
        )
        ahead = box if options.field.counts_cells else None
        how: dict[str, Any] = {"max_rows": options.max_rows, "advance": advance}
        candidates = find_candidates(primary, held, radius, cells=box, ahead=ahead, **how)
        candidates = with_errors_alone(held, candidates)
        field = options.field
        if isinstance(field, LocalField) and not any(other.itself for other in held):
            hosts = OthersHosts.of_claims(options.claims == "independent", held)
            field = replace(field, others_hosts=hosts)
        field = pairs_field(field, primary, held, candidates)
        candidates = pairs_once(primary, held, candidates)
    with clock("associations"):
        setting = make_setting(
            primary,
            held,
            candidates,
            field,
            options.completeness,
            options.correct_unrelated,
            radius,
            sorted({*without_sample(priors), *(c.name for c in others if judged(priors, c.name))}),
            box,
        )
        # Asked for after the field: what is begun first is ready first.
        return replace(setting, close=entries_ahead(options.claims, primary, radius))


def _held_rows(catalog: AnyCatalog) -> int:
    """Rows in memory before a search."""
    return 0 if isinstance(catalog, FarCatalog) else len(catalog)


def _associate(
    setting: Setting,
    ln_ratio: np.ndarray,
    options: MatchOptions,
    clock: Clock,
    min_weight: float = np.inf,
    more: int = 0,
) -> Weighed:
    """Associations and their Bayes factors; `more` bytes per row are needed later on."""
    with clock("associations"):
        associations = build_associations(
            setting,
            ln_ratio,
            prune=options.prune,
            min_weight=min_weight,
            max_rows=options.max_rows,
            more=more,
        )
    with clock("bayes_factors"):
        return associations, bayes_factors(setting, associations)


def _learn(
    setting: Setting,
    priors: PriorSet,
    options: MatchOptions,
    covariates: Covariates,
    clock: Clock,
) -> tuple[PriorSet, dict[tuple[int, str], np.ndarray], np.ndarray, Weighed | None]:
    """Priors ready to use, their log10 ratios, and their ln sum per slot.

    Also the associations, where priors learn from them and none was left out.
    """
    n_slots = len(setting.candidates.row)
    weighed, member, dist_post = None, np.empty((0, len(setting.others)), np.int64), np.empty(0)
    if priors.learns_from_posterior:
        neutral = np.zeros(n_slots)
        more = bytes_more(priors)
        weighed = _associate(setting, neutral, options, clock, MIN_WEIGHT_LEARNED, more)
        member = weighed[0].member
        dist_post = posterior_of(setting, *weighed, neutral, 1.0).dist_post
    with clock("priors"):
        around = setting.others, setting.candidates
        learned = priors.learn(*around, member, dist_post, setting.radius_arcsec)
        ratios = learned.log10_ratios(setting.primary, *around)
        slot_ln_ratio = LN_10 * sum(ratios.values(), np.zeros(n_slots))
    if learned.in_rounds:
        from .learning import learn_in_rounds, ratio_evidence  # with all that learns

        weighed = weighed or _associate(setting, slot_ln_ratio, options, clock, MIN_WEIGHT_LEARNED)
        with clock("priors"):
            evidence = weigh(setting, *weighed, slot_ln_ratio, learned, options, clock)
            judged_by = ratio_evidence(setting, weighed[0], evidence, options, covariates)
            learned, known = learn_in_rounds(setting, learned, judged_by, ratios)
            ratios = learned.log10_ratios(setting.primary, *around, known)
            slot_ln_ratio = LN_10 * sum(ratios.values(), np.zeros(n_slots))
    if weighed is not None and len(weighed[0].pruned.primary):
        weighed = None
    return learned, ratios, slot_ln_ratio, weighed


def _settled(
    setting: Setting,
    associations: Associations,
    post: Posterior,
    against_none: list[np.ndarray],
    options: MatchOptions,
    covariates: Covariates,
    clock: Clock,
) -> tuple[Settled, np.ndarray]:
    """The calibrated probabilities: host fraction, then claims; and how far objects may gain.

    The evidence is taken out of the list `against_none`.
    """
    setting.positions.forget()
    covariates = covariates_of(setting, options, covariates)

    given = options.host_fraction
    known = given.details if isinstance(given, HostFraction) else {}

    def fit_to(ln_like: np.ndarray) -> HostFraction:
        return fractions_of(setting, associations, ln_like, options, (covariates, beyond))

    with clock("host_fraction"):
        beyond = counterparts_beyond(setting, known, associations)
        ln_like, setting, ln_gain = ln_likelihood(
            setting, associations, against_none.pop(), beyond.partly if beyond else None
        )
        setting.positions.forget()
        fit = fit_to(ln_like)
        first = [(fit, calibrated_of(associations, ln_like, post, fit))]
    with clock("claims"):
        again = fit_to if given is None else None
        of_all = setting, associations, ln_like, post
        settled = settle(options.claims, *of_all, first, again)
    return settled, ln_gain
