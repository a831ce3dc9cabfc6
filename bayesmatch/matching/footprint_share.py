"""The share of the primaries that lie where no other catalogue has looked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .fraction_likelihood import FractionLikelihood
from .inner_circles import Circles
from .root import root

#: how far the density of field objects may be from that of the cells
FACTORS = (0.5, 2.0)
#: rounds in which it is fitted, and a change that matters no more
ROUNDS, SETTLED = 10, 1e-3
#: sources at the rims of holes make no larger part of those outside; more is found in small circles
#: where objects are clumped, or listed twice
RIMS = 0.3

Maximum = tuple[np.ndarray, np.ndarray, int, bool]


def outside_footprint(
    problem: FractionLikelihood,
    beta: np.ndarray,
    whole: Circles,
    inner: Callable[[], Circles] | None,
) -> tuple[FootprintShare, Maximum]:
    """The share outside, by the circles of the match or, where rims explain that, smaller ones.

    And what its :meth:`FootprintShare.maximise` gives, from `beta` on.
    """
    first = FootprintShare(problem, whole)
    found = first.maximise(beta)
    circles = None if inner is None else inner()
    if circles is None or not circles.count.any():
        return first, found
    second = FootprintShare(problem, circles)
    other = second.maximise(found[0])
    if second.share <= (1.0 + RIMS) * first.share:
        return second, other
    first.take(first.share)
    return first, found


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
        beta, information, converged = self.beta, self.information, self.converged
        # The share's own information, and what it shares with the coefficients.
        chance = np.exp(self._ln_chance(beta)[self.empty])
        own = (((1.0 - chance) / (share + (1.0 - share) * chance)) ** 2).sum() + (
            len(self.empty) - self.empty.sum()
        ) / (1.0 - share) ** 2
        step = 1e-4 * min(share, 1.0 - share)
        gradients = []
        for side in (-step, step):
            self.take(share + side)
            gradients.append(self.problem.sums(beta)[1])
        self.take(share)
        mixed = (gradients[1] - gradients[0]) / (2.0 * step)
        self.cross = mixed / own
        reduced = information - np.outer(mixed, self.cross)
        slack = own - mixed @ np.linalg.pinv(information, hermitian=True) @ mixed
        self.error = float(slack**-0.5) if slack > 0 else 0.0
        return beta, reduced, self.steps, converged

    def inside(self) -> np.ndarray:
        """Probability of lying inside, in units of its mean, (n,)."""
        inside = np.ones(len(self.empty))
        if self.share > 0:
            inside[self.empty] -= self._outside(self.share)
        relative: np.ndarray = inside / inside.mean()
        return relative

    def _excess(self, share: float) -> float:
        """The share that lies outside in expectation, minus the one assumed: 0 at the maximum."""
        self.take(share)
        self.beta, self.information, steps, self.converged = self.problem.maximise(self.beta)
        self.steps += steps
        return float(self._outside(share).sum() / len(self.empty) - share)

    def _outside(self, share: float) -> np.ndarray:
        """Probability of lying outside of those whose circles are empty."""
        chance = np.exp(self._ln_chance(self.beta)[self.empty])
        outside: np.ndarray = share / (share + (1.0 - share) * chance)
        return outside

    def _density_factor(self) -> float:
        """Field objects in the circles of the sources inside, over those expected."""
        circles = self.circles
        if circles.field is None or circles.counterparts is None:
            return 1.0
        inside = (1.0 - self.share) * self.inside()
        fraction = np.exp(self.problem.shares(self.beta)[0])
        found = float(circles.count.sum() - inside @ (fraction * circles.counterparts).sum(axis=1))
        return float(np.clip(found / max(float(inside @ circles.field), 1e-300), *FACTORS))

    def take(self, share: float) -> None:
        """Give primaries with empty circles the chance of lying outside, in units of the other."""
        ln_odds = np.log(share) - np.log1p(-share) + self._expected()
        self.problem.fixed = np.where(self.empty, ln_odds, -np.inf)

    def _expected(self) -> np.ndarray:
        expected: np.ndarray = np.minimum(self.factor * self.circles.expected, 300.0)
        return expected

    def _ln_chance(self, beta: np.ndarray) -> np.ndarray:
        """Ln of the chance that a primary in the footprint is as one with an empty circle.

        In units of that of what lies farther out.
        """
        ln_like = np.logaddexp.reduce(self.problem.shares(beta)[0] + self.problem.ln_like, axis=1)
        ln_chance: np.ndarray = ln_like - self._expected()
        return ln_chance
