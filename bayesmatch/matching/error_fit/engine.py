"""The fit of position errors: from candidates and priors to scale, floor and offset."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from astropy.table import vstack

from ...catalogs.candidates import Candidates
from ...catalogs.held import HeldCatalog
from ...priors.prior_set import PriorSet
from ..candidate_positions import with_determinant
from ..field import UniformField
from .footprint import covered
from .found import PositionErrorFit
from .likelihood import FLOOR, N_MODEL, ErrorLikelihood, neighbours
from .maximum import first_guess, floor_error, maximise, parameter_covariance, without_floor

LN_10 = np.log(10.0)
#: most pairs
MAX_ROWS = 200_000_000


def fit_errors(
    primary: HeldCatalog,
    others: Sequence[HeldCatalog],
    candidates: Candidates,
    priors: PriorSet,
    z: np.ndarray,
    radius: float,
) -> PositionErrorFit:
    """The fit with priors that are ready to use."""
    ratios = priors.log10_ratios(primary, others, candidates)
    ln_ratio = LN_10 * sum(ratios.values(), np.zeros(len(candidates.row)))
    near = covered(primary, others, candidates, radius, max_rows=MAX_ROWS)
    field = UniformField().at(primary, others)
    problem = ErrorLikelihood(
        neighbours(primary, others, candidates, field, ln_ratio, near),
        with_determinant(primary.errors),
        z,
        radius,
        primary.errors,
    )
    free = np.ones(problem.size, bool)
    free[FLOOR] = not _same_circle(problem.p_cov)
    parameters, converged = maximise(problem, first_guess(problem), free)
    covariance = parameter_covariance(problem, parameters, free)
    floor2 = float(parameters[FLOOR])
    floor2_error = float(covariance[FLOOR, FLOOR]) ** 0.5 if free[FLOOR] else np.nan
    if free[FLOOR] and floor2 == 0:
        covariance = without_floor(covariance)
    error = np.sqrt(np.diag(covariance))
    scale = float(np.exp(parameters[0]))
    quoted, _ = maximise(
        problem,
        np.where(np.arange(problem.size) < N_MODEL, 0.0, parameters),
        np.arange(problem.size) >= N_MODEL,
    )
    return PositionErrorFit(
        scale=scale,
        scale_error=scale * float(error[0]),
        floor_arcsec=floor2**0.5,
        floor_arcsec_error=floor_error(floor2, floor2_error),
        dra_arcsec=float(parameters[2]),
        dra_arcsec_error=float(error[2]),
        ddec_arcsec=float(parameters[3]),
        ddec_arcsec_error=float(error[3]),
        floor_upper_arcsec=(floor2 + 1.645 * floor2_error) ** 0.5,
        host_fractions={
            other.name: problem.host_fraction(parameters, covariance, k)
            for k, other in enumerate(others)
        },
        covariance=covariance[:N_MODEL, :N_MODEL],
        ln_gain=problem.scores(parameters)[0] - problem.scores(quoted)[0],
        lost=problem.lost(parameters),
        converged=converged,
        radius_arcsec=radius,
        names=(primary.name, *(o.name for o in others)),
        candidates=vstack(
            [problem.candidate_table(parameters, quoted, k) for k in range(len(others))]
        ),
    )


def _same_circle(cov: np.ndarray) -> bool:
    """Whether all errors are one circle: then scale and floor cannot be told apart."""
    return bool(np.ptp(cov[:, :2]) <= 1e-6 * cov[0, 0] and np.abs(cov[:, 2]).max() == 0)
