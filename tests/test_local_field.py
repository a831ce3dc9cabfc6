"""The density of field objects around every source, and what a MOC means."""

import warnings

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import Latitude, Longitude, SkyCoord
from astropy.table import Table
from mocpy import MOC

import bayesmatch as bm
from bayesmatch._kernels.rings import far_rings, near_rings
from bayesmatch.catalogs.sky_box import SkyBox
from bayesmatch.matching.density_ladder import Ring, densities, gamma_shape
from bayesmatch.matching.field_trend import of_small_fields
from bayesmatch.testing import check_invariants

SIDE, DEC = 1.2, 25.0


def sky(seed, n=900, density=20_000.0, rising=1.0, cone=None, hosts=0.7):
    """Sources and a survey whose density rises along right ascension; positions in degrees."""
    rng = np.random.default_rng(seed)

    def along(m):
        v = rng.random(m)
        return v if rising == 1.0 else np.log1p(v * (rising - 1.0)) / np.log(rising)

    x, y = rng.random(n), rng.random(n)
    sigma = rng.uniform(0.7, 2.5, n)
    has = rng.random(n) < hosts
    near = rng.normal(size=(2, n)) * sigma / 3600 / SIDE
    m = int(density * SIDE**2)
    ox, oy = along(m), rng.random(m)
    ox, oy = np.r_[ox, (x + near[0])[has]], np.r_[oy, (y + near[1])[has]]
    host = np.full(n, -1)
    host[has] = m + np.arange(has.sum())

    def place(a, b):
        dec = DEC + SIDE * (b - 0.5)
        return (0.3 + SIDE * (a - 0.5) / np.cos(np.radians(dec))) % 360, dec

    xs, os = place(x, y), place(ox, oy)
    if cone is not None:
        a, b = (SkyCoord(*where, unit="deg") for where in (os, xs))
        keep = a.match_to_catalog_sky(b)[1].arcsec < cone
        host = np.where((host >= 0) & keep[host], np.cumsum(keep)[host] - 1, -1)
        os = tuple(values[keep] for values in os)
    slope = np.log(rising)
    true = density * (slope * rising**x / (rising - 1) if rising > 1 else np.ones(n))
    return xs, sigma, os, host, true


def catalogs(xs, sigma, os, area=SIDE**2):
    x = bm.Catalog(Table({"RA": xs[0], "DEC": xs[1], "s": sigma}), name="X", pos_err="s", area=area)
    return x, bm.Catalog({"RA": os[0], "DEC": os[1]}, name="OPT", pos_err=0.1, area=area)


def p_hostless(result):
    return np.asarray(result.sources["p_hostless"])


@pytest.mark.parametrize("rising, scatter", [(1.0, 0.02), (10.0, 0.1), (30.0, 0.12)])
def test_densities_are_found_across_ra_0(rising, scatter):
    xs, sigma, os, _, true = sky(1, rising=rising)
    result = bm.match(*catalogs(xs, sigma, os), radius=15)
    wrong = np.log(np.asarray(result.sources["density_OPT"]) / true)
    assert wrong.std() < scatter and abs(wrong.mean()) < 0.05
    check_invariants(result)


def test_the_stated_area_does_not_matter():
    xs, sigma, os, *_ = sky(2)
    right = bm.match(*catalogs(xs, sigma, os), radius=15)
    for factor in (0.25, 4.0):
        other = bm.match(*catalogs(xs, sigma, os, factor * SIDE**2), radius=15)
        assert np.quantile(np.abs(p_hostless(other) - p_hostless(right)), 0.99) < 0.01


@pytest.mark.parametrize("cone", [15.0, 25.0, 60.0])
def test_cones_round_the_sources(cone):
    """What people download: nothing beyond the cones, and no low density for it."""
    xs, sigma, os, *_ = sky(3)
    whole = bm.match(*catalogs(xs, sigma, os), radius=15)
    part = bm.match(*catalogs(xs, sigma, sky(3, cone=cone)[2], area=0.1), radius=15)
    assert part.meta["field"]["scales"]["OPT"]["small_fields"]
    assert not whole.meta["field"]["scales"]["OPT"]["small_fields"]
    assert np.quantile(np.abs(p_hostless(part) - p_hostless(whole)), 0.95) < 0.02


@pytest.mark.parametrize("n", [1900, 2800])
def test_cones_that_overlap_with_others(n):
    """They fill 70 and 82% of the sky: the rest is no low density either."""
    xs, sigma, os, *_ = sky(21, n=n, cone=60.0)
    result = bm.match(*catalogs(xs, sigma, os, area=0.8 * SIDE**2), radius=15)
    assert result.meta["field"]["scales"]["OPT"]["small_fields"]
    found = np.asarray(result.sources["density_OPT"])
    assert abs(np.log(found / 20_000.0).mean()) < 0.05


@pytest.mark.parametrize("cone", [12.0, 15.0, 20.0])
def test_cones_of_sources_so_dense_that_no_cell_is_far_from_all(cone):
    xs, sigma, os, *_ = sky(22, n=4500, cone=cone)
    result = bm.match(*catalogs(xs, sigma, os, area=0.2), radius=15)
    assert result.meta["field"]["scales"]["OPT"]["small_fields"]
    found = np.asarray(result.sources["density_OPT"])
    assert abs(np.log(found / 20_000.0).mean()) < 0.05


@pytest.mark.parametrize("cone, density, n", [(30.0, 3_000, 4500), (30.0, 20_000, 4000)])
def test_cones_of_dense_sources_in_a_field_that_hosts_outnumber(cone, density, n):
    """Outside the circles objects keep to the sources; hosts of others are no scatter."""
    xs, sigma, os, *_ = sky(23, n=n, density=density, cone=cone)
    result = bm.match(*catalogs(xs, sigma, os, area=0.5), radius=20)
    assert result.meta["field"]["scales"]["OPT"]["small_fields"]
    found = np.asarray(result.sources["density_OPT"])
    assert np.abs(np.log(found / density)).max() < 0.15


def test_errors_that_are_too_small_are_no_cones_where_sources_outnumber_the_field():
    """The hosts of all fill the circles; what is outside them lies anywhere."""
    xs, sigma, os, *_ = sky(24, n=5000, density=1_000)
    result = bm.match(*catalogs(xs, sigma / 3, os), radius=20)
    scales = result.meta["field"]["scales"]["OPT"]
    assert not scales["small_fields"] and scales["reach_arcsec"] == 20
    found = np.asarray(result.sources["density_OPT"])
    assert abs(np.log(np.median(found) / 1_000)) < 0.15


@pytest.mark.parametrize("cone, density, n", [(20.0, 8_000, 900), (25.0, 40_000, 900)])
@pytest.mark.parametrize("share", [0.5, 0.7])
def test_cones_of_a_part_of_the_sources(cone, density, n, share):
    """The others, which have nothing around them, are no low density."""
    xs, sigma, os, host, _ = sky(25, n=n, density=density)
    some = np.arange(n) < share * n
    a, b = (SkyCoord(*where, unit="deg") for where in (os, (xs[0][some], xs[1][some])))
    keep = a.match_to_catalog_sky(b)[1].arcsec < cone
    result = bm.match(*catalogs(xs, sigma, tuple(values[keep] for values in os)), radius=20)
    found = np.asarray(result.sources["density_OPT"])[some]
    assert abs(np.log(found / density).mean()) < 0.1
    has = (host >= 0) & keep[host]
    assert 1 - p_hostless(result)[some].mean() == pytest.approx(has[some].mean(), abs=0.03)


def test_cones_in_a_cluster_whose_core_they_fill():
    """Where they overlap the survey is whole, and most objects are there: others count as well."""
    rng = np.random.default_rng(26)

    def within(n, core, background):
        r = core * np.sqrt((1 + (3.0 / core) ** 2) ** rng.random(n) - 1)
        turn, place = rng.uniform(0, 2 * np.pi, n), rng.uniform(-2.0, 2.0, (2, n))
        inner = np.stack([r * np.cos(turn), r * np.sin(turn)])
        return np.where(rng.random(n) < background, place, inner)

    x, field = within(1500, 0.3, 0.5), within(400_000, 0.1, 0.4)
    sigma, out = rng.uniform(0.8, 2.5, 1500), (np.abs(x) > 1.0).any(axis=0)
    hosts = (x + rng.normal(size=x.shape) * sigma / 3600)[:, rng.random(1500) < 0.7]
    xs, os = (
        (200.0 + east / np.cos(np.radians(north)), north)
        for east, north in (x, np.c_[field, hosts])
    )
    whole = bm.match(*catalogs(xs, sigma, os), radius=20)
    a, b = (SkyCoord(*where, unit="deg") for where in (os, xs))
    keep = a.match_to_catalog_sky(b)[1].arcsec < 120.0
    part = bm.match(*catalogs(xs, sigma, tuple(values[keep] for values in os)), radius=20)
    found = (np.asarray(each.sources["density_OPT"])[out] for each in (part, whole))
    assert abs(np.log(np.divide(*found)).mean()) < 0.3  # -0.9 when the core spoke for all


def test_cones_that_are_larger_than_the_circles_of_the_match():
    """Cells covered in part tell neither where was looked nor how many sources are there."""
    found = []
    for cone in (16.0, 25.0):
        xs, sigma, os, _, true = sky(5, rising=10.0, cone=cone)
        result = bm.match(*catalogs(xs, sigma, os), radius=15)
        found.append(np.asarray(result.sources["density_OPT"]))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-3)
    assert np.corrcoef(found[0], true)[0, 1] > 0.9


@pytest.mark.parametrize("density, n", [(20_000, 900), (8_000, 900), (8_000, 4500)])
def test_errors_that_are_too_small_are_no_cones(density, n):
    xs, sigma, os, *_ = sky(4, density=density, n=n)
    result = bm.match(*catalogs(xs, sigma / 3, os), radius=15)
    found = np.asarray(result.sources["density_OPT"])
    assert result.meta["field"]["scales"]["OPT"]["reach_arcsec"] == 15
    assert abs(np.log(found.mean() / density)) < 0.1


def test_errors_that_are_too_small_are_no_cones_in_a_cluster():
    """Sources follow it: far from all of them it is emptier, but not beside them."""
    rng = np.random.default_rng(2)
    sigma, has = rng.uniform(0.7, 2.5, 900), rng.random(900) < 0.7
    x, field = 0.25 * rng.normal(size=(2, 900)), 0.25 * rng.normal(size=(2, 12_000))
    hosts = (x + rng.normal(size=x.shape) * 2.0 * sigma / 3600)[:, has]
    xs, os = (
        (10.0 + east / np.cos(np.radians(DEC + north)), DEC + north)
        for east, north in (x, np.c_[field, hosts])
    )
    result = bm.match(*catalogs(xs, sigma, os), radius=15, errors="fit")
    scales = result.meta["field"]["scales"]["OPT"]
    assert not scales["small_fields"] and scales["reach_arcsec"] == 15
    assert result.meta["errors"]["scale"] == pytest.approx(2.0, abs=0.3)
    assert result.meta["host_fraction"] == pytest.approx(has.mean(), abs=0.04)


def test_hosts_are_told_from_a_window_with_room_beside_the_circle():
    """Circles of a minute of arc fill the smallest window of cells: most of it is their own."""
    rng = np.random.default_rng(3)
    n, side = 2000, 8.0
    x = rng.uniform(-side / 2, side / 2, (2, n))
    sigma, has = 10.0 ** rng.uniform(0.3, 1.3, n), rng.random(n) < 0.7
    hosts = (x + rng.normal(size=x.shape) * sigma / 3600)[:, has]
    field = rng.uniform(-side / 2, side / 2, (2, int(500 * side**2)))
    xs, os = (
        (200.0 + east / np.cos(np.radians(north)), north)
        for east, north in (x, np.c_[field, hosts])
    )
    result = bm.match(*catalogs(xs, sigma, os, area=side**2), radius=60)
    assert result.meta["field"]["scales"]["OPT"]["hosts"] == pytest.approx(has.mean(), abs=0.05)
    density = np.asarray(result.sources["density_OPT"])
    assert np.median(density) == pytest.approx(500.0, rel=0.03)
    assert np.std(np.log(density)) < 0.1


def test_sources_that_follow_a_cluster_are_no_small_fields():
    """Far from all of them it is emptier; the fraction with a host goes by the density."""
    rng = np.random.default_rng(6)

    def within(n, core, background):
        """A core like 1 / (1 + r^2), in a square of 3 degrees with a background."""
        r = core * np.sqrt((1 + (2.0 / core) ** 2) ** rng.random(3 * n) - 1)
        turn = rng.uniform(0, 2 * np.pi, 3 * n)
        place = np.where(
            rng.random(3 * n) < background,
            rng.uniform(-1.5, 1.5, (2, 3 * n)),
            np.stack([r * np.cos(turn), r * np.sin(turn)]),
        )
        return place[:, (np.abs(place) < 1.5).all(axis=0)][:, :n]

    n = 3000
    x, field = within(n, 0.2, 0.5), within(200_000, 0.1, 0.5)
    inner = np.hypot(*x) < 0.3
    sigma, has = rng.uniform(0.8, 3.0, n), rng.random(n) < np.where(inner, 0.4, 0.85)
    hosts = (x + rng.normal(size=x.shape) * sigma / 3600)[:, has]
    xs, os = (
        (200.0 + east / np.cos(np.radians(north)), north)
        for east, north in (x, np.c_[field, hosts])
    )
    result = bm.match(*catalogs(xs, sigma, os, area=9.0), radius=15)
    assert not result.meta["field"]["scales"]["OPT"]["small_fields"]
    assert "ln(density_OPT)" in result.meta["host_fraction_fit"]["center"]
    for part in (inner, ~inner):
        assert 1 - p_hostless(result)[part].mean() == pytest.approx(has[part].mean(), abs=0.04)


def test_cells_that_the_edge_runs_through_are_not_covered():
    """Though they hold so few objects that only those beyond them say where the edge is."""
    rng = np.random.default_rng(3)
    xs = rng.uniform(-0.15, 0.15, (2, 300))
    box = SkyBox(xs[0] % 360, xs[1])
    edge = box.low_dec + (np.ceil((0.15 - box.low_dec) / box.cell) + 0.08) * box.cell
    os = rng.uniform(-0.15, 0.15, (2, 20_000))
    os[1] = -0.15 + (edge + 0.15) * rng.random(20_000)
    count = box.count(os[0] % 360, os[1])
    covered = box.covered(count)
    found = count[covered].sum() / (covered * box.cell_area[:, None]).sum()
    assert found == pytest.approx(20_000 / (0.3 * (edge + 0.15) * 3600**2), rel=0.005)


@pytest.mark.parametrize("size, density, dec", [(0.15, 20_000, -90.0), (0.1, 20_000, 89.8)])
def test_small_fields_at_a_pole(size, density, dec):
    """Cells beside a pole are slivers, which hold nothing where their neighbours hold many."""
    rng = np.random.default_rng(7)
    n, n_sources = int(density * size**2), 60
    center = SkyCoord(77.0, dec, unit="deg")
    a, b = rng.uniform(-size / 2, size / 2, (2, n))
    near = rng.normal(0, 1.0, (2, n_sources)) / 3600
    at = center.spherical_offsets_by(a * u.deg, b * u.deg)
    x, y = a[:n_sources] + near[0], b[:n_sources] + near[1]  # two thirds of them have a host
    x[40:], y[40:] = rng.uniform(-size / 2, size / 2, (2, n_sources - 40))
    sources = center.spherical_offsets_by(x * u.deg, y * u.deg)
    xs, os = ((where.ra.deg, where.dec.deg) for where in (sources, at))
    found = bm.match(*catalogs(xs, np.ones(n_sources), os, size**2), radius=9)
    assert found.sources["density_OPT"] == pytest.approx((n - 40) / size**2, rel=0.3)
    assert found.meta["host_fraction"] == pytest.approx(2 / 3, abs=0.07)


@pytest.mark.parametrize("tails", [0.0, 0.15])
def test_hosts_are_no_field_where_sources_are_many(tails):
    """Half as many sources as field objects: each circle holds hosts of several of them."""
    xs, sigma, os, host, _ = sky(14, n=6000, density=8_000.0)
    rng = np.random.default_rng(14)
    far = (host >= 0) & (rng.random(len(host)) < tails)
    shift = rng.normal(size=(2, len(host))) * np.where(far, 4.0 * sigma, 0.0) / 3600
    xs = xs[0] + shift[0] / np.cos(np.radians(xs[1])), xs[1] + shift[1]
    table = Table({"RA": xs[0], "DEC": xs[1], "s": sigma})
    x = bm.Catalog(table, name="X", pos_err="s", area=SIDE**2, tail_fraction=tails, tail_factor=4.0)
    result = bm.match(x, catalogs(xs, sigma, os)[1], radius=25)
    assert result.meta["field"]["scales"]["OPT"]["hosts"] == pytest.approx(0.7, abs=0.06)
    wrong = np.log(np.asarray(result.sources["density_OPT"]) / 8_000)
    assert wrong.std() < 0.1 and abs(wrong.mean()) < 0.05


def test_nway_columns_do_not_know_of_it():
    xs, sigma, os, *_ = sky(5, rising=10.0)
    both = [
        bm.match(*catalogs(xs, sigma, os), radius=15, **options)
        for options in ({}, {"field": "uniform", "claims": "independent"})
    ]
    for column in ("p_any", "p_i", "p_single", "dist_post", "dist_bayesfactor", "match_flag"):
        assert both[0].associations[column].tobytes() == both[1].associations[column].tobytes()


def test_a_prior_keeps_one_density():
    xs, sigma, os, *_ = sky(6, n=300, density=5000.0)
    x, o = catalogs(xs, sigma, os)
    flat = bm.FunctionPrior("flat", lambda table: np.zeros(len(table)))
    result = bm.match(x, o, radius=15, priors={"OPT": [flat]})
    assert not result.meta["field"]["scales"]["OPT"]["local"]
    assert np.ptp(np.asarray(result.sources["density_OPT"])) == 0


def test_a_handful_of_sources_goes_by_the_stated_density():
    x = bm.Catalog({"RA": [10.0, 11.0], "DEC": [0.0, 0.0]}, name="X", pos_err=1.0, area=1.0)
    o = bm.Catalog({"RA": [10.0002], "DEC": [0.0]}, name="OPT", pos_err=0.1, area=1.0)
    with pytest.warns(UserWarning, match="only 2 primaries"):
        result = bm.match(x, o, radius=10)
    density = np.asarray(result.sources["density_OPT"])
    assert np.all((density > 0.5) & (density < 20))


def test_circles_as_large_as_the_windows():
    """All sky, few objects, degrees of error: the stated density, less the hosts."""
    rng = np.random.default_rng(9)
    n, m, share = 3000, 4000, 0.4

    def place(k):
        return 360 * rng.random(k), np.degrees(np.arcsin(rng.uniform(-1, 1, k)))

    ra, dec = place(n)
    ora, odec = place(m)
    has = rng.random(n) < share
    sigma = 200.0 / 3600
    odec = np.r_[odec, np.clip((dec + rng.normal(size=n) * sigma)[has], -90, 90)]
    ora = np.r_[ora, (ra + rng.normal(size=n) * sigma / np.cos(np.radians(dec)))[has] % 360]
    sky_area = 41252.96
    x = bm.Catalog({"RA": ra, "DEC": dec}, name="X", pos_err=200.0, area=sky_area)
    o = bm.Catalog({"RA": ora, "DEC": odec}, name="OPT", pos_err=1.0, area=sky_area)
    result = bm.match(x, o, radius=1000)
    assert np.asarray(result.sources["density_OPT"])[0] == pytest.approx(m / sky_area, rel=0.1)
    assert result.meta["host_fraction"] == pytest.approx(has.mean(), abs=0.04)


def test_far_beyond_the_survey_is_no_low_density():
    """A third of the sources lie half a degree and more away: outside, not in an empty field."""
    xs, sigma, os, *_ = sky(10, n=900, density=30_000.0)
    away = np.arange(900) % 3 == 0
    dec = np.where(away, xs[1] + 1.8, xs[1])
    result = bm.match(*catalogs((xs[0], dec), sigma, os), radius=15)
    share = result.meta["host_fraction_fit"]["uncovered"]
    assert share == pytest.approx(away.mean(), abs=0.03)
    assert np.asarray(result.sources["density_OPT"]).min() > 10_000


def test_shape_of_counts():
    rng = np.random.default_rng(1)
    expected = rng.uniform(0.01, 30.0, 3000)
    assert gamma_shape(rng.poisson(expected), expected) == 1e7
    rate = rng.gamma(5.0, 1 / 5.0, 3000)
    assert gamma_shape(rng.poisson(expected * rate), expected) == pytest.approx(5.0, rel=0.15)


def test_one_ring_by_hand():
    count, area = np.array([8.0, 30.0] * 500), np.full(1000, 100.0)
    far = Ring(np.full(1000, 190.0), np.full(1000, 1000.0), coarse=True)
    found = densities([Ring(count, area)], [far], 0.19, 1000)
    shape = found.shapes[-1]
    np.testing.assert_allclose(
        found.here, (count + shape) / (area + shape / found.around), rtol=1e-12
    )
    np.testing.assert_allclose(found.around, 0.19, rtol=1e-3)


@pytest.fixture(scope="module")
def halves():
    xs, sigma, os, host, _ = sky(7, n=400, density=4000.0)
    corners = SkyCoord([[359.5, 24.0], [0.3, 26.0]], unit="deg")
    moc = MOC.from_zone(corners, max_depth=11)
    x, _ = catalogs(xs, sigma, os)
    o = bm.Catalog(
        {"ID": np.arange(len(os[0])), "RA": os[0], "DEC": os[1]},
        name="OPT", pos_err=0.1, area=moc,
    )  # fmt: skip
    inside = moc.contains_lonlat(xs[0] * u.deg, xs[1] * u.deg)
    kept = moc.contains_lonlat(os[0] * u.deg, os[1] * u.deg)
    with pytest.warns(UserWarning, match=f"{np.sum(~kept):,} of {len(kept):,} rows are outside"):
        return bm.match(x, o, radius=12), inside, kept, (x, os, moc)


class TestFootprints:
    """``area=`` a MOC."""

    def test_rows_outside_take_no_part(self, halves):
        result, _, kept, _ = halves
        rows = np.asarray(result.associations["OPT"])
        assert kept[rows[rows >= 0]].all()
        ids = result.associations["OPT_ID"]
        assert np.all(np.asarray(ids[rows >= 0]) == rows[rows >= 0])  # they keep their numbers
        assert result.meta["dropped"] == {"OPT": {"outside": int(np.sum(~kept))}}
        check_invariants(result)

    def test_nway_counts_the_rows_kept(self, halves):
        result, inside, kept, (x, os, moc) = halves
        o = bm.Catalog({"RA": os[0][kept], "DEC": os[1][kept]}, name="OPT", pos_err=0.1, area=moc)
        same = bm.match(x, o, radius=12)
        for column in ("p_any", "p_hostless"):
            np.testing.assert_array_equal(
                np.asarray(result.sources[column])[inside], np.asarray(same.sources[column])[inside]
            )

    def test_where_nobody_has_looked(self, halves):
        result, inside, *_ = halves
        np.testing.assert_array_equal(np.asarray(result.sources["in_OPT"]), inside)
        np.testing.assert_array_equal(result.sources["p_hostless"].mask, ~inside)
        assert result.meta["host_fraction"] == pytest.approx(0.7, abs=0.12)

    @pytest.mark.parametrize("kind", ["fits", "vot", "parquet", "ecsv", "csv"])
    def test_files(self, halves, tmp_path, kind):
        result, inside, *_ = halves
        result.write(tmp_path / f"r.{kind}")
        back = bm.MatchResult.read(tmp_path / f"r.{kind}")
        np.testing.assert_array_equal(np.ma.getmaskarray(back.sources["p_hostless"]), ~inside)
        np.testing.assert_array_equal(np.asarray(back.sources["in_OPT"]), inside)

    def test_summary_and_explanation_know_it(self, halves):
        result, inside, *_ = halves
        count = int(np.sum(~inside))
        assert f"unknown            {count:>9,}" in result.summary()
        row = int(np.argmin(inside))
        identifier = result.sources["X_" + result.record.primary.id][row]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            text = str(result.explain(identifier))
        assert "not in the area (MOC) of OPT" in text and "probability 1" not in text

    def test_a_scan_is_the_same(self, halves, tmp_path):
        result, _, _, (x, os, moc) = halves
        table = Table({"ID": np.arange(len(os[0])), "RA": os[0], "DEC": os[1]})
        table["RA"].unit = table["DEC"].unit = "deg"
        table.write(tmp_path / "o.parquet")
        scanned = bm.Catalog.scan(
            tmp_path / "o.parquet", name="OPT", pos_err=0.1, area=moc, id="ID"
        )
        with pytest.warns(UserWarning, match="outside"):
            same = bm.match(x, scanned, radius=12)
        for name in ("p_hostless", "density_OPT", "p_any", "OPT"):
            np.testing.assert_array_equal(
                np.ma.getdata(same.sources[name]), np.ma.getdata(result.sources[name])
            )

    def test_another_sky(self):
        xs, sigma, os, *_ = sky(8, n=40, density=500.0)
        x, _ = catalogs(xs, sigma, os)
        moc = MOC.from_cone(
            lon=Longitude(100 * u.deg), lat=Latitude(-60 * u.deg), radius=1 * u.deg, max_depth=9
        )
        o = bm.Catalog({"RA": os[0], "DEC": os[1]}, name="OPT", pos_err=0.1, area=moc)
        with pytest.raises(ValueError, match=r"'OPT': no row is inside its area, a MOC"):
            bm.match(x, o, radius=12)


def test_rings_are_counts_without_the_expected_hosts():
    """In kernels what NumPy gives, to the last bit, for any cut of the primaries."""
    rng, n, hosts = np.random.default_rng(4), 50, 0.7
    count, area, own = rng.poisson(3.0, (2, n)), rng.random((2, n)), rng.random((2, n)) / 2
    seen, others = rng.random(n) < 0.8, rng.random(n)
    near = np.empty((4, 2, n))
    number, square = np.cumsum(rng.poisson(5.0, (n, 3)), axis=1).astype(float), rng.random((n, 3))
    square[:, 2] += 0.5  # some grow, some do not
    sources, far = np.cumsum(rng.poisson(1.0, (n, 3)), axis=1), np.empty((3, 2, n))
    for a, b in ((0, 17), (17, n)):
        near_rings(a, b, hosts, seen, others, own, count, area, *near)
        far_rings(a, b, hosts, np.array([0, 2]), number, square, sources, *far)
    mine, theirs = hosts * own, hosts * others * area
    want = seen * (count - mine - theirs), seen * area, mine, mine * (1.0 - mine) + theirs
    assert np.array_equal(near, want)
    field = (number - hosts * sources).T
    rise = square[:, 2] - square[:, 0]
    assert 0 < (rise > 0).sum() < n
    assert np.array_equal(far[0], [field[0], np.where(rise > 0, field[2] - field[0], 0.0)])
    assert np.array_equal(far[1], [square[:, 0], np.maximum(rise, 0.0)])
    inside = np.array([sources[:, 0], sources[:, 2] - sources[:, 0]])
    assert np.array_equal(far[2], hosts * (1.0 - hosts) * inside)


def test_order_of_the_sources_in_small_fields_changes_nothing():
    """Whether a trend foretells what other fields hold goes by halves along the sky."""
    rng = np.random.default_rng(1)
    for _ in range(4):  # each once a trend, once none, when halves went by rows
        ra, dec = 40.0 + rng.random(600), rng.random(600)
        count = rng.poisson(np.where((ra < 40.5) | (dec > 0.5), 2.0, 0.4)).astype(float)
        order, here = rng.permutation(600), []
        for k in (np.arange(600), order):
            at = ra[k], dec[k]
            rings = [Ring(count[k], np.full(600, 700.0))]
            here.append(of_small_fields(rings, SkyBox(*at), at, np.ones(600), 3e-3).here)
        np.testing.assert_allclose(here[1], here[0][order], rtol=1e-9)


def test_order_of_objects_with_different_errors_changes_nothing():
    """Which of many candidates tell how large the errors are goes by positions, not by rows."""
    rng = np.random.default_rng(3)
    n, m, side = 300, 20_000, 0.6
    o = Table({"RA": 150 + side * rng.random(m), "DEC": side * rng.random(m)})
    o["e"], o["mag"] = rng.lognormal(np.log(0.5), 0.8, m), rng.normal(21, 2, m)
    x = Table({"RA": o["RA"][:n] + rng.normal(size=n) / 3600, "DEC": np.array(o["DEC"][:n])})
    x["RA"][200:] = 150 + side * rng.random(100)
    prior = bm.HistogramPrior("mag", [10, 21], [21, 40], [0.7, 0.3], [0.5, 0.5])

    def matched(x, o):
        one = bm.Catalog(x, name="X", pos_err=1.0, area=side**2)
        other = bm.Catalog(o, name="O", pos_err="e", area=side**2)
        return bm.match(one, other, radius=25, priors={"O": [prior]}).sources

    order, sources = rng.permutation(m), rng.permutation(n)
    want = matched(x, o)
    for got, rows in ((matched(x, o[order]), slice(None)), (matched(x[sources], o), sources)):
        for name, near in (("p_hostless", 1e-12), ("density_O", 1e-7)):
            np.testing.assert_allclose(got[name], want[name][rows], rtol=1e-10, atol=near)
