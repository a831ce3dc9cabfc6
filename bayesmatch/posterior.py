"""From associations to probabilities: evidence, NWAY's posterior, likelihood of each pattern."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._kernels import bayes_factor
from ._kernels import posterior as kernels
from ._kernels.jit import run_ranges
from .associations import Associations
from .candidates import Candidates
from .catalogs.catalog import Catalog
from .patterns import PatternPriors
from .placed import Placed, tangent_planes


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


def bayes_factors(
    primary: Catalog,
    candidates: Candidates,
    placed: Placed,
    rows: Associations,
    unrelated: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Ln of the Bayes factor of every row, before and after unrelated associations count."""
    plane = np.empty((0, 5))
    if not placed.circular:
        plane = tangent_planes(primary, candidates, placed, rows.pieces)
    cov = primary.covariance()
    known = np.full(len(primary), -1)
    known[rows.pruned.primary] = np.arange(len(rows.pruned.primary))
    ln_b, corrected = np.empty(rows.first[-1]), np.empty(rows.first[-1])
    list(run_ranges(lambda a, b: bayes_factor.ln_bayes_rows(
        a, b, rows.first, cov, rows.member, placed.covariance, plane, candidates.separation,
        rows.second, placed.circular, unrelated, known, rows.pruned.ln_unrelated, ln_b,
        corrected), rows.pieces))
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
