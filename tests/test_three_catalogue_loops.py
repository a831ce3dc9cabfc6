"""Loops of their own for three catalogues say what the general ones say, to the last digit."""

import numpy as np
import pytest

from bayesmatch._kernels import associations as kernels
from bayesmatch._kernels.circles import ln_bayes_circular, rows_of_triples
from bayesmatch._kernels.field_links import FEW, find_links, swept_links


def _blocks(rng, n, most=6):
    """Slots of `n` primaries in two catalogues, some of them empty, and their positions."""
    start = np.concatenate([[0], np.cumsum(rng.integers(0, most, 2 * n))])
    ra = np.repeat(rng.uniform(0, 360, n), np.diff(start[::2])) + rng.normal(0, 2e-3, start[-1])
    dec = rng.normal(0, 2e-3, start[-1]) + 40.0
    return start, ra, dec, np.cos(np.deg2rad(dec))


@pytest.mark.parametrize("radius", [3.0, 10.0, 1e3])
def test_associations_of_two_others_are_the_general_ones(radius):
    n, limit = 60, 10**9
    start, ra, dec, cos_dec = _blocks(np.random.default_rng(int(radius)), n)
    around = start, ra, dec, cos_dec, radius
    choice, apart = np.empty(2, np.int64), np.empty((2, 2))

    def general(i, member, between, row=0, most=limit):
        return kernels.enumerate_primary(2 * i, *around, choice, apart, row, most, member, between)

    nothing = np.empty((0, 2), np.int64), np.empty((0, 0))
    expected = [general(i, *nothing) for i in range(n)]
    each = int(np.median(expected))
    count = np.zeros(n, np.int64)
    total = kernels.count_associations(0, n, 2, *around, each, limit, count)
    assert count.tolist() == [min(number, each + 1) for number in expected]
    assert total == sum(number for number in expected if number <= each)
    complete = count <= each
    assert 0 < complete.sum() < n
    first = np.concatenate([[0], np.cumsum(np.where(complete, count, 0))])
    found, wanted = (
        (np.full((total, 2), -9), np.full((total, 1), -9.0)) for _ in ("found", "wanted")
    )
    kernels.fill_associations(0, n, *around, complete, first, *found)
    for i in np.flatnonzero(complete):
        general(i, *wanted, row=first[i])
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("ln_prior", [-np.inf, -60.0, -20.0])
@pytest.mark.parametrize("size", [1e-180, 1e-6, 1.0, 1e150])
def test_bayes_factors_of_three_are_those_of_any_number(size, ln_prior):
    rng = np.random.default_rng(5)
    a, b = (grid.ravel() - 1 for grid in np.meshgrid(np.arange(5), np.arange(5), indexing="ij"))
    member = np.column_stack([a, np.where(b >= 0, b + 4, -1)]).astype(np.int64)
    variance = size * rng.choice([0.5, 1.0, 3.0], (8, 1)).repeat(4, axis=1)
    separation = size**0.5 * rng.uniform(0, 4, 8)
    between = size**0.5 * rng.uniform(0, 6, (len(member), 1))
    ln_b = np.empty(len(member))
    given = member, size, variance, separation, between, ln_prior
    best = rows_of_triples(0, len(member), *given, ln_b)
    expected, highest = [], 0.0
    for row, (one, other) in enumerate(member):
        slots = [slot for slot in (one, other) if slot >= 0]
        of, apart = np.array([size, *variance[slots, 0]]), np.zeros((3, 3))
        for k, slot in enumerate(slots, start=1):
            apart[0, k] = separation[slot]
        if len(slots) == 2:
            apart[1, 2] = between[row, 0]
            pair = np.array([[0.0, between[row, 0]], [0.0, 0.0]])
            highest = max(highest, ln_bayes_circular(2, variance[slots, 0], pair) + ln_prior)
        expected.append(ln_bayes_circular(len(of), of, apart))
    np.testing.assert_array_equal(ln_b, expected)
    assert best == highest


@pytest.mark.parametrize("n", [0, 1, 2, 40, FEW])
def test_links_of_few_are_those_of_a_sweep(n):
    rng = np.random.default_rng(n)
    catalogue = np.sort(rng.integers(0, 3, n))
    plane = np.column_stack([rng.uniform(-8, 8, (n, 2)), np.zeros((n, 4))])
    plane[:, 2] = plane[:, 3] = rng.uniform(0.01, 0.4, n)
    plane[:, 5] = plane[:, 2] ** 2
    found, swept = (sorted(map(tuple, way(catalogue, plane))) for way in (find_links, swept_links))
    assert found == swept
    assert found or n < 40
