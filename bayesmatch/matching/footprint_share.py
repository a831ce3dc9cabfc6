"""The share of the primaries that lie where no other catalogue has looked."""

from __future__ import annotations

from functools import reduce

import numpy as np

from .._kernels.sums import dot
from .fraction_likelihood import FractionLikelihood
from .inner_circles import Circles
from .root import root

#: how far the density of field objects may be from that of the cells
FACTORS = (0.25, 2.0)
#: rounds in which it is fitted, and a change that matters no more
ROUNDS, SETTLED = 10, 1e-3

Maximum = tuple[np.ndarray, np.ndarray, int, bool]


class FootprintShare:
    """The share of the primaries outside the footprint, fitted together with the coefficients.

    Where a survey is full of holes, cells with rims in them make the density too low: what the
    circles of the sources inside hold, beside their counterparts, says by which factor.
    """

    def __init__(self, problem: FractionLikelihood, circles: Circles) -> None:
        self.problem, self.circles, self.empty = problem, circles, circles.count == 0
        self.factor = 1.0
        self.share = self.error = 0.0
        self.cross = np.zeros(problem.size)

    def maximise(self, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray, int, bool]:
        """As :meth:`FractionLikelihood.maximise`; the information is with the share unknown."""
        self.beta, self.steps = beta, 0
        span = 1e-3 / len(self.empty)
        for _ in range(ROUNDS):
            if self._excess(span) <= 0.0:  # fewer objects than expected explain what is empty
                self.share, self.problem.fixed = 0.0, np.full(len(self.empty), -np.inf)
                beta, information, steps, converged = self.problem.maximise(self.beta)
                return beta, information, self.steps + steps, converged
            self.share = share = root(self._excess, span, 1.0 - span, span)
            self._excess(share)
            factor = self._density_factor()
            if abs(factor - self.factor) < SETTLED:
                break
            self.factor = factor
        information = self.with_share_unknown(self.information)
        return self.beta, information, self.steps, self.converged

    def with_share_unknown(self, information: np.ndarray) -> np.ndarray:
        """The coefficients' information with the share unknown; its own error follows."""
        beta, share = self.beta, self.share
        # The share's own information, and what it shares with the coefficients.
        chance = np.exp(np.minimum(self.ln_like(beta) - self.ln_odds(), 300.0))
        own = float((((1.0 - chance) / (share + (1.0 - share) * chance)) ** 2).sum())
        step = 1e-4 * min(share, 1.0 - share)
        gradients = []
        for side in (-step, step):
            self.take(share + side)
            gradients.append(self.problem.sums(beta)[1])
        self.take(share)
        mixed = (gradients[1] - gradients[0]) / (2.0 * step)
        self.cross = mixed / own
        reduced: np.ndarray = information - np.outer(mixed, self.cross)
        slack = own - mixed @ np.linalg.pinv(information, hermitian=True) @ mixed
        self.error = float(slack**-0.5) if slack > 0 else 0.0
        return reduced

    def inside(self) -> np.ndarray:
        """Probability of lying inside, (n,), where some lie outside."""
        inside: np.ndarray = 1.0 - self._outside(self.share)
        return inside

    def _excess(self, share: float) -> float:
        """The share that lies outside in expectation, minus the one assumed: 0 at the maximum."""
        self.take(share)
        self.beta, self.information, steps, self.converged = self.problem.maximise(self.beta)
        self.steps += steps
        return float(self._outside(share).sum() / len(self.empty) - share)

    def _outside(self, share: float) -> np.ndarray:
        """Probability of lying outside, (n,)."""
        chance = np.exp(np.minimum(self.ln_like(self.beta) - self.ln_odds(), 300.0))
        outside: np.ndarray = share / (share + (1.0 - share) * chance)
        return outside

    def _density_factor(self) -> float:
        """Field objects in the circles of the sources inside, over those expected."""
        circles = self.circles
        if circles.field is None or circles.counterparts is None:
            return 1.0
        inside = self.inside()
        found = float(circles.count.sum() - dot(inside, self.counterparts()))
        return float(np.clip(found / max(dot(inside, circles.field), 1e-300), *FACTORS))

    def counterparts(self) -> np.ndarray:
        """Expected number of counterparts in the circle of a source inside, (n,)."""
        fraction = np.exp(self.problem.shares(self.beta)[0])
        expected: np.ndarray = (fraction * self.circles.counterparts).sum(axis=1)
        return expected

    def take(self, share: float) -> None:
        """Give primaries the chance of lying outside, in units of the other."""
        self.problem.fixed = np.log(share) - np.log1p(-share) + self.ln_odds()

    def ln_odds(self) -> np.ndarray:
        """Ln of how much more probable what is seen is outside than without a counterpart inside.

        In units of the chance of what lies farther out.
        """
        field = np.minimum(self.factor * self.circles.expected, 300.0)
        odds: np.ndarray = np.where(self.empty, field, -np.inf)
        return odds

    def ln_like(self, beta: np.ndarray) -> np.ndarray:
        """Ln of the likelihood of a primary in the footprint, over that without a counterpart."""
        by_pattern = self.problem.ln_shares(beta) + self.problem.ln_like
        ln_like: np.ndarray = reduce(np.logaddexp, by_pattern.T)  # columns are few, and rows many
        return ln_like
