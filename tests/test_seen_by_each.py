"""Several other catalogues of which one ends where another goes on, without a MOC that says so."""

import astropy.units as u
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mocpy import MOC
from scipy.spatial import cKDTree

import bayesmatch as bm
from bayesmatch.matching.seen_by_each import as_observed, collapsed, completed
from validation.real_skies import Plan, simulate

NAMES, ERRORS = ("OPT", "IRAC"), (0.1, 0.5)


def sky(seed, west, east):
    """A sky whose OPT is known in the western part only and IRAC in the eastern one."""
    made = simulate(seed, Plan(n=1500, per_deg2=1000.0, density=20_000.0, second=(10_000.0, 0.9)))
    low, span = made.primary["RA"].min(), np.ptp(made.primary["RA"])
    known = (lambda ra: ra < low + west * span), (lambda ra: ra > low + (1.0 - east) * span)
    tables, host = [], np.zeros(len(made.source), bool)
    for k, table in enumerate(made.others):
        kept = known[k](table["RA"])
        host |= (made.truth[:, k] >= 0) & kept[made.truth[:, k]]
        tables.append({name: column[kept] for name, column in table.items()})
    looked = np.column_stack([known[k](made.primary["RA"]) for k in range(2)])
    return made, tables, looked, host


def catalogs(made, tables, area=None):
    x = bm.Catalog(made.primary, name="X", pos_err="SIGMA", area=made.area)
    return x, *(
        bm.Catalog(table, name=name, pos_err=error, area=area[k] if area else 0.6 * made.area)
        for k, (table, name, error) in enumerate(zip(tables, NAMES, ERRORS, strict=True))
    )


def host(result):
    return 1.0 - np.asarray(result.sources["p_hostless"])


@pytest.mark.parametrize("west, east", [(0.5, 0.5), (0.5, 1.01)])
def test_where_one_ends_the_other_goes_on(west, east):
    made, tables, looked, truth = sky(3, west, east)
    result = bm.match(*catalogs(made, tables), radius=18)
    p = host(result)
    for pattern in np.unique(looked, axis=0):  # 0.08 apart where each part goes by the whole
        part = (looked == pattern).all(axis=1)
        expected = np.sqrt((p[part] * (1.0 - p[part])).sum() + part.sum() * 0.02**2) / part.sum()
        assert abs(p[part].mean() - truth[part].mean()) < 3.0 * expected + 0.005
    assert result.meta["host_fraction"] == pytest.approx(p.mean(), abs=0.015)
    shares = result.meta["host_fraction_fit"]["fraction"]
    assert sum(shares.values()) == pytest.approx(1.0)
    assert result.meta["host_fraction"] == pytest.approx(1.0 - shares["X"])


def test_scanned_as_in_memory(tmp_path):
    made, tables, _, _ = sky(4, 0.6, 0.7)
    x, *others = catalogs(made, tables)
    scanned = []
    for table, name, error in zip(tables, NAMES, ERRORS, strict=True):
        folder = tmp_path / name
        folder.mkdir()
        pq.write_table(pa.table(table), folder / "a.parquet", row_group_size=3000)
        area = 0.6 * made.area
        scanned.append(bm.Catalog.scan(folder, name=name, pos_err=error, area=area))
    results = [bm.match(x, *of, radius=18) for of in (others, scanned)]
    assert np.array_equal(*(host(result) for result in results))


def test_where_all_look_nothing_changes():
    made, tables, _, _ = sky(5, 1.01, 1.01)
    field = bm.match(*catalogs(made, tables), radius=18)._field
    assert field.seen is None


def maps_of(made, looked):
    """Maps of the parts of the sky of OPT, in the west, and of IRAC, in the east."""
    maps = []
    for k in range(2):
        ra, dec = made.primary["RA"][looked[:, k]], made.primary["DEC"]
        low, high = ra.min() - 0.03 * (k == 0), ra.max() + 0.03 * (k == 1)
        corners = [low, high, high, low], [*[dec.min() - 0.03] * 2, *[dec.max() + 0.03] * 2]
        maps.append(MOC.from_polygon(*(np.array(c) * u.deg for c in corners), max_depth=15))
    return maps


@pytest.mark.few(1)
@pytest.mark.parametrize("half", [0.502, 0.5])
def test_maps_that_hardly_overlap_leave_sources_to_fit(half):
    """The few sources that lie within both do not speak for all others."""
    made, tables, looked, truth = sky(3, half, half)
    result = bm.match(*catalogs(made, tables, maps_of(made, looked)), radius=18)
    within = np.column_stack([result.sources[f"in_{name}"] for name in NAMES])
    assert within.all(axis=1).sum() < 10
    p = host(result)
    for k in range(2):
        part = looked[:, k]
        assert p[part].mean() == pytest.approx(truth[part].mean(), abs=0.035)
    assert result.meta["host_fraction"] == pytest.approx(p.mean(), abs=0.005)
    checks = result.checks()
    bad = np.asarray(checks["verdict"]) != "ok"
    assert not bad.any(), checks["check", "advice"][bad]


def test_patterns_collapse():
    values = np.arange(16.0).reshape(4, 4)
    seen = np.array([[True, True], [True, False], [False, True], [False, False]])
    out = collapsed(values, seen, -1.0)
    assert out.tolist() == [[0, 1, 2, 3], [4, 5, -1, 5], [8, -1, 10, 10], [12, -1, -1, -1]]


def test_cones_round_a_part_of_the_sources_beside_a_whole_survey():
    plan = Plan(n=2000, per_deg2=1000.0, sigma=(1.0, 3.0), second=(10_000.0, 0.5))
    made = simulate(1, plan)
    cosine = np.cos(np.radians(made.primary["DEC"].mean()))
    chosen = np.random.default_rng(1).random(len(made.source)) < 0.5
    whole, table = made.others
    at = (np.column_stack([t["RA"] * cosine, t["DEC"]]) for t in (made.primary, table))
    sources, objects = at
    kept = cKDTree(sources[chosen]).query(objects)[0] < 15.0 / 3600.0
    cones = {name: column[kept] for name, column in table.items()}
    area = [made.area, made.area * kept.mean()]
    result = bm.match(*catalogs(made, [whole, cones], area), radius=15)
    assert result.meta["field"]["scales"]["IRAC"]["small_fields"]
    truth = (made.truth[:, 1] >= 0) & kept[made.truth[:, 1]]
    p = np.bincount(
        np.asarray(result.associations["X"]),
        np.asarray(result.associations["p_match"] * (np.asarray(result.associations["IRAC"]) >= 0)),
    )
    assert p[chosen].mean() == pytest.approx(truth[chosen].mean(), abs=0.025)
    assert result.meta["host_fraction"] == pytest.approx(host(result).mean(), abs=0.01)


def test_shared_objects_where_one_has_not_looked():
    """What it misses there is not what it does not see: shares are of places where all look."""
    made, tables, _, _ = sky(5, 0.5, 1.01)
    field = bm.match(*catalogs(made, tables), radius=12).meta["field"]
    assert field["shared"]["OPT+IRAC"] == pytest.approx(0.5 * 9_000.0, rel=0.2)  # 0.5 of that


def test_what_is_observed_is_completed():
    """Every object is one of its pattern, whoever has looked; only what nobody sees is expected."""
    rng = np.random.default_rng(2)
    values, chance = rng.uniform(0.0, 1.0, (5, 8)), rng.uniform(0.1, 1.0, (5, 3))
    chance[0] = 1.0
    seen = as_observed(values, chance)
    by_hand = np.zeros_like(values)
    for pattern in range(8):
        for looked in range(8):
            there = [chance[:, k] if looked >> k & 1 else 1.0 - chance[:, k] for k in range(3)]
            by_hand[:, pattern & looked] += np.prod(there, axis=0) * values[:, pattern]
    np.testing.assert_allclose(seen, by_hand, rtol=1e-12)
    assert np.array_equal(seen[0], values[0])
    np.testing.assert_allclose(completed(seen, values, chance), values, rtol=1e-12)
    one = np.eye(8)[[3] * 5]  # seen by the first two, and by the third if it has looked
    share = chance[:, 2] * 0.0 + (1.0 - chance[:, 2]) * values[:, 7]
    share /= share + values[:, 3]
    found = completed(one, values, chance)
    np.testing.assert_allclose(found[:, 7], share, rtol=1e-12)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)


def test_objects_that_cones_do_not_show_are_shared_all_the_same():
    """Where no cone is, one seen by the other alone is no rarer than any other of its objects."""
    plan = Plan(n=2000, per_deg2=1000.0, density=40_000.0, sigma=(1.0, 3.0), second=(25_000.0, 0.9))
    made = simulate(3, plan)
    cosine = np.cos(np.radians(made.primary["DEC"].mean()))
    chosen = np.random.default_rng(1).random(len(made.source)) < 0.3
    whole, table = made.others
    at = (np.column_stack([t["RA"] * cosine, t["DEC"]]) for t in (made.primary, table))
    sources, objects = at
    kept = cKDTree(sources[chosen]).query(objects)[0] < 20.0 / 3600.0
    cones = {name: column[kept] for name, column in table.items()}
    area = [made.area, made.area * kept.mean()]
    result = bm.match(*catalogs(made, [whole, cones], area), radius=12)
    field = result.meta["field"]
    assert field["scales"]["IRAC"]["small_fields"]
    assert field["shared"]["OPT+IRAC"] == pytest.approx(0.9 * 25_000.0, rel=0.1)
    far = ~chosen
    p, truth = host(result)[far].mean(), (made.truth[far, 0] >= 0).mean()
    assert p == pytest.approx(truth, abs=0.03)
