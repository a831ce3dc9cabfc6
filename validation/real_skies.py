"""Simulated skies that are not as simple as a model would like, with known truth.

A `Plan` says what is wrong: the density of field objects rises along the survey, the stated area is
false, two catalogues show the same field objects, position errors have tails, the frame is turned,
sources crowd or are listed twice, parts of the sky were not observed, the catalogue was downloaded
in cones round the sources.  A plan without any of it is a uniform sky with honest errors.  Only
NumPy, SciPy and `bayesmatch.Catalog`; everything follows from the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

import bayesmatch as bm

#: deg: a corner of the survey, whose declinations make cos(dec) differ from 1
RA_0, DEC_0 = 210.0, 20.0
#: arcsec between the sources and the border of the survey, so that no counterpart falls out
MARGIN = 40.0
#: arcsec per axis: errors of the other catalogues
OTHER_SIGMA = (0.1, 0.5)
NAMES = ("OPT", "IRAC")
#: arcmin: radii of the holes round bright stars
HOLE_RADII = (1.5, 5.0)
#: of the sources with a counterpart, with two other catalogues: in the first only, in the second
#: only, in both
MEMBERSHIP = (0.25, 0.15, 0.60)


@dataclass(frozen=True)
class Plan:
    """How to make a sky; every default is a sky with nothing wrong."""

    n: int = 4000
    """sources, each counted once"""
    per_deg2: float = 300.0
    """sources per deg^2, which with `n` gives the area of the survey"""
    density: float = 30_000.0
    """field objects per deg^2 in the first other catalogue, mean over its footprint (before holes
    are cut out of it)"""
    gradient: float = 1.0
    """density at the eastern border of the survey over that at the western one"""
    host: tuple[float, float] = (0.7, 0.7)
    """share of sources with a counterpart at the two borders, linear in between"""
    sigma: tuple[float, float] = (1.2, 3.6)
    """arcsec per axis: quoted position errors, uniform in their logarithm"""
    area_factor: float = 1.0
    """stated area over the true one"""
    second: tuple[float, float] | None = None
    """a second other catalogue: its field objects per deg^2, the share of them that are objects of
    the first as well"""
    tails: tuple[float, float] = (0.0, 1.0)
    """share of the sources whose true errors are larger than quoted, and how many times"""
    rotation: float = 0.0
    """arcsec per deg by which the sources' frame is turned about the centre of the survey"""
    twice: float = 0.0
    """share of the sources that are listed a second time, at another measured position"""
    holes: float = 0.0
    """share of the footprint where the other catalogues have nothing"""
    beyond: float = 0.0
    """share of the sources that lie east of the other catalogues' footprint"""
    cones: float | None = None
    """arcsec: only objects this near to a source were downloaded, and the area is that of the
    union of the cones"""


@dataclass(frozen=True)
class RealSky:
    """What was simulated; n counts the entries of the list of sources."""

    primary: dict[str, np.ndarray]
    """columns RA, DEC (deg), SIGMA (arcsec per axis)"""
    others: tuple[dict[str, np.ndarray], ...]
    """columns RA, DEC (deg)"""
    truth: np.ndarray
    """(n, n_other) row of the true counterpart in each other catalogue, -1 = none"""
    area: float
    """deg^2, as stated to the match"""
    density: np.ndarray
    """(n,) true field density of the first other catalogue at the source, per deg^2"""
    outside: np.ndarray
    """(n,) bool: beyond the footprint or in a hole"""
    wide: np.ndarray
    """(n,) bool: the true error is larger than quoted"""
    source: np.ndarray
    """(n,) which source the entry is of"""
    off_axis: np.ndarray
    """(n,) deg from the centre of the survey"""

    @property
    def host(self) -> np.ndarray:
        """Which entries have a counterpart at all."""
        return np.any(self.truth >= 0, axis=1)

    def catalogs(self, area_factor: float = 1.0) -> list[bm.Catalog]:
        """The primary catalogue X and the others, ready to match."""
        area = self.area * area_factor
        return [
            bm.Catalog(self.primary, name="X", pos_err="SIGMA", area=area),
            *(
                bm.Catalog(table, name=name, pos_err=sigma, area=area)
                for table, name, sigma in zip(self.others, NAMES, OTHER_SIGMA, strict=False)
            ),
        ]


@dataclass(frozen=True)
class _Box:
    """A survey with equal-area coordinates u (east) and v (north) between 0 and 1."""

    width: float
    south: float
    north: float
    """sines of the declinations"""

    @classmethod
    def of_area(cls, area: float) -> _Box:
        side = np.sqrt(area)
        south, north = np.sin(np.radians([DEC_0, DEC_0 + side]))
        return cls(float(area / np.degrees(north - south)), float(south), float(north))

    def sky(self, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """RA and Dec in degrees."""
        sine = self.south + v * (self.north - self.south)
        return RA_0 + self.width * u, np.degrees(np.arcsin(sine))

    @property
    def centre(self) -> tuple[float, float]:
        ra, dec = self.sky(np.array(0.5), np.array(0.5))
        return float(ra), float(dec)


def simulate(seed: int, plan: Plan) -> RealSky:
    """A sky as planned."""
    rng = np.random.default_rng([seed, 12])
    box = _Box.of_area(plan.n / plan.per_deg2)
    inset = MARGIN / 3600.0 / np.sqrt(plan.n / plan.per_deg2)
    u, v = inset + (1.0 - 2.0 * inset) * rng.random((2, plan.n))
    ra, dec = box.sky(u, v)
    sigma = np.exp(rng.uniform(*np.log(plan.sigma), plan.n))
    in_hole = _holes(rng, box, plan)
    outside = (u > 1.0 - plan.beyond) | in_hole(ra, dec)
    sparse, dense = plan.host
    has = (rng.random(plan.n) < sparse + (dense - sparse) * u) & ~outside

    others, truth = _others(rng, box, plan, (ra, dec), has, in_hole)
    source = np.concatenate(
        [np.arange(plan.n), rng.choice(plan.n, round(plan.twice * plan.n), replace=False)]
    )
    sigma = sigma[source]
    wide = rng.random(len(source)) < plan.tails[0]
    seen = _scatter(rng, ra[source], dec[source], np.where(wide, plan.tails[1], 1.0) * sigma)
    seen = _turned(*seen, plan.rotation, box.centre)
    east = u / (1.0 - plan.beyond)
    sky = RealSky(
        {"RA": seen[0], "DEC": seen[1], "SIGMA": sigma},
        others,
        truth[source],
        plan.n / plan.per_deg2 * (1.0 - plan.beyond),
        np.where(outside, 0.0, _density(plan, east))[source],
        outside[source],
        wide,
        source,
        _separation(*seen, *box.centre),
    )
    if plan.cones is not None:
        sky = downloaded(sky, plan.cones)
    return replace(sky, area=sky.area * plan.area_factor)


def downloaded(sky: RealSky, radius: float) -> RealSky:
    """The same sky where only the objects within `radius` arcsec of a source are known."""
    centres = cKDTree(_unit(sky.primary["RA"], sky.primary["DEC"]))
    chord = 2.0 * np.sin(np.radians(radius / 3600.0) / 2.0)
    others, truth = [], np.full_like(sky.truth, -1)
    for k, table in enumerate(sky.others):
        near = np.isfinite(
            centres.query(_unit(table["RA"], table["DEC"]), distance_upper_bound=chord)[0]
        )
        row = np.where(near, np.cumsum(near) - 1, -1)
        others.append({name: column[near] for name, column in table.items()})
        truth[:, k] = np.where(sky.truth[:, k] >= 0, row[sky.truth[:, k]], -1)
    return replace(sky, others=tuple(others), truth=truth, area=union_area(sky, radius))


def union_area(sky: RealSky, radius: float, n_points: int = 40) -> float:
    """Area (deg^2) of all cones of `radius` arcsec round the sources, overlaps counted once.

    Every cone counts with the mean of 1 / (number of cones) over points in it.
    """
    ra, dec = sky.primary["RA"], sky.primary["DEC"]
    rng = np.random.default_rng(len(ra))
    reach = radius * np.sqrt(rng.random((n_points, len(ra))))
    angle = 2.0 * np.pi * rng.random(reach.shape)
    north = dec + reach * np.sin(angle) / 3600.0
    east = ra + reach * np.cos(angle) / 3600.0 / np.cos(np.radians(dec))
    chord = 2.0 * np.sin(np.radians(radius / 3600.0) / 2.0)
    times = cKDTree(_unit(ra, dec)).query_ball_point(
        _unit(east.ravel(), north.ravel()), chord, return_length=True
    )
    return float(len(ra) * np.mean(1.0 / np.maximum(times, 1)) * np.pi * (radius / 3600.0) ** 2)


# -- pieces ---------------------------------------------------------------------------------------


def _density(plan: Plan, east: np.ndarray) -> np.ndarray:
    """Density of field objects per deg^2; `east` runs from 0 to 1 over the footprint."""
    g = plan.gradient
    mean = (g - 1.0) / np.log(g) if g != 1.0 else 1.0
    return plan.density / mean * g**east


def _field(rng: np.random.Generator, box: _Box, plan: Plan, density: float):
    """Positions of field objects, `density` per deg^2 in the mean, exponential along the survey."""
    area = plan.n / plan.per_deg2 * (1.0 - plan.beyond)
    n, g = rng.poisson(density * area), plan.gradient
    east = rng.random(n)
    if g != 1.0:
        east = np.log1p(east * (g - 1.0)) / np.log(g)
    return box.sky(east * (1.0 - plan.beyond), rng.random(n))


def _others(
    rng: np.random.Generator,
    box: _Box,
    plan: Plan,
    at: tuple[np.ndarray, np.ndarray],
    has: np.ndarray,
    in_hole: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> tuple[tuple[dict[str, np.ndarray], ...], np.ndarray]:
    """The other catalogues, rows shuffled, and who is in which row."""
    n_other = 1 if plan.second is None else 2
    members = [has]
    if plan.second is not None:
        kind = rng.choice(3, plan.n, p=MEMBERSHIP)
        members = [has & (kind != 1), has & (kind != 0)]
    fields = [_field(rng, box, plan, plan.density)]
    if plan.second is not None:
        ra, dec = _field(rng, box, plan, plan.second[0])
        n = round(plan.second[1] * len(ra))
        same = rng.choice(len(fields[0][0]), n, replace=False)
        ra[:n], dec[:n] = fields[0][0][same], fields[0][1][same]
        fields.append((ra, dec))
    others, truth = [], np.full((plan.n, n_other), -1)
    for k in range(n_other):
        ra, dec = fields[k]
        kept = ~in_hole(ra, dec)
        host = np.flatnonzero(members[k])
        ra, dec = _scatter(
            rng,
            np.concatenate([at[0][host], ra[kept]]),
            np.concatenate([at[1][host], dec[kept]]),
            OTHER_SIGMA[k],
        )
        order = rng.permutation(len(ra))
        row = np.empty(len(ra), int)
        row[order] = np.arange(len(ra))
        truth[host, k] = row[: len(host)]
        others.append({"RA": ra[order], "DEC": dec[order]})
    return tuple(others), truth


def _holes(rng: np.random.Generator, box: _Box, plan: Plan) -> Callable[..., np.ndarray]:
    """Whether positions are in a hole; holes fill the planned share of the footprint."""
    if plan.holes == 0.0:
        return lambda ra, dec: np.zeros(np.shape(ra), bool)
    area = plan.n / plan.per_deg2 * (1.0 - plan.beyond)
    test = _unit(*box.sky(rng.random(40_000) * (1.0 - plan.beyond), rng.random(40_000)))
    points = cKDTree(test)
    covered = np.zeros(len(test), bool)
    centres, chords = [], []
    while covered.mean() < plan.holes:
        radius = rng.uniform(*HOLE_RADII) * np.sqrt(min(1.0, area))
        centre = _unit(*box.sky(rng.random(1) * (1.0 - plan.beyond), rng.random(1)))[0]
        centres.append(centre)
        chords.append(2.0 * np.sin(np.radians(radius / 60.0) / 2.0))
        covered[points.query_ball_point(centre, chords[-1])] = True

    def inside(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
        hit = np.zeros(len(ra), bool)
        for rows in cKDTree(_unit(ra, dec)).query_ball_point(np.array(centres), np.array(chords)):
            hit[rows] = True
        return hit

    return inside


def _scatter(rng: np.random.Generator, ra: np.ndarray, dec: np.ndarray, sigma: Any):
    """Positions drawn from circular Gaussians, `sigma` arcsec per axis."""
    east, north = rng.standard_normal((2, len(ra))) * sigma / 3600.0
    return ra + east / np.cos(np.radians(dec)), dec + north


def _turned(ra: np.ndarray, dec: np.ndarray, rotation: float, centre: tuple[float, float]):
    """Positions turned about a centre by `rotation` arcsec per deg, north towards east."""
    x = (ra - centre[0]) * np.cos(np.radians(dec))
    y = dec - centre[1]
    return (
        ra + rotation * y / 3600.0 / np.cos(np.radians(dec)),
        dec - rotation * x / 3600.0,
    )


def _unit(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """(n, 3) unit vectors."""
    a, d = np.radians(ra), np.radians(dec)
    return np.column_stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])


def _separation(ra: np.ndarray, dec: np.ndarray, ra_0: float, dec_0: float) -> np.ndarray:
    """Degrees from a place."""
    chord = np.linalg.norm(_unit(ra, dec) - _unit(np.array([ra_0]), np.array([dec_0])), axis=1)
    return np.degrees(2.0 * np.arcsin(chord / 2.0))
