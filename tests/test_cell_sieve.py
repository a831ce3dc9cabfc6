"""The sieve of coarse cells before the search: nothing near is lost, and all is counted."""

import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch.catalogs import candidates
from bayesmatch.catalogs.candidates import pairs_within
from bayesmatch.catalogs.cell_maps import CellCounts
from bayesmatch.catalogs.cell_sieve import MANY, NO_COUNTS, CellSieve
from bayesmatch.catalogs.scan.grids import Grids
from bayesmatch.catalogs.search_grid import Grid
from bayesmatch.catalogs.sky_box import SkyBox

CENTRES = [(150.0, 2.0), (0.05, -30.0), (359.97, 60.0), (200.0, 89.97), (20.0, -90.0), (180.0, 0.0)]


def sky(ra, dec, size=1.0, n=12, seed=0):
    """A few sources about a place, and objects close to them, far, and at the ends of the range."""
    rng = np.random.default_rng(seed)
    step = size / max(np.cos(np.radians(dec)), 0.02)
    source = (
        (ra + step * (rng.random(n) - 0.5)) % 360,
        np.clip(dec + size * (rng.random(n) - 0.5), -90, 90),
    )
    of = rng.integers(0, n, 4000)
    close = 60 / 3600 * rng.standard_normal((2, 4000))
    wide = (ra + 8 * step * (rng.random(4000) - 0.5), dec + 8 * size * (rng.random(4000) - 0.5))
    ends = np.tile([0.0, np.nextafter(360, 0), ra, 180.0], 2), np.repeat([-90.0, 90.0], 4)
    near = source[0][of] + close[0] / max(np.cos(np.radians(dec)), 0.02), source[1][of] + close[1]
    x, y = (np.concatenate(parts) for parts in zip(near, wide, ends, strict=True))
    order = rng.permutation(len(x))
    return source, x[order] % 360.0, np.clip(y, -90, 90)[order]


class At:
    """What is searched around."""

    def __init__(self, ra, dec):
        self.ra, self.dec = ra, dec


def near_without(source, ra, dec, radius):
    _, j, _ = Grid(*source, radius).search(0, len(ra), ra, dec, 10**9)
    return np.unique(j)


@pytest.mark.few(18)
@pytest.mark.parametrize("size", [0.05, 1.0, 60.0])
@pytest.mark.parametrize("centre", CENTRES)
@pytest.mark.parametrize("radius", [2.0, 90.0, 1500.0])
def test_rows_near_and_counts_are_those_without_the_sieve(centre, radius, size):
    source, ra, dec = sky(*centre, size=size)
    box = SkyBox(*source)
    expected = near_without(source, ra, dec, radius)
    counts = CellCounts.none(box.n_rows * box.n_columns)
    grids = Grids(At(*source), radius, box, len(ra))
    found = grids.rows_near(ra, dec, None, 10**9, lambda n: None, counts)
    assert found.dtype == np.int64
    assert found.tolist() == expected.tolist()
    assert (sum(counts).reshape(box.shape) == box.count(ra, dec)).all()
    alone = Grids(At(*source), radius, None, MANY * len(source[0]) + 1)
    assert alone.rows_near(ra, dec, None, 10**9, lambda n: None).tolist() == expected.tolist()


@pytest.mark.parametrize("centre", CENTRES)
@pytest.mark.parametrize("most_cells", [1, 1 << 23, 1 << 26])
def test_the_sieve_keeps_little_but_all_that_is_near(centre, most_cells):
    source, ra, dec = sky(*centre, size=30.0)
    box, grid = SkyBox(*source), Grid(*source, 3.0)
    cells = 2.0, most_cells  # those of the box, or divided
    near = CellSieve(box, grid.circle, grid.padded_degrees, cells).near(ra, dec, NO_COUNTS)
    assert (near.ra == ra[near.row]).all() and (near.dec == dec[near.row]).all()
    rows = near.row
    assert set(near_without(source, ra, dec, 3.0)) <= set(rows)
    far = np.arange(len(ra))[np.abs(dec - np.clip(dec, source[1].min(), source[1].max())) > 1.0]
    if abs(centre[1]) < 60.0:  # what is beyond the box is not near
        assert len(far) and not set(far) & set(rows)


def test_no_sieve_where_circles_touch_most_of_the_sky():
    rng = np.random.default_rng(1)
    source = 150.0 + rng.random(3000), 2.0 + rng.random(3000)
    box, grid = SkyBox(*source), Grid(*source, 30.0)
    sieve, ra, dec = CellSieve(box, grid.circle, grid.padded_degrees), *source
    assert sieve.near(ra, dec, NO_COUNTS) is None
    counts = CellCounts.none(box.n_rows * box.n_columns)
    assert sieve.near(ra, dec, counts) is None  # and all are counted
    assert sum(counts).sum() == 3000


@pytest.mark.parametrize("n", [1, 255, 256, 257, 3000])
def test_objects_in_one_cell_are_counted_at_once(n):
    box = SkyBox(np.array([150.0, 151.0]), np.array([2.0, 2.5]))
    ra, dec = np.full(n, 150.0001), np.full(n, 2.0001)
    ra[n // 2 :] += 0.1 * (n > 600)  # another cell, where there are several pieces
    grid = Grid(np.array([150.0]), np.array([2.0]), 2.0)
    counts = CellCounts.none(box.n_rows * box.n_columns)
    near = CellSieve(box, grid.circle, grid.padded_degrees).near(ra, dec, counts)
    assert (sum(counts).reshape(box.shape) == box.count(ra, dec)).all() and sum(counts).sum() == n
    assert len(near.row) == (n if n < 600 else n // 2)


@pytest.mark.parametrize("centre", CENTRES)
@pytest.mark.parametrize("radius", [2.0, 40.0, 1500.0])
def test_pairs_in_memory_are_those_without_the_sieve(centre, radius, monkeypatch):
    source, ra, dec = sky(*centre)
    x = bm.Catalog({"RA": source[0], "DEC": source[1]}, name="X", pos_err=1.0, area=1.0)
    y = bm.Catalog({"RA": ra, "DEC": dec}, name="Y", pos_err=0.1, area=1.0)
    of = {"max_pairs": 10**6, "advance": lambda rows: None}

    def pairs():
        return [*pairs_within(x, y, radius, **of), *pairs_within(y, x, radius, **of)]

    found = pairs()
    monkeypatch.setattr(candidates, "MANY", 10**9)
    for one, other in zip(found, pairs(), strict=True):
        assert one.dtype == other.dtype and one.tolist() == other.tolist()
