"""errors="fit" goes by the same sources in memory, scanned and on LSDB, and by the right ones."""

import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bayesmatch as bm
from bayesmatch.catalogs.sky_box import SkyBox
from bayesmatch.matching.error_fit.around import surroundings_of
from bayesmatch.matching.error_fit.footprint import EXPECTED, covered, some_around
from bayesmatch.matching.field import UniformField
from bayesmatch.matching.local_field import LocalField

RADIUS = 12.0


def sky(kind, n=300, density=8000.0, seed=0):
    """Sources with wrong errors in the order of the sky, a survey that ends among them, its area.

    `kind`: "quarter" (one is empty), "half" (covers no more), "cones" (round the sources).
    """
    rng = np.random.default_rng(seed)
    ra, dec, sigma = 30 + 0.5 * rng.random(n), 0.5 * rng.random(n), 0.5 + rng.random(n)
    host = np.flatnonzero(rng.random(n) < 0.7)
    field = rng.random((2, rng.poisson(density * 0.36)))
    at = np.hstack([np.array([ra[host], dec[host]]), [[29.95], [-0.05]] + 0.6 * field])
    ra, dec = np.array([ra, dec]) + rng.normal(size=(2, n)) * 1.4 * sigma / 3600
    if kind == "cones":
        away = np.hypot(at[0] - ra[:, None], at[1] - dec[:, None]).min(axis=0)
        there, area = away < 25.0 / 3600, n * np.pi * (25.0 / 3600) ** 2
    elif kind == "quarter":
        there, area = (at[0] < 30.25) | (at[1] < 0.25), 0.75 * 0.36
    else:
        there, area = at[0] < 30.25, 0.5 * 0.36
    x = pd.DataFrame({"RA": ra, "DEC": dec, "sigma": sigma, "id": np.arange(n)})
    o = pd.DataFrame({"RA": at[0], "DEC": at[1], "mag": rng.normal(22, 1.5, at.shape[1])})
    o.loc[: len(host) - 1, "mag"] = rng.normal(19.5, 1, len(host))
    x, o = (t.sort_values(["RA", "DEC"]).reset_index(drop=True) for t in (x, o[there]))
    return x, o.assign(oid=np.arange(len(o))), area


def catalogs(x, *others, area, scanned=None):
    """The sources and one catalogue or two; with a folder these are scanned there."""
    out = [bm.Catalog(x, name="X", pos_err="sigma", area=1.0, id="id")]
    for name, table in zip(("OPT", "IR"), others, strict=False):
        how = {"name": name, "pos_err": 0.1, "area": area, "id": "oid"}
        if scanned is None:
            out.append(bm.Catalog(table, **how))
            continue
        (scanned / name).mkdir()
        for k, part in enumerate(np.array_split(np.arange(len(table)), 2)):
            rows = pa.Table.from_pandas(table.iloc[part], preserve_index=False)
            pq.write_table(rows, scanned / name / f"{k}.parquet", row_group_size=400)
        out.append(bm.Catalog.scan(scanned / name, **how))
    return out


def assert_alike(one, two):
    """Two results in all that was found."""
    assert one.meta["errors"]["applied"] and one.meta["errors"] == two.meta["errors"]
    for a, b in ((one.associations, two.associations), (one.sources, two.sources)):
        assert a.colnames == b.colnames
        pd.testing.assert_frame_equal(a.to_pandas(), b.to_pandas(), check_exact=True)


@pytest.mark.few(1)
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("field", ["local", "uniform"])
@pytest.mark.parametrize("kind", ["quarter", "half", "cones"])
def test_a_scan_is_as_in_memory(tmp_path, kind, field, k):
    x, o, area = sky(kind)
    others = (o, o[o["oid"] % 3 > 0])[: k - 1]
    how = {"radius": RADIUS, "errors": "fit", "field": field}
    want = bm.match(*catalogs(x, *others, area=area), **how)
    got = bm.match(*catalogs(x, *others, area=area, scanned=tmp_path), **how)
    assert_alike(got, want)


@pytest.mark.slow
@pytest.mark.parametrize("field", ["local", "uniform"])
def test_a_scan_learns_as_in_memory(tmp_path, field):
    x, o, area = sky("quarter")
    how = {"radius": RADIUS, "errors": "fit", "field": field}
    one, two = (
        bm.match(
            *catalogs(x, o, area=area, scanned=scanned),
            priors={"OPT": [bm.LearnedPrior(features=["mag"])]},
            **how,
        )
        for scanned in (tmp_path, None)
    )
    assert_alike(one, two)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.few(1)
@pytest.mark.parametrize("field", ["local", "uniform"])
@pytest.mark.parametrize("kind", ["quarter", "half", "cones"])
def test_lsdb_is_as_in_memory(kind, field):
    lsdb = pytest.importorskip("lsdb")
    from bayesmatch.distributed import match

    x, o, area = sky(kind)
    how = {"radius": RADIUS, "errors": "fit", "field": field}
    want = bm.match(*catalogs(x, o, area=area), **how)
    ends = {"ra_column": "RA", "dec_column": "DEC"}
    got = match(
        lsdb.from_dataframe(x, catalog_name="x", margin_threshold=None, **ends),
        lsdb.from_dataframe(o, catalog_name="opt", margin_threshold=30.0, lowest_order=6, **ends),
        primary_pos_err="sigma",
        secondary_pos_err=0.1,
        secondary_area=area,
        primary_area=1.0,
        primary_name="X",
        secondary_name="OPT",
        primary_id="id",
        secondary_id="oid",
        **how,
    )
    assert got.match_meta["errors"] == want.meta["errors"]
    frame, table = got.compute(progress_bar=False), want.associations.to_pandas()
    frame["oid"], table["oid"] = (
        t[name].astype("Int64").fillna(-1) for t, name in ((frame, "oid_OPT"), (table, "OPT_oid"))
    )
    frame, table = frame.sort_values(["id_X", "oid"]), table.sort_values(["X_id", "oid"])
    assert frame["oid"].tolist() == table["oid"].tolist()
    np.testing.assert_array_equal(frame["p_match"].to_numpy(float), table["p_match"])


def test_a_uniform_field_does_not_count_sources_in_holes_either():
    """Who lies in a hole does not hang on what density is asked for."""
    x, o, area = sky("quarter", n=1200)
    primary, other = catalogs(x, o, area=area)
    inside = [
        surroundings_of(primary, [other], RADIUS, model, max_rows=10**7).inside[:, 0]
        for model in (LocalField(), UniformField())
    ]
    np.testing.assert_array_equal(*inside)
    out = (x["RA"] > 30.25) & (x["DEC"] > 0.25)
    edge = np.maximum(30.25 - x["RA"], 0.25 - x["DEC"]) > -150.0 / 3600
    assert np.all(inside[0][out & ~edge] == 0.0) and inside[0][~out].mean() > 0.97


def test_sources_outside_a_moc_do_not_count():
    mocpy = pytest.importorskip("mocpy")
    import astropy.units as u

    x, o, _ = sky("quarter")
    moc = mocpy.MOC.from_cone(30.15 * u.deg, 0.15 * u.deg, radius=0.1 * u.deg, max_depth=12)
    primary, other = catalogs(x, o, area=moc)
    box = SkyBox(primary.ra, primary.dec)
    near = np.zeros(len(x), bool)
    inside = covered(primary, other, near, RADIUS, box, other.cell_counts(box))
    away = np.hypot(x["RA"] - 30.15, x["DEC"] - 0.15)
    assert inside[away < 0.09].all() and not inside[away > 0.11].any()


def slowly_around(ra, dec, at, box, density):
    """Whether there are objects in squares that grow until they let one expect some."""
    east = (at[0] - ra + 180.0) % 360.0 - 180.0
    size = 1
    while True:
        half = 0.5 * size * box.cell
        there = (np.abs(at[1] - dec) < half) & (np.abs(east) * np.cos(np.radians(dec)) < half)
        if there.any() or density * (2 * half * 3600.0) ** 2 >= EXPECTED:
            return bool(there.any())
        size += max(1, size // 3)


@pytest.mark.parametrize("wide, high, per_deg2", [(1.0, 0.5, 2000.0), (360.0, 3.0, 40.0)])
def test_windows_are_those_around(wide, high, per_deg2):
    """Also across RA 0, of a box that ends and of one that goes round the sky."""
    rng = np.random.default_rng(1)
    ra, dec = wide * (rng.random(20_000) - 0.5) % 360, high * (rng.random(20_000) - 0.5)
    box = SkyBox(ra, dec)
    m = int(per_deg2 * wide * high)
    at = np.array([wide * (rng.random(m) - 0.5) % 360, high * (rng.random(m) - 0.5)])
    hole = (at[1] < 0.1 * high) & (np.abs((at[0] + 180) % 360 - 180) < 0.2 * wide)
    at, density = at[:, ~hole], per_deg2 / 3600.0**2
    got = some_around(box, box.count(*at), ra, dec, density)
    some = np.arange(0, len(ra), 50)
    want = [slowly_around(ra[i], dec[i], at, box, density) for i in some]
    assert 0.5 < np.mean(want) < 0.95
    assert np.mean(got[some] == want) > 0.97  # but for windows that end within cells
    turned = some_around(SkyBox(ra[::-1], dec[::-1]), box.count(*at), ra, dec, density)
    np.testing.assert_array_equal(turned, got)


def test_nothing_is_told_where_too_few_are_expected():
    box = SkyBox(np.array([10.0, 200.0]), np.array([-30.0, 40.0]))
    none = np.zeros(box.shape, np.int32)
    around = np.array([10.0, 200.0]), np.array([-30.0, 40.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert some_around(box, none, *around, 1e-9).all()
        assert not some_around(box, none, *around, 1e-3).any()
