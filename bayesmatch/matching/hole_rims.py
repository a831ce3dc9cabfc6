"""What is seen around a source that lies near the rim of a hole in what was looked at.

Whether there are candidates in a circle says little where few are expected, and a source in a hole
may have some from beyond its rim.  Cells around the sources hold many more objects: with them, and
with the directions in which candidates lie, sources far in a hole, on either side of a rim and far
from any are told apart.  Rims are taken to be straight as far as the cells go, and nothing is taken
to be known of how many sources lie how far from one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from .._kernels.jit import ranges, run_ranges
from .beyond import Beyond
from .inner_circles import Circles, circles_of
from .setting import Setting

#: directions in which a rim may lie
DIRECTIONS = 16
#: distances from a rim: so many parts of the circle's radius, and of what is beyond it in the
#: cells, each with so many places
PARTS, PLACES = 2, 3
#: the cells are those that reach so many times as far as the circle at least, and farther where
#: fewer field objects are expected in them: they would say too little
REACH, ENOUGH = 1.5, 5.0
#: part of the density that there may be in a hole
STRAY = 2e-3
#: primaries at a time
PIECE = 1 << 14


@dataclass(frozen=True)
class SeenAround:
    """Circles around n primaries, where candidates lie in them, and what cells around them hold."""

    circles: Circles
    nearest: np.ndarray
    """(n, DIRECTIONS) how far the nearest candidate is in each direction, in radii of the circle;
    infinite without any"""
    farthest: np.ndarray
    """(n, DIRECTIONS) and the farthest"""
    count: np.ndarray
    """(n,) objects in the cells, beyond the circle"""
    expected: np.ndarray
    """(n,) field objects expected there"""
    reach: float
    """how far the cells reach, in radii of the circle"""

    def of(self, use: np.ndarray) -> SeenAround:
        """Those of some primaries."""
        parts = ("nearest", "farthest", "count", "expected")
        cut = {name: getattr(self, name)[use] for name in parts}
        return replace(self, circles=self.circles.of(use), **cut)


def seen_around(setting: Setting, beyond: Beyond | None) -> SeenAround | None:
    """What is around the primaries; None where cells are not known or say too little."""
    field, radius = setting.field, setting.radius_arcsec
    scales = field.details.get("scales", {}).values()
    if field.cells is None or any(other.itself for other in setting.others):
        return None
    if not all(scale["local"] and not scale["small_fields"] for scale in scales):
        return None
    box, counts = field.cells
    reaches = box.half_rows * box.cell * 3600.0 >= REACH * radius
    if not reaches.any():
        return None
    circle = np.pi * radius**2
    # Holes are not known before: whatever the windows hold.
    count = np.asarray(np.sum(counts, axis=0, dtype=np.int32))
    windows = box.covered_windows(count, np.ones(box.shape, np.bool_))
    circles = circles_of(setting, beyond, np.full(len(setting.primary), radius))
    held, area = (values[:, reaches] for values in windows[:2])
    expected = circles.expected[:, None] * np.maximum(area / circle - 1.0, 0.0)
    enough = expected.mean(axis=0) >= ENOUGH
    if not enough.any():
        return None
    held, area, expected = (of[:, np.argmax(enough)] for of in (held, area, expected))
    beyond_circle = np.maximum(held - circles.count, 0)
    reach = float(np.sqrt(np.median(area) / circle))
    return SeenAround(circles, *_extent(setting), beyond_circle, expected, reach)


def _extent(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """Where candidates begin and end in each direction, (n, DIRECTIONS) each."""
    primary, positions = setting.primary, setting.positions
    start = setting.candidates.start[:: len(setting.others)]
    angle = (np.arange(DIRECTIONS) + 0.5) * (2.0 * np.pi / DIRECTIONS)
    nearest = np.full((len(primary), DIRECTIONS), np.inf)
    farthest = -nearest
    for first, last in ranges(len(primary), PIECE):
        some = np.flatnonzero(np.diff(start[first : last + 1])) + first
        if len(some) == 0:
            continue
        slots = slice(start[first], start[last])
        of = np.repeat(np.arange(first, last), np.diff(start[first : last + 1]))
        north = positions.dec[slots] - primary.dec[of]
        east = (positions.ra[slots] - primary.ra[of] + 180.0) % 360.0 - 180.0
        east *= np.cos(np.radians(positions.dec[slots]))
        along = np.outer(east, np.sin(angle)) + np.outer(north, np.cos(angle))
        along *= 3600.0 / setting.radius_arcsec
        nearest[some] = np.minimum.reduceat(along, start[some] - start[first])
        farthest[some] = np.maximum.reduceat(along, start[some] - start[first])
    return nearest, farthest


def _beyond_chord(at: np.ndarray) -> np.ndarray:
    """Part of a disc that lies beyond a chord, `at` so many radii from its centre."""
    at = np.minimum(at, 1.0)
    part: np.ndarray = (np.arccos(at) - at * np.sqrt(1.0 - at * at)) / np.pi
    return part


class Rims:
    """How probable it is that what is seen around a source is seen in each place by a rim.

    Places are, outside: far in a hole, in one so small that the cells do not show it, then from the
    rim on outwards; inside: far from any hole, then from the rim on.
    """

    def __init__(self, around: SeenAround) -> None:
        self.around = around
        steps = (np.arange(PARTS * PLACES) + 0.5) / (PARTS * PLACES)
        places = np.concatenate([steps, 1.0 + steps * (around.reach - 1.0)])
        self.in_circle = _beyond_chord(places)
        square = around.reach**2
        beyond = square * _beyond_chord(places / around.reach) - self.in_circle
        self.in_cells = np.maximum(beyond / (square - 1.0), STRAY)
        with np.errstate(divide="ignore"):
            self._empty = np.where(around.circles.count == 0, 0.0, -np.inf)[:, None]
            self._beyond, self._within = (
                np.log(np.stack([side(x).mean(axis=1) for x in steps], axis=1))
                for side in (lambda x: around.nearest > x, lambda x: around.farthest < x)
            )

    @property
    def n_outside(self) -> int:
        """Number of places outside."""
        return 2 + 2 * PARTS

    def covered(self) -> tuple[np.ndarray, np.ndarray]:
        """Part that was looked at of the circle, and of the cells, in each place."""
        both = []
        for part in (self.in_circle, self.in_cells):
            some = part.reshape(-1, PLACES).mean(axis=1)
            ends = [0.0, float(part is self.in_cells)], [1.0]
            both.append(np.concatenate([ends[0], some, ends[1], 1.0 - some]))
        return both[0], both[1]

    def ln_ratios(self, factors: tuple[float, float], scatter: float) -> np.ndarray:
        """Ln of the probability of what is seen, over that far from any hole, (n, places).

        Of a source without a counterpart within the circle.

        Parameters
        ----------
        factors : tuple of float
            Density of field objects over that which is expected, in the circle and in the cells.
        scatter : float
            Variance of their density in the cells over its square, beyond Poisson's.
        """
        n = len(self.around.count)
        pieces = run_ranges(  # which take far less memory than all at once
            lambda a, b: self._ln_ratios(slice(a, b), factors, scatter), ranges(n, PIECE)
        )
        empty = np.empty((0, 2 * self.n_outside - 1))
        return np.concatenate([empty, *pieces])

    def _ln_ratios(self, some: slice, factors: tuple[float, float], scatter: float) -> np.ndarray:
        """As :meth:`ln_ratios`, of some sources."""
        around, n_steps = self.around, self._beyond.shape[1]
        seen = _Seen(
            around.circles.count[some, None],
            np.minimum(factors[0] * around.circles.expected[some, None], 300.0),
            around.count[some, None],
            factors[1] * around.expected[some, None],
            scatter,
        )
        part, empty = np.zeros(len(self.in_cells)), self._empty[some]
        part[:n_steps] = self.in_circle[:n_steps]
        outside = seen.ln_ratio(part, self.in_cells)
        inside = seen.ln_ratio(1.0 - part, 1.0 - self.in_cells)
        outside[:, :n_steps] += self._beyond[some]
        outside[:, n_steps:] += empty
        inside[:, :n_steps] += self._within[some]
        far, small = (empty + seen.ln_ratio(np.zeros(1), np.array([g])) for g in (STRAY, 1.0))
        nothing = np.zeros_like(far)
        return np.concatenate([far, small, _means(outside), nothing, _means(inside)], axis=1)


@dataclass(frozen=True)
class _Seen:
    """Objects in circles and in the cells around them, (n, 1) each, and those expected.

    A circle is as dense as the cells around it: clumps and voids are no holes.
    """

    in_circle: np.ndarray
    field: np.ndarray
    in_cells: np.ndarray
    mean: np.ndarray
    scatter: float

    def ln_ratio(self, circle: np.ndarray, cells: np.ndarray) -> np.ndarray:
        """Ln of the probability where parts (m,) of both were looked at, over whole ones, (n, m).

        Of numbers, not of where they lie in the circle; a gamma distribution of the density that
        both have makes it a negative binomial one.
        """
        whole, looked = self.mean + self.field, self.mean * cells + self.field * circle
        ln: np.ndarray = self.in_cells * np.log(cells) + whole - looked
        if self.scatter > 0.0:
            shape = 1.0 / self.scatter
            ln = self.in_cells * np.log(cells) - (self.in_cells + self.in_circle + shape) * (
                np.log1p(looked / shape) - np.log1p(whole / shape)
            )
        return ln


def _means(ln: np.ndarray) -> np.ndarray:
    """Ln of the means over the places of each part, (n, parts)."""
    by_place = [ln[:, place::PLACES] for place in range(PLACES)]  # NumPy is slow along short axes
    top = np.maximum(reduce(np.maximum, by_place), -1e300)
    with np.errstate(divide="ignore"):
        sums = reduce(np.add, (np.exp(part - top) for part in by_place))
        mean: np.ndarray = top + np.log(sums / PLACES)
    return mean
