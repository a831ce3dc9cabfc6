"""How many primaries have a counterpart at all: fitted, so that probabilities mean what they say.

NWAY gives the no-counterpart hypothesis a fixed weight.  Here each membership pattern S has a
fraction pi_S(z), a multinomial logit in properties z of the primary, fitted by maximum marginal
likelihood: the sum over primaries of ln sum_S pi_S(z) L_S, L_S the summed likelihood of the
associations with that pattern.

A sky area is a number: it does not say where a catalogue ends or has a hole.  A primary there has
no candidate whatever its nature, and would pull the fraction down for all others.  So when more
primaries than chance allows have no candidate at all, a share q of them is taken to lie where no
other catalogue has looked, and fitted along: a primary without candidates then has the likelihood
q + (1 - q) exp(-lambda) pi_0(z), lambda being the number of field objects expected in the circle.

Counterparts may lie outside the radius: see :mod:`bayesmatch.matching.beyond`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from .._kernels.sums import rows_times
from ..catalogs.held import HeldCatalog
from ..catalogs.warned import warn_user
from .beyond import within_radius
from .clump_term import with_lines_earned, without_lines
from .covariates import design_matrix, property_values
from .fraction_likelihood import FractionLikelihood
from .hole_rims import SeenAround
from .inner_circles import Circles
from .partly_outside import PartlyOutside
from .rim_share import outside_footprint

#: with fewer primaries only constants are fitted
MIN_PRIMARIES = 30


@dataclass(frozen=True)
class HostFraction:
    """Fitted fractions of the membership patterns."""

    ln_fraction: np.ndarray
    """(n_primary, n_patterns) ln pi_S(z), within the other catalogues' footprint"""
    mean: float
    """mean fraction of primaries with any counterpart, those outside the footprint included"""
    mean_error: float
    """its standard error, 0 when it was given"""
    details: dict[str, Any]
    """what the fit found, in plain Python types"""
    ln_beyond: np.ndarray | None = None
    """(n_primary, n_patterns) ln of the probability that such counterparts lie outside the radius,
    0 for "no counterpart"; None: none does"""
    partly: PartlyOutside | None = None
    """associations whose sources may have other counterparts outside; None: none has"""
    inside: np.ndarray | None = None
    """(n_primary,) probability of lying within the footprint; None: all do"""

    @cached_property
    def ln_within(self) -> np.ndarray:
        """(n_primary, n_patterns) ln prior weight of the rows with each set of counterparts.

        That of no counterpart within the radius has those that lie outside.
        """
        return within_radius(self.ln_fraction, self.ln_beyond)

    def of_rows(self, ln_like: np.ndarray) -> np.ndarray:
        """Ln of what the weight of each row is times that in :attr:`ln_within`, (n_rows,).

        Its likelihood `ln_like` (n_rows,), and that of sources with counterparts outside besides.
        """
        return ln_like if self.partly is None else ln_like + self.partly.ln_factor(self.ln_fraction)


def fractions_for(primary: HeldCatalog, mean: float, details: dict[str, Any]) -> HostFraction:
    """A fit of another match, at the properties of these sources.

    Parameters
    ----------
    primary : HeldCatalog
        The sources, with the columns that the fit used.
    mean, details
        Of a fit without a given total: its ``mean`` and ``details``.
    """
    values = {name: property_values(primary, name) for name in details["center"]}
    return HostFraction(ln_fractions_at(values, len(primary), details), mean, 0.0, details)


def ln_fractions_at(
    values: Mapping[str, np.ndarray], n: int, details: dict[str, Any], total: float | None = None
) -> np.ndarray:
    """Ln fractions (n, patterns) of a fit at other values of its properties.

    Parameters
    ----------
    values : mapping of str to ndarray, shape (n,)
        Every property that the fit used, by the names in ``details["center"]``.
    n : int
        Number of sources.
    details : dict
        Of the fit.
    total : float, optional
        The fraction with a counterpart, where it was given to the fit.
    """
    return _ln_fractions(design_matrix(values, n, details), details, total)


def _ln_fractions(z: np.ndarray, details: dict[str, Any], total: float | None) -> np.ndarray:
    z = z[:, : len(details["names"])]
    n = len(z)
    coefficients = np.array(list(details["coefficients"].values())).reshape(-1, z.shape[1])
    eta = np.column_stack([np.zeros(n), rows_times(z, coefficients.T)])
    # as FractionLikelihood.shares has them
    eta -= eta.max(axis=1, keepdims=True)
    ln_free = eta - np.log(np.exp(eta).sum(axis=1, keepdims=True))
    return ln_free if total is None else _with_given(ln_free, total)


def fit_host_fraction(
    ln_like: np.ndarray,
    z: np.ndarray,
    *,
    total: float | None,
    labels: Sequence[str],
    description: dict[str, Any],
    within: Circles | None = None,
    ln_beyond: np.ndarray | None = None,
    circles: Callable[[], Circles] | None = None,
    around: Callable[[], SeenAround | None] | None = None,
) -> HostFraction:
    """Fit the pattern fractions by Newton steps, safeguarded to never lower the likelihood.

    Parameters
    ----------
    ln_like : ndarray, shape (n, P)
        Ln likelihood of each pattern around each primary; pattern 0 is "no counterpart".
    z : ndarray, shape (n, Q)
        Covariates, the first column 1.
    total : float or None
        Fraction of primaries with a counterpart; None fits it.
    labels : sequence of str
        Names of the P patterns.
    description : dict
        Of the covariates, from :func:`bayesmatch.matching.covariates.covariate_matrix`.
    within : Circles, optional
        Candidates in the circles of the match, how many field objects are expected in them, and
        where nobody has looked; without it all primaries are taken to be within the footprint.
    ln_beyond : ndarray, shape (n, P), optional
        As :attr:`HostFraction.ln_beyond`.
    circles : callable, optional
        Gives the circles by which the share outside the footprint is fitted. Default:
        `within`.
    around : callable, optional
        Gives the circles of the match with what is around them, or None where that says nothing.

    Warns
    -----
    UserWarning
        With fewer than 30 primaries, with no candidates at all, without convergence, or when the
        covariates tell sources with and without a counterpart apart perfectly.
    """
    n, n_patterns = ln_like.shape
    covariates = _usable_covariates(ln_like, z, total, description, within)
    plain, description = without_lines(*covariates)
    problem = FractionLikelihood(ln_like, plain, total, ln_beyond)
    found = problem.maximise()
    uncovered, uncovered_error, cross, inside = 0.0, 0.0, None, None
    if total is None and within is not None and _too_many_empty(problem, found[0], within):
        footprint, found = outside_footprint(problem, found[0], within, circles, around)
        uncovered, uncovered_error, cross = footprint.share, footprint.error, footprint.cross
        inside = footprint.inside() if footprint.share > 0.0 else None
    elif "lines" in covariates[1]:
        problem, found, description = with_lines_earned(problem, found, ln_like, covariates)
    beta, information, iterations, converged = found
    if not converged:
        warn_user(f"the host-fraction fit did not converge in {iterations} steps")
    if total is None and problem.separable(beta):
        warn_user(
            f"{' and '.join(description['center'])} separates the sources with and "
            "without a counterpart perfectly: only the ridge keeps the coefficients "
            "finite, and their errors mean little (host_covariates=None fits a constant)"
        )
    covariance = np.linalg.pinv(information, hermitian=True)
    relative = None if inside is None or circles is None else inside / inside.mean()
    ln_free, mean, slope = problem.shares(beta, relative)
    variance = np.einsum("sa,ab,sb->s", slope, covariance, slope)
    common = 0.0 if cross is None else slope @ covariance @ cross
    if total is None:
        outside = np.eye(len(mean))[0]
        ln_fraction, fraction = ln_free, mean + uncovered * (outside - mean)
        # Both move the fractions, and what one explains the other need not.
        error = np.sqrt(
            np.maximum(
                0.0,
                (1 - uncovered) ** 2 * variance
                + (outside - mean) ** 2 * uncovered_error**2
                + 2 * (1 - uncovered) * (outside - mean) * common,
            )
        )
    else:
        ln_fraction = _with_given(ln_free, total)
        fraction = np.concatenate([[1 - total], total * mean])
        error = np.concatenate([[0.0], total * np.sqrt(np.maximum(0.0, variance))])
    free_labels = labels[-problem.n_free + 1 or n_patterns :]
    details = {
        **description,
        "fraction": dict(zip(labels, fraction.tolist(), strict=True)),
        "fraction_error": dict(zip(labels, error.tolist(), strict=True)),
        "coefficients": _by_pattern(beta, free_labels, problem.z),
        "coefficient_errors": _by_pattern(
            np.sqrt(np.maximum(0.0, np.diag(covariance))), free_labels, problem.z
        ),
        "ln_likelihood": float(problem.value(beta)),
        "uncovered": uncovered,
        "uncovered_error": uncovered_error,
        "iterations": iterations,
        "converged": converged,
    }
    whole = total if total is not None else float(fraction[1:].sum())
    return HostFraction(ln_fraction, whole, float(error[0]), details, ln_beyond, inside=inside)


def fit_to_some(
    use: np.ndarray,
    ln_like: np.ndarray,
    z: np.ndarray,
    *,
    total: float | None,
    within: Circles,
    ln_beyond: np.ndarray | None = None,
    circles: Callable[[], Circles] | None = None,
    around: Callable[[], SeenAround | None] | None = None,
    **described: Any,
) -> HostFraction:
    """As :func:`fit_host_fraction`, going by some primaries `use` (n,) bool; all get fractions."""
    described["total"] = total
    if use.all() or not use.any():
        every: dict[str, Any] = {"within": within, "ln_beyond": ln_beyond}
        return fit_host_fraction(ln_like, z, **every, circles=circles, around=around, **described)
    fit = fit_host_fraction(
        ln_like[use],
        z[use],
        within=within.of(use),
        ln_beyond=None if ln_beyond is None else ln_beyond[use],
        circles=None if circles is None else lambda: circles().of(use),
        around=None if around is None else lambda: _of(around(), use),
        **described,
    )
    inside = None
    if fit.inside is not None:
        inside = np.ones(len(use))
        inside[use] = fit.inside
    ln_fraction = _ln_fractions(z, fit.details, total)
    return replace(fit, ln_fraction=ln_fraction, ln_beyond=ln_beyond, inside=inside)


def _too_many_empty(problem: FractionLikelihood, beta: np.ndarray, within: Circles) -> bool:
    empty = within.count == 0
    unseen = np.zeros_like(empty) if within.unseen is None else within.unseen
    return problem.too_many_empty(beta, empty, within.expected, unseen)


def _of(around: SeenAround | None, use: np.ndarray) -> SeenAround | None:
    return None if around is None else around.of(use)


def _usable_covariates(
    ln_like: np.ndarray,
    z: np.ndarray,
    total: float | None,
    description: dict[str, Any],
    within: Circles | None,
) -> tuple[np.ndarray, dict[str, Any]]:
    """The covariates that so many primaries can carry; warns where the data say little."""
    n = len(ln_like)
    if np.all(np.isneginf(ln_like[:, 1:])):
        left = " that priors do not exclude" if within is not None and within.count.any() else ""
        warn_user(f"no primary has a candidate{left}: the host fraction is not constrained by data")
    if n < MIN_PRIMARIES:
        if total is None:
            warn_user(
                f"only {n} {'primary' if n == 1 else 'primaries'}: the host fraction is fitted as "
                "a constant and is uncertain; give host_fraction= if you know it (--host-fraction "
                "on the command line)"
            )
        z, description = z[:, :1], {"names": ["1"], "center": {}, "scale": {}, "knots": {}}
    return np.ascontiguousarray(z), description


def _with_given(ln_free: np.ndarray, total: float) -> np.ndarray:
    """Ln fractions of all patterns, where `total` have a counterpart, shared by `ln_free`."""
    return np.column_stack([np.full(len(ln_free), np.log1p(-total)), np.log(total) + ln_free])


def _by_pattern(values: np.ndarray, labels: Sequence[str], z: np.ndarray) -> dict[str, list]:
    return dict(zip(labels, values.reshape(len(labels), z.shape[1]).tolist(), strict=True))
