"""Seeded mock skies for measurements."""

from __future__ import annotations

import numpy as np

import bayesmatch as bm

DENSITY_PER_DEG2 = 58_000


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
    primary = bm.Catalog({"ID": np.arange(n_primary), "RA": x_ra, "DEC": x_dec, "sigma": sigma},
                         name="X", pos_err="sigma", area=area)
    secondary = bm.Catalog({"ID": np.arange(n_secondary), "RA": o_ra, "DEC": o_dec}, name="OPT",
                           pos_err=0.1, area=area)
    return primary, secondary
