"""How the density of the field rises over a survey that consists of small fields.

Windows of cells say what the density is on average around a source, which at the end of a survey
is not that at the source where it rises or falls.  What small fields hold is too little to tell by
smaller windows; a trend of ln density along the sky, common to all of them, takes it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .._kernels.sums import product
from ..catalogs.sky_box import SkyBox
from .density_ladder import ENOUGH, SURE, Densities, Ring, densities
from .small_fields import tiles

#: a direction in which sources scatter less than this share of the widest is none
THIN = 1e-2
#: largest ln of the trend, and Newton's steps
LARGEST, STEPS = 5.0, 12


def of_small_fields(
    near: Sequence[Ring],
    box: SkyBox,
    at: tuple[np.ndarray, np.ndarray],
    often: np.ndarray,
    stated: float,
) -> Densities:
    """Densities from what small fields hold, over a trend if that explains it better.

    Parameters
    ----------
    near : sequence of Ring
        Within the fields, from inside outwards.
    box : SkyBox
        The cells around the sources.
    at : tuple of ndarray, shape (n,)
        Right ascensions and declinations of the sources, degrees.
    often : ndarray, shape (n,)
        In how many fields an object is that is in that of a source.
    stated : float
        Density that the catalogue claims, per arcsec^2.
    """
    times = trend(near, *at)
    flat = np.ones(len(times))
    if (times != 1.0).any():
        # Halves along the sky: the order of the sources is to change nothing.
        half = np.empty(len(times), np.bool_)
        half[np.lexsort(at[::-1])] = np.arange(len(times)) % 2 == 0
        sloping, level = (_foretold(near, box, each, often, stated, half) for each in (times, flat))
        if sloping > level:
            return _over(near, box, times, often, stated)
    return _over(near, box, flat, often, stated)


def _over(
    near: Sequence[Ring], box: SkyBox, times: np.ndarray, often: np.ndarray, stated: float
) -> Densities:
    """Densities over a trend `times` (n,)."""
    # Areas as large as hold as many objects where the density is that of all.
    rings = [replace(ring, area=ring.area * times) for ring in near]
    found = densities(rings, tiles(rings, box, often), stated, len(times))
    return replace(found, here=times * found.here, around=times * found.around)


def _foretold(
    near: Sequence[Ring],
    box: SkyBox,
    times: np.ndarray,
    often: np.ndarray,
    stated: float,
    one: np.ndarray,
) -> float:
    """Ln of the probability, but for a constant, of each half's objects, given the other half's."""
    told = 0.0
    for half in (one, ~one):
        others = [
            replace(
                ring,
                count=ring.count * ~half,
                area=ring.area * ~half,
                variance=ring.variance * ~half,
            )
            for ring in near
        ]
        density = _over(others, box, times, often, stated).here[half]
        for ring in near:
            told += float((ring.count[half] * np.log(density) - ring.area[half] * density).sum())
    return told


def trend(near: Sequence[Ring], ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Density at each source over that of all, by a plane in ln density, (n,); 1 if in doubt.

    Parameters
    ----------
    near : sequence of Ring
        Objects and areas around the sources.
    ra, dec : ndarray, shape (n,)
        Of the sources, degrees.

    Notes
    -----
    The coefficients make the sum of (count - expected) times each coordinate 0, as the most
    likely ones of Poisson counts do; a trend is beyond doubt at 5 standard errors, which go by how
    the counts scatter.
    """
    count = np.sum([ring.count for ring in near], axis=0)
    area = np.sum([ring.area for ring in near], axis=0)
    flat = np.ones(len(ra))
    told = area > 0
    z = _along(ra[told], dec[told])
    if count[told].sum() < ENOUGH or z.shape[1] == 1 or told.sum() < 2 * z.shape[1]:
        return flat
    beta = np.zeros(z.shape[1])
    beta[0] = np.log(count[told].sum() / area[told].sum())
    for _ in range(STEPS):
        expected = area[told] * np.exp(np.clip(z[:, 1:] @ beta[1:], -LARGEST, LARGEST) + beta[0])
        information = product(z * expected[:, None], z)
        step = np.linalg.solve(information, product(z, count[told] - expected))
        beta += np.clip(step, -1.0, 1.0)
    scatter = max(float(((count[told] - expected) ** 2).sum() / expected.sum()), 1.0)
    slope = beta[1:]
    certain = np.linalg.inv(np.linalg.inv(information)[1:, 1:]) / scatter
    if not slope @ certain @ slope > SURE**2:
        return flat
    flat[told] = np.exp(np.clip(z[:, 1:] @ slope, -LARGEST, LARGEST))
    return flat


def _along(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Standardised coordinates of places along the sky, after a column of ones."""
    ones = np.ones((len(ra), 1))
    a, d = np.radians(ra), np.radians(dec)
    unit = np.column_stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
    if len(unit) == 0:
        return ones
    unit -= unit.mean(axis=0)
    variance, axes = np.linalg.eigh(product(unit, unit) / len(unit))
    wide = variance > max(THIN**2 * variance[-1], 1e-18)
    return np.concatenate([ones, unit @ axes[:, wide] / np.sqrt(variance[wide])], axis=1)
