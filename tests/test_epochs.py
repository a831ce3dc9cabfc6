"""Objects that move are compared where they were at the epoch of the primary."""

import warnings

import astropy.units as u
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, Table
from astropy.time import Time
from erfa import ErfaWarning
from mocpy import MOC

import bayesmatch as bm

GAIA, THEN = 2016.0, 1996.0


def by_astropy(ra, dec, pm_ra, pm_dec, years):
    """Positions (degrees) some years later: what astropy's ``apply_space_motion`` gives."""
    here = SkyCoord(
        ra * u.deg,
        dec * u.deg,
        pm_ra_cosdec=pm_ra * u.mas / u.yr,
        pm_dec=pm_dec * u.mas / u.yr,
        obstime=Time(GAIA, format="jyear", scale="tdb"),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ErfaWarning)
        there = here.apply_space_motion(new_obstime=Time(GAIA + years, format="jyear", scale="tdb"))
    return there.ra.deg, there.dec.deg


def angle(ra_1, dec_1, ra_2, dec_2):
    """Separation, arcsec, by chords."""
    a, b, c, d = map(np.radians, np.broadcast_arrays(ra_1, dec_1, ra_2, dec_2))
    p = np.stack([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)])
    q = np.stack([np.cos(d) * np.cos(c), np.cos(d) * np.sin(c), np.sin(d)])
    return np.degrees(2 * np.arcsin(np.linalg.norm(p - q, axis=0) / 2)) * 3600


PLACES = {"north": (30.0, 89.9, 0.09), "south": (0.0, -89.9, 0.09), "zero": (0.0, 3.0, 0.5)}


def stars(place, n=300, field=3000, seed=4, years=THEN - GAIA):
    """Sources of 1996, and a Gaia of 2016 where they are rows 0 to n; all have moved fast."""
    rng = np.random.default_rng(seed)
    ra_0, dec_0, side = PLACES[place]
    m = n + field
    if abs(dec_0) > 80:
        r, phi = side * np.sqrt(rng.random(m)), 360 * rng.random(m)
        ra, dec = phi, np.sign(dec_0) * (90 - r)
    else:
        ra, dec = ra_0 + side * (rng.random(m) - 0.5), dec_0 + side * (rng.random(m) - 0.5)
    mu, phi = rng.uniform(0, 5, m), 2 * np.pi * rng.random(m)
    mu[:n] = 10 ** rng.uniform(1, np.log10(5000), n)
    pm_ra, pm_dec = mu * np.sin(phi), mu * np.cos(phi)
    old_ra, old_dec = by_astropy(ra[:n] % 360, dec[:n], pm_ra[:n], pm_dec[:n], years)
    sigma = 0.08
    dec_x = old_dec + sigma / 3600 * rng.normal(size=n)
    ra_x = old_ra + sigma / 3600 * rng.normal(size=n) / np.cos(np.radians(dec_x))
    gaia = {
        "source_id": np.arange(m) + 10**15,
        "ra": ra % 360,
        "dec": dec,
        "pmra": pm_ra,
        "pmdec": pm_dec,
    }
    return {"ID": np.arange(n), "RA": ra_x % 360, "DEC": np.clip(dec_x, -90, 90)}, gaia


def tables_equal(one, two):
    for a, b in ((one.associations, two.associations), (one.sources, two.sources)):
        assert a.colnames == b.colnames
        for name in a.colnames:
            x, y = np.ma.getdata(a[name]), np.ma.getdata(b[name])
            assert np.array_equal(x, y, equal_nan=x.dtype.kind == "f"), name


def in_memory(sources, gaia, epoch=THEN, **more):
    x = bm.Catalog(sources, name="X", pos_err=0.08, area=0.25, epoch=epoch)
    how = {"epoch": GAIA, "pm": ("pmra", "pmdec"), **more}
    return x, bm.Catalog(gaia, name="GAIA", pos_err=0.01, area=0.25, **how)


@pytest.mark.parametrize("place", PLACES)
def test_all_are_found_at_astropys_separation(place, tmp_path):
    sources, gaia = stars(place)
    x, g = in_memory(sources, gaia)
    result = bm.match(x, g, radius=3)
    s = result.sources
    assert np.array_equal(s["GAIA"], np.arange(300))
    assert np.min(s["p_match"]) > 0.9
    ra, dec = by_astropy(*(gaia[c] for c in ("ra", "dec", "pmra", "pmdec")), THEN - GAIA)
    a = result.associations[np.asarray(result.associations["GAIA"]) >= 0]
    i, j = np.asarray(a["X"]), np.asarray(a["GAIA"])
    right = angle(sources["RA"][i], sources["DEC"][i], ra[j], dec[j])
    assert np.abs(a["Separation_X_GAIA"] - right).max() < 1e-7  # arcsec: 0.0001 mas
    # No candidate is lost, none is there that should not be.
    every = angle(sources["RA"][:, None], sources["DEC"][:, None], ra, dec)
    assert set(zip(i.tolist(), j.tolist(), strict=True)) == set(
        map(tuple, np.argwhere(every < 3).tolist())
    )
    pq.write_table(pa.table(gaia), tmp_path / "g.parquet", row_group_size=500)
    scanned = bm.Catalog.scan(
        tmp_path / "g.parquet",
        name="GAIA",
        pos_err=0.01,
        area=0.25,
        epoch=GAIA,
        pm=("pmra", "pmdec"),
    )
    tables_equal(result, bm.match(x, scanned, radius=3))


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_each_source_of_its_own_epoch(place, tmp_path):
    sources, gaia = stars(place, n=200, field=1000)
    n = len(sources["RA"])
    epoch = np.random.default_rng(1).uniform(1990, 2020, n)
    rows = np.arange(n)
    moved = [gaia[c][:n] for c in ("ra", "dec", "pmra", "pmdec")]
    at = np.array([by_astropy(*(v[k : k + 1] for v in moved), epoch[k] - GAIA) for k in rows])
    sources = {
        "ID": rows,
        "RA": at[:, 0, 0],
        "DEC": at[:, 1, 0],
        "mjd": 51544.5 + (epoch - 2000) * 365.25,
    }
    x, g = in_memory(sources, gaia, epoch="mjd", pm_err=0.5)
    result = bm.match(x, g, radius=2)
    assert np.array_equal(result.sources["GAIA"], rows)
    assert np.max(result.sources["Separation_X_GAIA"]) < 1e-7
    a = result.associations[np.asarray(result.associations["GAIA"]) >= 0]
    pairs = set(zip(a["X"].tolist(), a["GAIA"].tolist(), strict=True))
    right = set()
    for k in rows:
        ra, dec = by_astropy(*(gaia[c] for c in ("ra", "dec", "pmra", "pmdec")), epoch[k] - GAIA)
        near = angle(sources["RA"][k], sources["DEC"][k], ra, dec) < 2
        right |= {(int(k), int(j)) for j in np.flatnonzero(near)}
    assert pairs == right
    gaia_table = pa.table({**gaia, "era": np.full(len(gaia["ra"]), GAIA)})
    pq.write_table(gaia_table, tmp_path / "g.parquet", row_group_size=300)
    scanned = bm.Catalog.scan(
        tmp_path / "g.parquet",
        name="GAIA",
        pos_err=0.01,
        area=0.25,
        epoch="era",
        pm=("pmra", "pmdec"),
        pm_err=0.5,
    )
    tables_equal(result, bm.match(x, scanned, radius=2))


def test_row_groups_far_from_every_source_are_read_if_their_stars_came_from_there(tmp_path):
    # 100 arcsec away in its own row group, far outside the radius and the cells of the density.
    gaia = {
        "source_id": [1, 2],
        "ra": [150.0, 154.0],
        "dec": [2.0, 2.0 + 300 / 3600],
        "pmra": [0.0, 0.0],
        "pmdec": [0.0, 15_000.0],
    }
    pq.write_table(pa.table(gaia), tmp_path / "g.parquet", row_group_size=1)
    x = bm.Catalog({"RA": [154.0], "DEC": [2.0]}, name="X", pos_err=0.1, area=1, epoch=THEN)
    how = {"name": "GAIA", "pos_err": 0.1, "area": 1, "epoch": GAIA, "pm": ("pmra", "pmdec")}
    scanned = bm.Catalog.scan(tmp_path / "g.parquet", **how)
    result = bm.match(x, scanned, radius=2, field="uniform", host_fraction=0.5)
    assert result.sources["GAIA"][0] == 1
    tables_equal(
        result, bm.match(x, bm.Catalog(gaia, **how), radius=2, field="uniform", host_fraction=0.5)
    )


def test_the_error_of_the_motion_widens_that_of_the_position():
    x = bm.Catalog({"RA": [10.0], "DEC": [0.0]}, name="X", pos_err=0.1, area=1, epoch=2000.0)
    o = {"RA": [10.0, 10.0], "DEC": [0.3 / 3600, 0.3 / 3600], "e": [0.0, 25.0]}
    how = {"name": "O", "pos_err": 0.05, "area": 1, "epoch": 2010.0}
    plain = {"RA": [10.0, 10.0], "DEC": o["DEC"], "s": [0.05, np.hypot(0.05, 0.25)]}
    wide = bm.match(
        x, bm.Catalog(o, pm=(0, 0), pm_err="e", **how), radius=5, field="uniform", host_fraction=0.5
    )
    same = bm.match(
        x,
        bm.Catalog(plain, name="O", pos_err="s", area=1),
        radius=5,
        field="uniform",
        host_fraction=0.5,
    )
    assert np.allclose(
        wide.associations["dist_bayesfactor"], same.associations["dist_bayesfactor"], atol=1e-12
    )


def test_columns_like_gaias_are_found_and_said():
    sources, gaia = stars("zero", n=50, field=200)
    gaia["ref_epoch"] = np.full(len(gaia["ra"]), GAIA)
    x = bm.Catalog(sources, name="X", pos_err=0.08, area=0.25, epoch="J1996.0")
    g = bm.Catalog(gaia, name="GAIA", pos_err=0.01, area=0.25)
    with pytest.warns(UserWarning, match="proper motions .pmra, pmdec. since ref_epoch were found"):
        result = bm.match(x, g, radius=3)
    assert np.array_equal(result.sources["GAIA"], np.arange(50))
    found = {row["check"]: row["verdict"] for row in result.checks()}
    assert found["epoch_GAIA"] == "ok"
    assert result.meta["catalogues"][1]["motion"] == {
        "epoch": "ref_epoch",
        "pm": ["pmra", "pmdec"],
        "at": 1996.0,
    }


def test_motions_that_nobody_spoke_of_are_a_look():
    sources, gaia = stars("zero", n=50, field=200)
    x = bm.Catalog(sources, name="X", pos_err=0.08, area=0.25)
    for more, verdict in (({}, "look"), ({"pm": (0, 0)}, None)):
        g = bm.Catalog(gaia, name="GAIA", pos_err=0.01, area=0.25, **more)
        checks = bm.match(x, g, radius=3).checks()
        found = {row["check"]: row for row in checks}
        assert found.get("epoch_GAIA", {"verdict": None})["verdict"] == verdict
    assert (
        "--epoch"
        in bm.match(x, bm.Catalog(gaia, name="GAIA", pos_err=0.01, area=0.25), radius=3).summary()
    )


def test_without_an_epoch_motions_change_no_byte():
    sources, gaia = stars("zero", n=50, field=200)
    still = {k: v for k, v in gaia.items() if k not in ("pmra", "pmdec")}
    x = bm.Catalog(sources, name="X", pos_err=0.08, area=0.25)
    how = {"name": "GAIA", "pos_err": 0.01, "area": 0.25}
    tables_equal(
        bm.match(x, bm.Catalog(gaia, **how), radius=3),
        bm.match(x, bm.Catalog(still, **how), radius=3),
    )


def test_missing_motions_are_zero():
    gaia = Table(
        {
            "RA": [10.0, 20.0, 30.0],
            "DEC": [0.0, 0.0, 0.0],
            "pmra": MaskedColumn([500.0, 1e20, np.nan], mask=[False, True, False]),
            "pmdec": [0.0, 7.0, 0.0],
        }
    )
    g = bm.Catalog(gaia, name="G", pos_err=0.1, area=1, epoch=2010.0, pm=("pmra", "pmdec"))
    x = bm.Catalog(
        {"RA": [10.0 - 5 / 3600, 20.0, 30.0], "DEC": [0.0, -0.07 / 3600, 0.0]},
        name="X",
        pos_err=0.1,
        area=1,
        epoch=2000.0,
    )
    result = bm.match(x, g, radius=1, field="uniform", host_fraction=0.5)
    assert np.allclose(result.sources["Separation_X_G"], 0.0, atol=1e-6)


@pytest.mark.parametrize(
    "epoch",
    [
        2016.0,
        "2016.0",
        "J2016.0",
        Time(2016.0, format="jyear"),
        "year",
        "when",
        "MJD",
        "days",
        [2016.0, 2016.0],
        2016.0 * u.yr,
    ],
)
def test_an_epoch_in_many_ways(epoch):
    mjd = 51544.5 + 16 * 365.25
    table = Table(
        {
            "RA": [1.0, 2.0],
            "DEC": [1.0, 2.0],
            "year": [2016.0, 2016.0],
            "when": Time([2016.0, 2016.0], format="jyear"),
            "MJD": [mjd, mjd],
            "days": MaskedColumn([mjd, mjd], unit="d"),
        }
    )
    catalog = bm.Catalog(table, name="A", pos_err=1.0, area=1, epoch=epoch)
    assert catalog.epoch.ndim == 0 and abs(float(catalog.epoch) - 2016.0) < 1e-6


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"epoch": 57388.0}, ["57388", "Julian year", "MJD"]),
        ({"epoch": "nowhere"}, ["'nowhere'", "no column", "RA, DEC"]),
        ({"epoch": np.nan}, ["nan", "Julian year"]),
        ({"epoch": 2016.0, "pm": "pmra"}, ["pm is 'pmra'", "pair"]),
        ({"epoch": 2016.0, "pm": ("x", "y")}, ["no column 'x'"]),
        ({"pm": (3.0, 4.0)}, ["proper motions", "epoch=", "--epoch"]),
        ({"epoch": 2016.0, "pm": (3 * u.mas, 4 * u.mas)}, ["mas", "mas/yr"]),
    ],
)
def test_what_is_refused(how, words):
    with pytest.raises((ValueError, TypeError)) as caught:
        bm.Catalog({"RA": [1.0], "DEC": [1.0]}, name="A", pos_err=1.0, area=1, **how)
    for word in ["'A'", *words]:
        assert word in str(caught.value), (word, str(caught.value))
    assert "\n" not in str(caught.value)


def test_units_of_motions_are_honoured():
    table = Table(
        {"RA": [10.0], "DEC": [0.0], "a": [1.5] * u.arcsec / u.yr, "b": [0.0] * u.deg / u.yr}
    )
    g = bm.Catalog(table, name="G", pos_err=0.1, area=1, epoch=2010.0, pm=("a", "b"))
    assert np.allclose(g.motions.pm_ra, [1500.0], rtol=1e-12)


def test_fake_positions_keep_the_epoch():
    sources, gaia = stars("zero", n=100, field=1000)
    x, g = in_memory(sources, gaia)
    assert bm.calibrate(x, g, radius=3, n_realizations=2).table["false_fraction"][50] < 0.2


def test_motions_that_no_star_has():
    """Of numbers and columns that were named refused; of those found taken for fill values."""
    n = 3
    table = {"RA": np.arange(n) + 1.0, "DEC": np.zeros(n), "fast": [1.0, 1e7, 2.0]}
    how = {"name": "O", "pos_err": 0.1, "area": 1.0, "epoch": 2016.0}
    for pm, told in (((1e9, 1), "pm is 1000000000.0"), (("fast", "fast"), "'fast' is .* in row 1")):
        with pytest.raises(ValueError, match=f"'O': .*{told}.*at most 1e\\+06 mas/yr"):
            bm.Catalog(table, pm=pm, **how)
    table |= {"pmra": [1.0, 1e20, 2.0], "pmdec": [1.0, -1e20, 2.0]}
    with pytest.warns(UserWarning, match="'pm.*' has fill values, over 1e\\+06 mas/yr"):
        assert bm.Catalog(table, **how).motions.pm_ra.tolist() == [1.0, 0.0, 2.0]


def test_what_has_left_a_map_is_no_field_of_a_prior_learned_in_a_scan(tmp_path):
    """As in memory: the field of an AutoPrior is what lies within the map where it was moved to."""
    rng = np.random.default_rng(7)
    n, m = 150, 3_000
    ra, dec = 50 + 0.1 * rng.random(n), 0.1 * rng.random(n)
    mag = np.concatenate([rng.normal(20, 1, n), rng.normal(22, 1, m)])
    objects = Table(
        {
            "ID": np.arange(n + m),
            "RA": np.concatenate([ra, 49.9 + 0.3 * rng.random(m)]),
            "DEC": np.concatenate([dec, -0.1 + 0.3 * rng.random(m)]),
            "pmra": np.concatenate([np.zeros(n), rng.normal(0, 2_000, m)]),
            "pmdec": np.zeros(n + m),
            "r": mag,
        }
    )
    objects["RA"][-5], objects["pmra"][-9] = np.nan, np.nan
    moc = MOC.from_cone(50.05 * u.deg, 0.05 * u.deg, radius=0.08 * u.deg, max_depth=13)
    how = {"name": "O", "pos_err": 0.1, "area": moc, "epoch": 2016.0, "pm": ("pmra", "pmdec")}
    x = bm.Catalog({"RA": ra, "DEC": dec}, name="X", pos_err=0.5, area=0.02, epoch=1996.0)
    columns = {name: np.asarray(objects[name]) for name in objects.colnames}
    pq.write_table(pa.table(columns), tmp_path / "o.parquet", row_group_size=700)
    both = bm.Catalog(objects, **how), bm.Catalog.scan(tmp_path / "o.parquet", **how)
    prior = bm.AutoPrior("r", radius=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one, two = (bm.match(x, o, radius=4, priors={"O": [prior]}) for o in both)
    counts = [r.meta["auto_priors"]["O"]["r"]["counts"] for r in (one, two)]
    assert counts[0] == counts[1]
    tables_equal(one, two)
