"""Densities from counts at all scales, from outside inwards: the ladder of the local field.

A ring with N objects on the area A, about which nothing else is known, has the density

    rho_k = (N + a) / (A + a / rho_{k+1}),

rho_{k+1} being that of the rings beyond it, and a the shape of the gamma distribution that
rho_k / rho_{k+1} follows, from the counts of all primaries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .._kernels import rings as kernels
from .._kernels.sums import dot

#: objects that the stated density is worth
STATED_WEIGHT = 4.0
#: objects of a scale that say how dense the field is on average
ENOUGH = 100.0
#: scatter is told from fewer primaries than this by nobody, and below so many standard errors
MIN_SCATTER, SURE_SCATTER, STEPS = 10, 4.0, 4
#: smallest and largest shape: beyond, a ring decides alone, or tells nothing
SHAPES = (0.1, 1e7)
#: a ring tells nothing of its own primary where its expected host is more than this share of
#: the objects expected
MAX_LEAK = 0.25
#: a survey consists of small fields round the sources, and a scale is beyond them, if it has less
#: than a share of the density within, by so many standard deviations (fields that overlap fill much
#: of the sky), and cells far from all sources have less than another of the density near them;
#: where objects outside the circles can tell, a share nearer to 1 has them asked
OVERLAPPING, SMALL_FIELD, SURE, NEARLY = 0.88, 0.7, 5.0, 0.95
#: near rings that hold more than this of what the far ones say hold hosts
TOO_MANY = 1.2
#: a smallest density, of the mean, that keeps logarithms finite
LEAST = 1e-6


@dataclass(frozen=True)
class Ring:
    """Counts of one scale around all primaries."""

    count: np.ndarray
    """(n,) objects, expected hosts taken out"""
    area: np.ndarray
    """(n,) arcsec^2, 0 where nothing was looked at"""
    host: np.ndarray | float = 0.0
    """(n,) of these, expected number of the primary's own host"""
    variance: np.ndarray | float = 0.0
    """(n,) of the number of hosts that were there and are taken out"""
    coarse: bool = False
    """so far out that it says what is around a primary that lies in a small hole"""


@dataclass(frozen=True)
class Densities:
    """What the rings say."""

    here: np.ndarray
    """(n,) field objects per arcsec^2 at each primary"""
    around: np.ndarray
    """(n,) the same from the coarse rings alone"""
    mean: float
    """of all together"""
    shapes: list[float]
    """by ring, from the outermost inwards"""


def totals(rings: Sequence[Ring], weight: np.ndarray | None = None) -> tuple[float, float]:
    """Objects and area of some rings, all primaries together, with a `weight` (n,) each."""

    def total(of_each: np.ndarray) -> float:
        return float(of_each.sum()) if weight is None else dot(weight, of_each)

    return sum(total(ring.count) for ring in rings), sum(total(ring.area) for ring in rings)


def densities(near: Sequence[Ring], far: Sequence[Ring], stated: float, n: int) -> Densities:
    """Densities at each of n primaries.

    Parameters
    ----------
    near, far : sequence of Ring
        Within and beyond the radius of the match, each from inside outwards.
    stated : float
        Density that the catalogue claims, per arcsec^2.
    n : int
        Number of primaries.
    """
    inwards = [*reversed(far), *reversed(near)]
    told = next((ring for ring in inwards if ring.count.sum() >= ENOUGH), None)
    number, square = totals(inwards if told is None else [told])
    base = (max(number, 0.0) + STATED_WEIGHT) / (square + STATED_WEIGHT / stated)
    density = around = np.full(n, base)
    shapes = []
    # Where the coarse ones lie beyond the survey, the widest that is left says what is around.
    widest = None if any(ring.coarse for ring in inwards) else next(iter(inwards), None)
    count, expected, area = np.empty(n), np.empty(n), np.empty(n)
    for ring in inwards:
        host, taken = _of_each(ring.host, n), _of_each(ring.variance, n)
        own = _of_each(ring.count, n), _of_each(ring.area, n), host
        kernels.expected_in(*own, density, MAX_LEAK, count, expected, area)
        shape = gamma_shape(count, expected, taken)
        shapes.append(shape)
        before, density = density, np.empty(n)
        kernels.shrunk(count, area, shape, before, density)
        if ring.coarse or ring is widest:
            around = density
    least = LEAST * base
    return Densities(np.maximum(density, least), np.maximum(around, least), base, shapes)


def gamma_shape(count: np.ndarray, expected: np.ndarray, taken: np.ndarray | float = 0.0) -> float:
    """Shape of the gamma distribution that rates over the expected ones follow, from counts.

    `taken`: variance of what was taken out of the counts.

    From the scatter beyond Poisson's, each primary weighted by what it tells; the largest shape
    where there is no scatter beyond doubt.
    """
    of_each = (_of_each(values, len(expected)) for values in (count, expected, taken))
    limits = STEPS, MIN_SCATTER, ENOUGH, SURE_SCATTER
    variance = kernels.excess_variance(*of_each, *limits)
    return float(np.clip(1.0 / variance, *SHAPES)) if variance > 0.0 else SHAPES[1]


def _of_each(values: np.ndarray | float, n: int) -> np.ndarray:
    """Numbers (n,) in a row, as kernels take them."""
    if not isinstance(values, np.ndarray):
        return np.full(n, float(values))
    out: np.ndarray = np.ascontiguousarray(values, np.float64)
    return out


def with_room(rings: Sequence[Ring], area: float) -> list[Ring]:
    """Some rings, the first with as many of the next as reach an `area` (arcsec^2) together."""
    first, *others = rings
    while others and first.area.mean() < area:
        more = others.pop(0)
        first = Ring(first.count + more.count, first.area + more.area)
    return [first, *others]


def far_fewer(n: float, expected: float, times: float, one: float, share: float) -> bool:
    """Whether `n` is below a `share` of what another area lets one expect, beyond doubt.

    Both count an object `one` times on average, in areas of which the first is `times` as large.
    """
    scatter = max(expected * one * (1.0 + times), one**2) ** 0.5
    return n < share * expected and expected - n > SURE * scatter


def far_more(near: tuple[float, float], far: tuple[float, float]) -> bool:
    """Whether near rings hold more objects than the far ones say, beyond doubt."""
    (n, area), (beyond, square) = near, far
    expected = max(beyond, 0.0) * area / max(square, 1e-300)
    scatter = max(expected * (1.0 + area / max(square, 1e-300)), 1.0) ** 0.5
    return n > TOO_MANY * expected and n - expected > SURE * scatter


def sparse_weights(beside: np.ndarray, far: Sequence[Ring], circle: float) -> np.ndarray:
    """Weights (n,) by which what `circle` (arcsec^2) holds beyond the field is averaged.

    In rich clumps sources lie where these are richest, which is no host; they weigh little.
    Counts that are compared, in circles and `beside` them (n,) in the first ring of `far`, must not
    choose their weights: what is surely there does, and what is in the next ring.
    """
    sure = np.maximum(beside - SURE * np.sqrt(beside), 0.0)
    density = sure / np.maximum(far[0].area, circle)
    for ring in far[1:2]:
        density = np.maximum(density, ring.count / np.maximum(ring.area, circle))
    out: np.ndarray = 1.0 / (1.0 + circle * density) ** 2
    return out


def others_around(windows: tuple[np.ndarray, ...]) -> np.ndarray:
    """(n,) other primaries per arcsec^2 in the largest window (:class:`SkyBox`) around each."""
    _, square, sources = windows
    others = np.where(square[:, -1] > 0, sources[:, -1] - 1.0, 0.0)
    out: np.ndarray = np.maximum(0.0, others) / np.maximum(square[:, -1], 1.0)
    return out


def own_shares(
    beyond: Callable[[np.ndarray | float], np.ndarray],
    rings: int,
    inner: np.ndarray,
    reach: float,
    beyond_inner: np.ndarray,
    beyond_reach: np.ndarray,
) -> np.ndarray:
    """By ring, from outside in: share of the hosts in that of their own primary, (rings, n).

    `beyond` gives the share beyond a radius (arcsec): so much is beyond the rings, `reach`, and
    beyond where candidates may be hosts, `inner` (n,).
    """
    own, high = np.empty((rings, len(inner))), beyond_reach
    for k in range(rings):
        # From half the radius of the ring before, or from where candidates may be hosts.
        edge = reach / 2.0 ** (k + 1)
        within = beyond(edge)
        low = np.where(inner > edge, beyond_inner, within)
        low = np.where(inner > 2.0 * edge, high, low)
        np.subtract(low, high, out=own[k])
        high = within
    return own


def as_stated(
    stated: float, found: np.ndarray, n_rows: int, circle: float
) -> tuple[Densities, float]:
    """The stated density (arcsec^-2) without the hosts, and how many hosts a primary has.

    From what is `found` (n,) in each `circle` (arcsec^2), where no window can tell.
    """
    n, chance = len(found), stated * circle
    excess = (found.sum() / n - chance) / max(1.0 - chance * n / n_rows, 0.1)
    hosts = float(np.clip(excess, 0.0, 1.0))
    field = stated * max(1.0 - hosts * n / n_rows, 0.1)
    everywhere = np.full(n, field)
    return Densities(everywhere, everywhere, field, []), hosts
