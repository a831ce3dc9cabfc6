"""The fit of position errors: from candidates and priors to everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import numpy as np
from astropy.table import vstack

from ..._kernels import progress
from ...catalogs.catalog import Catalog
from ...catalogs.held import HeldCatalog
from ...catalogs.tails import core_of
from ...priors.prior_set import PriorSet
from ..candidate_positions import with_determinant
from .around import Surroundings
from .found import PositionErrorFit
from .frame import MAX_REACH_DEG, field_center, frame_design
from .likelihood import ErrorLikelihood, neighbours
from .maximum import first_guess, floor_error, maximise, parameter_covariance, without_floor
from .model import FLOOR, N_CORE, ErrorModel
from .scaling import standardised_columns, standards
from .selection import Fitted, Request, frame_errors, select

LN_10 = np.log(10.0)
#: most pairs
MAX_ROWS = 200_000_000


def fit_with_learned(
    around: Surroundings,
    priors: PriorSet,
    request: Request,
    learn: Callable[[HeldCatalog], PriorSet],
) -> PositionErrorFit:
    """The fit; priors that learn are learned by `learn` from a match with errors put right."""
    with progress.stage("fitting position errors"):
        found = fit_errors(around, priors.ready(), request)
        if not priors.learns:
            return found
        learned = learn(found.apply(cast(Catalog, around.primary)))
        return fit_errors(around, learned, request)


def fit_errors(around: Surroundings, priors: PriorSet, request: Request) -> PositionErrorFit:
    """The fit with priors that are ready to use."""
    primary = around.primary
    center = field_center(primary.ra, primary.dec)
    if center is None and request.frame == "affine":
        raise ValueError(
            f"catalogue {primary.name!r} reaches over {MAX_REACH_DEG:g} degrees from its centre, "
            "where a turned frame means nothing; give frame='offset', or fit its fields one by one"
        )
    design = None if center is None else frame_design(primary.ra, primary.dec, center)
    standard = standards(primary, request.covariates)
    plain = _problem(around, priors, request)
    base = _plain_fit(plain)
    if standard:
        base = base.with_model(
            replace(base.model, covariates=standardised_columns(primary, standard))
        )
    best, with_tails = select(base, design, request)
    how = {"center": center, "design": design, "names": standard, "with_tails": with_tails}
    return _described(around, best, base, how)


def _problem(around: Surroundings, priors: PriorSet, request: Request) -> ErrorLikelihood:
    """The likelihood of scale, floor and offset."""
    primary, others, candidates = around.primary, around.others, around.candidates
    ratios = priors.log10_ratios(primary, others, candidates)
    ln_ratio = LN_10 * sum(ratios.values(), np.zeros(len(candidates.row)))
    density = around.densities({k for k, _ in ratios})
    model = ErrorModel() if request.tails is not False else ErrorModel(given=primary.tails)
    return ErrorLikelihood(
        neighbours(primary, others, candidates, density, ln_ratio, around.inside),
        with_determinant(primary.errors),
        around.z,
        around.radius,
        core_of(primary.errors),
        model,
    )


def _plain_fit(problem: ErrorLikelihood) -> Fitted:
    free = np.ones(problem.size, bool)
    free[FLOOR] = not _same_circle(problem.p_cov)
    parameters, converged = maximise(problem, first_guess(problem), free)
    return Fitted(problem, parameters, free, converged)


def _described(
    around: Surroundings, best: Fitted, base: Fitted, how: dict[str, Any]
) -> PositionErrorFit:
    """The numbers of a fit with their errors, and the candidates under it."""
    problem, parameters, free = best.problem, best.parameters, best.free
    covariance = parameter_covariance(problem, parameters, free)
    floor2 = float(parameters[FLOOR])
    floor2_error = float(covariance[FLOOR, FLOOR]) ** 0.5 if free[FLOOR] else np.nan
    if free[FLOOR] and floor2 == 0:
        covariance = without_floor(covariance)
    error = np.sqrt(np.diag(covariance))
    scale = float(np.exp(parameters[0]))
    as_quoted = Fitted(
        base.problem,
        np.where(np.arange(base.problem.size) < base.model.size, 0.0, base.parameters),
        np.arange(base.problem.size) >= base.model.size,
        True,
    )
    quoted, _ = maximise(base.problem, as_quoted.parameters, as_quoted.free)
    names = [other.name for other in around.others]
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
            name: problem.host_fraction(parameters, covariance, k) for k, name in enumerate(names)
        },
        covariance=covariance[: problem.n_model, : problem.n_model],
        ln_gain=problem.scores(parameters)[0] - base.problem.scores(quoted)[0],
        lost=problem.lost(parameters),
        converged=best.converged,
        radius_arcsec=around.radius,
        names=(around.primary.name, *names),
        candidates=vstack(
            [
                problem.candidate_table(parameters, base.problem.shares(quoted, k)[1], k)
                for k in range(len(names))
            ]
        ),
        **_more(best, error, how),
    )


def _more(best: Fitted, error: np.ndarray, how: dict[str, Any]) -> dict[str, Any]:
    """What a fit has beside scale, floor and offset, with its errors."""
    model, parameters = best.model, best.parameters
    tails = model.tails_at(parameters)
    fraction_error = factor_error = np.nan
    if model.tails:
        by_fraction, by_ln_factor = model.tail_slopes(tails)
        fraction_error = float(error[N_CORE]) * by_fraction
        factor_error = float(error[N_CORE + 1]) * by_ln_factor * tails.factor
    elif model.given.fraction > 0:
        fraction_error = factor_error = 0.0
    elif how["with_tails"] is not None:
        fraction_error = _undetected(how["with_tails"])
    matrix_error = frame_errors(best, how["design"])
    matrix = np.zeros((2, 2))
    if model.frame is not None:
        matrix, matrix_error = (x[model.matrix].reshape(2, 2) for x in (parameters, error))
    return {
        "tail_fraction": tails.fraction,
        "tail_fraction_error": fraction_error,
        "tail_factor": tails.factor,
        "tail_factor_error": factor_error,
        "matrix": matrix,
        "matrix_error": matrix_error,
        "slopes": dict(zip(how["names"], parameters[model.slopes].tolist(), strict=True)),
        "slopes_error": dict(zip(how["names"], error[model.slopes].tolist(), strict=True)),
        "standards": how["names"],
        "center": how["center"],
    }


def _undetected(with_tails: Fitted) -> float:
    """How far the tail fraction may be from 0, by the fit with the tails that were not earned."""
    covariance = parameter_covariance(with_tails.problem, with_tails.parameters, with_tails.free)
    tails = with_tails.model.tails_at(with_tails.parameters)
    by_fraction, _ = with_tails.model.tail_slopes(tails)
    return float(np.hypot(tails.fraction, by_fraction * covariance[N_CORE, N_CORE] ** 0.5))


def _same_circle(cov: np.ndarray) -> bool:
    """Whether all errors are one circle: then scale and floor cannot be told apart."""
    return bool(np.ptp(cov[:, :2]) <= 1e-6 * cov[0, 0] and np.abs(cov[:, 2]).max() == 0)
