"""An object is the counterpart of one primary at most: joint probabilities, and duplicates."""

import itertools
import warnings

import numba
import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch.matching import claim_groups, claims
from bayesmatch.matching.same_source import Duplicates, close_pairs, find_duplicates
from bayesmatch.matching.settled import KnownClaims
from bayesmatch.testing import check_invariants, reference

NO_DUPLICATES = KnownClaims(Duplicates(), np.zeros(2))
FRACTION = 0.7


def catalog(name, east, north, sigma, n_far=0, area=1.0, seed=0):
    """A catalogue of objects at places (arcsec) near one point, and of others far from it."""
    rng = np.random.default_rng(seed)
    sigma = np.broadcast_to(sigma, len(east))
    ra = np.concatenate([150.0 + np.asarray(east) / 3600, 150.2 + 0.8 * rng.random(n_far)])
    dec = np.concatenate([np.asarray(north) / 3600, 0.1 + 0.8 * rng.random(n_far)])
    err = np.concatenate([sigma, np.full(n_far, 0.2)])
    table = {"ID": np.arange(len(ra)), "RA": ra, "DEC": dec, "ERR": err}
    return bm.Catalog(table, name=name, pos_err="ERR", area=area)


def clump(seed, n, n_objects, n_other, size=3.0):
    """A few primaries among a few objects, all near each other."""
    rng = np.random.default_rng(seed)
    primary = catalog("X", *rng.uniform(-size, size, (2, n)), rng.uniform(0.7, 1.5, n), area=0.01)
    others = [
        catalog(f"O{k}", *rng.uniform(-size, size, (2, n_objects)), 0.3, 30_000, seed=k)
        for k in range(n_other)
    ]
    return primary, others


def by_primary(result, column="p_match"):
    """Values of each primary's associations, and their objects."""
    a = result.associations
    names = result.catalogue_names
    first = np.searchsorted(np.asarray(a[names[0]]), np.arange(len(result.sources) + 1))
    member = np.column_stack([np.asarray(a[n]) for n in names[1:]])
    objects = [frozenset((k, int(j)) for k, j in enumerate(row) if j >= 0) for row in member]
    values = np.asarray(a[column])
    pieces = list(itertools.pairwise(first))
    return [values[a:b] for a, b in pieces], [objects[a:b] for a, b in pieces]


def unnormalised(result):
    """Weights of each primary's associations by itself: fraction times likelihood."""
    p, objects = by_primary(result)
    ln_none = result._terms.ln_fraction[:, 0]
    return [row / row[0] * np.exp(ln) for row, ln in zip(p, ln_none, strict=True)], objects


def matched(primary, others, rule, **options):
    return bm.match(
        primary, *others, radius=8.0, host_fraction=FRACTION, claims=rule, field="uniform", **options
    )


@pytest.fixture
def all_links(monkeypatch):
    """Every object links, however improbable; few primaries may have duplicates."""
    monkeypatch.setattr(claims, "TINY", 0.0)
    monkeypatch.setattr(claims, "MIN_PRIMARIES", 2)


@pytest.mark.parametrize(("n", "n_objects", "n_other"), [(5, 4, 1), (4, 5, 1), (3, 3, 2)])
@pytest.mark.parametrize("seed", range(4))
def test_joint_probabilities_are_those_of_all_identifications(all_links, n, n_objects, n_other, seed):
    primary, others = clump(seed, n, n_objects, n_other)
    alone = matched(primary, others, "independent")
    expected, _ = reference.joint(*unnormalised(alone))
    result = matched(primary, others, NO_DUPLICATES)
    found, _ = by_primary(result)
    assert result.meta["claims"]["largest"] == n
    for p, p_expected in zip(found, expected, strict=True):
        np.testing.assert_allclose(p, p_expected, rtol=1e-10, atol=1e-14)
    changed = max(np.abs(a - b).max() for a, b in zip(found, by_primary(alone)[0], strict=True))
    assert changed > 0.01  # competition matters here
    check_invariants(result)
    for column in ("p_any", "p_i", "p_single", "dist_post", "match_flag"):
        assert np.array_equal(result.associations[column], alone.associations[column])


def pair_weights(alone, pair, d, spread, primary, others, expected):
    """What two primaries are as one source: rows of both, weight; positions put together by hand."""
    weights, objects = unnormalised(alone)
    ln_pi = alone._terms.ln_fraction
    at = np.column_stack([(primary.ra - 150.0), primary.dec]) * 3600
    v = primary.covariance()[:, 0]
    best = min(pair, key=lambda i: (v[i], i))
    x = np.array([at[i] / v[i] for i in pair]).sum(axis=0) / sum(1 / v[i] for i in pair)
    v_x = (2 - spread) / sum(1 / v[i] for i in pair)
    apart = ((at[pair[0]] - at[pair[1]]) ** 2).sum()
    v_pair = spread * (v[pair[0]] + v[pair[1]])
    odds = d * np.exp(-apart / 2 / v_pair) / (2 * np.pi * v_pair) / expected
    same = {}
    for r, s in itertools.product(range(len(weights[pair[0]])), range(len(weights[pair[1]]))):
        if objects[pair[0]][r] != objects[pair[1]][s]:
            continue
        members = sorted(objects[pair[0]][r])
        places = [[(others[k].ra[j] - 150.0) * 3600, others[k].dec[j] * 3600] for k, j in members]
        own = [others[k].covariance()[j, 0] for k, j in members]
        ln_b = [
            reference.ln_bayes_circular(
                np.sqrt([var, *own]),
                np.array(
                    [
                        [np.hypot(*np.subtract(a, b)) for b in [place, *places]]
                        for a in [place, *places]
                    ]
                ),
            )
            for place, var in ((x, v_x), (at[best], v[best]))
        ]
        row = (r, s)[pair.index(best)]
        pattern = sum(1 << k for k, _ in members)
        fraction = np.mean([ln_pi[i, pattern] for i in pair]) - ln_pi[best, pattern]
        same[r, s] = odds * weights[best][row] * np.exp(ln_b[0] - ln_b[1] + fraction)
    return same


@pytest.mark.parametrize("n_other", [1, 2])
@pytest.mark.parametrize("spread", [1.0, 0.4])
def test_entries_of_one_source_share_its_claim(all_links, n_other, spread):
    primary, others = clump(7, 4 if n_other == 1 else 3, 3, n_other)
    # Two of them closer to each other than chance would have it.
    east, north = (np.array((primary.ra - 150) * 3600), np.array(primary.dec * 3600))
    east[1], north[1] = east[0] + 0.3, north[0] - 0.4
    sigma = 0.4 * np.sqrt(primary.covariance()[:, 0])
    primary = catalog("X", east, north, sigma, area=0.01)
    pairs = close_pairs(primary, 8.0)
    at = {
        tuple(sorted(p)): k
        for k, p in enumerate(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    }[0, 1]
    # Entries by chance per arcsec^2, as they were counted.
    nu = pairs.expected[at] / (2 * np.pi * (sigma[0] ** 2 + sigma[1] ** 2))
    d = float(pairs.expected[at] * spread * np.exp(pairs.half_square[at] / spread))  # odds of 1
    rule = KnownClaims(Duplicates(d, spread), np.zeros(n_other))
    likely = pairs.ln_odds(rule.duplicates) > np.log(0.25)
    assert np.flatnonzero(likely).tolist() == [at]
    alone = matched(primary, others, "independent")
    same = pair_weights(alone, (0, 1), d, spread, primary, others, nu)
    expected, together = reference.joint(*unnormalised(alone), [((0, 1), same)])
    result = matched(primary, others, rule)
    for p, p_expected in zip(by_primary(result)[0], expected, strict=True):
        np.testing.assert_allclose(p, p_expected, rtol=1e-6, atol=1e-12)
    assert 0.02 < together[0] < 0.999
    assert result.sources["same_source"].tolist()[:2] == [-1, 0 if together[0] > 0.5 else -1]
    check_invariants(result)
