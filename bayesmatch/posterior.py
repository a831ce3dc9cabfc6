"""From associations to probabilities: evidence, NWAY's posterior, likelihood of each pattern.

A membership pattern is a bit mask of the other catalogues that take part; 0 is no counterpart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ._kernels import bayes_factor
from ._kernels import posterior as kernels
from ._kernels.jit import run_ranges
from .area import FULL_SKY_DEG2
from .associations import Associations
from .candidates import Candidates
from .catalog import Catalog


@dataclass(frozen=True)
class PatternPriors:
    """Per membership pattern, natural logs (DESIGN: Salvato et al. 2018, section 5)."""

    prior: np.ndarray
    """prod c_k / n_k+ over the members"""
    density: np.ndarray
    """prod n_k+ over the members"""
    unrelated: np.ndarray
    """n_a / prod n_k+ for the members without the primary, a the first of them; empty = off"""


@dataclass(frozen=True)
class Posterior:
    """Arrays per association row, and ``p_any`` per primary."""

    ln_bayes: np.ndarray
    ln_bayes_corrected: np.ndarray
    ln_evidence: np.ndarray
    dist_post: np.ndarray
    p_single: np.ndarray
    p_i: np.ndarray
    match_flag: np.ndarray
    p_any: np.ndarray


def pattern_priors(
    others: Sequence[Catalog], completeness: Sequence[float], correct_unrelated: bool
) -> PatternPriors:
    """Prior of each membership pattern from densities scaled to the full sky."""
    n_own = np.array([c.n_rows / c.area * FULL_SKY_DEG2 for c in others])
    n_plus = np.array([(c.n_rows + 1) / c.area * FULL_SKY_DEG2 for c in others])
    takes_part = np.arange(1 << len(others))[:, None] >> np.arange(len(others)) & 1
    density = takes_part @ np.log(n_plus)
    unrelated = np.empty(0)
    if correct_unrelated and len(others) > 1:
        unrelated = np.log(n_own)[takes_part.argmax(axis=1)] - density
    return PatternPriors(takes_part @ np.log(completeness) - density, density, unrelated)


def bayes_factors(
    primary: Catalog,
    others: Sequence[Catalog],
    candidates: Candidates,
    rows: Associations,
    position: tuple[np.ndarray, np.ndarray],
    unrelated: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Ln of the Bayes factor of every row, before and after unrelated associations count."""
    slot_cov = np.empty((len(candidates.row), 3))
    for k, other in enumerate(others):
        slots, _ = candidates.of_catalogue(k)
        slot_cov[slots] = other.covariance(candidates.row[slots])
    # Decided by the candidates alone: objects elsewhere must not change the last digit.
    circular = primary.circular and bool(
        np.all((slot_cov[:, 0] == slot_cov[:, 1]) & (slot_cov[:, 2] == 0.0)))
    plane = np.empty((0 if circular else len(candidates.row), 5))
    if not circular:
        list(run_ranges(lambda a, b: bayes_factor.candidate_plane(
            a, b, candidates.n_other, candidates.start, primary.ra, primary.dec, *position,
            candidates.separation, slot_cov, plane), rows.pieces))
    cov = primary.covariance()
    ln_b, corrected = np.empty(rows.first[-1]), np.empty(rows.first[-1])
    list(run_ranges(lambda a, b: bayes_factor.ln_bayes_rows(
        a, b, rows.first, cov, rows.member, slot_cov, plane, candidates.separation, rows.second,
        circular, unrelated, ln_b, corrected), rows.pieces))
    return ln_b, corrected


def nway_posterior(
    rows: Associations,
    priors: PatternPriors,
    ln_bayes: tuple[np.ndarray, np.ndarray],
    slot_ln_ratio: np.ndarray,
    secondary_ratio: float,
) -> Posterior:
    """NWAY's probabilities from the Bayes factors and the candidates' prior ratios (ln)."""
    n = int(rows.first[-1])
    p = Posterior(ln_bayes[0], ln_bayes[1], np.empty(n), np.empty(n), np.empty(n), np.empty(n),
                  np.empty(n, np.int16), np.empty(len(rows.first) - 1))

    def piece(a: int, b: int) -> None:
        kernels.evidence_rows(a, b, rows.first, rows.member, p.ln_bayes_corrected, slot_ln_ratio,
                              p.ln_evidence)
        kernels.nway_rows(a, b, rows.first, rows.member, priors.prior, p.ln_bayes_corrected,
                          p.ln_evidence, secondary_ratio, p.dist_post, p.p_single, p.p_i,
                          p.match_flag, p.p_any)

    list(run_ranges(piece, rows.pieces))
    return p


def pattern_likelihood(
    rows: Associations, priors: PatternPriors, ln_evidence: np.ndarray
) -> np.ndarray:
    """Ln likelihood of each membership pattern around each primary, (n_primary, n_patterns)."""
    out = np.empty((len(rows.first) - 1, len(priors.density)))
    list(run_ranges(lambda a, b: kernels.pattern_likelihood(
        a, b, rows.first, rows.member, priors.density, ln_evidence, out), rows.pieces))
    return out
