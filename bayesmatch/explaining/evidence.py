"""The terms that make the probabilities of one source's associations, from a result's own tables.

Everything is log10.  For an association a with the membership pattern S, and N_k objects of
catalogue k on a sky area that make n_k+ = (N_k + 1) / area x full sky,

    total  = position + density + priors + fraction = log10 of p_match(a) / p_hostless
    position = log10 B;  density = -sum_k log10 n_k+;  fraction = log10 of pi_S / pi_0

and NWAY's weight of the same association is

    nway_total = position + density + priors + nway_completeness + nway_unrelated
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Column, Table

from ..catalogs.area import FULL_SKY_DEG2

if TYPE_CHECKING:
    from ..result import MatchResult

LN_10 = np.log(10.0)
#: probabilities below have lost digits, or all of themselves
SMALLEST = 1e-290


def prior_columns(meta: dict[str, Any]) -> list[tuple[str, str]]:
    """(catalogue, prior) of every prior in a result, in the order of its columns."""
    return [(name, prior) for name, listed in meta["priors"].items() for prior in listed]


def log10_hostless(log10_odds: float) -> float:
    """Log10 of p_hostless from ``log10_odds_host``, which does not saturate."""
    return float(-np.logaddexp(0.0, log10_odds * LN_10) / LN_10)


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
    """
    names = result.catalogue_names
    all_rows = result.associations
    mine = all_rows[np.flatnonzero(np.asarray(all_rows[names[0]]) == row)]
    members = np.column_stack([np.asarray(mine[name]) for name in names[1:]]) >= 0
    odds = float(result.sources["log10_odds_host"][row])

    position = np.asarray(mine["dist_bayesfactor_uncorrected"], float)
    density = members @ np.array([-np.log10((c["rows"] + 1) / c["area_deg2"] * FULL_SKY_DEG2)
                                  for c in result.meta["catalogues"][1:]])
    with np.errstate(divide="ignore"):  # a ratio of 0 excludes: -inf
        priors = {f"prior_{name}_{prior}": np.log10(np.asarray(mine[f"bias_{name}_{prior}"]))
                  for name, prior in prior_columns(result.meta)}
    known = _sum([position, density, *priors.values()])
    p_match = np.asarray(mine["p_match"], float)
    fraction = _fractions(members, known, p_match, odds, _mean_fractions(result.meta))
    total = _sum([known, fraction])
    unbounded = np.isposinf(total)  # a prior ratio that no floating-point number holds
    total[unbounded] = np.log10(p_match[unbounded]) - log10_hostless(odds)
    completeness = members @ np.log10(result.meta["prior_completeness"])
    unrelated = np.asarray(mine["dist_bayesfactor"], float) - position

    order = np.concatenate([[0], 1 + np.argsort(-total[1:], kind="stable")])
    out = Table({"rank": Column(np.arange(len(mine)),
                                description="By probability; 0 is no counterpart")})
    for catalogue in result.meta["catalogues"][1:]:
        for column in (catalogue["name"], f"{catalogue['name']}_{catalogue['id']}",
                       f"Separation_{names[0]}_{catalogue['name']}"):
            out[column] = mine[column][order]
    terms: list[tuple[str, np.ndarray, str]] = [
        ("position", position, "Bayes factor of the positions against chance"),
        ("density", density, "1 / number of such objects in the full sky, over the members"),
        *((column, values, "Prior ratio") for column, values in priors.items()),
        ("fraction", fraction, "Fraction of sources with these counterparts over fraction without"),
        ("total", total, "p_match over p_hostless: sum of the terms before"),
        ("nway_completeness", completeness, "NWAY: prior completeness, instead of fraction"),
        ("nway_unrelated", unrelated, "NWAY: factor for associations without the primary"),
        ("nway_total", _sum([known, completeness, unrelated]), "NWAY's weight of the association"),
    ]
    for column, values, text in terms:
        out[column] = Column(values[order], description=f"log10: {text}")
    for column in ("p_match", "p_i", "match_flag"):
        out[column] = mine[column][order]
    return out


def _sum(terms: list[np.ndarray]) -> np.ndarray:
    """The sum; -inf (excluded) wins over everything."""
    excluded = np.any([np.isneginf(t) for t in terms], axis=0)
    return np.where(excluded, -np.inf, np.sum([np.where(excluded, 0.0, t) for t in terms], axis=0))


def _mean_fractions(meta: dict[str, Any]) -> np.ndarray:
    """Log10 of the mean fraction of each membership pattern over that of no counterpart."""
    share = np.maximum(list(meta["host_fraction_fit"]["fraction"].values()), 1e-300)
    return np.log10(share / share[0])


def _fractions(members: np.ndarray, known: np.ndarray, p_match: np.ndarray, odds: float,
               mean: np.ndarray) -> np.ndarray:
    """Log10 of pi_S / pi_0 of every row: what the probabilities have beyond the other terms.

    Patterns whose probabilities all vanish keep the mean fractions of the sample, moved together
    so that the odds come out right when nothing else makes them.
    """
    pattern = members @ (1 << np.arange(members.shape[1]))
    out = np.where(pattern > 0, mean[pattern], 0.0)
    vanishing = []
    for s in np.unique(pattern[1:]):
        rows = np.flatnonzero(pattern == s)
        best = rows[np.argmax(p_match[rows])]
        if p_match[best] > SMALLEST and np.isfinite(known[best]):
            out[rows] = np.log10(p_match[best]) - log10_hostless(odds) - known[best]
        else:
            vanishing.append(rows)
    if vanishing and sum(map(len, vanishing)) == len(known) - 1 and np.isfinite(odds):
        total = np.logaddexp.reduce(LN_10 * _sum([known, out])[1:]) / LN_10
        if np.isfinite(total):
            out[1:] += odds - total
    return out
