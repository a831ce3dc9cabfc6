"""A ratio learned from a match in rounds: probabilities, then the ratio that they say.

The EM algorithm (Dempster, Laird & Rubin 1977) for the marginal likelihood of the match, with the
ratio as a tilt of the field (:mod:`~.tilt`).  Sources are in folds, and each is judged by the
coefficients that the others gave: the likelihood found is that of sources not learned from.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np

from .._kernels import jit
from .._kernels import tilt as kernels
from .._kernels.sums import rows_times
from .field_means import TAIL, blended, field_means, highest_known
from .hats import Hats
from .lesson import Lesson
from .strengths import unsureness
from .tilt import TiltField, TiltFit

#: field objects in a mean while learning; they are drawn anew, by their ratio, in these rounds
FIELD_OBJECTS, DRAWN_ANEW = 20_000, (2, 5)
#: of the draws, this share is by the ratio, the others are as they come
BY_RATIO = 0.7
#: rounds end when the ln likelihood of all sources changes by less than this, or than this for each
#: expected counterpart: with thousands it goes on growing long after no probability moves
MAX_ROUNDS, ENOUGH, ENOUGH_EACH = 40, 0.05, 1e-4
#: Newton's steps of the first round, and of every other: what one leaves, the next round does
FIRST_STEPS, STEPS = 5, 1
#: a candidate less probable than this teaches nothing
TEACHES = 1e-5
#: candidates more probable than this are averaged over beside field objects, for ten of them
LIKELY = 0.5
#: ln ratios of a start end here: zero bins of a histogram are put right, too
MAX_START = 7.0


@dataclass(frozen=True, eq=False)
class Rounds:
    """What the rounds ended with."""

    hats: Hats
    coefficients: np.ndarray
    """(F, B, D)"""
    ln_mean: np.ndarray
    """(F, nodes) over the field"""
    edge: np.ndarray
    """(F,) ln ratio from which on it is the largest"""
    cap: np.ndarray
    """(F,) largest ln ratio"""
    tilted: np.ndarray
    """(m,) ln ratio of each candidate that its fold's model gives, cut off at the largest"""
    p: np.ndarray
    """(m,) probability of each candidate with it"""
    ln_like: np.ndarray
    """(n,) ln marginal likelihood of each source"""
    rounds: int
    converged: bool
    strength: float
    alike: float
    """share of the counterparts that look like field objects"""

    @property
    def ln_ratio(self) -> np.ndarray:
        """(m,) of each candidate, with those that look like field objects."""
        return blended(self.tilted, self.alike)


class Learner:
    """Rounds with one basis of functions; each strength goes on where the one before ended."""

    def __init__(self, lesson: Lesson, p: np.ndarray, n_knots: int) -> None:
        """`p` (m,) are probabilities to begin with, `n_knots` the most knots of each feature."""
        self.lesson, self.p, self._begin = lesson, p, p
        # Functions of the size of the error follow chance candidates where few are sure: with
        # large errors and a host fraction of 0.3, purity = completeness was lower by 0.004.
        self._context_strength = unsureness(p)
        self.hats = Hats.of(lesson.x, p, lesson.field, n_knots)
        self.own = self.hats.entries(lesson.x)
        self.everywhere = self.hats.entries(lesson.field)
        n_context = lesson.centre.shape[1]
        self.coefficients = np.zeros((len(lesson.folds), 1 + n_context, self.hats.size))
        self._rng = np.random.default_rng(lesson.seed)
        self._mine = [np.flatnonzero(lesson.fold == f) for f in range(len(lesson.folds))]
        self._drawn: TiltField | None = None
        self._fit: TiltFit | None = None

    def run(self, strength: float) -> Rounds:
        """Rounds until the likelihood stands still; functions are held back by `strength`."""
        draw_at = DRAWN_ANEW if self._drawn is None else ()
        self._fit, last, taught = None, -np.inf, self.p
        for rounds in range(1, MAX_ROUNDS + 1):
            steps = FIRST_STEPS if rounds == 1 else STEPS
            tilted = self.improved(taught, strength, steps, anew=rounds in draw_at)
            p, ln_like = self.lesson.view.evidence(blended(tilted, self.lesson.alike))
            taught = self.lesson.taught(tilted, p)
            total = float(ln_like.sum())
            converged = rounds > max(draw_at, default=1) and abs(total - last) < self.enough
            if converged:
                break
            last = total
        self.p = taught
        return self._finished(rounds, converged, strength)

    def improved(
        self, taught: np.ndarray, strength: float, steps: int, anew: bool = False
    ) -> np.ndarray:
        """Ln ratios (m,) after some steps towards what goes with how much each candidate teaches.

        Field objects to average over are drawn in the first round, and `anew`.
        """
        if self._drawn is None or anew:
            self._drawn, self._fit = self._draw(taught), None
        if self._fit is None:
            self._fit = TiltFit(
                self.hats, self._drawn, strength, self.coefficients, self._context_strength
            )
        self._fit.improve(*self._expected(taught), steps=steps)
        return self._ratios([ln_mean[self.lesson.group] for ln_mean in self._fit.ln_mean])

    @property
    def enough(self) -> float:
        """Change of the ln likelihood at which rounds end."""
        return max(ENOUGH, ENOUGH_EACH * float(self._begin.sum()))

    def twin(self, *, anew: bool) -> Learner:
        """Another with the same functions, which goes on from what this one learned, or anew."""
        other = copy(self)
        other.coefficients = np.zeros_like(self.coefficients) if anew else self.coefficients.copy()
        other._fit = None
        if anew:
            other._drawn = None
        return other

    def followed(self, taught: np.ndarray, before: Rounds) -> Rounds:
        """The ratio that goes with how much each candidate (m,) teaches, whatever says so.

        Held back as in the rounds `before`, whose field objects are averaged over.
        """
        assert self._drawn is not None  # in those rounds
        fit = TiltFit(
            self.hats, self._drawn, before.strength, self.coefficients, self._context_strength
        )
        fit.improve(*self._expected(taught), steps=FIRST_STEPS)
        self.p = taught
        return self._finished(before.rounds, before.converged, before.strength)

    def begin_again(self) -> None:
        """Forget what was learned: the rounds have gone astray."""
        self.p = self._begin
        self.coefficients[:] = 0.0
        self._drawn = None

    def _ratios(self, ln_mean: list[np.ndarray]) -> np.ndarray:
        """Ln ratio of each candidate by its fold's model, from F ln means (m,) each."""
        out = np.empty(len(self.p))

        def of_fold(f: int) -> None:
            mine = self._mine[f]
            entries = self.own[0][mine], self.own[1][mine]
            sums = tilted_sums(self.lesson, self.hats, entries, self.coefficients[f], mine)
            out[mine] = sums - ln_mean[f][mine]

        list(jit.each(of_fold, range(len(self._mine))))
        return out

    def _finished(self, rounds: int, converged: bool, strength: float) -> Rounds:
        """Means over all field objects, and the ratios that go with them."""
        lesson, nodes = self.lesson, self.lesson.context.nodes()
        n_folds = len(lesson.folds)
        ln_mean, cap = np.empty((n_folds, len(nodes))), np.empty(n_folds)
        beyond = np.empty_like(ln_mean)

        def mean_of(f: int) -> None:
            sums = self.hats.sums(self.everywhere, self.coefficients[f].T)
            ln_mean[f], cap[f], beyond[f] = field_means(
                lesson.start_field, sums, nodes, lesson.weight
            )

        list(jit.each(mean_of, range(n_folds)))
        means = [lesson.context.at(own, lesson.values) for own in ln_mean]
        found = lesson.judged(self._ratios(means), ln_mean, cap, beyond)
        return Rounds(
            self.hats,
            self.coefficients.copy(),
            found.ln_mean,
            found.edge,
            found.cap,
            found.tilted,
            found.p,
            found.ln_like,
            rounds,
            converged,
            strength,
            lesson.alike,
        )

    def _expected(self, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums of features (F, B, D) and of p (F, G) that each fold's model learns from."""
        lesson, (n_groups, n_context) = self.lesson, self.lesson.centre.shape
        sums = np.zeros(self.coefficients.shape)
        weights = np.zeros((len(sums), n_groups))

        def of_fold(f: int) -> None:
            weight = np.where(lesson.teaches[f] & (p > TEACHES), p, 0.0)
            weights[f] = np.bincount(lesson.group, weight, n_groups)
            kernels.weighted_columns(*self.own, weight, sums[f, 0])
            for c in range(n_context):
                # Sources count with their group's properties, for which the mean is known.
                centred = weight * lesson.centre[lesson.group, c]
                kernels.weighted_columns(*self.own, centred, sums[f, 1 + c])

        list(jit.each(of_fold, range(len(sums))))
        return sums, weights

    def _draw(self, p: np.ndarray) -> TiltField:
        """Objects to average over: of the field, in the first round as they come, and likely ones.

        Where counterparts lie that no field object is like, nothing else would hold their ratio.
        """
        chance = np.ones(len(self.lesson.field))
        if self._drawn is not None:
            chance = drawing_chance(self.lesson, self.hats, self.everywhere, self.coefficients)
        share = np.minimum(1.0, FIELD_OBJECTS * chance / len(chance))
        drawn = self._rng.random(len(share)) < share
        rows = np.flatnonzero(drawn & (self.lesson.weight > 0.0))
        weight = self.lesson.weight[rows] / share[rows]
        likely = np.flatnonzero(p > LIKELY)
        own = TAIL / len(chance) * p[likely] / max(float(p[likely].sum()), 1e-300)
        start = np.concatenate([self.lesson.start_field[rows], self.lesson.start[likely]])
        ln_weight = np.log(np.concatenate([weight / weight.sum(), own])) + start
        column, value = (
            np.concatenate([everywhere[rows], own[likely]])
            for everywhere, own in zip(self.everywhere, self.own, strict=True)
        )
        return TiltField((column, value), ln_weight, self.lesson.centre)


def tilted_sums(
    lesson: Lesson,
    hats: Hats,
    entries: tuple[np.ndarray, np.ndarray],
    coefficients: np.ndarray,
    rows: np.ndarray,
) -> np.ndarray:
    """Ln ratio of candidates, not normalised."""
    sums = hats.sums(entries, coefficients.T)
    out: np.ndarray = np.einsum("nc,nc->n", sums[:, 1:], lesson.values[rows])
    out += lesson.start[rows] + sums[:, 0]
    return out


def drawing_chance(
    lesson: Lesson,
    hats: Hats,
    everywhere: tuple[np.ndarray, np.ndarray],
    coefficients: np.ndarray,
) -> np.ndarray:
    """How often to draw each field object: more often, the higher its ratio."""
    sums = hats.sums(everywhere, coefficients.mean(axis=0).T)
    ratio = np.zeros(len(sums))
    for node in lesson.centre:
        ln_ratio = lesson.start_field + sums[:, 0] + rows_times(sums[:, 1:], node)
        weight = np.exp(np.minimum(ln_ratio - highest_known(ln_ratio), 0.0))
        ratio += weight / weight.mean() / len(lesson.centre)
    ratio *= lesson.weight / (ratio * lesson.weight).mean()
    return BY_RATIO * ratio + (1.0 - BY_RATIO)
