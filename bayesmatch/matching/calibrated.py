"""Calibrated probabilities: with the fitted fractions of sources that have each counterpart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._kernels import posterior as kernels
from .._kernels.jit import run_kernel
from .associations import Associations
from .host_fraction import HostFraction
from .posterior import Posterior

LN_10 = np.log(10.0)


@dataclass(frozen=True)
class Calibrated:
    """Calibrated probabilities, and the best association of each primary."""

    p_match: np.ndarray
    """(n_rows,)"""
    p_hostless: np.ndarray
    """(n_primary,)"""
    log10_odds: np.ndarray
    """(n_primary,) log10 of (1 - p_hostless) / p_hostless"""
    best: np.ndarray
    """(n_primary,) row of the best association, -1 = none"""
    second_p_i: np.ndarray
    """(n_primary,) p_i of the runner-up"""
    marginal: np.ndarray
    """(n_primary, n_other) p_match summed over the associations with the best one's member"""


def independent_likelihood(
    associations: Associations, ln_density: np.ndarray, ln_evidence: np.ndarray
) -> np.ndarray:
    """Ln likelihood of every association over that of no counterpart, (n_rows,).

    The other catalogues share no objects. `ln_density` (n_primary, n_other) is ln n_k+ at each
    primary, `ln_evidence` (n_rows,).
    """
    out = np.empty(len(ln_evidence))
    first, member = associations.first, associations.member
    of = first, member, ln_density, ln_evidence, out
    run_kernel(kernels.independent_rows, associations.pieces, *of)
    return out


def pattern_likelihood(associations: Associations, ln_like: np.ndarray) -> np.ndarray:
    """Ln likelihood of each membership pattern around each primary, (n_primary, n_patterns).

    `ln_like` (n_rows,) is that of every association.
    """
    first, member = associations.first, associations.member
    out = np.empty((len(first) - 1, 1 << member.shape[1]))
    run_kernel(kernels.pattern_likelihood, associations.pieces, first, member, ln_like, out)
    return out


def calibrated_of(
    associations: Associations, ln_like: np.ndarray, post: Posterior, fit: HostFraction
) -> Calibrated:
    """Probabilities of all associations, given the fractions; `ln_like` as above."""
    first, member = associations.first, associations.member
    n, ln_like = len(first) - 1, fit.of_rows(ln_like)
    out = Calibrated(
        np.empty(len(member)),
        np.empty(n),
        np.empty(n),
        np.empty(n, np.int64),
        np.empty(n),
        np.empty((n, member.shape[1])),
    )

    found = out.p_match, out.p_hostless, out.log10_odds
    of = first, member, ln_like, fit.ln_within, *found
    run_kernel(kernels.calibrated_rows, associations.pieces, *of)
    choose_best(associations, post, out)
    return out


def choose_best(associations: Associations, post: Posterior, calibrated: Calibrated) -> None:
    """Fill in the best association of each primary, the runner-up and the marginals."""
    c, of = calibrated, (associations.first, associations.member, post.p_i)
    found = c.best, c.second_p_i, c.marginal
    run_kernel(kernels.best_rows, associations.pieces, *of, c.p_match, *found)


def pruned_bound(
    associations: Associations, fit: HostFraction, calibrated: Calibrated, ln_gain: np.ndarray
) -> float:
    """How far any probability can be off because unlikely associations were left out.

    Known are their shares of NWAY's total and of the calibrated one, which is the fraction of
    hostless sources over p_hostless.  Objects that catalogues share may have raised associations
    by as much as `ln_gain` (n_primary,), natural log, since.
    """
    p = associations.pruned
    if len(p.primary) == 0:
        return 0.0
    ln_weight = fit.ln_within[p.primary]
    ln_total = ln_weight[:, 0] + np.logaddexp(0.0, LN_10 * calibrated.log10_odds[p.primary])
    most = ln_weight.max(axis=1) if fit.partly is None else 0.0
    largest = p.ln_total[:, 0] + ln_gain[p.primary] + most
    share = p.lost[:, 0] * np.exp(largest - ln_total)
    return float(max(p.lost[:, 1].max(), share.max()))
