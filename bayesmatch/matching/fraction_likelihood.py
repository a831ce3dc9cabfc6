"""Marginal likelihood of the pattern fractions, and its maximum.

The fractions are a multinomial logit in properties of the primaries (see
:mod:`bayesmatch.matching.host_fraction`).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import reduce

import numpy as np

from .._kernels import host_fraction as kernels
from .._kernels.equations import solve_positive
from .._kernels.jit import ranges, run_ranges
from .._kernels.sums import product
from .beyond import with_beyond, within_radius

#: a weak ridge on constants, far below the data of 30 sources; one on slopes that 30 sources which
#: follow a trend outweigh and the noise of 300 does not: with 0.1 they were fitted to noise
RIDGE_CONSTANT, RIDGE_SLOPE = 0.01, 4.0
MAX_ITERATIONS = 200
#: primaries that are summed by themselves
PIECE = 1 << 10
#: of the complete-data information in steps after Newton's, the EM algorithm's last
EM_SHARES = (0.02, 0.1, 0.3, 1.0)
#: covariates separate when, with so weak a ridge on slopes, sources in doubt are fewer than this
#: share of the smaller group, and a step without the ridge would move ln odds by this much (1.0 to
#: 1.5 on separable samples)
SEPARABLE_RIDGE, SEPARABLE_DOUBT, SEPARABLE_STEP = 0.1, 0.3, 0.5
#: not asked where the ridge in use leaves more than this share in doubt (0.1 to 0.55 on separable
#: samples)
MAX_DOUBT = 0.65
#: primaries without candidates are too many for chance at this many standard deviations
UNCOVERED_SIGMA = 4.0


class FractionLikelihood:
    """Ridge-penalised marginal likelihood of the coefficients, the first free pattern's being 0."""

    def __init__(
        self,
        ln_like: np.ndarray,
        z: np.ndarray,
        total: float | None,
        ln_beyond: np.ndarray | None = None,
    ) -> None:
        self.z, self.ln_beyond = z, ln_beyond
        ln_like = with_beyond(ln_like, ln_beyond)
        if total is None:
            self.ln_like = ln_like
            self.fixed, self.free_total = np.full(len(z), -np.inf), 1.0
        else:
            self.ln_like = np.ascontiguousarray(ln_like[:, 1:])
            self.fixed, self.free_total = np.log1p(-total) + ln_like[:, 0], float(total)
        self.n_free = self.ln_like.shape[1]
        self.size = (self.n_free - 1) * z.shape[1]
        self.ridge = self._ridge(RIDGE_SLOPE)
        self._below = np.tri(self.size, dtype=bool)
        self._at: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def fixed(self) -> np.ndarray:
        """(n,) ln of a term of each primary's likelihood that no coefficient moves; -inf: none."""
        return self._fixed

    @fixed.setter
    def fixed(self, fixed: np.ndarray) -> None:
        self._fixed = fixed
        self._scaled = np.empty(len(fixed)), np.empty((len(fixed), 1 + self.ln_like.shape[1]))
        self._reached: tuple[np.ndarray, float] | None = None
        kernels.in_units_of_largest(self.ln_like, fixed, *self._scaled)

    def _ridge(self, slope: float) -> np.ndarray:
        """Twice that of the patterns' spread about their mean; of two patterns, of the coefficient.

        Penalties on each pattern's distance from the first would together pull against the first,
        the more the more patterns there are.
        """
        ridge = np.full(self.z.shape[1], slope)
        ridge[0] = RIDGE_CONSTANT
        between = 2.0 * (np.eye(self.n_free - 1) - 1.0 / self.n_free)
        blocks = np.multiply.outer(between, np.diag(ridge))
        return np.asarray(blocks.swapaxes(1, 2).reshape(self.size, self.size))

    def _coefficients(self, beta: np.ndarray) -> np.ndarray:
        q = self.z.shape[1]
        return np.concatenate([np.zeros((1, q)), beta.reshape(-1, q)])

    def sums(
        self, beta: np.ndarray, complete: bool = False
    ) -> tuple[float, np.ndarray, np.ndarray]:
        """Penalised log likelihood, gradient, and observed (or complete-data) information."""
        d = self.size
        coefficients, (top, like) = self._coefficients(beta), self._scaled

        def piece(a: int, b: int) -> tuple[np.ndarray, np.ndarray]:
            out, information = np.empty(1 + d), np.empty((d, d))
            kernels.likelihood_sums(
                a,
                b,
                top,
                like,
                self.free_total,
                self.z,
                coefficients,
                complete,
                out,
                information,
            )
            return out, information

        # Summed in the order of fixed pieces: the same bytes for any number of threads.
        out, lower = np.zeros(1 + d), np.zeros((d, d))
        for part in run_ranges(piece, ranges(len(self.z), PIECE)):
            out += part[0]
            lower += part[1]
        information = np.where(self._below, lower, lower.T) + self.ridge
        pull = self.ridge @ beta
        return out[0] - 0.5 * float(pull @ beta), out[1:] - pull, information

    def maximise(self, beta: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, int, bool]:
        """Coefficients, observed information there, number of steps, whether converged."""
        beta = np.zeros(self.size) if beta is None else beta
        value, gradient, observed = self.sums(beta)
        for iteration in range(MAX_ITERATIONS):
            step, gain = self._ascent(beta, gradient, observed)
            self._reached = beta, value
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

    def value(self, beta: np.ndarray) -> float:
        """Penalised log likelihood; where the last maximum was found it is known."""
        if self._reached is not None and np.array_equal(self._reached[0], beta):
            return self._reached[1]
        return self.sums(beta)[0]

    def too_many_empty(
        self, beta: np.ndarray, empty: np.ndarray, expected: np.ndarray, among: np.ndarray
    ) -> bool:
        """Whether chance cannot explain how many primaries have no candidate (a score test).

        Of all, or of those `among` which more are to be expected; all arrays (n,).
        """
        if empty.all() or not empty.any():
            return False
        ln_chance = self.ln_none_within(beta) - expected
        ratio = np.exp(np.minimum(-ln_chance, 300.0))  # 1 / probability of having no candidate
        return any(
            ratio[empty & some].sum() - some.sum()
            > UNCOVERED_SIGMA * np.sqrt((ratio[some] - 1.0).sum())
            for some in (np.ones_like(among), among)
        )

    def _ascent(
        self, beta: np.ndarray, gradient: np.ndarray, observed: np.ndarray
    ) -> tuple[np.ndarray, float]:
        """Newton's step or, where the likelihood is not concave, one nearer the EM algorithm's."""
        for information in self._informations(beta, observed):
            step = gradient.copy()
            if solve_positive(information, step):
                return step, float(gradient @ step)
        return gradient, float(gradient @ gradient)

    def _informations(self, beta: np.ndarray, observed: np.ndarray) -> Iterator[np.ndarray]:
        """Information matrices to be tried for a step, one after the other."""
        yield observed.copy()
        complete = self.sums(beta, complete=True)[2]
        for share in EM_SHARES:
            yield (1.0 - share) * observed + share * complete

    def separable(self, beta: np.ndarray) -> bool:
        """Whether the covariates tell hosts apart so well that only the ridge bounds their slopes.

        That is, with a weak ridge hardly any source is left in doubt, and without it a Newton step
        would still move the ln odds by about 1, differently for different sources.
        """
        if self._doubt(beta) > MAX_DOUBT:
            return False
        weak = copy.copy(self)
        weak.ridge = self._ridge(SEPARABLE_RIDGE)
        beta, information, *_ = weak.maximise(beta)
        if weak._doubt(beta) > SEPARABLE_DOUBT:
            return False
        unridged = np.linalg.pinv(information - weak.ridge, hermitian=True)
        step = unridged @ (weak.ridge @ beta)
        by_pattern = np.einsum("nq,sq->ns", self.z, step.reshape(-1, self.z.shape[1]))
        share = np.exp(self.ln_shares(beta))
        ln_odds = (share[:, 1:] * by_pattern).sum(axis=1) / np.maximum(1.0 - share[:, 0], 1e-300)
        with np.errstate(over="ignore"):
            return bool(ln_odds.std() > SEPARABLE_STEP)

    def ln_none_within(self, beta: np.ndarray) -> np.ndarray:
        """Ln of the share with no counterpart within the radius, (n,); of all patterns fitted."""
        out: np.ndarray = within_radius(self.ln_shares(beta), self.ln_beyond)[:, 0]
        return out

    def _doubt(self, beta: np.ndarray) -> float:
        """Mean fraction of the less likely of host and none, over that of the smaller group."""
        none = np.exp(self.ln_shares(beta)[:, 0])
        smaller = min(none.mean(), 1.0 - none.mean())
        return float(np.minimum(none, 1.0 - none).mean()) / max(float(smaller), 1e-300)

    def ln_shares(self, beta: np.ndarray) -> np.ndarray:
        """Ln shares (n, S): asked for again and again where the fit ends."""
        if self._at is None or not np.array_equal(self._at[0], beta):
            eta = np.einsum("nq,sq->ns", self.z, self._coefficients(beta))
            eta -= reduce(np.maximum, eta.T)[:, None]  # columns are few, and rows many
            self._at = beta.copy(), eta - np.log(reduce(np.add, np.exp(eta).T))[:, None]
        return self._at[1]

    def shares(
        self, beta: np.ndarray, weight: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ln shares (n, S), their means (S,), and the gradient of those by the coefficients.

        `weight` (n,) of each primary in the means, in all n; None: 1.
        """
        ln_share = self.ln_shares(beta)
        share = np.exp(ln_share)
        z = self.z if weight is None else self.z * weight[:, None]
        slope = np.empty((self.n_free, self.size))
        for s in range(self.n_free):
            by_eta = -share[:, s, None] * share[:, 1:]
            if s > 0:
                by_eta[:, s - 1] += share[:, s]
            slope[s] = np.einsum("nt,nq->tq", by_eta, z).ravel() / len(z)
        mean = share.mean(axis=0) if weight is None else product(weight, share) / len(z)
        return ln_share, mean, slope
