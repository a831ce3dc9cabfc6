"""Simulated skies with known truth: primaries, one or more other catalogues, who belongs to whom.

Honest mocks: field objects are uniform over the sky patch, a counterpart is drawn from the error
Gaussians around the true position of its primary, a hostless primary has nothing.  Only NumPy and
`bayesmatch.Catalog`; everything follows from the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

import bayesmatch as bm

#: fluxes run from 1 to 10**DEX with N(>F) ~ F**-1.5
DEX = 1.75
SIGMA_MIN, SIGMA_MAX = 1.0, 3.0
#: mean and scatter of the magnitudes of counterparts and of field objects
HOST_MAG, FIELD_MAG = (20.0, 1.2), (22.0, 1.0)
#: deg: where the patch begins; its declinations make cos(dec) differ from 1
RA_0, DEC_0 = 149.0, 10.0
#: arcsec between the primaries and the border, so that no counterpart falls out of the area
MARGIN = 30.0


@dataclass(frozen=True)
class Sky:
    """What was simulated."""

    primary: dict[str, np.ndarray]
    """columns RA, DEC (deg), SIGMA (arcsec per axis), FLUX"""
    others: tuple[dict[str, np.ndarray], ...]
    """columns RA, DEC, and MAG in the first if asked for"""
    truth: np.ndarray
    """(n, n_other) row of the true counterpart in each other catalogue, -1 = none"""
    fraction: np.ndarray
    """(n,) the probability with which each primary was given a counterpart"""
    area: float
    """deg^2"""
    other_sigma: tuple[float, ...]
    """arcsec per axis"""

    @property
    def host(self) -> np.ndarray:
        """Which primaries have a counterpart at all."""
        return np.any(self.truth >= 0, axis=1)

    def catalogs(self, names: Sequence[str] = ("OPT", "IRAC", "VLA")) -> list[bm.Catalog]:
        """The primary catalogue X and the others, ready to match."""
        return [
            bm.Catalog(self.primary, name="X", pos_err="SIGMA", area=self.area),
            *(
                bm.Catalog(table, name=name, pos_err=sigma, area=self.area)
                for table, name, sigma in zip(self.others, names, self.other_sigma, strict=False)
            ),
        ]

    def match(self, **options) -> bm.MatchResult:
        """Match with a radius that loses no counterpart."""
        reach = 5.0 * np.hypot(self.primary["SIGMA"].max(), max(self.other_sigma))
        return bm.match(*self.catalogs(), radius=reach, **options)


def simulate(
    seed: int,
    n_primary: int = 4000,
    fraction: float | Callable[[np.ndarray], np.ndarray] = 0.7,
    *,
    density: float = 20_000.0,
    primary_density: float = 1000.0,
    other_sigma: float = 0.3,
    sigma_scale: float = 1.0,
    magnitudes: bool = False,
) -> Sky:
    """Primaries (per deg^2: `primary_density`) and one other catalogue (field: `density`).

    `fraction` of the primaries have a counterpart; a function takes log10 flux. `sigma_scale`
    multiplies the primaries' errors.
    """
    sky = _primaries(seed, n_primary, primary_density, sigma_scale)
    if callable(fraction):
        p = np.asarray(fraction(np.log10(sky.primary["FLUX"])), float)
    else:
        p = np.full(n_primary, float(fraction))
    patterns = np.column_stack([1.0 - p, p])
    return _with_others(seed, sky, patterns, (density,), (other_sigma,), 0.0, magnitudes)


def simulate_patterns(
    seed: int,
    n_primary: int,
    fractions: Sequence[float] | Callable[[np.ndarray], np.ndarray],
    *,
    density: Sequence[float] = (20_000.0, 12_000.0),
    other_sigma: Sequence[float] = (0.3, 0.6),
    shared: float = 0.0,
    primary_density: float = 500.0,
    sigma_scale: float = 1.0,
    magnitudes: bool = False,
) -> Sky:
    """Primaries and several other catalogues; `fractions` by membership pattern (bit mask).

    A function of log10 flux gives them for each primary, (n, patterns). `shared`: fraction of the
    last catalogue's field objects that are objects of the first.
    """
    sky = _primaries(seed, n_primary, primary_density, sigma_scale)
    if callable(fractions):
        patterns = np.asarray(fractions(np.log10(sky.primary["FLUX"])), float)
    else:
        patterns = np.broadcast_to(np.asarray(fractions, float), (n_primary, len(fractions)))
    return _with_others(seed, sky, patterns, tuple(density), tuple(other_sigma), shared, magnitudes)


def logistic(log_flux: np.ndarray) -> np.ndarray:
    """Host fraction that falls smoothly towards faint fluxes."""
    return 0.15 + 0.83 / (1.0 + np.exp(-6.0 * (log_flux - 0.25)))


def step(log_flux: np.ndarray) -> np.ndarray:
    """Host fraction that falls at once."""
    return np.where(log_flux > 0.25, 0.95, 0.2)


def magnitude_prior() -> bm.FunctionPrior:
    """The prior that is exactly right for the magnitudes of the simulation."""

    def log_density(mag: np.ndarray, mean: float, scatter: float) -> np.ndarray:
        return -0.5 * ((mag - mean) / scatter) ** 2 - np.log(scatter)

    return bm.FunctionPrior(
        "mag",
        lambda table: (
            (log_density(table["MAG"], *HOST_MAG) - log_density(table["MAG"], *FIELD_MAG))
            / np.log(10)
        ),
    )


# -- pieces ---------------------------------------------------------------------------------------


def _rng(seed: int, what: int) -> np.random.Generator:
    return np.random.default_rng([seed, what])


def _primaries(seed: int, n: int, density: float, sigma_scale: float) -> Sky:
    rng = _rng(seed, 1)
    area = n / density
    low, high = 1.0, 10.0 ** (-1.5 * DEX)
    flux = (low + (high - low) * rng.random(n)) ** (-1 / 1.5)
    sigma = SIGMA_MAX / 1.1 * flux**-0.5 * np.exp(0.1 * rng.standard_normal(n))
    sigma = sigma_scale * np.clip(sigma, SIGMA_MIN, SIGMA_MAX)
    side = np.sqrt(area)
    margin = min(MARGIN / 3600.0, side / 4)
    ra, dec = _uniform(rng, n, area, margin)
    table = {"RA": ra, "DEC": dec, "SIGMA": sigma, "FLUX": flux}
    return Sky(table, (), np.empty((n, 0), int), np.empty(n), area, ())


def _uniform(rng: np.random.Generator, n: int, area: float, margin: float = 0.0):
    """Positions uniform over a box of `area` deg^2, `margin` deg inside its border."""
    side = np.sqrt(area)
    high = DEC_0 + side
    d_sin = np.degrees(np.sin(np.radians(high)) - np.sin(np.radians(DEC_0)))
    width = area / d_sin
    shrink = margin / np.cos(np.radians(high))
    ra = RA_0 + shrink + (width - 2 * shrink) * rng.random(n)
    low, top = np.sin(np.radians([DEC_0 + margin, high - margin]))
    return ra, np.degrees(np.arcsin(low + (top - low) * rng.random(n)))


def _magnitudes(rng: np.random.Generator, n_host: int, n: int) -> np.ndarray:
    """Of counterparts, then of field objects."""
    (host, host_scatter), (field, field_scatter) = HOST_MAG, FIELD_MAG
    is_host = np.arange(n) < n_host
    return np.where(is_host, host, field) + rng.standard_normal(n) * np.where(
        is_host, host_scatter, field_scatter
    )


def _scatter(rng: np.random.Generator, ra: np.ndarray, dec: np.ndarray, sigma):
    """Positions drawn from circular Gaussians, `sigma` arcsec per axis."""
    east, north = rng.standard_normal((2, len(ra))) * sigma / 3600.0
    return ra + east / np.cos(np.radians(dec)), dec + north


def _with_others(
    seed: int,
    sky: Sky,
    patterns: np.ndarray,
    density: Sequence[float],
    other_sigma: Sequence[float],
    shared: float,
    magnitudes: bool,
) -> Sky:
    rng = _rng(seed, 2)
    n = len(patterns)
    pattern = (rng.random(n)[:, None] > np.cumsum(patterns, axis=1)[:, :-1]).sum(axis=1)
    # The primary's measured position is uniform, so its true one is scattered about it alike.
    true_ra, true_dec = _scatter(rng, sky.primary["RA"], sky.primary["DEC"], sky.primary["SIGMA"])
    others, truth, first_field = [], np.full((n, len(density)), -1), None
    for k, (per_deg2, sigma) in enumerate(zip(density, other_sigma, strict=True)):
        field = _uniform(rng, rng.poisson(per_deg2 * sky.area), sky.area)
        if k == 0:
            first_field = field
        elif shared > 0:
            n_shared = min(int(shared * len(field[0])), len(first_field[0]))
            for axis in range(2):
                field[axis][:n_shared] = first_field[axis][:n_shared]
        has = np.flatnonzero(pattern >> k & 1)
        ra = np.concatenate([true_ra[has], field[0]])
        dec = np.concatenate([true_dec[has], field[1]])
        ra, dec = _scatter(rng, ra, dec, sigma)
        order = rng.permutation(len(ra))
        at = np.empty(len(ra), int)
        at[order] = np.arange(len(ra))
        truth[has, k] = at[: len(has)]
        others.append({"RA": ra[order], "DEC": dec[order]})
        if magnitudes and k == 0:
            others[0]["MAG"] = _magnitudes(_rng(seed, 3), len(has), len(ra))[order]
    return Sky(
        sky.primary, tuple(others), truth, 1.0 - patterns[:, 0], sky.area, tuple(other_sigma)
    )
