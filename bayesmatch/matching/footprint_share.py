"""The share of the primaries that lie where no other catalogue has looked."""

from __future__ import annotations

import numpy as np

from .fraction_likelihood import FractionLikelihood


class FootprintShare:
    """The share of the primaries outside the footprint, fitted together with the coefficients."""

    def __init__(
        self, problem: FractionLikelihood, empty: np.ndarray, expected: np.ndarray
    ) -> None:
        self.problem, self.empty = problem, empty
        self.expected = np.minimum(expected, 300.0)
        self.share = self.error = 0.0
        self.cross = np.zeros(problem.size)

    def maximise(self, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray, int, bool]:
        """As :meth:`FractionLikelihood.maximise`; the information is with the share unknown."""
        from scipy.optimize import brentq

        self.beta, self.steps = beta, 0
        span = 1.0 / len(self.empty)
        self.share = share = brentq(self._excess, 1e-3 * span, 1.0 - 1e-3 * span, xtol=1e-3 * span)
        self._excess(share)
        beta, information, converged = self.beta, self.information, self.converged
        # The share's own information, and what it shares with the coefficients.
        chance = np.exp(self._ln_chance(beta)[self.empty])
        own = (((1.0 - chance) / (share + (1.0 - share) * chance)) ** 2).sum() + (
            len(self.empty) - self.empty.sum()
        ) / (1.0 - share) ** 2
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
        self.error = float(slack**-0.5) if slack > 0 else 0.0
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
        ln_chance: np.ndarray = self.problem.ln_none_within(beta) - self.expected
        return ln_chance
