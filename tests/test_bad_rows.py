"""Rows without a position or a position error: left out, counted, refused where it matters."""

import re

import astropy.units as u
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import MaskedColumn, Table

import bayesmatch as bm
from bayesmatch.catalogs.positions import read_positions
from bayesmatch.catalogs.values import ColumnValues
from bayesmatch.cli import main

SIDE = 0.4


def tables(seed=1, n=60, m=1500, hostless=10):
    """Sources and objects: object i is the counterpart of source i, but for the last ones."""
    rng = np.random.default_rng(seed)
    o = Table({"ID": np.arange(m) + 1000, "RA": 150 + SIDE * rng.random(m)})
    o["DEC"], o["e"] = 2 + SIDE * rng.random(m), np.full(m, 0.1)
    k = n - hostless
    x = Table({"ID": [f"X{i:03d}" for i in range(n)], "RA": np.array(o["RA"][:n])})
    x["DEC"], x["sigma"] = np.array(o["DEC"][:n]), rng.uniform(0.8, 1.2, n)
    x["RA"][:k] += rng.normal(size=k) / 3600
    x["DEC"][:k] += rng.normal(size=k) / 3600
    x["RA"][k:] = 150 + SIDE * rng.random(hostless)
    for t, name in ((x, "X"), (o, "O")):
        t.meta.update(EXTNAME=name, SKYAREA=SIDE * SIDE)
    return x, o


def primary(x):
    return bm.Catalog(x, name="X", pos_err="sigma")


def other(o):
    return bm.Catalog(o, name="O", pos_err="e")


def values(column):
    return np.ma.getdata(column)


def equal(one, two, rows=None):
    """The same result; `rows`: those of the second's other catalogue by the first's."""
    for a, b in ((one.associations, two.associations), (one.sources, two.sources)):
        assert a.colnames == b.colnames
        for name in a.colnames:
            x, y = values(a[name]), values(b[name])
            if rows is not None and name == "O":
                y = np.where(y < 0, -1, rows[y])
            assert np.array_equal(x, y, equal_nan=x.dtype.kind == "f"), name


FILLS = {
    "NaN": (np.nan, 2.0),
    "NaN declination": (150.0, np.nan),
    "-999": (-999.0, -999.0),
    "-99 and -9.9": (-99.0, -9.9),
    "-99 and -99": (-99.0, -99.0),
    "infinite": (np.inf, np.inf),
}


@pytest.mark.parametrize("fill", FILLS)
def test_secondaries_without_a_position_are_left_out(fill, tmp_path):
    x, o = tables()
    bad = [55, 900, 1499]
    o["RA"][bad], o["DEC"][bad] = FILLS[fill]
    kept = np.setdiff1d(np.arange(len(o)), bad)
    x_cat = primary(x)
    with pytest.warns(
        UserWarning, match=r"'O': 3 of 1,500 rows have no position .*55, 900, 1499"
    ) as w:
        result = bm.match(x_cat, other(o), radius=10)
    beyond = [value for value in FILLS[fill] if abs(value) > 360]
    assert ("in row 55" in str(w[0].message)) == bool(beyond or fill == "-99 and -99")
    assert result.meta["dropped"] == {"O": {"position": 3}}
    equal(result, bm.match(x_cat, other(o[kept]), radius=10), kept)  # N counts the kept rows
    assert result.record.others[0].rows == 1500 and result.meta["bad_rows"] == "strict"
    pq.write_table(pa.table({c: np.asarray(o[c]) for c in o.colnames}), tmp_path / "o.parquet")
    scanned = bm.Catalog.scan(
        tmp_path / "o.parquet", name="O", pos_err="e", id="ID", area=SIDE * SIDE
    )
    with pytest.warns(UserWarning, match="3 of 1,500 rows have no position"):
        streamed = bm.match(x_cat, scanned, radius=10)
    equal(result, streamed)
    assert streamed.meta["dropped"] == result.meta["dropped"]


@pytest.mark.parametrize("column, value", [("RA", 370.0), ("RA", -200.0), ("DEC", 95.0)])
def test_positions_out_of_range_are_named(column, value):
    """A row that somebody moved over the seam is no missing value: which, and what it says."""
    x, o = tables()
    o[column][900], o["RA"][1200] = value, np.nan
    named = rf"\(rows 900, 1200; '{column}' is {value} in row 900\)"
    with pytest.warns(UserWarning, match=named):
        bm.match(primary(x), other(o), radius=10)
    x[column][7] = value
    with pytest.warns(UserWarning, match=rf"\(row 7; '{column}' is {value} in row 7\)"):
        bm.match(primary(x), other(tables()[1]), radius=10, bad_rows="drop")


def scan(table, path, **how):
    pq.write_table(pa.table({c: np.asarray(table[c]) for c in table.colnames}), path, **how)
    return bm.Catalog.scan(path, name="O", pos_err="e", id="ID", area=SIDE * SIDE)


def test_positions_of_no_row_at_all():
    """Of a survey no partition of which has a row near the sources."""
    values = ColumnValues(Table({"RA": np.empty(0), "DEC": np.empty(0)}), "O")
    assert [len(degrees) for degrees in read_positions(values, "RA", "DEC")] == [0, 0]


@pytest.mark.parametrize("ra", [400.0, -181.0, 719.0, 360.001])
def test_right_ascensions_that_no_turn_explains(ra, tmp_path):
    """Of a source refused, of an object left out: 150 is no neighbour of 400, nor a turn off."""
    x, o = tables()
    x["RA"][7], o["RA"][1400] = ra, ra
    with pytest.raises(ValueError, match=rf"'X': column 'RA' is {ra} in row 7.*0 to 360.*drop"):
        bm.match(primary(x), other(o), radius=10)
    with (
        pytest.warns(UserWarning, match="'X': 1 of 60 rows.*row 7"),
        pytest.warns(UserWarning, match="'O': 1 of 1,500 rows.*row 1400"),
    ):
        held = bm.match(primary(x), other(o), radius=10, bad_rows="drop")
    assert held.meta["dropped"] == {"X": {"position": 1}, "O": {"position": 1}}
    assert held.meta["bad_rows"] == "drop"
    for statistics in (True, False):
        scanned = scan(o, tmp_path / "o.parquet", row_group_size=50, write_statistics=statistics)
        with pytest.warns(UserWarning, match="1 of (1,500|60) rows"):
            equal(held, bm.match(primary(x), scanned, radius=10, bad_rows="drop"))


@pytest.mark.parametrize("by", [-360.0, 360.0, "over 360", "below -180"])
def test_right_ascensions_of_another_turn(by, tmp_path):
    """Of a whole catalogue, or of a field that runs on over the seam."""
    x, o = tables()
    seam = isinstance(by, str)
    for t in (x, o):
        t["RA"] += 30.0 - SIDE / 2 if by == "below -180" else 210.0 - SIDE / 2 if seam else 0.0
    want = bm.match(primary(x), other(o), radius=10)
    o["RA"] += -360.0 if by == "below -180" else 0.0 if seam else by
    assert o["RA"].min() < -180.0 or o["RA"].max() > 360.0
    got = bm.match(primary(x), other(o), radius=10)
    assert (
        got.meta["dropped"] == {} and (values(got.sources["O"]) == values(want.sources["O"])).all()
    )
    for statistics in (True, False):
        scanned = scan(o, tmp_path / "o.parquet", row_group_size=50, write_statistics=statistics)
        equal(got, bm.match(primary(x), scanned, radius=10))


def test_masked_positions_are_none():
    x, o = tables()
    o["RA"] = MaskedColumn(o["RA"], mask=np.arange(len(o)) == 700)
    with pytest.warns(UserWarning, match="1 of 1,500 rows"):
        assert bm.match(primary(x), other(o), radius=10).meta["dropped"] == {"O": {"position": 1}}


def test_a_scan_counts_them_in_row_groups_that_it_would_not_read(tmp_path):
    x, o = tables()
    far = Table({"ID": np.arange(1000), "RA": 300 + np.arange(1000) / 1e3, "DEC": np.zeros(1000)})
    far["e"] = 0.1
    far["RA"][3], o["RA"][1400] = np.nan, np.nan
    whole = {c: np.concatenate([np.asarray(o[c]), np.asarray(far[c])]) for c in far.colnames}
    pq.write_table(pa.table(whole), tmp_path / "o.parquet", row_group_size=500)
    scanned = bm.Catalog.scan(tmp_path / "o.parquet", name="O", pos_err="e", id="ID", area=1)
    held = bm.Catalog(whole, name="O", pos_err="e", area=1)
    with pytest.warns(UserWarning, match="2 of 2,500 rows"):
        equal(bm.match(primary(x), held, radius=10), bm.match(primary(x), scanned, radius=10))


def test_a_checkpoint_remembers_them(tmp_path):
    x, o = tables()
    o["RA"][900] = np.nan
    pq.write_table(pa.table({c: np.asarray(o[c]) for c in o.colnames}), tmp_path / "o.parquet")

    def matched():
        scanned = bm.Catalog.scan(tmp_path / "o.parquet", name="O", pos_err="e", area=1)
        with pytest.warns(UserWarning, match="1 of 1,500 rows"):
            return bm.match(primary(x), scanned, radius=10, checkpoint=tmp_path / "c")

    equal(matched(), matched())


@pytest.mark.parametrize("error", [0.0, -999.0, np.nan, 1e30, 1e-30])
def test_errors_are_judged_for_candidates_alone(error, tmp_path):
    x, o = tables()
    near = bm.match(primary(x), other(o), radius=10).associations["O"]
    away = np.setdiff1d(np.arange(len(o)), values(near))[:5]
    o["e"][away] = error
    before = bm.match(primary(x), other(o), radius=10)  # and nothing is said
    assert before.meta["dropped"] == {}
    o["e"][[3, 4]] = error
    pq.write_table(pa.table({c: np.asarray(o[c]) for c in o.colnames}), tmp_path / "o.parquet")
    scanned = bm.Catalog.scan(
        tmp_path / "o.parquet", name="O", pos_err="e", id="ID", area=SIDE * SIDE
    )
    results = []
    for catalog in (other(o), scanned):
        with pytest.raises(ValueError, match=r"'e' is .* in row 3.*bad_rows='drop' .--bad-rows dr"):
            bm.match(primary(x), catalog, radius=10)
        with pytest.warns(UserWarning, match=r"2 candidates have no position error .*rows 3, 4"):
            results.append(bm.match(primary(x), catalog, radius=10, bad_rows="drop"))
    equal(*results)
    result = results[0]
    assert result.meta["dropped"] == {"O": {"error": 2}}
    assert not np.isin(values(result.associations["O"]), [3, 4]).any()
    assert np.sum(values(result.sources["O"])[:50] == np.arange(50)) >= 47
    assert result.record.others[0].n_inside == 1500  # an object, whatever its error


def test_a_wrong_column_is_refused():
    x, o = tables()
    o["e"] = 0.0
    with pytest.raises(ValueError, match=r"'e' is 0.0 in row 0 .and 1499 more rows"):
        other(o)
    o["RA"][: len(o) - 10] = 1000.0
    o["e"] = 0.1
    with pytest.raises(ValueError, match=r"'RA' is 1000.0 in row 0 .*most rows have none.*--ra"):
        other(o)
    x, o = tables()
    o["e"][:1400] = 0.0  # most of the candidates
    with pytest.raises(ValueError, match="'e' is 0.0 in row 0 .*most candidates"):
        bm.match(primary(x), other(o), radius=10, bad_rows="drop")


def with_bad_primaries():
    x, o = tables()
    x["DEC"][55], x["sigma"][3], x["RA"][7] = np.nan, 0.0, -999.0
    return x, o, np.setdiff1d(np.arange(60), [3, 7, 55])


def test_primaries_are_refused_or_dropped():
    x, o, kept = with_bad_primaries()
    with pytest.raises(ValueError, match=r"'X'.*'RA' is -999.0 in row 7.*bad_rows='drop'.*--bad-r"):
        bm.match(primary(x), other(o), radius=10)
    x2 = x.copy()
    x2["DEC"][55], x2["RA"][7] = 2.0, 150.0
    with pytest.raises(ValueError, match=r"'X'.*'sigma' is 0.0 in row 3.*bad_rows='drop'"):
        bm.match(primary(x2), other(o), radius=10)
    with pytest.raises(ValueError, match="bad_rows is 'keep'; give 'strict' or 'drop'"):
        bm.match(primary(x), other(o), radius=10, bad_rows="keep")
    with pytest.warns(UserWarning) as said:
        result = bm.match(primary(x), other(o), radius=10, bad_rows="drop")
    assert [re.split(" and (?:are|is) left", str(w.message))[0] for w in said] == [
        "catalogue 'X': 2 of 60 rows have no position",
        "catalogue 'X': 1 of 60 rows has no position error that can be used",
    ]
    assert result.meta["dropped"] == {"X": {"position": 2, "error": 1}}
    assert np.array_equal(result.sources["X"], kept)
    plain = bm.match(primary(x[kept]), other(o), radius=10)
    for one, two in ((result.sources, plain.sources), (result.associations, plain.associations)):
        for name in one.colnames:
            a, b = values(one[name]), values(two[name])
            b = kept[b] if name == "X" else b
            assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), name
    assert "X058" in result.explain("X058").text
    with pytest.raises(ValueError, match="no source with ID 'X055'"):
        result.explain("X055")


@pytest.mark.few(4)
@pytest.mark.filterwarnings("ignore:catalogue 'X'")
@pytest.mark.parametrize("ending", ["fits", "vot", "ecsv", "parquet", "csv"])
@pytest.mark.parametrize("inputs", [False, True])
def test_dropped_rows_in_the_output(ending, inputs, tmp_path):
    x, o, kept = with_bad_primaries()
    result = bm.match(primary(x), other(o), radius=10, bad_rows="drop")
    path = tmp_path / f"r.{ending}"
    result.write(path, include_inputs=inputs, keep_dropped=True)
    again = bm.MatchResult.read(path)
    for one, two in ((result.sources, again.sources), (result.associations, again.associations)):
        for name in one.colnames:
            a, b = values(one[name]), values(two[name])
            assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), name
            assert type(one[name]) is type(two[name]), name
    assert again.summary() == result.summary()
    if ending == "fits":
        for hdu in ("ASSOCIATIONS", "SOURCES"):
            t = Table.read(path, hdu=hdu)
            gone = t[np.isin(np.asarray(t["X"]), [3, 7, 55])]
            assert gone["X"].tolist() == [3, 7, 55] and gone["X_ID"].tolist()[0] == "X003"
            assert np.all(gone["p_any"].mask) and np.all(gone["O"].mask)
            assert np.all(np.diff(np.asarray(t["X"])) >= 0)
            if inputs and hdu == "ASSOCIATIONS":
                assert gone["X_sigma"].tolist()[0] == 0.0


@pytest.mark.filterwarnings("ignore:catalogue 'X'")
def test_what_else_takes_catalogues():
    x, o, kept = with_bad_primaries()
    found = bm.calibrate(primary(x), other(o), radius=10, n_realizations=2, bad_rows="drop")
    same = bm.calibrate(primary(x[kept]), other(o), radius=10, n_realizations=2)
    assert np.array_equal(found.table["false_fraction"], same.table["false_fraction"])
    with pytest.raises(ValueError, match="'RA' is -999.0 in row 7"):
        bm.fit_position_errors(primary(x), other(o), radius=10)
    result = bm.match(primary(x), other(o), radius=10, bad_rows="drop")
    truth = Table({"ID": x["ID"][:50], "counterpart": o["ID"][:50]})
    with pytest.raises(ValueError, match="'X003', which is no identifier .*remove those rows"):
        bm.assess(result, truth)
    truth = truth[np.isin(np.arange(50), kept)]
    assessed = bm.assess(result, truth)
    same = bm.assess(bm.match(primary(x[kept]), other(o), radius=10), truth)
    assert assessed.confusion(0.5) == same.confusion(0.5)


def test_on_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    x, o, kept = with_bad_primaries()
    x.write("x.fits")
    o.write("o.fits")
    line = ["match", "x.fits", ":sigma", "o.fits", "0.1", "--radius", "10", "--out", "r.fits"]
    assert main([*line, "--quiet"]) == 1
    assert "--bad-rows drop" in capsys.readouterr().err
    assert main([*line, "--quiet", "--bad-rows", "drop", "--keep-dropped"]) == 0
    assert "catalogue 'X': 2 of 60 rows have no position" in capsys.readouterr().err
    assert len(Table.read("r.fits", hdu="SOURCES")) == 60
    assert len(bm.MatchResult.read("r.fits").sources) == 57
    x[kept].write("x.fits", overwrite=True)
    assert main([*line, "--quiet", "--keep-dropped"]) == 0
    assert "--keep-dropped has no effect without --bad-rows drop" in capsys.readouterr().err
    line[-1] = "-"
    assert main([*line, "--quiet", "--bad-rows", "drop", "--keep-dropped"]) == 0
    assert "--keep-dropped has no effect where the result is" in capsys.readouterr().err


def test_a_checkpoint_of_nothing_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for table, name in zip(tables(), "xo", strict=True):
        table.write(f"{name}.fits")
    line = "match x.fits :sigma o.fits 0.1 --radius 10 --quiet --out r.fits --checkpoint c"
    assert main(line.split()) == 0
    assert "--checkpoint has no effect: no catalogue is" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:catalogue", "ignore:position errors")
def test_the_fit_of_position_errors_takes_the_remedy_that_it_names(tmp_path, monkeypatch):
    x, o, kept = with_bad_primaries()
    bad = np.array([4, 9])  # counterparts without an error
    o["e"][bad] = np.nan
    with pytest.raises(ValueError, match="bad_rows='drop' .--bad-rows drop"):
        bm.fit_position_errors(primary(x[kept]), other(o), radius=10)
    found = bm.fit_position_errors(primary(x), other(o), radius=10, bad_rows="drop")
    same = bm.fit_position_errors(primary(x[kept]), other(o), radius=10, bad_rows="drop")
    assert found.scale == same.scale and found.n_counterparts == same.n_counterparts
    with pytest.raises(ValueError, match="bad_rows is 'keep'"):
        bm.fit_position_errors(primary(x), other(o), radius=10, bad_rows="keep")
    monkeypatch.chdir(tmp_path)
    x.write("x.fits")
    o.write("o.fits")
    line = ["errors", "x.fits", ":sigma", "o.fits", ":e", "--radius", "10", "--out", "c.fits"]
    assert main([*line, "--quiet"]) == 1
    assert main([*line, "--quiet", "--bad-rows", "drop"]) == 0
    corrected = Table.read("c.fits")
    assert [i.strip() for i in corrected["ID"]] == [f"X{k:03d}" for k in kept]


@pytest.mark.filterwarnings("ignore:catalogue 'O'", "ignore:NumPy", "ignore:.*outside")
@pytest.mark.parametrize("footprint", [False, True])
def test_a_prior_learned_in_a_scan_is_of_rows_with_a_position_inside(footprint, tmp_path):
    x, o = tables(n=200, hostless=20)
    rng = np.random.default_rng(2)
    o["mag"] = rng.normal(np.where(np.arange(len(o)) < 200, 18.0, 22.0), 1.0)
    o["RA"][[300, 1400]], o["DEC"][700] = np.nan, 95.0
    o["mag"][[300, 700, 1400]] = 10.0
    pq.write_table(pa.table({c: np.asarray(o[c]) for c in o.colnames}), tmp_path / "o.parquet")
    area = SIDE * SIDE
    if footprint:
        corners = [149.9, 150.35, 150.35, 149.9] * u.deg, [1.9, 1.9, 2.5, 2.5] * u.deg
        area = pytest.importorskip("mocpy").MOC.from_polygon(*corners, max_depth=12)
    scanned = bm.Catalog.scan(tmp_path / "o.parquet", name="O", pos_err="e", id="ID", area=area)
    held = bm.Catalog(o, name="O", pos_err="e", area=area)
    results = [
        bm.match(primary(x), c, radius=6, priors={"O": [bm.AutoPrior("mag", radius=2)]})
        for c in (held, scanned)
    ]
    equal(*results)


@pytest.mark.few(2)
@pytest.mark.parametrize("value", [99.0, 99.9, 999.0, 9999.0, np.float32(99.99)])
def test_a_fill_value_for_an_error_is_told_and_can_be_left_out(value, tmp_path, capsys):
    x, o = tables()
    x["sigma"][[3, 7]], o["e"][4] = value, value
    with pytest.warns(UserWarning) as told:
        taken = bm.match(primary(x), other(o), radius=10)
    texts = [str(w.message) for w in told]
    for said in (
        "'X': column 'sigma' is {} in row 3 (and 1 more row), ",
        "'O': column 'e' is {} in row 4, ",
    ):
        assert any(said.format(float(value)) in text for text in texts)
    assert len(taken.sources) == 60  # they are taken for what they say
    with pytest.warns(UserWarning) as told:
        dropped = bm.match(primary(x), other(o), radius=10, bad_rows="drop")
    assert any("2 of 60 rows have no position error" in str(w.message) for w in told)
    assert dropped.meta["dropped"] == {"X": {"error": 2}, "O": {"error": 1}}
    x["sigma"][[3, 7]], o["e"][4] = np.nan, np.nan
    with pytest.warns(UserWarning):
        missing = bm.match(primary(x), other(o), radius=10, bad_rows="drop")
    equal(dropped, missing)
    x["sigma"][[3, 7]], o["e"][4] = value, value
    x.write(tmp_path / "x.fits")
    o.write(tmp_path / "o.fits")
    line = ["match", f"{tmp_path}/x.fits", ":sigma", f"{tmp_path}/o.fits", ":e", "--radius", "10"]
    line += ["--quiet", "--no-inputs", "--out", f"{tmp_path}/r.fits"]
    assert main(line) == 0 and "(--bad-rows drop" in capsys.readouterr().err
    assert main([*line, "--bad-rows", "drop"]) == 0
    assert "nothing was measured" not in capsys.readouterr().err
    equal(bm.MatchResult.read(tmp_path / "r.fits"), dropped)


def test_large_errors_that_are_no_fill_values_are_not_told(recwarn):
    x, o = tables()
    x["sigma"] *= 20
    x["sigma"][3] = 99.0  # as five times the others may be
    o["e"][4] = 98.0
    bm.match(primary(x), other(o), radius=10)
    bm.match(bm.Catalog(x[:1], name="X", pos_err=99.0), other(o), radius=10)
    assert not [w for w in recwarn if "nothing was measured" in str(w.message)]


def test_fill_values_are_those_of_the_columns_own_unit_and_of_arrays():
    x, o = tables()
    sigma = np.array(x["sigma"])
    sigma[5] = 999.0
    with pytest.warns(UserWarning, match="'X': pos_err is 999.0 in row 5"):
        bm.match(bm.Catalog(x, name="X", pos_err=sigma), other(o), radius=10)
    x["sigma"] = x["sigma"] / 3600
    x["sigma"].unit = u.deg
    x["sigma"][5] = 99.0
    with pytest.warns(UserWarning, match="column 'sigma' is 99.0 in row 5"):
        bm.match(primary(x), other(o), radius=10)


def test_fill_values_of_a_scanned_catalogue(tmp_path):
    x, o = tables()
    o["e"][[4, 9]] = 99.0
    pq.write_table(pa.table({c: np.asarray(o[c]) for c in o.colnames}), tmp_path / "o.parquet")

    def scan():
        return bm.Catalog.scan(tmp_path / "o.parquet", name="O", pos_err="e", id="ID", area=0.16)

    with pytest.warns(UserWarning, match=r"'O': column 'e' is 99.0 in row 4 of .*and 1 more row"):
        bm.match(primary(x), scan(), radius=10)
    with pytest.warns(UserWarning, match="2 candidates have no position error"):
        result = bm.match(primary(x), scan(), radius=10, bad_rows="drop")
        equal(bm.match(primary(x), other(o), radius=10, bad_rows="drop"), result)


@pytest.mark.few(2)
@pytest.mark.filterwarnings("ignore:catalogue 'X'")
@pytest.mark.parametrize("ending", ["fits", "ecsv", "parquet", "csv"])
def test_a_result_that_was_read_is_written_with_its_dropped_rows(ending, tmp_path):
    x, o, _ = with_bad_primaries()
    result = bm.match(primary(x), other(o), radius=10, bad_rows="drop")
    first, again, plain = (tmp_path / f"{name}.{ending}" for name in ("first", "again", "plain"))
    result.write(first, include_inputs=False, keep_dropped=True)
    bm.MatchResult.read(first).write(again, keep_dropped=True)
    assert again.read_bytes() == first.read_bytes()
    result.write(plain, include_inputs=False)
    with pytest.raises(ValueError, match=r"not at hand.*catalogues=.*--keep-dropped on"):
        bm.MatchResult.read(plain).write(again, keep_dropped=True)
    given = [primary(x), other(o)]  # made again from the tables
    bm.MatchResult.read(plain).write(again, False, catalogues=given, keep_dropped=True)
    assert again.read_bytes() == first.read_bytes()
    result.write(first, keep_dropped=True)
    bm.MatchResult.read(plain).write(again, catalogues=given, keep_dropped=True)
    assert again.read_bytes() == first.read_bytes()
    with pytest.raises(ValueError, match="has 59 rows.*give that one"):
        others = [primary(x[1:]), other(o)]
        bm.MatchResult.read(plain).write(again, False, catalogues=others, keep_dropped=True)


def test_a_result_without_dropped_rows_can_be_asked_to_keep_them(tmp_path):
    x, o = tables()
    result = bm.match(primary(x), other(o), radius=10, bad_rows="drop")
    result.write(tmp_path / "r.fits", False, keep_dropped=True)
    bm.MatchResult.read(tmp_path / "r.fits").write(tmp_path / "s.fits", keep_dropped=True)
    assert len(bm.MatchResult.read(tmp_path / "s.fits").sources) == 60


def test_sources_that_were_left_out_are_not_just_unknown(tmp_path, monkeypatch, capsys):
    """Who asks for one is not referred to others with similar identifiers alone."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(3)
    ra, dec = 10 + rng.random(60) / 5, rng.random(60) / 5
    x = Table({"ID": np.arange(60), "RA": ra, "DEC": dec, "e": np.where(np.arange(60) == 3, 0, 1)})
    x["DEC"][7] = np.nan
    for name, table in (("X", x), ("O", Table({"ID": np.arange(60), "RA": ra, "DEC": dec}))):
        table.meta.update(EXTNAME=name, SKYAREA=0.04)
        table.write(f"{name}.fits")
    Table({"ID": np.arange(60), "counterpart": np.arange(60)}).write("truth.csv")
    line = "match X.fits :e O.fits 0.1 --radius 5 --bad-rows drop --keep-dropped --out m.fits"
    assert main(f"{line} --quiet".split()) == 0
    capsys.readouterr()
    for asked in ("explain m.fits 3", "assess m.fits truth.csv"):
        assert main(asked.split()) == 1
        err = capsys.readouterr().err
        assert " (2 sources without position or error left out of it); " in err
    assert main("fake X.fits --radius 5 --out f.fits".split()) == 0
    out, err = capsys.readouterr()
    assert "59 sources moved" in out and "1 of 60 rows has no position and is left out" in err
