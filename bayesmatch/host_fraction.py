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
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._kernels import host_fraction as kernels
from ._kernels.jit import ranges, run_ranges
from .catalogs.held import HeldCatalog
from .covariates import design_matrix, property_values

#: weak ridge: enough to keep separable samples finite, far below the data of 30 sources
RIDGE_CONSTANT, RIDGE_SLOPE = 0.01, 0.1
#: with fewer primaries only constants are fitted
MIN_PRIMARIES = 30
MAX_ITERATIONS = 200
#: of the complete-data information in a step: Newton's first, the EM algorithm's last
EM_SHARES = (0.0, 0.02, 0.1, 0.3, 1.0)
#: covariates separate when sources in doubt are fewer than this share of the smaller group, and a
#: step without the ridge would move ln odds by this much (1.0 to 1.5 on separable samples)
SEPARABLE_DOUBT, SEPARABLE_STEP = 0.3, 0.5
#: primaries without candidates are too many for chance at this many standard deviations
UNCOVERED_SIGMA = 4.0


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


def fractions_for(primary: HeldCatalog, mean: float, details: dict[str, Any]) -> HostFraction:
    """A fit of another match, at the properties of these sources.

    Parameters
    ----------
    primary : HeldCatalog
        The sources, with the columns that the fit used.
    mean, details
        Of a fit without a given total: its ``mean`` and ``details``.
    """
    from scipy.special import log_softmax

    values = {name: property_values(primary, name) for name in details["center"]}
    z = design_matrix(values, len(primary), details)
    coefficients = np.array(list(details["coefficients"].values()))
    eta = np.column_stack([np.zeros(len(z)), z @ coefficients.T])
    return HostFraction(log_softmax(eta, axis=1), mean, 0.0, details)


def fit_host_fraction(
    ln_like: np.ndarray,
    z: np.ndarray,
    *,
    total: float | None,
    labels: Sequence[str],
    description: dict[str, Any],
    empty: np.ndarray | None = None,
    expected: float = np.inf,
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
        Of the covariates, from :func:`bayesmatch.covariates.covariate_matrix`.
    empty : ndarray of bool, shape (n,), optional
        Primaries without any candidate; without it all are taken to be within the footprint.
    expected : float
        Number of field objects expected around a primary.

    Warns
    -----
    UserWarning
        With fewer than 30 primaries, with no candidates at all, without convergence, or when the
        covariates tell sources with and without a counterpart apart perfectly.
    """
    n, n_patterns = ln_like.shape
    if np.all(np.isneginf(ln_like[:, 1:])):
        warnings.warn("no primary has a candidate: the host fraction is not constrained by data",
                      UserWarning, stacklevel=3)
    if n < MIN_PRIMARIES:
        if total is None:
            warnings.warn(f"only {n} primaries: the host fraction is fitted as a constant and is "
                          "uncertain; give host_fraction= if you know it", UserWarning,
                          stacklevel=3)
        z, description = z[:, :1], {"names": ["1"], "center": {}, "scale": {}, "knots": {}}
    z = np.ascontiguousarray(z)
    problem = _Problem(ln_like, z, total)
    beta, information, iterations, converged = problem.maximise()
    uncovered, uncovered_error, cross = 0.0, 0.0, np.zeros(problem.size)
    if total is None and empty is not None and problem.too_many_empty(beta, empty, expected):
        footprint = _Footprint(problem, empty, expected)
        beta, information, iterations, converged = footprint.maximise(beta)
        uncovered, uncovered_error, cross = footprint.share, footprint.error, footprint.cross
    if not converged:
        warnings.warn(f"the host-fraction fit did not converge in {iterations} steps", UserWarning,
                      stacklevel=3)
    if total is None and problem.separable(beta, information):
        warnings.warn(f"{' and '.join(description['center'])} separates the sources with and "
                      "without a counterpart perfectly: only a weak ridge keeps the coefficients "
                      "finite, and their errors mean little (host_covariates=None fits a "
                      "constant)", UserWarning, stacklevel=3)
    covariance = np.linalg.pinv(information, hermitian=True)
    ln_free, share, slope = problem.shares(beta)
    variance = np.einsum("sa,ab,sb->s", slope, covariance, slope)
    mean = share.mean(axis=0)
    if total is None:
        outside = np.eye(len(mean))[0]
        ln_fraction, fraction = ln_free, mean + uncovered * (outside - mean)
        # Both move the fractions, and what one explains the other need not.
        error = np.sqrt(np.maximum(0.0, (1 - uncovered) ** 2 * variance
                                   + (outside - mean) ** 2 * uncovered_error**2
                                   + 2 * (1 - uncovered) * (outside - mean)
                                   * (slope @ covariance @ cross)))
    else:
        ln_fraction = np.column_stack([np.full(n, np.log1p(-total)), np.log(total) + ln_free])
        fraction = np.concatenate([[1 - total], total * mean])
        error = np.concatenate([[0.0], total * np.sqrt(np.maximum(0.0, variance))])
    details = {
        **description,
        "fraction": dict(zip(labels, fraction.tolist(), strict=True)),
        "fraction_error": dict(zip(labels, error.tolist(), strict=True)),
        "coefficients": _by_pattern(beta, labels[-problem.n_free + 1 or n_patterns:], z),
        "coefficient_errors": _by_pattern(np.sqrt(np.maximum(0.0, np.diag(covariance))),
                                          labels[-problem.n_free + 1 or n_patterns:], z),
        "ln_likelihood": float(problem.sums(beta)[0]),
        "uncovered": uncovered,
        "uncovered_error": uncovered_error,
        "iterations": iterations,
        "converged": converged,
    }
    whole = total if total is not None else float(fraction[1:].sum())
    return HostFraction(ln_fraction, whole, float(error[0]), details)


def _by_pattern(values: np.ndarray, labels: Sequence[str], z: np.ndarray) -> dict[str, list]:
    return dict(zip(labels, values.reshape(len(labels), z.shape[1]).tolist(), strict=True))


class _Problem:
    """Ridge-penalised marginal likelihood of the coefficients, the first free pattern's being 0."""

    def __init__(self, ln_like: np.ndarray, z: np.ndarray, total: float | None) -> None:
        self.z = z
        if total is None:
            self.ln_like = ln_like
            self.fixed, self.free_total = np.full(len(z), -np.inf), 1.0
        else:
            self.ln_like = np.ascontiguousarray(ln_like[:, 1:])
            self.fixed, self.free_total = np.log1p(-total) + ln_like[:, 0], float(total)
        self.n_free = self.ln_like.shape[1]
        self.size = (self.n_free - 1) * z.shape[1]
        ridge = np.full(z.shape[1], RIDGE_SLOPE)
        ridge[0] = RIDGE_CONSTANT
        self.ridge = np.tile(ridge, self.n_free - 1)

    def _coefficients(self, beta: np.ndarray) -> np.ndarray:
        q = self.z.shape[1]
        return np.concatenate([np.zeros((1, q)), beta.reshape(-1, q)])

    def sums(self, beta: np.ndarray, complete: bool = False
             ) -> tuple[float, np.ndarray, np.ndarray]:
        """Penalised log likelihood, gradient, and observed (or complete-data) information."""
        d = self.size
        coefficients = self._coefficients(beta)

        def piece(a: int, b: int) -> tuple[np.ndarray, np.ndarray]:
            out, information = np.empty(1 + d), np.empty((d, d))
            kernels.likelihood_sums(a, b, self.ln_like, self.fixed, self.free_total, self.z,
                                    coefficients, complete, out, information)
            return out, information

        # Summed in the order of fixed pieces: the same bytes for any number of threads.
        out, lower = np.zeros(1 + d), np.zeros((d, d))
        for part in run_ranges(piece, ranges(len(self.z), 1 << 12)):
            out += part[0]
            lower += part[1]
        information = lower + np.tril(lower, -1).T + np.diag(self.ridge)
        return (out[0] - 0.5 * float(self.ridge @ beta**2), out[1:] - self.ridge * beta,
                information)

    def maximise(self, beta: np.ndarray | None = None
                 ) -> tuple[np.ndarray, np.ndarray, int, bool]:
        """Coefficients, observed information there, number of steps, whether converged."""
        beta = np.zeros(self.size) if beta is None else beta
        value, gradient, observed = self.sums(beta)
        for iteration in range(MAX_ITERATIONS):
            step, gain = self._ascent(beta, gradient, observed)
            if gain < 1e-12 * (1.0 + abs(value)):
                return beta, observed, iteration, True
            fraction = 1.0
            while fraction > 1e-10:
                new = self.sums(beta + fraction * step)
                if new[0] >= value + 1e-4 * fraction * gain:
                    break
                fraction *= 0.5
            else:  # as good as rounding allows
                return beta, observed, iteration, bool(gain < 1e-6)
            beta = beta + fraction * step
            value, gradient, observed = new
        return beta, observed, MAX_ITERATIONS, False

    def too_many_empty(self, beta: np.ndarray, empty: np.ndarray, expected: float) -> bool:
        """Whether chance cannot explain how many primaries have no candidate (a score test)."""
        if empty.all() or not empty.any():
            return False
        ln_chance = self.shares(beta)[0][:, 0] - expected
        ratio = np.exp(np.minimum(-ln_chance, 300.0))  # 1 / probability of having no candidate
        score = ratio[empty].sum() - len(empty)
        return bool(score > UNCOVERED_SIGMA * np.sqrt((ratio - 1.0).sum()))

    def _ascent(self, beta: np.ndarray, gradient: np.ndarray, observed: np.ndarray
                ) -> tuple[np.ndarray, float]:
        """Newton's step or, where the likelihood is not concave, one nearer the EM algorithm's."""
        information = observed
        for share in EM_SHARES:
            if share > 0:
                complete = self.sums(beta, complete=True)[2]
                information = (1.0 - share) * observed + share * complete
            try:
                np.linalg.cholesky(information)
            except np.linalg.LinAlgError:
                continue
            step = np.linalg.solve(information, gradient)
            return step, float(gradient @ step)
        return gradient, float(gradient @ gradient)

    def separable(self, beta: np.ndarray, information: np.ndarray) -> bool:
        """Whether the covariates tell hosts apart so well that only the ridge bounds their slopes.

        That is, hardly any source is left in doubt, and without the ridge a Newton step would
        still move the ln odds by about 1, differently for different sources.
        """
        share = np.exp(self.shares(beta)[0])
        host = 1.0 - share[:, 0]
        doubt = np.minimum(host, share[:, 0]).mean()
        if doubt > SEPARABLE_DOUBT * min(host.mean(), share[:, 0].mean()):
            return False
        unridged = np.linalg.pinv(information - np.diag(self.ridge), hermitian=True)
        step = unridged @ (self.ridge * beta)
        by_pattern = np.einsum("nq,sq->ns", self.z, step.reshape(-1, self.z.shape[1]))
        ln_odds = (share[:, 1:] * by_pattern).sum(axis=1) / np.maximum(host, 1e-300)
        return bool(ln_odds.std() > SEPARABLE_STEP)

    def shares(self, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ln shares and shares (n, S), and the gradient of their means by the coefficients."""
        eta = np.einsum("nq,sq->ns", self.z, self._coefficients(beta))
        eta -= eta.max(axis=1, keepdims=True)
        ln_share = eta - np.log(np.exp(eta).sum(axis=1, keepdims=True))
        share = np.exp(ln_share)
        slope = np.empty((self.n_free, self.size))
        for s in range(self.n_free):
            by_eta = -share[:, s, None] * share[:, 1:]
            if s > 0:
                by_eta[:, s - 1] += share[:, s]
            slope[s] = np.einsum("nt,nq->tq", by_eta, self.z).ravel() / len(self.z)
        return ln_share, share, slope


class _Footprint:
    """The share of the primaries outside the footprint, fitted together with the coefficients."""

    def __init__(self, problem: _Problem, empty: np.ndarray, expected: float) -> None:
        self.problem, self.empty, self.expected = problem, empty, min(expected, 300.0)
        self.share = self.error = 0.0
        self.cross = np.zeros(problem.size)

    def maximise(self, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray, int, bool]:
        """As :meth:`_Problem.maximise`; the information is that with the share unknown."""
        from scipy.optimize import brentq

        self.beta, self.steps = beta, 0
        span = 1.0 / len(self.empty)
        self.share = share = brentq(self._excess, 1e-3 * span, 1.0 - 1e-3 * span, xtol=1e-3 * span)
        self._excess(share)
        beta, information, converged = self.beta, self.information, self.converged
        # The share's own information, and what it shares with the coefficients.
        chance = np.exp(self._ln_chance(beta)[self.empty])
        own = (((1.0 - chance) / (share + (1.0 - share) * chance)) ** 2).sum() + (
            len(self.empty) - self.empty.sum()) / (1.0 - share) ** 2
        step = 1e-4 * min(share, 1.0 - share)
        gradients = []
        for side in (-step, step):
            self._take(share + side)
            gradients.append(self.problem.sums(beta)[1])
        self._take(share)
        mixed = (gradients[1] - gradients[0]) / (2.0 * step)
        self.cross = mixed / own
        reduced = information - np.outer(mixed, self.cross)
        slack = own - mixed @ np.linalg.pinv(information, hermitian=True) @ mixed
        self.error = float(slack ** -0.5) if slack > 0 else 0.0
        return beta, reduced, self.steps, converged

    def _excess(self, share: float) -> float:
        """The share that lies outside in expectation, minus the one assumed: 0 at the maximum."""
        self._take(share)
        self.beta, self.information, steps, self.converged = self.problem.maximise(self.beta)
        self.steps += steps
        chance = np.exp(self._ln_chance(self.beta)[self.empty])
        outside = share / (share + (1.0 - share) * chance)
        return float(outside.sum() / len(self.empty) - share)

    def _take(self, share: float) -> None:
        """Give primaries without candidates the chance of lying outside, in units of the other."""
        ln_odds = np.log(share) - np.log1p(-share) + self.expected
        self.problem.fixed = np.where(self.empty, ln_odds, -np.inf)

    def _ln_chance(self, beta: np.ndarray) -> np.ndarray:
        """Ln of the chance that a primary within the footprint has no candidate."""
        return self.problem.shares(beta)[0][:, 0] - self.expected
