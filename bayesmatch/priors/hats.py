"""Features as hats: functions linear between knots, and whether a feature is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._kernels import tilt as kernels
from .._kernels.jit import each, ranges, run_ranges

#: between two knots, and beyond the outermost, lie so many field objects of the sample, and two
#: knots are so much of the range apart: elsewhere nothing says how common such objects are
MIN_FIELD, MIN_STEP = 20, 0.02
#: how the bends, the slopes and the values of the functions, and the terms of missing features, are
#: held back; values and slopes as they are over the whole range
BEND, SLOPE, VALUE, MISSING = 0.02, 0.01, 0.001, 0.1
#: features of which one end is so many times farther from the median than the other, as fluxes are
#: (of magnitudes at most five times), go by a scale that is logarithmic far from the median
SKEWED = 20.0
ROWS = 1 << 13


@dataclass(frozen=True, eq=False)
class Hats:
    """A basis of functions of F features: for each the hats at its knots, then F "is missing"."""

    knots: tuple[np.ndarray, ...]
    """F times (n_knots,) ascending"""
    places: tuple[np.ndarray, ...] = ()
    """F times (n_knots,), the same on the scale that they are apart on, by which functions are held
    back; none: as they are"""

    @classmethod
    def of(cls, x: np.ndarray, weight: np.ndarray, field: np.ndarray, n_knots: int) -> Hats:
        """Knots where both the candidates `x` (m, F), by their weight, and the field are.

        `field` (k, F) is a sample of field objects.
        """

        def knots_of(f: int) -> tuple[np.ndarray, np.ndarray]:
            return _knots(x[:, f], weight, field[:, f], n_knots)

        knots, places = zip(*each(knots_of, range(x.shape[1])), strict=True)
        return cls(knots, places)

    @property
    def first(self) -> np.ndarray:
        """(F + 1,) first column of each feature, then of the missing ones."""
        return np.cumsum([0, *map(len, self.knots)])

    @property
    def size(self) -> int:
        """D, the number of functions."""
        return int(self.first[-1]) + len(self.knots)

    def entries(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Columns and values, (n, 2F) each, of the functions that are not 0 at `x` (n, F).

        Of each feature two hats, or that it is missing and nothing.
        """
        n, n_features = x.shape
        column = np.empty((n, 2 * n_features), np.int32)
        value = np.empty((n, 2 * n_features))
        x, knots, first = np.ascontiguousarray(x), np.concatenate(self.knots), self.first
        list(
            run_ranges(
                lambda a, b: kernels.hat_entries(a, b, x, knots, first, column, value),
                ranges(n, ROWS),
            )
        )
        return column, value

    def sums(self, entries: tuple[np.ndarray, np.ndarray], coefficients: np.ndarray) -> np.ndarray:
        """Functions with coefficients (D, B) at the objects of `entries`, (n, B)."""
        out = np.empty((len(entries[0]), coefficients.shape[1]))
        coefficients = np.ascontiguousarray(coefficients)
        list(
            run_ranges(
                lambda a, b: kernels.feature_sums(a, b, *entries, coefficients, out),
                ranges(len(out), ROWS),
            )
        )
        return out

    @property
    def penalty(self) -> np.ndarray:
        """(D, D) what holds the functions back: straight ones less than bent ones."""
        out = np.zeros((self.size, self.size))
        for knots, a in zip(self.places or self.knots, self.first, strict=False):
            m = len(knots)
            step = np.diff((knots - knots[0]) / (knots[-1] - knots[0]))
            slope = np.diff(np.eye(m), axis=0) / step[:, None]
            own = SLOPE * (slope.T * step) @ slope + VALUE * np.eye(m)
            if m > 2:
                bend = np.diff(slope, axis=0)
                own += BEND * (bend.T / (0.5 * (step[1:] + step[:-1]))) @ bend
            out[a : a + m, a : a + m] = own
        rest = np.arange(self.first[-1], self.size)
        out[rest, rest] = MISSING
        return out

    def record(self) -> list[list[float]]:
        """The knots in types that JSON has."""
        return [knots.tolist() for knots in self.knots]

    @classmethod
    def from_record(cls, knots: Sequence[Sequence[float]]) -> Hats:
        """The ones that :meth:`record` wrote down."""
        return cls(tuple(np.array(k, dtype=np.float64) for k in knots))


def _knots(
    x: np.ndarray, weight: np.ndarray, field: np.ndarray, n_knots: int
) -> tuple[np.ndarray, np.ndarray]:
    """Knots of one feature, half at quantiles of the candidates, half at those of the field.

    And these on the feature's scale.
    """
    known, field = ~np.isnan(x), np.sort(field[~np.isnan(field)])
    if len(field) < 3 * MIN_FIELD or weight[known].sum() <= 0:
        middle = float(np.median(field)) if len(field) else 0.0
        return _as_they_are(middle - 0.5, middle + 0.5)
    low, high = field[MIN_FIELD], field[-1 - MIN_FIELD]
    if not low < high:
        return _as_they_are(low - 0.5, low + 0.5)
    scale = _scale_of(field, low, high)
    least = MIN_STEP * (scale(high) - scale(low))
    at = np.linspace(0.02, 0.98, n_knots)
    wanted = np.sort(
        np.concatenate(
            [
                _quantiles(x[known], weight[known], at[::2]),
                np.quantile(field, at[1::2]),
                [high],
            ]
        )
    )
    knots = [float(low)]
    place = np.searchsorted(field, low)
    for knot in wanted[(wanted > low) & (wanted <= high)]:
        here = np.searchsorted(field, knot)
        if here - place >= MIN_FIELD and scale(knot) - scale(knots[-1]) >= least:
            knots.append(float(knot))
            place = here
    found = np.array(knots if len(knots) > 1 else [low, high])
    return found, scale(found)


def _as_they_are(*knots: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array(knots), np.array(knots)


def _scale_of(field: np.ndarray, low: float, high: float) -> Callable[[Any], Any]:
    """Scale of a feature: its values, or where these are skewed what is logarithmic in them.

    On that of a flux nearly all objects would lie within one step.
    """
    quartile, middle, upper = np.quantile(field, (0.25, 0.5, 0.75))
    far, near = max(high - middle, middle - low), min(high - middle, middle - low)
    if far <= SKEWED * near or not quartile < upper:
        return lambda values: values
    width = 0.5 * (upper - quartile)
    return lambda values: np.arcsinh((values - middle) / width)


def _quantiles(x: np.ndarray, weight: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Quantiles of weighted values."""
    order = np.argsort(x, kind="stable")
    total = np.cumsum(weight[order])
    place = np.searchsorted(total, at * total[-1])
    quantiles: np.ndarray = x[order[np.minimum(place, len(x) - 1)]]
    return quantiles
