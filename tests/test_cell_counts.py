"""Objects counted in cells on the sky, against slow programs that do the same."""

import os
import subprocess
import sys

import numba
import numpy as np
import pytest

from bayesmatch._kernels import covered_cells as kernels
from bayesmatch._kernels.cell_counts import put_counts
from bayesmatch.catalogs.cell_maps import CellCounts, CellMaps, taken
from bayesmatch.catalogs.cell_sieve import CellSieve
from bayesmatch.catalogs.search_grid import circles
from bayesmatch.catalogs.sky_box import SkyBox
from bayesmatch.matching.claim_groups import _met_twice

CENTRES = [(150.0, 2.0), (359.9, -30.0), (0.05, 60.0), (200.0, 89.5)]


def sky(ra, dec, n=3000, size=1.0, seed=0):
    """Sources about a place, and objects about them that reach beyond the box."""
    rng = np.random.default_rng(seed)
    step = size / np.cos(np.radians(dec))
    place = ((ra + step * (rng.random(200) - 0.5)) % 360, dec + size * (rng.random(200) - 0.5))
    objects = (
        (ra + 4 * step * (rng.random(n) - 0.5)) % 360,
        np.clip(dec + 4 * size * (rng.random(n) - 0.5), -90, 90),
    )
    return SkyBox(*place), *objects


def counted(box, ra, dec):
    """The counts, object by object."""
    out = np.zeros(box.shape, int)
    per_ra, per_dec = 1.0 / box.width, 1.0 / box.cell
    for x, y in zip(ra - box.low_ra, dec - box.low_dec, strict=True):
        column, row = int((x + 360.0 if x < 0 else x) * per_ra), y * per_dec
        if 0 <= row < box.n_rows and column < box.n_columns:
            out[int(row), column] += 1
    return out


@pytest.mark.parametrize("centre", CENTRES)
def test_every_object_is_counted_in_its_cell(centre):
    box, ra, dec = sky(*centre)
    expected = counted(box, ra, dec)
    assert 0 < expected.sum()
    assert (box.count(ra, dec) == expected).all()


def test_counts_are_the_same_for_any_number_of_threads():
    box, ra, dec = sky(150.0, 2.0, n=2_500_000)
    before = numba.get_num_threads()
    try:
        found = []
        for n in (1, 2):
            numba.set_num_threads(min(n, before))
            found.append(box.count(ra, dec))
    finally:
        numba.set_num_threads(before)
    assert (found[0] == found[1]).all()


def test_more_objects_in_a_cell_than_a_byte_holds():
    box, ra, dec = sky(150.0, 2.0)
    rng = np.random.default_rng(3)
    some = rng.choice(len(ra), 70_000, p=(np.arange(len(ra)) < 12) * 0.07 + 0.16 / len(ra))
    ra, dec = ra[some], dec[some]
    expected = counted(box, ra, dec)
    assert expected.max() > 4000
    assert (box.count(ra, dec) == expected).all()
    near, of_sieve = CellSieve(box, *circles(ra[:9], dec[:9], 30.0)), CellCounts.none(expected.size)
    for part in (slice(0, 30_000), slice(30_000, None)):
        near.near(ra[part], dec[part], of_sieve)
    assert (sum(of_sieve).reshape(box.shape) == expected).all()
    order = np.lexsort((ra, dec))  # all of a block in one cell
    total, in_order = np.zeros(expected.size, np.int32), CellCounts.none(expected.size)
    near.near(ra[order], dec[order], in_order)
    row, number = taken(in_order)
    assert not in_order.low.any() and not in_order.high.any()
    put_counts(row, number, total)
    assert (total.reshape(box.shape) == expected).all()
    cell, count = box.filled(ra, dec)
    assert (count == expected.ravel()[cell]).all() and count.sum() == expected.sum()


def test_counts_that_are_taken_out_and_put_back_are_the_same():
    box, ra, dec = sky(150.0, 2.0)
    maps = CellMaps(box.shape)
    total = np.zeros(box.n_rows * box.n_columns, np.int32)
    for part in np.array_split(np.arange(len(ra)), 3):
        with maps.one() as cells:
            assert not cells.low.any() and not cells.high.any()
            box.add(ra[part], dec[part], cells)
            expected = np.flatnonzero(cells.low + cells.high)
            row, number = taken(cells)
            assert (-1 - row == expected).all() and number.sum() <= len(part)
            put_counts(np.append(row, 5), np.append(number, 7.0), total)
    assert (total.reshape(box.shape) == counted(box, ra, dec)).all()


@pytest.mark.parametrize("centre", CENTRES)
def test_known_cells_are_those_near_a_source(centre):
    box, *_ = sky(*centre)
    reach = int(box.half_rows[-1])
    rows, columns = np.nonzero(box.sources)
    for row in range(0, box.n_rows, 7):
        at = np.abs(rows - row) <= reach
        for column in range(0, box.n_columns, 7):
            apart = np.abs(columns[at] - column)
            apart = np.minimum(apart, box.n_columns - apart)
            assert box.known[row, column] == (apart <= box.half_columns[row, -1]).any()


def block_sums(values, size):
    """Sums over blocks of so many cells a side."""
    padded = np.pad(values, [(0, -n % size) for n in values.shape])
    rows, columns = (n // size for n in padded.shape)
    return padded.reshape(rows, size, columns, size).sum(axis=(1, 3))


def many_around(held, some, b, a):
    """How far the blocks about one are that hold many on average; 0: few; None: hardly any do."""
    for reach in range(1, kernels.FARTHEST + 1):
        at = slice(max(0, b - reach), b + reach + 1), slice(max(0, a - reach), a + reach + 1)
        n = some[at].sum()
        if n >= kernels.MIN_OCCUPIED:
            if held[at].sum() >= kernels.PLENTY * n:
                return reach
            if reach > 1:
                return 0
    return None


def covered_slowly(count, known):
    """The cells that are covered, with every block of every size looked at."""
    covered, told, size = known.copy(), np.zeros(count.shape, bool), 1
    while size <= max(count.shape):
        total, n_known = block_sums(np.where(known, count, 0), size), block_sums(known, size)
        n_told, some = block_sums(told, size), total > 0
        held = total / np.maximum(n_known, 1) * size**2
        fresh = (total == 0) & (2 * n_known >= size**2) & (n_told < n_known)
        if total.sum() >= 0.5 * kernels.PLENTY * some.sum():
            for b, a in np.argwhere(fresh):
                reach = many_around(held, some, b, a)
                if reach is None and held.sum() >= kernels.PLENTY * max(some.sum(), 1):
                    reach = kernels.FARTHEST
                if not reach:
                    continue
                cells = slice(b * size, (b + 1) * size), slice(a * size, (a + 1) * size)
                covered[cells] = False
                told[cells] = known[cells]
                beside = np.argwhere(some[max(0, b - 1) : b + 2, max(0, a - 1) : a + 2])
                for y, x in beside + (max(0, b - 1), max(0, a - 1)):
                    if reach <= 2 and n_told[b, a] == 0 and n_told[y, x] == 0:
                        covered[y * size : (y + 1) * size, x * size : (x + 1) * size] = False
        size *= 2
    return covered


@pytest.mark.few(4)
@pytest.mark.parametrize("per_cell", [0.02, 0.3, 3.0, 30.0])
@pytest.mark.parametrize("hole", [0.0, 0.2, 1.5])
def test_no_cell_is_covered_that_larger_blocks_would_leave_out(per_cell, hole):
    """The search for empty blocks ends with the first size that has none."""
    box, *_ = sky(150.0, 2.0)
    rng = np.random.default_rng(1)
    count = rng.poisson(per_cell, box.shape).astype(np.int32)
    row, column = np.indices(box.shape)
    count[np.hypot(row - box.n_rows / 2, column - box.n_columns / 2) < 90 * hole] = 0
    count[: int(40 * hole)] = 0
    assert (box.covered(count) == covered_slowly(count, box.known)).all()


def test_windows_are_sums_over_covered_cells():
    box, ra, dec = sky(359.9, -30.0)
    count = box.count(ra, dec)
    covered = np.random.default_rng(2).random(box.shape) < 0.8
    area = np.where(covered, box.cell_area[:, None], 0.0)
    number, square, sources = box.covered_windows(count, covered)
    general = box.windows(np.where(covered, count, 0.0), area)
    for found, same in zip((number, square, sources), general, strict=True):
        assert (found == same).all()
    for i in range(0, len(box.row), 20):
        for w, half in enumerate(box.half_rows):
            rows = slice(max(0, box.row[i] - half), box.row[i] + half + 1)
            wide = box.half_columns[box.row[i], w]
            columns = np.unique(np.arange(-wide, wide + 1) + box.column[i]) % box.n_columns
            inside = covered[rows, columns]
            assert number[i, w] == count[rows, columns][inside].sum()
            assert square[i, w] == pytest.approx(area[rows, columns].sum())
            assert sources[i, w] == box.sources[rows, columns][inside].sum()


def test_numbers_met_twice():
    rng = np.random.default_rng(3)
    for n in (0, 1, 2, 50, 1000):
        values = rng.integers(0, 700, n)
        _, number, count = np.unique(values, return_inverse=True, return_counts=True)
        assert (_met_twice(values) == np.flatnonzero(count[number] > 1)).all()


SHAPE = """
import numpy as np
from bayesmatch.matching.checks.score import regression
from bayesmatch.matching.density_ladder import gamma_shape
from bayesmatch.matching.radius_edge import Edge, all_outside
from bayesmatch.priors.field_means import rarer_than_seen
rng = np.random.default_rng(5)
expected = rng.gamma(5.0, 2.0, 60_000)
print(repr(gamma_shape(rng.poisson(expected * rng.gamma(8.0, 0.125, 60_000)) * 1.0, expected)))
print(regression(rng.normal(size=(200_000, 4)), rng.normal(size=200_000)).tolist())
p, beyond = rng.random((2, 60_000))
print(rarer_than_seen(rng.normal(5.0, 1.0, 60_000), p, np.ones(60_000), 1e-3 * beyond))
edge = Edge(np.linspace(0.0, 9.0, 7), np.linspace(0.0, 1.0, 7), 0.0)
print(all_outside(rng.gamma(3.0, 1.0, (100_000, 16)), np.full(16, 1 / 16), [edge]).tobytes())
"""


@pytest.mark.slow
def test_shapes_do_not_depend_on_the_threads_of_linear_algebra():
    found = {
        subprocess.run(
            [sys.executable, "-c", SHAPE],
            env={**os.environ, "OPENBLAS_NUM_THREADS": n, "OMP_NUM_THREADS": n},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for n in "12"
    }
    assert len(found) == 1 and 2.0 < float(found.pop().split()[0]) < 30.0
