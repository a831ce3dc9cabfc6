"""Surveys fetched from a TAP service: each row of the region once, whole or not at all."""

import json
import sys

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Column, MaskedColumn, Table
from mocpy import MOC

import bayesmatch as bm
from bayesmatch.catalogs.services import SURVEYS, Survey
from bayesmatch.catalogs.services.cells import Cell, cells_of, circle_around, region_of
from bayesmatch.catalogs.services.core import named_in, query_text
from bayesmatch.catalogs.services.surveys import survey_named
from bayesmatch.cli import main
from bayesmatch.cli.given_errors import position_error

pytest.importorskip("pyvo")
from tap_server import QUERY, TapServer  # noqa: E402

HTML = "<!DOCTYPE html><html><body>Welcome to the portal</body></html>"


def sky(n=6000, seed=1, ra_0=359.2, dec_0=-0.8, side=1.6):
    """Objects on both sides of right ascension 0, with texts, missing values and an outlier."""
    rng = np.random.default_rng(seed)
    table = Table(
        {
            "oid": np.arange(n),
            "ra": np.mod(ra_0 + side * rng.random(n), 360),
            "dec": dec_0 + side * rng.random(n),
            "kind": np.array(["PSF", "REX", "EXP"])[rng.integers(0, 3, n)],
        }
    )
    mag = rng.normal(22, 2, n).astype(np.float32)
    table["mag"] = MaskedColumn(mag, mask=rng.random(n) < 0.1, unit="mag", description="Of r")
    return table


def inside(table, moc):
    return table[moc.contains_lonlat(table["ra"] * u.deg, table["dec"] * u.deg)]


def survey(server, **how):
    return Survey("OBJ", server.url, "cat.objects", **{"mode": "sync", **how})


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)


@pytest.fixture(scope="module")
def objects():
    return sky()


@pytest.fixture(scope="module")
def server(objects):
    with TapServer(objects) as running:
        yield running


@pytest.fixture
def served(server):
    """The service as it is when nothing is wrong with it."""
    server.queries, server.failures = [], []
    server.limit, server.stop_after = 1_000_000, None
    return server


def rows_of(folder):
    catalog = bm.Catalog.scan(folder, pos_err=0.1)
    return catalog.input_rows(np.arange(len(catalog)))


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_the_rows_of_the_region_each_once(served, objects, tmp_path, mode):
    fetched = bm.fetch(survey(served, mode=mode), (0.1, -0.05, 0.4), tmp_path / "obj")
    found = fetched.scan(pos_err=0.1)
    want = inside(objects, found.moc)
    got = found.input_rows(np.arange(len(found)))
    assert len(found) == len(want) == fetched.n_rows > 1000
    assert sorted(got["oid"]) == sorted(want["oid"])
    order = np.argsort(got["oid"])
    for name in objects.colnames:  # values, missing ones, units
        mine, theirs = got[name][order], want[name]
        assert (np.ma.getmaskarray(np.ma.asarray(mine)) == np.ma.getmaskarray(theirs)).all()
        assert (np.ma.filled(mine, 0) == np.ma.filled(theirs, 0)).all(), name
        assert mine.dtype == theirs.dtype
    assert got["mag"].unit == "mag"
    # the circle lies in the region, whose area is little more
    cone = np.hypot((want["ra"] + 180) % 360 - 180.1, want["dec"] + 0.05) < 0.4 - 1e-9
    assert (
        cone.sum()
        == (np.hypot((objects["ra"] + 180) % 360 - 180.1, objects["dec"] + 0.05) < 0.4 - 1e-9).sum()
    )
    assert np.pi * 0.4**2 < found.area < 1.1 * np.pi * 0.4**2
    assert fetched.n_queries == len(served.queries) == fetched.n_cells > 4
    assert not served.jobs  # deleted


ARRAYS = (
    '<?xml version="1.0"?><VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">'
    '<RESOURCE type="results"><INFO name="QUERY_STATUS" value="OK"/><TABLE>'
    '<FIELD name="oid" datatype="long"/><FIELD name="ra" datatype="double"/>'
    '<FIELD name="dec" datatype="double"/><FIELD name="any" datatype="double" arraysize="*"/>'
    '<FIELD name="two" datatype="double" arraysize="2"/>'
    '<FIELD name="name" datatype="char" arraysize="*"/>'
    "<DATA><TABLEDATA>{}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
)


def test_columns_of_arrays_in_cells_without_a_row(monkeypatch, tmp_path):
    """They were taken for texts there, so that the files had other columns."""

    def answer(table, cut):
        rows = [
            f"<TR><TD>{o}</TD><TD>{a!r}</TD><TD>{d!r}</TD><TD>{'1 ' * (o % 3)}</TD><TD>1 2</TD>"
            f"<TD>S{o}</TD></TR>"
            for o, a, d in zip(*(table[c].tolist() for c in ("oid", "ra", "dec")), strict=True)
        ]
        return ARRAYS.format("".join(rows)).encode()

    monkeypatch.setattr("tap_server.votable", answer)
    few = sky(20, ra_0=10.0)
    with TapServer(few) as server:
        fetched = bm.fetch(survey(server, cell_order=8), (10.8, 0.0, 0.5), tmp_path / "few")
    assert fetched.n_cells > fetched.n_rows > 1
    got = rows_of(fetched.folder)
    assert got.colnames == ["oid", "ra", "dec", "two", "name"] and len(got) == fetched.n_rows
    assert (got["name"] == [f"S{k}" for k in got["oid"]]).all()


@pytest.mark.slow
def test_a_cut_answer_is_asked_for_in_parts(served, objects, tmp_path):
    whole = bm.fetch(survey(served), (0.0, 0.0, 0.3), tmp_path / "whole")
    served.limit = 100
    parts = bm.fetch(survey(served), (0.0, 0.0, 0.3), tmp_path / "parts")
    assert parts.n_rows == whole.n_rows and parts.n_cells > whole.n_cells
    a, b = (rows_of(f.folder) for f in (whole, parts))
    assert sorted(a["oid"]) == sorted(b["oid"]) == sorted(set(b["oid"]))
    # also without a word of it, if the number is one at which services cut
    served.limit, cut = 1_000_000, sky(1000, ra_0=20.0, dec_0=10.0, side=0.2)
    with TapServer(cut) as silent:
        fetched = bm.fetch(survey(silent, cell_order=3), (20.1, 10.1, 0.2), tmp_path / "silent")
    assert fetched.n_rows == 1000 and fetched.n_queries > fetched.n_cells


def test_a_limit_below_every_cell_is_an_error(tmp_path):
    crowd = Table({"oid": np.arange(20), "ra": np.full(20, 10.0), "dec": np.full(20, 5.0)})
    with TapServer(crowd, limit=7) as server:
        with pytest.raises(ValueError, match=r"7 rows and may have more.*smallest|even for a cell"):
            bm.fetch(survey(server), (10.0, 5.0, 0.01), tmp_path / "crowd")
    with pytest.raises(ValueError, match="not complete"):
        bm.Catalog.scan(tmp_path / "crowd", pos_err=0.1)


def test_an_interrupted_fetch_goes_on(served, tmp_path):
    asked, region = survey(served, cell_order=8), (0.0, 0.1, 0.35)
    whole = bm.fetch(asked, region, tmp_path / "whole")
    served.queries, served.stop_after = [], 4
    out = tmp_path / "obj"
    with pytest.raises(OSError, match=r"503.*"):
        bm.fetch(asked, region, out)
    assert len(list(out.glob("*.parquet"))) == 4
    with pytest.raises(ValueError, match="not complete.*goes on from there"):
        bm.Catalog.scan(out, pos_err=0.1, area=1.0)
    served.queries, served.stop_after = [], None
    fetched = bm.fetch(asked, region, out)
    assert fetched.n_kept == 4 and len(served.queries) == whole.n_cells - 4
    assert fetched.n_rows == whole.n_rows
    for one, two in zip(*(sorted(f.glob("*.parquet")) for f in (whole.folder, out)), strict=True):
        assert one.name == two.name and one.read_bytes() == two.read_bytes()
    served.queries = []
    assert bm.fetch(asked, region, out).n_queries == 0 and not served.queries


def test_a_cell_that_was_cut_is_not_asked_for_as_a_whole_again(served, tmp_path):
    """Its rows would be there twice, where the service's limit is higher the second time."""
    asked, region = survey(served), (0.0, 0.1, 0.35)
    whole = bm.fetch(asked, region, tmp_path / "whole")
    served.queries, served.limit, served.stop_after = [], 100, 5
    out = tmp_path / "obj"
    with pytest.raises(OSError, match="503"):
        bm.fetch(asked, region, out)
    assert any(path.name.startswith("cell-8-") for path in out.iterdir())
    served.limit, served.stop_after = 1_000_000, None
    fetched = bm.fetch(asked, region, out)
    oid = rows_of(out)["oid"]
    assert fetched.n_rows == whole.n_rows == len(oid) == len(set(oid))


def sources(folder, n=40, seed=5):
    """A file of sources at some of the objects, and its error."""
    rng = np.random.default_rng(seed)
    objects = sky()
    near = np.flatnonzero(np.hypot((objects["ra"] + 180) % 360 - 180, objects["dec"]) < 0.3)[:n]
    table = Table({"ID": [f"X{k}" for k in range(n)], "sigma": rng.uniform(0.8, 2.0, n)})
    shift = rng.normal(size=(2, n)) * np.asarray(table["sigma"]) / 3600
    table["RA"] = np.mod(objects["ra"][near] + shift[0], 360)
    table["DEC"] = objects["dec"][near] + shift[1]
    table.meta.update(EXTNAME="XRAY", SKYAREA=0.5)
    path = folder / "sources.fits"
    table.write(path, overwrite=True)
    return str(path), ":sigma"


def test_a_match_of_what_was_fetched(served, objects, tmp_path, capsys):
    path, error = sources(tmp_path)
    out = tmp_path / "obj"
    service = ["--tap", served.url, "--table", "cat.objects", "--mode", "sync", "--name", "OBJ"]
    assert (
        main(["fetch", *service, "--around", path, "--margin", "4arcmin", "--out", str(out)]) == 0
    )
    printed = capsys.readouterr().out
    assert "rows on" in printed and f"bayesmatch match SOURCES ERROR {out}" in printed
    result = tmp_path / "m.fits"
    command = ["match", path, error, str(out), "0.1", "--radius", "12", "--id", ":oid"]
    assert main([*command, "--quiet", "--out", str(result)]) == 0
    found = bm.MatchResult.read(result)

    x = bm.Catalog.read(path, pos_err="sigma")
    moc, _ = region_of(x, 240.0)
    memory = bm.Catalog(inside(objects, moc), name="OBJ", pos_err=0.1, area=moc, id="oid")
    want = bm.match(x, memory, radius=12)
    for name in ("p_any", "p_i", "p_hostless", "p_OBJ", "OBJ_oid", "density_OBJ"):
        mine, theirs = (np.ma.filled(r.sources[name], -1) for r in (found, want))
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-12, err_msg=name)
    assert found.meta["catalogues"][1]["area_deg2"] == want.meta["catalogues"][1]["area_deg2"]


def test_regions(tmp_path):
    moc = MOC.from_cone(10 * u.deg, 89.9 * u.deg, radius=0.2 * u.deg, max_depth=10)
    assert region_of(moc, 1.0)[0] == moc
    for wrong in ("a", (1, 2), (1, 95, 1), (1, 2, 0), (1, 2, -3), 5, None, MOC.new_empty(5)):
        with pytest.raises((ValueError, TypeError), match=r"region|declination|radius"):
            region_of(wrong, 1.0)
    # coarser than the cells, all sky: each part once
    coarse = MOC.from_healpix_cells(np.array([3], np.uint64), np.array([0], np.uint8), 0)
    assert len(cells_of(coarse, 3)) == 64
    rng = np.random.default_rng(2)
    for cell in (Cell(3, 0), Cell(3, 191), Cell(7, 16383), Cell(8, 12345), Cell(12, 99)):
        ra, dec, radius = circle_around(cell.moc(cell.order))
        fine = cell.moc(cell.order)
        lon = rng.uniform(ra - 400 * radius, ra + 400 * radius, 200_000)
        lat = np.clip(dec + radius * rng.uniform(-1.5, 1.5, 200_000), -90, 90)
        held = fine.contains_lonlat(lon * u.deg, lat * u.deg)
        from tap_server import separations

        assert separations(lon[held], lat[held], ra, dec).max() < radius


def test_a_region_at_the_pole(tmp_path):
    rng = np.random.default_rng(4)
    n = 3000
    cap = Table({"oid": np.arange(n), "ra": 360 * rng.random(n), "dec": 90 - 0.8 * rng.random(n)})
    with TapServer(cap) as server:
        fetched = bm.fetch(survey(server), (0.0, 90.0, 0.5), tmp_path / "pole")
    got = rows_of(fetched.folder)
    assert sorted(got["oid"]) == sorted(inside(cap, fetched.scan(pos_err=1.0).moc)["oid"])
    assert set(cap["oid"][cap["dec"] > 89.5]) <= set(got["oid"])


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize(
    ("failure", "error", "text"),
    [
        ((200, "text/html", HTML), ValueError, "is no VOTable"),
        ((404, "text/html", HTML), (OSError, ValueError), "fails .404|refuses"),
        ((400, "text/plain", "ORA-00942"), (OSError, ValueError), "400|ORA-00942"),
    ],
)
def test_what_a_service_may_answer(served, tmp_path, mode, failure, error, text):
    served.failures = [failure]
    with pytest.raises(error, match=text) as raised:
        bm.fetch(survey(served, mode=mode), (0, 0, 0.1), tmp_path / "obj")
    assert "\n" not in str(raised.value) and served.url in str(raised.value)
    served.failures = []  # nothing is left that would be in the way
    assert bm.fetch(survey(served, mode=mode), (0, 0, 0.1), tmp_path / "obj").n_rows > 0


def test_a_busy_service_is_asked_again(served, tmp_path):
    served.failures = [(503, "text/plain", "busy")]
    fetched = bm.fetch(survey(served), (0, 0, 0.1), tmp_path / "obj")
    assert fetched.n_queries == fetched.n_cells + 1


def test_wrong_queries(served, tmp_path):
    for wrong, text in (
        ({"table": "nope"}, "refuses the query .no such table.*check the table"),
        ({"ra": "alpha"}, "no such column"),
    ):
        with pytest.raises(ValueError, match=text):
            bm.fetch(
                Survey(
                    "OBJ", **{"tap": served.url, "table": "cat.objects", "mode": "sync"} | wrong
                ),
                (0, 0, 0.1),
                tmp_path / "obj",
            )
    with pytest.raises(ValueError, match="has no column 'ra'.*--ra"):
        named_in(["x", "y"], survey(served), "ra")


def test_an_empty_region(served, tmp_path):
    with pytest.raises(ValueError, match=r"OBJ has no row within 0.1 deg of 100, \+10; the survey"):
        bm.fetch(survey(served), (100, 10, 0.1), tmp_path / "obj")
    assert not list((tmp_path / "obj").iterdir())
    fetched = bm.fetch(survey(served, where="mag < 20"), (0, 0, 0.3), tmp_path / "obj")
    assert rows_of(fetched.folder)["mag"].max() < 20


def test_no_network(tmp_path):
    for tap in ("http://127.0.0.1:9/tap", "http://no-such-host.invalid/tap"):
        with pytest.raises(OSError, match="no answer .*no network, or another address") as raised:
            bm.fetch(Survey("OBJ", tap, "t", mode="sync"), (0, 0, 0.1), tmp_path / "obj")
        assert len(str(raised.value)) < 200 and "kept" not in str(raised.value)


def test_without_pyvo(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pyvo", None)
    assert main(["fetch", "gaia_dr3", "--cone", "1", "2", "1", "--out", str(tmp_path / "g")]) == 1
    assert "pip install 'bayesmatch[services]'" in capsys.readouterr().err


def test_a_folder_holds_one_fetch(served, tmp_path):
    out = tmp_path / "obj"
    bm.fetch(survey(served), (0, 0, 0.1), out)
    with pytest.raises(ValueError, match=r"holds another fetch .OBJ, within 0.1 deg of 0, \+0"):
        bm.fetch(survey(served), (0, 0, 0.2), out)
    with pytest.raises(ValueError, match="holds another fetch"):
        bm.fetch(survey(served, where="mag < 20"), (0, 0, 0.1), out)
    sky(5).write(out / "mine.parquet")
    with pytest.raises(ValueError, match=r"mine.parquet: is not of this fetch"):
        bm.fetch(survey(served), (0, 0, 0.1), out)
    (out / "mine.parquet").unlink()
    manifest = out / "_fetched.json"
    told = json.loads(manifest.read_text())
    wrong = ({"complete": "yes"}, {"moc": {"3": [99999999]}}, {"moc": {}}, {"request": {}})
    for text in ("{", "[]", *(json.dumps({**told, **change}) for change in wrong)):
        manifest.write_text(text)
        with pytest.raises(ValueError, match="is not what 'bayesmatch fetch' wrote"):
            bm.Catalog.scan(out, pos_err=0.1)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").write_text("a")
    with pytest.raises(ValueError, match=r"is not empty .it has a.txt"):
        bm.fetch(survey(served), (0, 0, 0.1), tmp_path / "full")


def test_a_file_that_is_lost_afterwards(served, tmp_path):
    out = tmp_path / "obj"
    fetched = bm.fetch(survey(served), (0, 0, 0.3), out)
    lost = sorted(out.glob("cell-*"))[1]
    content = lost.read_bytes()
    lost.unlink()
    n = fetched.n_cells
    with pytest.raises(ValueError, match=f"has {n - 1} of the {n} files .* brings them again"):
        bm.Catalog.scan(out, pos_err=0.1)
    # what the manifest says beside that is not needed
    told = json.loads((out / "_fetched.json").read_text())
    (out / "_fetched.json").write_text(json.dumps({**told, "area_deg2": None}))
    again = bm.fetch(survey(served), (0, 0, 0.3), out)
    assert again.n_queries == 1 and again.area_deg2 == fetched.area_deg2
    assert lost.read_bytes() == content and len(rows_of(out)) == fetched.n_rows


def test_the_manifest(served, tmp_path):
    fetched = bm.fetch(survey(served, where="mag < 24"), (0, 0, 0.2), tmp_path / "obj")
    told = json.loads((tmp_path / "obj" / "_fetched.json").read_text())
    assert told["complete"] and told["rows"] == fetched.n_rows == len(fetched.scan(pos_err=1.0))
    assert told["request"]["survey"]["tap"] == served.url and "CIRCLE" in told["query"]
    assert told["query"].endswith("AND (mag < 24)") and told["area_deg2"] == fetched.area_deg2
    assert told["begun"] <= told["finished"]
    assert MOC.from_json(told["moc"]) == fetched.scan(pos_err=1.0).moc


@pytest.mark.parametrize("name", SURVEYS)
def test_surveys(name):
    """Their columns are found by the catalogue, and their errors are made of these."""
    known = survey_named(name)
    assert QUERY.match(query_text(known, ("1.0", "-2.0", "0.5")))
    table = Table({column: np.full(3, 1.0) for column in known.columns})
    catalog = bm.Catalog(table, name=name, pos_err=position_error(known.error, name), area=1.0)
    assert (catalog.ra_name, catalog.dec_name) == (known.ra, known.dec)
    assert survey_named(name.upper()) is known


def test_wrong_surveys():
    for wrong, text in (
        ({"name": "a b"}, "identifier"),
        ({"tap": "ftp://x"}, "begins with http"),
        ({"table": " "}, "table is empty"),
        ({"mode": "both"}, "async or sync"),
        ({"where": 3}, "where is 3; give a text"),
        ({"cell_order": 20}, "give 3 to 12"),
    ):
        with pytest.raises((ValueError, TypeError), match=text):
            Survey(**{"name": "A", "tap": "http://x/tap", "table": "t", **wrong})
    with pytest.raises(ValueError, match="'gaia' is not known; give one of gaia_dr3"):
        bm.fetch("gaia", (0, 0, 1), "x")


def test_on_the_command_line(served, tmp_path, capsys):
    assert main(["fetch", "--list"]) == 0
    assert all(name in capsys.readouterr().out for name in ("gaia_dr3",))
    moc = tmp_path / "field.fits"
    MOC.from_cone(0 * u.deg, 0 * u.deg, radius=0.2 * u.deg, max_depth=11).save(moc, format="fits")
    service = ["--tap", served.url, "--table", "cat.objects", "--mode", "sync"]
    out = ["--out", str(tmp_path / "obj")]
    columns = ["--columns", "oid, mag"]
    assert main(["fetch", *service, *columns, "--moc", str(moc), *out]) == 0
    assert rows_of(tmp_path / "obj").colnames == ["ra", "dec", "oid", "mag"]
    capsys.readouterr()
    for wrong, text in (
        (["gaia_dr3", *service, "--cone", "0", "0", "1", *out], "both gaia_dr3 and --tap"),
        ([*service, *out], "no region; give --cone"),
        (["--cone", "0", "0", "1", *out], "no survey; give its name"),
        ([*service, "--cone", "0", "0", "1"], "give --out FOLDER"),
        ([*service, "--cone", "x", "0", "1", *out], "--cone x 0 1: give right ascension"),
        ([*service, "--moc", "nope.fits", *out], "--moc nope.fits: no such file"),
        ([*service, "--moc", sources(tmp_path)[0], *out], "is no MOC in FITS"),
    ):
        assert main(["fetch", *wrong]) == 1
        printed = capsys.readouterr().err
        assert text in printed and printed.count("\n") == 1


@pytest.mark.parametrize(
    "unit, said",
    [("mas", ":e_RA[mas]:e_DE[mas]"), ("arcsec", ":e_RA:e_DE"), (None, ":e_RA[mas]:e_DE[mas]")],
)
def test_the_error_in_the_unit_that_came(monkeypatch, tmp_path, capsys, unit, said):
    """What is printed is right for the columns as they are: their own unit, their own case."""
    table = sky(300)["ra", "dec"]
    for name in ("e_RA", "e_DE"):
        table[name] = Column(np.full(len(table), 0.1), unit=unit)
    with TapServer(table) as server:
        known = survey(server, error=":e_ra[mas]:e_de[mas]")
        monkeypatch.setattr("bayesmatch.catalogs.services.surveys.survey_named", lambda name: known)
        out = str(tmp_path / "f")
        assert main(["fetch", "it", "--cone", "0", "0", "0.3deg", "--out", out]) == 0
    assert f"match SOURCES ERROR {out} {said} " in capsys.readouterr().out.replace("'", "")
