"""Skies whose position errors are wrong in ways beyond scale, floor and offset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import bayesmatch as bm
from validation.skies import simulate

OTHER_SIGMA = 0.2


@dataclass(frozen=True)
class Wrong:
    """What is wrong with the errors of the primary."""

    tail_fraction: float = 0.0
    tail_factor: float = 4.0
    matrix: Sequence[Sequence[float]] = ((0.0, 0.0), (0.0, 0.0))
    """arcsec per degree, offset by position relative to the field's centre"""
    slope: float = 0.0
    """of ln scale in the standardised column THETA"""
    scale: float = 1.0


def sky(
    seed: int, wrong: Wrong, *, n: int = 2000, fraction: float = 0.7, density: float = 20_000.0
) -> tuple[bm.Catalog, bm.Catalog, np.ndarray]:
    """Primaries X, objects OPT, and the row of each counterpart, -1 = none."""
    made = simulate(seed, n, fraction, density=density, other_sigma=OTHER_SIGMA)
    rng = np.random.default_rng([seed, 78])
    primary = dict(made.primary)
    primary["THETA"] = 15.0 * np.sqrt(rng.random(n))
    z = (primary["THETA"] - primary["THETA"].mean()) / primary["THETA"].std()
    objects = {name: column.copy() for name, column in made.others[0].items()}
    host = np.flatnonzero(made.truth[:, 0] >= 0)
    row = made.truth[host, 0]
    wide = np.where(rng.random(len(host)) < wrong.tail_fraction, wrong.tail_factor, 1.0)
    sigma = np.hypot(
        wrong.scale * np.exp(wrong.slope * z[host]) * wide * primary["SIGMA"][host], OTHER_SIGMA
    )
    ra, dec = primary["RA"], primary["DEC"]
    cos_dec = np.cos(np.radians(dec[host]))
    place = np.stack(
        [
            (ra[host] - ra.mean()) * np.cos(np.radians(dec.mean())),
            dec[host] - dec.mean(),
        ]
    )
    east, north = rng.standard_normal((2, len(host))) * sigma + np.array(wrong.matrix) @ place
    objects["RA"][row] = ra[host] + east / 3600 / cos_dec
    objects["DEC"][row] = dec[host] + north / 3600
    return (
        bm.Catalog(primary, name="X", pos_err="SIGMA", area=made.area),
        bm.Catalog(objects, name="OPT", pos_err=OTHER_SIGMA, area=made.area),
        made.truth[:, 0],
    )
