"""Neighbours within one list, as a KD-tree finds them."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from bayesmatch._kernels.neighbours import pairs_in_blocks
from bayesmatch.catalogs.neighbours import Neighbours


def over_the_sky(rng, n):
    return rng.random(n) * 360.0, np.degrees(np.arcsin(rng.uniform(-1, 1, n)))


LISTS = {
    "sky": over_the_sky,
    "field": lambda rng, n: (150 + rng.random(n) * 0.1, rng.random(n) * 0.1),
    "pole": lambda rng, n: (rng.random(n) * 360, 90 - rng.random(n) * 0.05),
    "across 0": lambda rng, n: (np.mod(rng.normal(0, 0.02, n), 360), rng.normal(-60, 0.02, n)),
    "one place": lambda rng, n: (np.full(n, 10.0), np.full(n, -90.0)),
    "clump": lambda rng, n: np.hstack(
        [[rng.normal(1, 0.001, n), rng.normal(0, 0.001, n)], over_the_sky(rng, n)]
    ),
}


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", LISTS)
def test_as_a_tree_finds_them(kind):
    rng = np.random.default_rng(1)
    for n in (1, 2, 30, 300):
        ra, dec = LISTS[kind](rng, n)
        n, reach = len(ra), 10 ** rng.uniform(-1, 3.5)
        near = Neighbours(ra, dec, reach)
        tree = cKDTree(near.unit)
        for factor in (0.2, 1.0, 5.0):
            chord = 2 * np.sin(0.5 * np.radians(reach * factor / 3600))
            begin, found = near.within(np.arange(n), chord)
            np.testing.assert_array_equal(near.numbers(chord), np.diff(begin))
            row = np.repeat(np.arange(n), np.diff(begin))
            at = LISTS[kind](rng, 40)
            there = Neighbours(*at, reach).unit  # of places that are not in the list
            nearest = tree.query(there, distance_upper_bound=chord)[0]
            np.testing.assert_allclose(near.nearest(*at, chord), nearest, rtol=1e-6, atol=1e-14)
            expected = tree.query_pairs(chord, output_type="ndarray")
            got = np.column_stack([row, found])[row < found]
            assert {*map(tuple, got.tolist())} == {*map(tuple, expected.tolist())}
            assert len(found) == n + 2 * len(got)  # each twice, and all themselves
        k, which = min(16, n - 1), rng.permutation(n)[:50]
        expected = tree.query(near.unit[which], [k + 1])[0][:, 0]
        np.testing.assert_array_equal(near.distance(which, k, chord), expected)


def test_pairs_in_blocks():
    rng = np.random.default_rng(4)
    block, place = np.sort(rng.integers(0, 12, 60)), rng.normal(0, 2, (60, 2))
    variance = rng.uniform(0.1, 1.0, 60)
    close, pairs, chance = pairs_in_blocks(block, place, variance, 4.0, 9.0)
    a, b = np.triu_indices(60, 1)
    same = block[a] == block[b]
    a, b = a[same], b[same]
    reach = 4.0 * (variance[a] + variance[b])
    assert pairs == len(a)
    assert 0 < close == np.count_nonzero(((place[a] - place[b]) ** 2).sum(axis=1) <= reach)
    assert chance == pytest.approx(np.minimum(reach / 9.0, 1.0).sum(), rel=1e-13)
