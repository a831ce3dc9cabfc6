"""What objects of the mock Lockman Hole look like: field, AGN hosts, and what is measured.

Where each number comes from is said beside it; those marked *tuned* were set so that the fractions
of missing bands and the difficulty of the match come out as in the Legacy Survey there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: of the survey, from blue to red
BANDS = ("g", "r", "z", "w1", "w2")
#: survey objects per deg^2 (Legacy Survey in the Lockman Hole)
FIELD_DENSITY = 58_000.0
#: 5-sigma AB depths of the survey, *tuned* (Legacy: about 24.0, 23.4, 22.5 for g r z; unWISE)
DEPTH = (24.2, 23.45, 23.3, 21.55, 20.95)
#: depth varies over the sky by this much (mag, 1 sigma)
DEPTH_SCATTER = 0.15
#: fraction of the sky that has an image in each band: gaps and masked stars, *tuned*
COVERAGE = (0.97, 0.975, 0.93, 1.0, 1.0)
#: detected with this S/N in g, r or z to be in the survey (Legacy: about 6)
DETECTION_SNR = 6.0
#: a magnitude is given when S/N exceeds this
MAG_SNR = 3.0
#: error of optical positions, arcsec per axis
OPTICAL_ERROR = 0.1
#: fraction of AGN that are unobscured
UNOBSCURED = 0.55


@dataclass(frozen=True)
class Population:
    """A kind of object: brightness in r and colours, AB mag."""

    share: float
    """of the field, by number before detection"""
    slope: float
    """d log10 N / d mag of the counts in r"""
    bright: float
    """brightest r"""
    colors: tuple[float, float, float, float]
    """mean g-r, r-z, z-w1, w1-w2"""
    scatter: tuple[float, float, float, float]
    """and their scatter"""


FAINTEST_R = 26.0
#: counts and colours of high-latitude stars and of galaxies at z < 1.2, *tuned* in share
FIELD = (
    Population(0.06, 0.14, 15.0, (0.95, 0.85, -0.70, -0.62), (0.45, 0.45, 0.35, 0.12)),
    Population(0.66, 0.36, 17.0, (0.55, 0.45, 0.35, -0.25), (0.30, 0.35, 0.65, 0.30)),
    Population(0.28, 0.33, 17.0, (1.30, 0.95, 1.00, -0.30), (0.30, 0.30, 0.50, 0.25)),
)
#: AGN hosts: colours of broad-line quasars, and of obscured ones in galaxy light with hot dust
QUASAR = Population(0, 0, 0, (0.25, 0.35, 1.05, 0.30), (0.25, 0.30, 0.55, 0.25))
OBSCURED = Population(0, 0, 0, (0.95, 0.90, 1.15, 0.02), (0.40, 0.35, 0.55, 0.30))
#: log10 of the X-ray to r-band flux ratio, log Fx + 5.67 + r / 2.5: mean and scatter by kind
X_TO_O = {True: (-0.20, 0.42), False: (0.10, 0.48)}


def host_magnitudes(rng: np.random.Generator, flux: np.ndarray) -> np.ndarray:
    """Draw true AB magnitudes (n, 5) of the hosts of sources of these X-ray fluxes."""
    unobscured = rng.random(len(flux)) < UNOBSCURED
    mean, scatter = np.where(unobscured[:, None], X_TO_O[True], X_TO_O[False]).T
    r = 2.5 * (rng.normal(mean, scatter) - np.log10(flux) - 5.67)
    return np.where(
        unobscured[:, None], _with_colors(rng, r, QUASAR), _with_colors(rng, r, OBSCURED)
    )


def _with_colors(rng: np.random.Generator, r: np.ndarray, kind: Population) -> np.ndarray:
    """Magnitudes in all bands from r and the colours of a population."""
    g_r, r_z, z_w1, w1_w2 = (rng.normal(kind.colors, kind.scatter, (len(r), 4))).T
    z = r - r_z
    return np.column_stack([r + g_r, r, z, z - z_w1, z - z_w1 - w1_w2])


def observe(
    rng: np.random.Generator, magnitude: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw measured fluxes and errors in nanomaggies, and whether the survey detects the object."""
    depth = np.asarray(DEPTH) + rng.normal(0, DEPTH_SCATTER, (len(magnitude), 1))
    error = 10 ** (-0.4 * (depth - 22.5)) / 5
    error = np.where(rng.random(magnitude.shape) < COVERAGE, error, np.inf)
    noise = np.where(np.isfinite(error), error, 0.0) * rng.normal(size=magnitude.shape)
    flux = np.where(np.isfinite(error), 10 ** (-0.4 * (magnitude - 22.5)) + noise, 0.0)
    detected = np.any(flux[:, :3] > DETECTION_SNR * error[:, :3], axis=1)
    return flux.astype(np.float32), error.astype(np.float32), detected


def field(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw fluxes and errors of n detected field objects, in blocks until there are enough."""
    share = np.cumsum([p.share for p in FIELD])
    fluxes, errors, found = [], [], 0
    while found < n:
        size = 200_000
        kind = np.searchsorted(share / share[-1], rng.random(size))
        magnitude = np.empty((size, len(BANDS)))
        for number, population in enumerate(FIELD):
            mine = kind == number
            u = rng.random(int(mine.sum()))
            low, high = (10 ** (population.slope * m) for m in (population.bright, FAINTEST_R))
            r = np.log10(low + u * (high - low)) / population.slope
            magnitude[mine] = _with_colors(rng, r, population)
        flux, error, detected = observe(rng, magnitude)
        fluxes.append(flux[detected])
        errors.append(error[detected])
        found += int(detected.sum())
    return np.concatenate(fluxes)[:n], np.concatenate(errors)[:n]
