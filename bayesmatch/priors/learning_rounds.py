"""A ratio learned from a match in rounds: probabilities, then the ratio that they say.

The EM algorithm (Dempster, Laird & Rubin 1977) for the marginal likelihood of the match, with the
ratio as a tilt of the field (:mod:`~.tilt`).  Sources are in folds, and each is judged by the
coefficients that the others gave: the likelihood found is that of sources not learned from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._kernels import tilt as kernels
from .hats import Hats
from .learning_view import MatchView
from .source_context import Folds, SourceContext, grouped
from .tilt import TiltField, TiltFit

#: field objects in a mean while learning; they are drawn anew, by their ratio, in these rounds
FIELD_OBJECTS, DRAWN_ANEW = 20_000, (2, 5)
#: of the draws, this share is by the ratio, the others are as they come
BY_RATIO = 0.7
MAX_ROUNDS, ENOUGH = 40, 0.05
#: a candidate less probable than this teaches nothing
TEACHES = 1e-5
#: the ratio stops growing where fewer field objects of the sample have a larger one
TAIL = 10
#: ln ratios of a start end here: zero bins of a histogram are put right, too
MAX_START = 7.0


@dataclass(frozen=True, eq=False)
class Lesson:
    """What there is to learn from: candidates, sources and field objects as arrays."""

    view: MatchView
    x: np.ndarray
    """(m, F) features of the candidates, NaN where missing"""
    field: np.ndarray
    """(k, F) those of field objects away from all sources"""
    start: np.ndarray
    """(m,) ln ratio of the prior to be put right; 0 without one"""
    start_field: np.ndarray
    """(k,) of the field objects"""
    context: SourceContext
    folds: Folds
    fold: np.ndarray
    """(m,) fold of each candidate's source"""
    group: np.ndarray
    """(m,) group of each candidate's source"""
    centre: np.ndarray
    """(G, C) properties of each group"""
    values: np.ndarray
    """(m, C) properties of each candidate's source"""
    teaches: np.ndarray
    """(F, m) bool: which candidates a fold's model learns from"""
    seed: int

    @classmethod
    def of(
        cls,
        view: MatchView,
        features: tuple[np.ndarray, np.ndarray],
        start: tuple[np.ndarray, np.ndarray],
        context: SourceContext,
        folds: Folds,
        seed: int,
    ) -> Lesson:
        """From features and ln ratios to start from, of candidates and of field objects."""
        fold = folds.of_sources(view.primary)[view.source]
        values = context.values(view.primary)
        group, centre = grouped(values)
        # An object near a source must not teach the model that judges it, whosesoever it is.
        near = np.zeros(len(view.catalog), np.int64)
        np.bitwise_or.at(near, view.row[view.near], 1 << fold[view.near])
        teaches = np.stack(
            [(fold != f) & ((near[view.row] >> f) & 1 == 0) for f in range(len(folds))]
        )
        return cls(
            view,
            *features,
            *start,
            context,
            folds,
            fold,
            group[view.source],
            centre,
            values[view.source],
            teaches,
            seed,
        )


@dataclass(frozen=True, eq=False)
class Rounds:
    """What the rounds ended with."""

    hats: Hats
    coefficients: np.ndarray
    """(F, B, D)"""
    ln_mean: np.ndarray
    """(F, nodes) over the field"""
    cap: np.ndarray
    """(F,) largest ln ratio"""
    ln_ratio: np.ndarray
    """(m,) of each candidate, by the model of its source's fold"""
    p: np.ndarray
    """(m,) probability of each candidate with it"""
    ln_like: np.ndarray
    """(n,) ln marginal likelihood of each source"""
    rounds: int
    strength: float


def run_rounds(lesson: Lesson, p: np.ndarray, n_knots: int, strength: float) -> Rounds:
    """Rounds until the likelihood stands still.

    Parameters
    ----------
    lesson : Lesson
        What to learn from.
    p : ndarray, shape (m,)
        Probabilities of the candidates to begin with.
    n_knots : int
        Knots of each feature, at most.
    strength : float
        How much the ratio is held back.
    """
    rng = np.random.default_rng(lesson.seed)
    hats = Hats.of(lesson.x, p, lesson.field, n_knots)
    own, everywhere = hats.entries(lesson.x), hats.entries(lesson.field)
    n_context = lesson.centre.shape[1]
    coefficients = np.zeros((len(lesson.folds), 1 + n_context, hats.size))
    chance = np.ones(len(lesson.field))
    fit, last, rounds = None, -np.inf, 0
    for rounds in range(1, MAX_ROUNDS + 1):
        if fit is None or rounds in DRAWN_ANEW:
            if fit is not None:
                chance = drawing_chance(lesson, hats, everywhere, coefficients)
            drawn = _drawn(lesson, everywhere, chance, rng)
            fit = TiltFit(hats, drawn, strength, coefficients)
        fit.improve(*_expected(lesson, own, hats.size, p), steps=5 if rounds == 1 else 2)
        ln_ratio = np.empty(len(p))
        for f in range(len(lesson.folds)):
            mine = np.flatnonzero(lesson.fold == f)
            sums = tilted_sums(lesson, hats, (own[0][mine], own[1][mine]), coefficients[f], mine)
            ln_ratio[mine] = sums - fit.ln_mean(coefficients[f])[lesson.group[mine]]
        p, ln_like = lesson.view.evidence(ln_ratio)
        total = float(ln_like.sum())
        if rounds > max(DRAWN_ANEW) and abs(total - last) < ENOUGH:
            break
        last = total
    return _finished(lesson, hats, (own, everywhere), coefficients, rounds, strength)


def _finished(
    lesson: Lesson,
    hats: Hats,
    entries: tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
    coefficients: np.ndarray,
    rounds: int,
    strength: float,
) -> Rounds:
    """Means over all field objects, and the ratios that go with them."""
    own, everywhere = entries
    nodes = lesson.context.nodes()
    ln_mean, cap = np.empty((len(coefficients), len(nodes))), np.empty(len(coefficients))
    ln_ratio = np.empty(len(lesson.x))
    for f, coefficient in enumerate(coefficients):
        sums = hats.sums(everywhere, coefficient.T)
        ln_mean[f], cap[f] = field_means(lesson.start_field, sums, nodes)
        mine = np.flatnonzero(lesson.fold == f)
        tilted = tilted_sums(lesson, hats, (own[0][mine], own[1][mine]), coefficient, mine)
        tilted -= lesson.context.at(ln_mean[f], lesson.values[mine])
        ln_ratio[mine] = np.minimum(tilted, cap[f])
    p, ln_like = lesson.view.evidence(ln_ratio)
    return Rounds(hats, coefficients, ln_mean, cap, ln_ratio, p, ln_like, rounds, strength)


def field_means(start: np.ndarray, sums: np.ndarray, nodes: np.ndarray) -> tuple[np.ndarray, float]:
    """Ln mean ratio over field objects at each node (G,), and the largest ln ratio to be used.

    ``start`` (k,) and ``sums`` (k, 1 + C) are ln ratios before they are normalised.
    """
    ln_mean, cap = np.empty(len(nodes)), -np.inf
    for g, node in enumerate(nodes):
        ln_ratio = start + sums[:, 0] + sums[:, 1:] @ node
        top = ln_ratio.max()
        ln_mean[g] = top + np.log(np.exp(ln_ratio - top).mean())
        tail = min(TAIL, len(ln_ratio) - 1)
        cap = max(cap, float(np.partition(ln_ratio, -1 - tail)[-1 - tail] - ln_mean[g]))
    return ln_mean, max(cap, 0.0)


def tilted_sums(
    lesson: Lesson,
    hats: Hats,
    entries: tuple[np.ndarray, np.ndarray],
    coefficients: np.ndarray,
    rows: np.ndarray,
) -> np.ndarray:
    """Ln ratio of candidates, not normalised."""
    sums = hats.sums(entries, coefficients.T)
    out: np.ndarray = lesson.start[rows] + sums[:, 0]
    return out + np.einsum("nc,nc->n", sums[:, 1:], lesson.values[rows])


def _expected(
    lesson: Lesson, own: tuple[np.ndarray, np.ndarray], size: int, p: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of features (F, B, D) and of probabilities (F, G) that each fold's model learns from."""
    n_folds, (n_groups, n_context) = len(lesson.folds), lesson.centre.shape
    sums = np.zeros((n_folds, 1 + n_context, size))
    weights = np.zeros((n_folds, n_groups))
    for f in range(n_folds):
        weight = np.where(lesson.teaches[f] & (p > TEACHES), p, 0.0)
        weights[f] = np.bincount(lesson.group, weight, n_groups)
        kernels.weighted_columns(*own, weight, sums[f, 0])
        for c in range(n_context):
            # Sources count with their group's properties, for which the field's mean is known.
            kernels.weighted_columns(*own, weight * lesson.centre[lesson.group, c], sums[f, 1 + c])
    return sums, weights


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
        ln_ratio = lesson.start_field + sums[:, 0] + sums[:, 1:] @ node
        top = np.partition(ln_ratio, -1 - min(TAIL, len(ln_ratio) - 1))
        weight = np.exp(np.minimum(ln_ratio - top[-1 - min(TAIL, len(ln_ratio) - 1)], 0.0))
        ratio += weight / weight.mean() / len(lesson.centre)
    return BY_RATIO * ratio + (1.0 - BY_RATIO)


def _drawn(
    lesson: Lesson,
    everywhere: tuple[np.ndarray, np.ndarray],
    chance: np.ndarray,
    rng: np.random.Generator,
) -> TiltField:
    share = np.minimum(1.0, FIELD_OBJECTS * chance / len(chance))
    rows = np.flatnonzero(rng.random(len(share)) < share)
    weight = 1.0 / share[rows]
    ln_weight = np.log(weight / weight.sum()) + lesson.start_field[rows]
    return TiltField((everywhere[0][rows], everywhere[1][rows]), ln_weight, lesson.centre)
