"""A catalogue whose coverage map is far smaller than the field of the sources."""

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from mocpy import MOC

import bayesmatch as bm

DENSITY, HOSTS = 1500.0, 0.6


def sky(seed, n_sources):
    """Sources on 0.9 x 0.9 deg, and objects within 0.16 deg of the middle alone, with its MOC."""
    rng = np.random.default_rng(seed)
    ra, dec = 80.0 + rng.uniform(-0.45, 0.45, n_sources), rng.uniform(-0.45, 0.45, n_sources)
    near = rng.normal(0.0, 2.0 / 3600.0, (2, n_sources))
    n_field = rng.poisson(DENSITY * 0.81)
    field = rng.uniform(-0.45, 0.45, (2, n_field))
    host = rng.random(n_sources) < HOSTS
    x = np.concatenate([(ra + near[0])[host], 80.0 + field[0]])
    y = np.concatenate([(dec + near[1])[host], field[1]])
    moc = MOC.from_cone(80.0 * u.deg, 0.0 * u.deg, radius=0.16 * u.deg, max_depth=12)
    inside = moc.contains_lonlat(x * u.deg, y * u.deg)
    primary = bm.Catalog(Table({"RA": ra, "DEC": dec}), name="X", pos_err=2.0, area=0.81)
    objects = Table({"RA": x[inside], "DEC": y[inside]})
    return primary, bm.Catalog(objects, name="O", pos_err=0.1, area=moc)


@pytest.mark.parametrize("n_sources", [500, 1500])
def test_density_in_a_small_footprint_is_that_within_it(n_sources):
    for seed in range(4):
        result = bm.match(*sky(seed, n_sources), radius=20)
        density = np.asarray(result.sources["density_O"])[np.asarray(result.sources["in_O"])]
        # 120 objects within, of which the hosts are to be told apart
        assert 0.75 * DENSITY < density.mean() < 1.3 * DENSITY


def test_where_counts_tell_what_is_covered_no_map_is_asked():
    primary, _ = sky(0, 300)
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-1.0, 1.0, (2, 6000))
    moc = MOC.from_cone(80.0 * u.deg, 0.0 * u.deg, radius=2.0 * u.deg, max_depth=12)
    table = Table({"RA": 80.0 + x, "DEC": y})
    area = moc.sky_fraction * 4 * np.pi * np.degrees(1.0) ** 2
    others = [bm.Catalog(table, name="O", pos_err=0.1, area=a) for a in (moc, area)]
    with_map, without = (bm.match(primary, o, radius=20).sources["density_O"] for o in others)
    np.testing.assert_allclose(with_map, without, rtol=1e-9)
