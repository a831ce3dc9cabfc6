"""The terms that make the probabilities of one source's associations.

Everything is log10.  For an association a with the membership pattern S, and N_k objects of
catalogue k on a sky area that make n_k+ = (N_k + 1) / area x full sky (at the density there),

    total  = position + tails + density + priors + mean_ratio + fraction
           = log10 of p_match(a) / p_hostless
    mean_ratio = -log10 of the mean prior ratio over the field around (only where it varies)
    position = log10 B;  density = -sum_k log10 n_k+;  fraction = log10 of pi_S / pi_0,
        pi_0 with the counterparts outside the radius (:mod:`bayesmatch.matching.beyond`)
    tails = log10 of B with the tails of the errors, less position (only where errors have tails)

and NWAY's weight of the same association is

    nway_total = position + nway_density + priors + nway_completeness + nway_unrelated

n_k+ being there the whole catalogue's, and in the first sum that of the field around the primary.

The posterior states its terms (:mod:`bayesmatch.matching.terms`).  A file holds what they are made
of; where it lacks the properties that the fraction depends on, ``fraction`` is what the
probabilities have beyond the other terms.
"""

from __future__ import annotations

import numpy as np
from astropy.table import Column, Table

from ...catalogs.area import FULL_SKY_DEG2
from ...matching.beyond import cut_apart
from ...matching.record import MatchRecord
from ...matching.result import MatchResult
from ...matching.table_columns import later_columns, mean_ratio_column
from ...matching.terms import (
    MEAN_RATIO,
    Term,
    claims_term,
    density_term,
    fraction_term,
    mean_ratio_term,
)
from .combination import combination_terms, excluding_none
from .fraction import log10_hostless, log10_odds_of, recorded_fractions, remaining_fractions
from .inputs import number_of

#: of the associations: log10 of the Bayes factor with the tails of the errors
TAILED = "dist_bayesfactor_tails"
#: probabilities below have lost digits, or all of themselves
SMALLEST = 1e-290
#: probabilities (log10) agree better with the terms that make them
UNSTATED = 1e-5
#: the same where there is a term for the rest, which the fraction is not to have in it
WITH_REST = 1e-9


def evidence_table(result: MatchResult, row: int) -> Table:
    """Every association of a primary with its terms, the most probable first.

    Parameters
    ----------
    result : MatchResult
        From :func:`bayesmatch.match` or a file.
    row : int
        Row of the primary.

    Returns
    -------
    astropy.table.Table
        The no-counterpart row first (``rank`` 0, all terms 0), then the associations by ``total``.
        ``meta["terms"]`` has the columns that sum to ``total``, ``meta["none_excluded_by"]`` the
        priors on combinations that exclude no counterpart.
    """
    record = result.record
    names = [c.name for c in record.catalogues]
    all_rows = result.associations
    mine = all_rows[np.flatnonzero(np.asarray(all_rows[names[0]]) == number_of(result, row))]
    members = np.column_stack([np.asarray(mine[name]) for name in names[1:]]) >= 0
    terms = _terms(result, row, mine, members)
    total = _sum([term.log10 for term in terms])
    odds = log10_odds_of(result, row)
    unbounded = np.isposinf(total)  # a prior ratio that no floating-point number holds
    p_match = np.asarray(mine["p_match"], float)
    total[unbounded] = np.log10(p_match[unbounded]) - log10_hostless(odds)

    order = np.concatenate([[0], 1 + np.argsort(-total[1:], kind="stable")])
    out = Table(
        {"rank": Column(np.arange(len(mine)), description="By probability; 0 is no counterpart")},
        meta={
            "terms": [term.name for term in terms],
            "none_excluded_by": excluding_none(record, mine) if (total[1:] > -np.inf).any() else [],
        },
    )
    for other in record.others:
        for column in (
            other.name,
            f"{other.name}_{other.id}",
            f"Separation_{names[0]}_{other.name}",
        ):
            out[column] = mine[column][order]
    summed = Term("total", total, "p_match over p_hostless: sum of the terms before")
    for term in (*terms, summed, *_nway_terms(record, terms, mine, members)):
        out[term.name] = Column(term.log10[order], description=f"log10: {term.description}")
    for column in ("p_match", "p_i", "match_flag"):
        out[column] = mine[column][order]
    return out


def _terms(result: MatchResult, row: int, mine: Table, members: np.ndarray) -> list[Term]:
    """What the odds of the associations `mine` against no counterpart are the product of."""
    record = result.record
    terms = [
        Term(
            "position",
            np.asarray(mine["dist_bayesfactor_uncorrected"], float),
            "Bayes factor of the positions against chance",
        )
    ]
    if TAILED in mine.colnames:
        tails = np.asarray(mine[TAILED], float) - terms[0].log10
        terms.append(Term("tails", tails, "What the tails of the position errors add to that"))
    with np.errstate(divide="ignore"):  # a ratio of 0 excludes: -inf
        priors = [
            Term(
                f"prior_{name}_{prior}",
                np.log10(np.asarray(mine[f"bias_{name}_{prior}"])),
                "Prior ratio",
            )
            for name, prior in record.prior_names
        ]
    priors += combination_terms(record, mine)
    p_match = np.asarray(mine["p_match"], float)
    if result._terms is not None:
        density, *stated = result._terms.of(row, members)
        if stated[0].name == MEAN_RATIO:
            priors.append(stated.pop(0))
    else:
        density = density_term(members, _log10_full_sky(result, row))
        priors += _mean_ratio(result, row, members)
        stated = _fraction(result, row, members, [*terms, density, *priors], p_match)
    least = UNSTATED
    if ("shared" in (record.field or {}) or _cut_apart(record)) and stated:
        # One term for what the catalogues share, what the radius cuts apart and what claims change,
        # as a file has it; the last digits of the fraction, which may differ in a file, go there.
        stated, least = [fraction_term(np.round(stated[0].log10, 12))], WITH_REST
    known = [*terms, density, *priors]
    log10_known = _sum([t.log10 for t in known])
    beyond = _beyond(result, row, p_match, _sum([t.log10 for t in (*known, *stated)]))
    if len(stated) > 1 or (stated and np.abs(beyond).max() >= least):
        known += stated
        return [*known, _rest(record, beyond)] if np.abs(beyond).max() >= least else known
    # Nothing but the fraction is left: from the probabilities, to the last digit the same from
    # memory and from every kind of file.
    fraction = remaining_fractions(result, row, members, log10_known, p_match, SMALLEST)
    known.append(fraction_term(fraction))
    beyond = _beyond(result, row, p_match, _sum([t.log10 for t in known]))
    return [*known, _rest(record, beyond)] if np.abs(beyond).max() >= UNSTATED else known


def _fraction(
    result: MatchResult, row: int, members: np.ndarray, known: list[Term], p_match: np.ndarray
) -> list[Term]:
    """The term of the host fraction as a file has it; empty where it has not.

    That a catalogue has not looked there is in a file where a MOC says so. Of those without a
    candidate it is taken to be so where that makes the probabilities exactly.
    """
    pattern = members @ (1 << np.arange(members.shape[1]))
    seen = np.asarray(members.any(axis=0))
    recorded = recorded_fractions(result, row)
    if recorded is None:
        return []
    term = fraction_term(recorded[pattern])
    if not seen.all() and (among := recorded_fractions(result, row, seen)) is not None:
        other = fraction_term(among[pattern])
        beyond = _beyond(result, row, p_match, _sum([t.log10 for t in (*known, other)]))
        term = other if np.abs(beyond).max() < UNSTATED else term
    return [term]


def _mean_ratio(result: MatchResult, row: int, members: np.ndarray) -> list[Term]:
    """The term of mean ratios, where a file has them."""
    columns = [mean_ratio_column(other.name) for other in result.record.others]
    s = result.sources
    if not set(columns) <= set(s.colnames):
        return []
    return [mean_ratio_term(members, np.log10(np.array([s[column][row] for column in columns])))]


def _rest(record: MatchRecord, beyond: np.ndarray) -> Term:
    """What the probabilities have beyond the known terms: what makes sources depend on others."""
    if "shared" in (record.field or {}):
        return Term(
            "shared",
            beyond,
            "Field objects that several catalogues have seen, and claims of other sources",
        )
    if _cut_apart(record):
        return Term(
            "partly_outside",
            beyond,
            "Other counterparts of the source outside the radius, and claims of other sources",
        )
    if (record.claims or {}).get("rule") == "exclusive":
        return claims_term(beyond)
    return Term("unstated", beyond, "In the probabilities beyond the known terms")


def _cut_apart(record: MatchRecord) -> bool:
    return cut_apart(record.host_fraction_fit, len(record.others))


def _log10_full_sky(result: MatchResult, row: int) -> np.ndarray:
    """Log10 of the number of field objects in the full sky at the density about a primary."""
    record, s = result.record, result.sources
    columns = [later_columns(other.name)[0] for other in record.others]
    if (record.field or {}).get("model", "uniform") == "uniform" or columns[0] not in s.colnames:
        return np.array([other.log10_full_sky for other in record.others])
    return np.log10(np.array([s[column][row] for column in columns]) * FULL_SKY_DEG2)


def _beyond(result: MatchResult, row: int, p_match: np.ndarray, total: np.ndarray) -> np.ndarray:
    """What the probabilities (log10 of the odds) have beyond the sum of the terms, (r,)."""
    odds = log10_odds_of(result, row)
    known = (p_match > SMALLEST) & np.isfinite(total)
    beyond = np.zeros(len(p_match))
    beyond[known] = np.log10(p_match[known]) - log10_hostless(odds) - total[known]
    beyond[0] = 0.0
    return beyond


def _nway_terms(
    record: MatchRecord, terms: list[Term], mine: Table, members: np.ndarray
) -> list[Term]:
    """NWAY's weight: its completeness and factor for unrelated associations for the fraction."""
    completeness = members @ np.log10(record.prior_completeness)
    unrelated = np.asarray(mine["dist_bayesfactor"], float) - np.asarray(
        mine["dist_bayesfactor_uncorrected"], float
    )
    uniform = density_term(members, np.array([c.log10_full_sky for c in record.others])).log10
    shared = [t.log10 for t in terms if t.name == "position" or t.name.startswith("prior_")]
    return [
        Term("nway_density", uniform, "NWAY: density, the whole catalogue's rows over its area"),
        Term("nway_completeness", completeness, "NWAY: prior completeness, instead of fraction"),
        Term("nway_unrelated", unrelated, "NWAY: factor for associations without the primary"),
        Term(
            "nway_total",
            _sum([shared[0], uniform, *shared[1:], completeness, unrelated]),
            "NWAY's weight of the association",
        ),
    ]


def _sum(terms: list[np.ndarray]) -> np.ndarray:
    """The sum; -inf (excluded) wins over everything."""
    excluded = np.any([np.isneginf(t) for t in terms], axis=0)
    return np.where(excluded, -np.inf, np.sum([np.where(excluded, 0.0, t) for t in terms], axis=0))
