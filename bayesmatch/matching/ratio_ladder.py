"""Mean prior ratios around the primaries, from field objects and their ratios at all scales.

As densities are (:mod:`bayesmatch.matching.density_ladder`), from outside inwards.  A sum S of
ratios is taken for a count of S / kappa objects, kappa being the mean ratio of what contributes to
S, which has the right variance (a compound Poisson process).  With n objects in a ring, about which
nothing else is known,

    c_k = (S_k / kappa + a) / (n_k / kappa + a / c_{k+1}),

a being the shape of the gamma distribution that c_k / c_{k+1} follows.  Kinds of objects do not
vary together: where stars make a place dense, the galaxies that a prior is about are as many as
anywhere, and density rho times c is the same.  So what the rings begin with goes with the local
density where that is beyond doubt, c = beta (1 - f + f rho_0 / rho).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._kernels.sums import dot
from ..catalogs.sky_box import SkyBox
from .density_ladder import ENOUGH, LEAST, SHAPES, STATED_WEIGHT, STEPS, SURE_SCATTER

#: the window in which ratios are compared with the density at its source
GOES_WITH_DENSITY = 1
#: densities that vary by less than this are all alike
FLAT = 0.05


@dataclass(frozen=True)
class LocalMeans:
    """Mean ratio over the field around each primary."""

    mean: np.ndarray
    """(n,)"""
    shapes: list[float]
    """of the gamma distribution of each window's over that beyond it, from the outermost inwards"""
    thinned: float = 0.0
    """f, the part of the mean that goes as one over the density"""


def local_means(
    box: SkyBox, ra: np.ndarray, dec: np.ndarray, ratio: np.ndarray, density: np.ndarray
) -> LocalMeans:
    """Mean ratio over the field around the sources of a box.

    Parameters
    ----------
    box : SkyBox
        The cells around the sources.
    ra, dec : ndarray, shape (m,)
        Field objects in cells near the sources, degrees.
    ratio : ndarray, shape (m,)
        Their ratios, 0 for those that are excluded.
    density : ndarray, shape (n,)
        Of field objects at each source.
    """
    n = len(box.row)
    total = float(ratio.sum())
    if total <= 0.0:
        return LocalMeans(np.ones(n), [])
    kappa = dot(ratio, ratio) / total
    peaked = dot((ratio / kappa) ** 2, (ratio / kappa) ** 2) * kappa / total
    within = box.value_windows(box.cell_numbers(ra, dec), ratio / kappa)
    seen, summed = (_rings(values) for values in within)
    at = min(GOES_WITH_DENSITY, seen.shape[1] - 1)
    some = within[1][:, at], within[0][:, at] / kappa
    relative, thinned = with_density(*some, density, _repeated(within[0][:, at], len(ratio)))
    base = (total / kappa + STATED_WEIGHT) / (len(ratio) / kappa + STATED_WEIGHT)
    mean, shapes = base * relative, []
    for w in reversed(range(seen.shape[1])):
        number, expected = np.maximum(summed[:, w], 0.0), seen[:, w] / kappa * mean
        repeated = _repeated(within[0][:, w], len(ratio))
        shape = scatter_shape(number, expected, repeated, peaked)
        shapes.append(shape)
        mean = (number + shape) / (seen[:, w] / kappa + shape / mean)
    return LocalMeans(np.maximum(mean, LEAST), shapes, thinned)


def with_density(
    number: np.ndarray, objects: np.ndarray, density: np.ndarray, repeated: float
) -> tuple[np.ndarray, float]:
    """Mean ratio at each source over that of all as far as it goes with the density, and f.

    Parameters
    ----------
    number, objects : ndarray, shape (n,)
        Sum of the ratios and number of objects around each source, both in effective objects.
    density : ndarray, shape (n,)
        There.
    repeated : float
        Windows that an object is in, on average.
    """
    flat = np.ones(len(density))
    if number.sum() < ENOUGH * repeated or not (density > 0).all():
        return flat, 0.0
    sparse = 1.0 / density
    sparse *= objects.sum() / dot(objects, sparse)
    if sparse.max() < 1.0 + FLAT:
        return flat, 0.0

    def loss(f: float) -> float:
        relative = 1.0 + f * (sparse - 1.0)
        return -dot(number, np.log(relative))  # its mean over the objects is 1, whatever f is

    from scipy.optimize import minimize_scalar  # imported only where needed: it takes long

    least = max(-1.0, -0.9 / (sparse.max() - 1.0))
    f = float(minimize_scalar(loss, bounds=(least, 0.999), method="bounded").x)
    if -2.0 * loss(f) < SURE_SCATTER**2 * repeated:
        return flat, 0.0
    return 1.0 + f * (sparse - 1.0), f


def _repeated(within: np.ndarray, n: int) -> float:
    """In how many windows each of n objects is, on average."""
    return max(1.0, float(within.sum()) / n)


def scatter_shape(
    number: np.ndarray, expected: np.ndarray, repeated: float, peaked: float = 1.0
) -> float:
    """Shape of the gamma distribution that means over the expected ones follow, from all windows.

    As :func:`bayesmatch.matching.density_ladder.gamma_shape` for windows that overlap.

    Parameters
    ----------
    number, expected : ndarray, shape (n,)
        Effective numbers of objects around each primary.
    repeated : float
        Windows that an object is in, on average: only so many times fewer are independent.
    peaked : float
        Fourth cumulant of a number over that of Poisson's distribution.
    """
    chance = np.maximum(expected, 1e-300)
    beyond, told_by = (number - expected) ** 2 - expected, chance / (2.0 * chance + peaked)
    # Without scatter each of `beyond` has the variance e (2 e + peaked), e being `expected`.
    noise = np.sqrt(dot(told_by, expected**2) * repeated)
    if expected.sum() < ENOUGH * repeated or dot(told_by, beyond) < SURE_SCATTER * noise:
        return SHAPES[1]
    variance = 0.0
    for _ in range(STEPS):
        weight = chance**2 / (2.0 * (chance + variance * chance**2) ** 2 + peaked * chance)
        variance = max(dot(weight, beyond) / dot(weight, expected**2), 0.0)
    return float(np.clip(1.0 / max(variance, 1.0 / SHAPES[1]), *SHAPES))


def _rings(within: np.ndarray) -> np.ndarray:
    """What each window (n, w) has beyond the next smaller one; the smallest is whole."""
    return np.diff(within, axis=1, prepend=0.0)
