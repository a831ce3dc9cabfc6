"""From associations to NWAY's probabilities: Bayes factors, evidence, posterior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._kernels import bayes_factor
from .._kernels import posterior as kernels
from .._kernels.jit import run_kernel
from .associations import Associations
from .candidate_positions import tangent_planes, with_determinant
from .setting import Setting


@dataclass(frozen=True)
class BayesFactors:
    """Natural log of the Bayes factor of every association against chance."""

    ln_bayes: np.ndarray
    """(n_rows,) from the positions alone"""
    ln_corrected: np.ndarray
    """(n_rows,) with NWAY's factor for unrelated associations"""


@dataclass(frozen=True)
class Posterior:
    """NWAY's probabilities (Salvato et al. 2018, equations 9 to 12)."""

    ln_bayes: np.ndarray
    """(n_rows,) ln of the Bayes factor from the positions alone"""
    ln_bayes_corrected: np.ndarray
    """(n_rows,) the same with the factor for unrelated associations"""
    ln_evidence: np.ndarray
    """(n_rows,) ``ln_bayes_corrected`` with the prior ratios of the members"""
    dist_post: np.ndarray
    """(n_rows,) posterior of this association against chance, positions only"""
    p_single: np.ndarray
    """(n_rows,) the same with priors"""
    p_i: np.ndarray
    """(n_rows,) probability of this association if a counterpart exists; 0 for none"""
    match_flag: np.ndarray
    """(n_rows,) int16: 1 the best of its primary, 2 comparable, 0 the rest"""
    p_any: np.ndarray
    """(n_primary,) probability that any counterpart exists"""


def without_unrelated(associations: Associations, post: Posterior) -> np.ndarray:
    """The evidence without the factor for unrelated associations, (n_rows,), in its own place.

    That factor raises the rows that leave catalogues out, but not a complete row beside the same
    chance pair: with it, fitted fractions come out wrong.
    """
    if associations.member.shape[1] > 1:  # else there is none
        of = associations.first, post.ln_bayes, post.ln_bayes_corrected, post.ln_evidence
        run_kernel(kernels.leave_out_unrelated, associations.pieces, *of)
    return post.ln_evidence


@dataclass(frozen=True)
class Covariances:
    """How well the positions of a match are known, as the Bayes factors take it."""

    primary: np.ndarray
    """(n_primary, 4) xx, yy, xy, det; arcsec^2, arcsec^4"""
    slot: np.ndarray
    """(n_slots, 4) the same of the candidates, along their own axes"""
    plane: np.ndarray
    """(n_slots, 6) x, y (arcsec) and the same in the tangent planes; empty where all are circles"""


def covariances(setting: Setting, associations: Associations) -> Covariances:
    """Those of the catalogues, without tails."""
    positions, plane = setting.positions, np.empty((0, 6))
    if not positions.circular:
        plane = tangent_planes(setting.primary, setting.candidates, positions, associations.pieces)
    return Covariances(with_determinant(setting.primary.errors), positions.covariance, plane)


def bayes_factors(setting: Setting, associations: Associations) -> BayesFactors:
    """Ln of the Bayes factor of every row, before and after unrelated associations count."""
    known = covariances(setting, associations)
    return bayes_factors_of(setting, associations, known, setting.nway.unrelated)


def bayes_factors_of(
    setting: Setting, associations: Associations, errors: Covariances, unrelated: np.ndarray
) -> BayesFactors:
    """The same with other errors; `unrelated` as in :class:`PatternPriors`, empty: none count."""
    pruned = associations.pruned
    known = np.full(len(errors.primary), -1)
    known[pruned.primary] = np.arange(len(pruned.primary))
    ln_b, corrected = np.empty((2, associations.first[-1]))
    run_kernel(
        bayes_factor.ln_bayes_rows,
        associations.pieces,
        associations.first,
        errors.primary,
        associations.member,
        errors.slot,
        errors.plane,
        setting.candidates.separation,
        associations.between,
        setting.positions.circular,
        unrelated,
        known,
        pruned.ln_unrelated,
        ln_b,
        corrected,
    )
    return BayesFactors(ln_b, corrected)


def posterior_of(
    setting: Setting,
    associations: Associations,
    bayes: BayesFactors,
    slot_ln_ratio: np.ndarray,
    secondary_ratio: float,
    *,
    row_ln_ratio: np.ndarray | None = None,
) -> Posterior:
    """NWAY's probabilities from the Bayes factors and the candidates' prior ratios.

    Parameters
    ----------
    setting, associations, bayes
        Of the match.
    slot_ln_ratio : ndarray, shape (n_slots,)
        Ln of the product of each candidate's prior ratios.
    secondary_ratio : float
        Associations with p_i above this share of the best are flagged 2.
    row_ln_ratio : ndarray, shape (n_rows,), optional
        Ln of the product of the ratios of each association as a whole, no counterpart too.
    """
    n = int(associations.first[-1])
    dist_post, p_single, p_i = np.empty((3, n))  # kept for as long as each other
    p = Posterior(
        bayes.ln_bayes,
        bayes.ln_corrected,
        np.empty(n),
        dist_post,
        p_single,
        p_i,
        np.empty(n, np.int16),
        np.empty(len(associations.first) - 1),
    )
    pieces, of = associations.pieces, (associations.first, associations.member)
    evidence = p.ln_bayes_corrected, slot_ln_ratio, p.ln_evidence
    run_kernel(kernels.evidence_rows, pieces, *of, *evidence)
    if row_ln_ratio is not None:
        np.add(p.ln_evidence, row_ln_ratio, out=p.ln_evidence)
    run_kernel(
        kernels.nway_rows,
        pieces,
        *of,
        setting.nway.prior,
        p.ln_bayes_corrected,
        p.ln_evidence,
        secondary_ratio,
        p.dist_post,
        p.p_single,
        p.p_i,
        p.match_flag,
        p.p_any,
    )
    return p
