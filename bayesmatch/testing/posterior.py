"""Rules of the probabilities: the formulas once more, from the columns that they rest on."""

from __future__ import annotations

import numpy as np

from ..matching.beyond import cut_apart
from . import reference
from .view import LN_10, View, require, require_close


def log_sums(v: View, weight: np.ndarray) -> np.ndarray:
    """Ln of the summed weights of each primary; -inf where all are."""
    top = np.maximum.reduceat(weight, v.first[:-1])
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        total: np.ndarray = np.log(v.group_sum(np.exp(weight - top[v.primary]))) + top
    return total


def nway_formulas(v: View) -> None:
    """dist_post, p_single, p_any and p_i from the Bayes factor, the prior and the ratios."""
    a, record = v.associations, v.record
    n = [c.n_inside for c in record.catalogues]
    area = [c.area_deg2 for c in record.catalogues]
    kinds, inverse = np.unique(v.takes_part, axis=0, return_inverse=True)
    priors = [
        reference.ln_prior(n, area, record.prior_completeness, [True, *kind]) for kind in kinds
    ]
    ln_prior = np.array(priors)[inverse.ravel()]
    ln_b = a["dist_bayesfactor"] * LN_10
    ratio = v.ln_ratio
    slack = 1e-9 + 1e-14 * np.abs(ln_b)  # what the logarithm in the column has lost
    with np.errstate(divide="ignore", over="ignore"):
        against = np.log1p(-np.exp(np.minimum(ln_prior, 0.0))) - ln_prior
        for name, evidence in (("dist_post", ln_b), ("p_single", ln_b + ratio)):
            # No counterpart has the prior 1, and one that is excluded has it, too.
            odds = np.where(against == -np.inf, -np.inf, against - np.maximum(evidence, -1e300))
            require_close(
                f"{name} is 1 / (1 + (1 - prior) / (prior B))",
                a[name],
                1 / (1 + np.exp(odds)),
                atol=slack,
            )
    require("p_any is the same in both tables", a["p_any"] == v.sources["p_any"][v.primary])
    if not v.complete:
        return
    weight = ln_prior + ln_b + ratio
    slack = 1e-9 + 1e-14 * np.abs(np.where(np.isfinite(weight), weight, 0.0))
    worst = np.maximum.reduceat(slack, v.first[:-1])
    alone = ~v.takes_part.any(axis=1)
    some = log_sums(v, np.where(alone, -np.inf, weight))
    with np.errstate(over="ignore"):
        p_any = 1 / (1 + np.exp(np.where(some > -np.inf, weight[alone], 0.0) - some))
    require_close("p_any is 1 - w(H0) / sum w", v.sources["p_any"], p_any, atol=worst)
    possible = (some > -np.inf)[v.primary] & ~alone
    p_i = np.exp(np.where(possible, weight, -np.inf) - np.where(possible, some[v.primary], 0.0))
    require_close("p_i is w / sum w", a["p_i"], p_i, atol=worst[v.primary])


def calibrated_formulas(v: View) -> None:
    """p_match from the fractions, and the log odds."""
    hostless, odds = v.sources["p_hostless"], v.sources["log10_odds_host"]
    require("log10_odds_host is not NaN", ~np.isnan(odds))
    some = v.group_sum(np.where(v.takes_part.any(axis=1), v.associations["p_match"], 0.0))
    if v.complete:  # neither saturates, as 1 - p_hostless would
        inside = (hostless > 1e-290) & (some > 1e-290)
        expected = np.log10(some[inside]) - np.log10(hostless[inside])
        require_close("log10_odds_host", odds[inside], expected, rtol=1e-7, atol=1e-7)
    even = np.abs(hostless - 0.5) < 1e-12  # two sources with one object: the last digit decides
    same_side = (odds > 0) == (hostless < 0.5)
    require("log10_odds_host has the side of p_hostless", same_side | even)
    if v.terms is None or not v.complete:
        return
    total = np.exp(v.terms.ln_fraction).sum(axis=1)
    require_close("fractions of the patterns sum to 1", total, 1.0)
    if "shared" in (v.record.field or {}):
        return  # the sum over the ways to make objects of all candidates: tests/shared_reference.py
    if cut_apart(v.record.host_fraction_fit, len(v.record.others)):
        return  # integrals over true positions: tests/test_theory.py
    pattern = v.takes_part @ (1 << np.arange(v.member.shape[1]))
    name = "dist_bayesfactor_tails"
    if name not in v.associations:
        name = "dist_bayesfactor_uncorrected"
    ln_b = v.associations[name] * LN_10
    ln_prior = v.terms.ln_fraction.copy()
    if v.terms.ln_beyond is not None:  # no counterpart within the radius: or one outside
        outside = np.exp(v.terms.ln_fraction + v.terms.ln_beyond)
        ln_prior[:, 0] = np.log(outside.sum(axis=1))
    weight = ln_prior[v.primary, pattern] + ln_b + v.ln_ratio_told
    weight = weight - (v.takes_part * v.terms.log10_density[v.primary] * LN_10).sum(axis=1)
    if v.terms.log10_mean_ratio is not None:
        mean_ratio = v.takes_part * v.terms.log10_mean_ratio[v.primary]
        weight = weight - (mean_ratio * LN_10).sum(axis=1)
    if v.terms.claims is not None:
        for at, i in enumerate(v.terms.claims.primary):
            begin, end = v.terms.claims.first[at : at + 2]
            weight[v.primary == i] += v.terms.claims.log10[begin:end] * LN_10
    slack = 1e-9 + 1e-14 * np.abs(np.where(np.isfinite(weight), weight, 0.0))
    p_match = np.exp(weight - log_sums(v, weight)[v.primary])
    require_close("p_match is pi L / sum", v.associations["p_match"], p_match, atol=slack)


def learned_priors(v: View) -> None:
    """Histograms learned from objects are densities: they integrate to 1."""
    for name, listed in v.priors.items():
        for prior in listed:
            if getattr(prior, "counts", None) and hasattr(prior, "lo"):
                for what in ("selected", "others"):
                    total = float(getattr(prior, what) @ (prior.hi - prior.lo))
                    require_close(f"{what} of prior {prior.name} of {name} sum to 1", total, 1.0)


POSTERIOR_RULES = (nway_formulas, calibrated_formulas, learned_priors)
