"""Many primaries beside sparse objects: the hosts of others, in the field or out of it."""

import functools

import numpy as np
import pytest

import bayesmatch as bm


@functools.cache
def sky(seed, n_primary=6000, n_objects=400, hosts=0.8, end=1.0):
    """Galaxies as the primary, and sources of 5 to 10"; `end`: those are of a part of the field."""
    rng = np.random.default_rng(seed)
    x, y = rng.random((2, n_primary))
    n_hosts = int(hosts * n_objects)
    those = rng.choice(np.flatnonzero(x < end), n_hosts, replace=False)
    at = np.append(
        [x[those], y[those]], rng.random((2, n_objects - n_hosts)) * [[end], [1]], axis=1
    )
    sigma = rng.uniform(5, 10, n_objects)
    at[:, :n_hosts] += rng.normal(0, sigma[:n_hosts] / 3600, (2, n_hosts))
    galaxies = bm.Catalog({"RA": 150 + x, "DEC": y - 0.5}, name="G", pos_err=0.1, area=1.0)
    sources = {"RA": 150 + at[0], "DEC": at[1] - 0.5, "ERR": sigma}
    return galaxies, bm.Catalog(sources, name="X", pos_err="ERR", area=end), n_hosts


@pytest.mark.parametrize("field", ["local", "uniform"])
@pytest.mark.parametrize("claims", ["exclusive", "independent"])
def test_as_many_counterparts_as_there_are(claims, field):
    ratio = []
    for seed in (1, 2):
        galaxies, sources, n = sky(seed)
        found = bm.match(galaxies, sources, radius=30, claims=claims, field=field)
        ratio.append(np.sum(1 - found.sources["p_hostless"]) / n)
    assert np.mean(ratio) == pytest.approx(1, abs=0.08)


def test_the_field_is_without_hosts_where_claims_explain_them():
    galaxies, sources, n = sky(1)
    density = {
        claims: np.mean(bm.match(galaxies, sources, radius=30, claims=claims).sources["density_X"])
        for claims in ("exclusive", "independent")
    }
    assert density["independent"] == pytest.approx(400, rel=0.15)
    assert density["exclusive"] == pytest.approx(400 - n, rel=0.4)


def test_sources_in_a_part_of_the_field():
    galaxies, sources, n = sky(4, end=0.5)
    found = bm.match(galaxies, sources, radius=30)
    assert np.sum(1 - found.sources["p_hostless"]) / n == pytest.approx(1, abs=0.2)
    assert found.meta["host_fraction_fit"]["uncovered"] == pytest.approx(0.5, abs=0.15)


def test_the_fraction_may_be_given():
    galaxies, sources, n = sky(1)
    given = n / len(galaxies)
    found = bm.match(galaxies, sources, radius=30, host_fraction=given)
    assert np.sum(1 - found.sources["p_hostless"]) / n == pytest.approx(1, abs=0.1)


def test_hosts_of_others_are_field_objects_of_independent_claims():
    """Also where primaries are few: nothing else explains them."""
    rng = np.random.default_rng(5)
    x, y = rng.random((2, 3000)) * 0.6
    hosts = np.flatnonzero(rng.random(3000) < 0.7)
    field = rng.random((2, 14_000)) * 0.6
    at = np.append([x[hosts], y[hosts]], field, axis=1)
    shifted = rng.normal(0, 4 / 3600, (2, 3000))
    p = bm.Catalog(
        {"RA": 150 + x + shifted[0], "DEC": y + shifted[1]}, name="P", pos_err=4.0, area=0.36
    )
    o = bm.Catalog({"RA": 150 + at[0], "DEC": at[1]}, name="O", pos_err=0.1, area=0.36)
    found = bm.match(p, o, radius=20, claims="independent")
    assert np.sum(1 - found.sources["p_hostless"]) / len(hosts) == pytest.approx(1, abs=0.03)


def test_hosts_leave_a_given_field_once():
    galaxies, sources, _ = sky(1)
    found = bm.match(galaxies, sources, radius=30, field="uniform")
    again = bm.match(galaxies, sources, radius=30, field=found._field, host_fraction=0.05)
    np.testing.assert_array_equal(again.sources["density_X"], found.sources["density_X"])
    assert found.meta["field"]["hosts_left_out"] == pytest.approx(320 / 6000, rel=0.2)
