"""Seeded mock skies for measurements."""

from __future__ import annotations

import numpy as np

import bayesmatch as bm

DENSITY_PER_DEG2 = 58_000
#: deg^2, and how many primaries share their objects: like XMM-COSMOS
COSMOS_AREA, COSMOS_DEC, COSMOS_PRIMARIES = 1.88, 2.0, 1_797


def mock_sky(n_primary: int, n_secondary: int, *, dec: float = 57.0, seed: int = 1):
    """An X-ray list with errors of 1 to 5 arcsec and an optical survey, 80% with a counterpart."""
    rng = np.random.default_rng(seed)
    area = n_secondary / DENSITY_PER_DEG2
    side = np.sqrt(area)

    def uniform(n):
        y = dec + side * (rng.random(n) - 0.5)
        return 160 + side * (rng.random(n) - 0.5) / np.cos(np.radians(dec)), y

    o_ra, o_dec = uniform(n_secondary)
    x_ra, x_dec = uniform(n_primary)
    sigma = rng.uniform(1, 5, n_primary)
    has = np.flatnonzero(rng.random(n_primary) < 0.8)
    host = rng.choice(n_secondary, len(has), replace=False)
    east, north = rng.normal(size=(2, len(has))) * sigma[has] / 3600
    o_ra[host] = x_ra[has] + east / np.cos(np.radians(x_dec[has]))
    o_dec[host] = x_dec[has] + north
    primary = bm.Catalog(
        {"ID": np.arange(n_primary), "RA": x_ra, "DEC": x_dec, "sigma": sigma},
        name="X",
        pos_err="sigma",
        area=area,
    )
    secondary = bm.Catalog(
        {"ID": np.arange(n_secondary), "RA": o_ra, "DEC": o_dec}, name="OPT", pos_err=0.1, area=area
    )
    return primary, secondary


def large_sky(n_primary: int, n_secondary: int, *, seed: int = 1):
    """Uniform positions around the equator, without identifiers: cheap for any number of rows.

    Errors of 1 to 5 arcsec; four in five primaries have a counterpart.
    """
    rng = np.random.default_rng(seed)
    area = n_secondary / DENSITY_PER_DEG2
    side = np.sqrt(area)

    def uniform(n):
        ra, dec = rng.random(n), rng.random(n)
        for values, offset in ((ra, 160 - side / 2), (dec, -side / 2)):
            values *= side
            values += offset
        return ra, dec

    o_ra, o_dec = uniform(n_secondary)
    x_ra, x_dec = uniform(n_primary)
    sigma = rng.uniform(1, 5, n_primary)
    has = int(0.8 * n_primary)
    east, north = rng.normal(size=(2, has)) * sigma[:has] / 3600
    x_ra[:has], x_dec[:has] = o_ra[:has] + east, o_dec[:has] + north
    return (
        bm.Catalog(
            {"RA": x_ra, "DEC": x_dec, "sigma": sigma}, name="X", pos_err="sigma", area=area
        ),
        bm.Catalog({"RA": o_ra, "DEC": o_dec}, name="OPT", pos_err=0.1, area=area),
    )


def cosmos_sky(sizes: tuple[int, ...], sigmas: tuple[float, ...], *, seed: int = 1):
    """An X-ray list with errors of 0.5 to 2 arcsec, and surveys with `sizes` rows each.

    70% of each survey are objects of the first; nine in ten X-ray sources are in each.
    """
    rng = np.random.default_rng(seed)
    n, side = COSMOS_PRIMARIES, np.sqrt(COSMOS_AREA)

    def uniform(m):
        y = COSMOS_DEC + side * (rng.random(m) - 0.5)
        return 150 + side * (rng.random(m) - 0.5) / np.cos(np.radians(y)), y

    def scattered(ra, dec, sigma):
        east, north = rng.normal(size=(2, len(ra))) * sigma / 3600
        return ra + east / np.cos(np.radians(dec)), dec + north

    x_ra, x_dec = uniform(n)
    sigma = rng.uniform(0.5, 2, n)
    catalogs = [
        bm.Catalog(
            {"ID": np.arange(n), "RA": x_ra, "DEC": x_dec, "sigma": sigma},
            name="X",
            pos_err="sigma",
            area=COSMOS_AREA,
        )
    ]
    true_ra, true_dec = scattered(x_ra, x_dec, sigma)
    objects = uniform(max(sizes))
    for k, (size, error) in enumerate(zip(sizes, sigmas, strict=True)):
        ra, dec = uniform(size)
        shared = int(0.7 * size)
        ra[:shared], dec[:shared] = objects[0][:shared], objects[1][:shared]
        has = np.flatnonzero(rng.random(n) < 0.9)
        ra[-len(has) :], dec[-len(has) :] = true_ra[has], true_dec[has]
        ra, dec = scattered(ra, dec, error)
        mix = rng.permutation(size)
        catalogs.append(
            bm.Catalog(
                {"ID": np.arange(size), "RA": ra[mix], "DEC": dec[mix]},
                name=f"O{k + 1}",
                pos_err=error,
                area=COSMOS_AREA,
            )
        )
    return catalogs


def whole_match(*catalogs: bm.Catalog, **options) -> bm.MatchResult:
    """A match with both its tables, which are made when they are asked for."""
    result = bm.match(*catalogs, **options)
    assert len(result.sources) <= len(result.associations)
    return result
