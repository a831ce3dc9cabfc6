"""The share of the primaries outside the footprint, from circles and the cells around them."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from .._kernels.sums import dot, product, rows_times
from .footprint_share import FACTORS, SETTLED, FootprintShare, Maximum
from .fraction_likelihood import FractionLikelihood
from .hole_rims import Rims, SeenAround
from .inner_circles import Circles

#: rounds in which all is fitted, steps of the EM algorithm in each, and a change of the share that
#: matters no more
ROUNDS, STEPS, SAME = 30, 20, 2e-4
#: sources at the rims of holes make no larger part of those outside; more is found in small circles
#: where objects are clumped, or listed twice
RIMS = 0.3
#: so many times as dense as is usual, cells hold a clump
CLUMP = 3.0
#: of the sources outside, how many are near a rim to begin with, and as many inside
NEAR = 0.2


def outside_footprint(
    problem: FractionLikelihood,
    beta: np.ndarray,
    whole: Circles,
    inner: Callable[[], Circles] | None,
    around: Callable[[], SeenAround | None] | None,
) -> tuple[FootprintShare, Maximum]:
    """The share outside, and what its :meth:`FootprintShare.maximise` gives, from `beta` on.

    By the circles of the match and what is `around` them, where that is known; else by the circles
    or, where rims explain that, smaller ones.
    """
    first = FootprintShare(problem, whole)
    found = first.maximise(beta)
    share = first.share
    if whole.unseen is not None:
        share = max(share, float(np.mean(first.empty & whole.unseen)))
    cells = None if around is None or share == 0.0 else around()
    if cells is not None:
        by_cells = RimShare(problem, cells, share)
        return by_cells, by_cells.maximise(found[0])
    circles = None if inner is None else inner()
    if circles is None or not circles.count.any():
        return first, found
    second = FootprintShare(problem, circles)
    other = second.maximise(found[0])
    if second.share <= (1.0 + RIMS) * first.share:
        return second, other
    first.take(first.share)
    return first, found


class RimShare(FootprintShare):
    """The share outside where cells show the holes.

    Sources lie in each place by a rim (:class:`~.hole_rims.Rims`) with a probability that is fitted
    along; so are the density of field objects in circles and cells, and its scatter.
    """

    def __init__(self, problem: FractionLikelihood, around: SeenAround, share: float) -> None:
        super().__init__(problem, around.circles)
        self.around, self.rims = around, Rims(around)
        self.in_circle, self.in_cells = self.rims.covered()
        self.n_outside = n = self.rims.n_outside
        self.weight = np.empty(2 * n - 1)
        self.weight[:n] = NEAR * share / (n - 1)
        self.weight[0] = (1.0 - NEAR) * share
        # Where nearly all are outside, no more are near a rim inside than half of those there.
        self.weight[n:] = 0.5 * min(NEAR * share, 1.0 - share) / (n - 1)
        self.weight[n] = 1.0 - share - self.weight[n + 1 :].sum()
        self.cell_factor, self.scatter, self.share = 1.0, 0.0, share

    def maximise(self, beta: np.ndarray) -> Maximum:
        """As :meth:`FractionLikelihood.maximise`; the information is with the share unknown."""
        self.beta, steps = beta, 0
        for _ in range(ROUNDS):
            share, factors = self.share, (self.factor, self.cell_factor)
            self.ln_ratio = self.rims.ln_ratios(factors, self.scatter)
            place = self._weigh()
            self.take(self.share)
            self.beta, information, more, converged = self.problem.maximise(self.beta)
            steps += more
            moved = abs(self.share - share)
            self._densities(place)
            changed = abs(self.factor - factors[0]) + abs(self.cell_factor - factors[1])
            if moved < SAME and changed < SETTLED:
                break
        information = self.with_share_unknown(information)
        return self.beta, information, steps, converged

    def _weigh(self) -> np.ndarray:
        """Some steps for the shares of the places; how probable each is for each source."""
        n = self.n_outside
        ln_like = self.ln_like(self.beta)
        ln = self.ln_ratio.copy()
        ln[:, n:] += ln_like[:, None]
        like = np.exp(ln - reduce(np.maximum, ln.T)[:, None])  # columns are few, and rows many
        for _ in range(STEPS):
            self.weight = self.weight * product(like, 1.0 / rows_times(like, self.weight))
            self.weight /= self.weight.sum()
        self.share = float(self.weight[:n].sum())
        place: np.ndarray = like * self.weight
        place /= place.sum(axis=1, keepdims=True)
        return place

    def _densities(self, place: np.ndarray) -> None:
        """Density in circles and cells over those expected, and its scatter in the latter.

        By most sources: clumps hold far more than voids lack, and nobody takes them for holes.
        """
        n, around, circles = self.n_outside, self.around, self.circles
        inside = place[:, n:].sum(axis=1)
        dense = around.count / np.maximum(around.expected, 1e-300)
        typical = float(np.median(dense[inside > 0.5])) if (inside > 0.5).any() else np.inf
        kept = np.where(dense <= CLUMP * typical, 1.0, 0.0)
        found = dot(kept, circles.count - inside * self.counterparts())
        assert circles.field is not None  # in circles round which there are cells it is known
        looked = dot(kept * rows_times(place, self.in_circle), circles.field)
        self.factor = float(np.clip(found / max(looked, 1e-300), *FACTORS))
        looked = dot(kept * rows_times(place, self.in_cells), around.expected)
        self.cell_factor = float(np.clip(dot(kept, around.count) / max(looked, 1e-300), *FACTORS))
        whole, mean = kept * place[:, n], self.cell_factor * around.expected
        beyond = dot(whole, (around.count - mean) ** 2 - mean)
        self.scatter = max(beyond / max(dot(whole, mean**2), 1e-300), 0.0)

    def ln_odds(self) -> np.ndarray:
        """Ln of how much more probable what is seen is outside than without a host inside."""
        n = self.n_outside
        with np.errstate(divide="ignore"):
            ln = self.ln_ratio + np.log(self.weight)
        outside, inside = (reduce(np.logaddexp, part.T) for part in (ln[:, :n], ln[:, n:]))
        odds: np.ndarray = outside - inside + np.log1p(-self.share) - np.log(self.share)
        return odds
