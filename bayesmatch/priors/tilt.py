"""A density ratio as an exponential tilt of the field: few parameters, no classifier.

Counterparts of a source with properties u have the density

    p(x | counterpart, u) = p(x | field) exp(f_0(x) + sum_c u_c f_c(x)) / Z(u),

each f a sum of functions of one feature (:class:`~.hats.Hats`), Z(u) the mean of the exponential
over the field.  The expected ln likelihood of candidates that are counterparts with probabilities p
is concave in the coefficients (exponential tilting: Efron & Tibshirani 1996, Annals of Statistics
24, 2431).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._kernels import jit
from .._kernels import tilt as kernels
from .._kernels.equations import solve_positive
from .._kernels.jit import ranges, run_ranges
from .hats import Hats

ROWS = 1 << 13
#: what depends on the source is held back so many times as much at least
CONTEXT_PENALTY = 3.0
#: largest change of a field object's ln ratio in a step: farther off the curvature is another one,
#: and a mean over the field that a few objects rule has none to find the way back by
REACH = 4.0
#: of Newton's steps, smallest fraction that is tried, and the one below which folds stop sharing
#: their curvature: it is that of their mean, and tells little of a fold that is far from it
SMALLEST, SHARED = 1.0 / 256.0, 0.3
#: of the ln likelihood, by which a step has to be worth it
LEAST_GAIN = 1e-4

Entries = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class TiltField:
    """Field objects that the exponential is averaged over, in groups of alike sources."""

    entries: Entries
    ln_weight: np.ndarray
    """(k,) ln of the share that each object stands for, its start's ratio included"""
    nodes: np.ndarray
    """(G, C) properties of the sources of each group"""


@dataclass(frozen=True, eq=False)
class _Means:
    """What some coefficients say of the field, whatever they are to be fitted to."""

    tilt: np.ndarray
    """(G, k) ln ratio of the field objects"""
    ln_mean: np.ndarray
    """(G,) ln of the mean exponential"""
    feature: np.ndarray
    """(G, D) means of the features, weighted by it"""


@dataclass(frozen=True, eq=False)
class _Point:
    """Coefficients of one fold, and what a step from them needs."""

    coefficients: np.ndarray
    """(B, D) of its functions"""
    means: _Means
    value: float
    gradient: np.ndarray
    """(B, D) of the value"""


class TiltFit:
    """Coefficients, fold by fold, fitted together: they share the curvature."""

    def __init__(
        self,
        hats: Hats,
        field: TiltField,
        strength: float,
        coefficients: np.ndarray,
        context_strength: float = 0.0,
    ) -> None:
        """What depends on the source is held back by `context_strength` at least."""
        self.hats, self.field, self.strength = hats, field, strength
        self.coefficients = coefficients
        """(F, B, D) of each fold's functions, B = 1 + C"""
        of_context = max(CONTEXT_PENALTY * strength, context_strength)
        held_back = np.array([strength, *[of_context] * field.nodes.shape[1]])
        self._penalty = np.kron(np.diag(held_back), hats.penalty)
        self._with_one = np.column_stack([np.ones(len(field.nodes)), field.nodes])
        self._means = self._of_folds(lambda fold: self._means_of(self._tilt(coefficients[fold])))

    def improve(self, sums: np.ndarray, weights: np.ndarray, steps: int) -> None:
        """Newton steps towards the best coefficients.

        Parameters
        ----------
        sums : ndarray, shape (F, B, D)
            Features of each fold's candidates, times probability, times properties of the source.
        weights : ndarray, shape (F, G)
            Expected number of counterparts in each group.
        steps : int
            How many.
        """
        mean = weights.mean(axis=0)
        middle = self.coefficients.mean(axis=0)
        shared = self._curvature(self._tilt(middle), mean)
        scale = max(float(mean.sum()), 1e-300)

        def improve_fold(fold: int) -> None:
            own, number = sums[fold], weights[fold]
            now = self._at(self.coefficients[fold], self._means[fold], own, number)
            alone = False
            for _ in range(steps):
                curvature = shared * (number.sum() / scale)
                if alone:
                    curvature = self._curvature(now.means.tilt, number)
                found, fraction, gain = self._step(now, curvature, own, number)
                if fraction < SHARED and not alone and gain > LEAST_GAIN:
                    alone = True
                    curvature = self._curvature(now.means.tilt, number)
                    found, fraction, gain = self._step(now, curvature, own, number)
                if fraction == 0.0:
                    break
                now = found
            # Where the next round begins: sums over the field are most of the work.
            self.coefficients[fold], self._means[fold] = now.coefficients, now.means

        self._of_folds(improve_fold)

    def _of_folds(self, function: Callable[[int], Any]) -> list[Any]:
        """What a function of a fold gives for each, a thread a fold: too short to be shared out."""
        return list(jit.each(function, range(len(self.coefficients))))

    def _step(
        self, now: _Point, curvature: np.ndarray, sums: np.ndarray, weights: np.ndarray
    ) -> tuple[_Point, float, float]:
        """Where a step ends, which part of it helps (0: none), the gain that it promised."""
        flat = now.gradient.ravel().copy()
        solve_positive(curvature + self._penalty, flat)
        gain, step = float(flat @ now.gradient.ravel()), flat.reshape(now.coefficients.shape)
        if gain <= LEAST_GAIN:
            return now, 0.0, gain
        change = self._tilt(step)
        fraction = min(1.0, REACH / max(float(np.abs(change).max()), 1e-300))
        smallest = SMALLEST * fraction
        while fraction >= smallest:
            means = self._means_of(now.means.tilt + fraction * change)
            found = self._at(now.coefficients + fraction * step, means, sums, weights)
            if found.value > now.value:
                return found, fraction, gain
            fraction *= 0.5
        return now, 0.0, gain

    @property
    def ln_mean(self) -> np.ndarray:
        """Ln of the mean exponential of each fold over the field in each group, (F, G)."""
        return np.stack([means.ln_mean for means in self._means])

    def _means_of(self, tilt: np.ndarray) -> _Means:
        return _Means(tilt, *self._moments(tilt, False)[:2])

    def _tilt(self, coefficients: np.ndarray) -> np.ndarray:
        """Ln ratio of the field objects in each group, (G, k)."""
        tilt: np.ndarray = self._with_one @ self.hats.sums(self.field.entries, coefficients.T).T
        return tilt

    def _at(
        self, coefficients: np.ndarray, means: _Means, sums: np.ndarray, weights: np.ndarray
    ) -> _Point:
        flat = coefficients.ravel()
        pull = self._penalty @ flat
        value = float((sums * coefficients).sum() - weights @ means.ln_mean - 0.5 * flat @ pull)
        expected = np.einsum("g,gb,gd->bd", weights, self._with_one, means.feature)
        return _Point(coefficients, means, value, sums - expected - pull.reshape(sums.shape))

    def _curvature(self, tilt: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Information of the coefficients (B, D) of a tilt, without the penalty."""
        _, mean, square = self._moments(tilt, True)
        d, b = self.hats.size, self._with_one.shape[1]
        out = np.zeros((b * d, b * d))
        for g, weight in enumerate(weights):
            lower = np.ascontiguousarray(square[:, :, g])
            covariance = lower + np.tril(lower, -1).T - np.outer(mean[g], mean[g])
            out += weight * np.kron(np.outer(self._with_one[g], self._with_one[g]), covariance)
        return out

    def _moments(self, tilt: np.ndarray, second: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        ln_weight = self.field.ln_weight + tilt
        top = ln_weight.max(axis=1, keepdims=True)
        ln_weight -= top
        groups, d = len(ln_weight), self.hats.size
        shape = (d, d, groups) if second else (1, 1, 1)

        def piece(a: int, b: int) -> Sequence[np.ndarray]:
            out = np.zeros(groups), np.zeros((d, groups)), np.zeros(shape)
            kernels.add_moments(a, b, *self.field.entries, ln_weight, *out, second)
            return out

        total, mean, square = np.zeros(groups), np.zeros((d, groups)), np.zeros(shape)
        for part in run_ranges(piece, ranges(ln_weight.shape[1], ROWS)):
            total += part[0]
            mean += part[1]
            square += part[2]
        if second:
            square /= total
        return np.log(total) + top[:, 0], np.ascontiguousarray((mean / total).T), square
