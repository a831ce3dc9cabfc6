"""Columns whose names have colons or commas, said on the command line as its messages advise."""

import re

import numpy as np
import pytest
from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st

import bayesmatch as bm
from bayesmatch.catalogs.typed import parts, plain, typed
from bayesmatch.cli import main
from bayesmatch.cli.given_errors import position_error

N, SIDE = 40, 0.2
NAMES = st.text(st.characters(exclude_characters='"', codec="utf-8"), min_size=1, max_size=8)


@given(st.lists(NAMES, min_size=1, max_size=4), st.sampled_from(":,"))
def test_what_is_typed_is_what_is_meant(names, divider):
    line = divider.join(map(typed, names))
    assert [plain(part) for part in parts(line, divider)] == names


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a:b", ["a", "b"]),
        ("::a", ["", "", "a"]),
        ('"a:b"', ["a:b"]),
        ('"a:b"[mas]:c', ["a:b[mas]", "c"]),
        (':"a:b":', ["", "a:b", ""]),
        ('"a":b', ['"a"', "b"]),  # a name that has the quotes
        ('"a:b', ['"a', "b"]),
        ('x"a:b"', ['x"a', 'b"']),
        ("", [""]),
    ],
)
def test_parts(text, expected):
    assert [plain(part) for part in parts(text, ":")] == expected


def test_errors():
    assert position_error(':"err:pos"', "x") == "err:pos"
    assert position_error(':"err:pos"[mas]@90%', "x") == bm.Radius("err:pos[mas]", 0.9)
    assert position_error(':"e:a":"e:d"', "x") == ("e:a", "e:d")
    assert position_error(':"90":"95"', "x") == ("90", "95")
    assert position_error(":90", "x") == "90"  # with a colon, no number can be meant
    assert position_error(":e:1.5", "x") == ("e", 1.5)
    ellipse = position_error(':"a:x":b:"p,a"', "x")
    assert (ellipse.major, ellipse.minor, ellipse.pa) == ("a:x", "b", "p,a")
    assert position_error(':"r:90":arcmin@90%', "x") == bm.Radius("r:90[arcmin]", 0.9)
    # a blank before the bracket may be a part of the name, which only the table knows
    assert position_error(":e [mas]", "x") == "e [mas]"
    assert position_error(":r [mas]@90%", "x") == bm.Radius("r [mas]", 0.9)
    assert position_error(":a [deg]:b [deg]:p [deg]@0.4", "x").major == bm.Radius("a [deg]", 0.4)
    assert position_error("1.5 [arcmin]", "x") == 90.0


@pytest.mark.parametrize(
    "error", [":err [arcsec]", ":err [arcsec]@39.3469%", ":err", ":plain [arcsec]"]
)
def test_names_that_end_with_their_unit_in_brackets(error, tmp_path, monkeypatch):
    """As AAS and VizieR tables have them, with a blank before the bracket."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    o = Table({"R A [deg]": SIDE * rng.random(300), "Dec [deg]": SIDE * rng.random(300)})
    o["No. [1]"], o["r [mag]"] = np.arange(300), rng.uniform(16, 25, 300)
    x = Table({"R A [deg]": o["R A [deg]"][:N], "Dec [deg]": o["Dec [deg]"][:N]})
    x["plain"] = x["err [arcsec]"] = np.full(N, 1.5)
    if error == ":err":  # no such name, in any case
        x.rename_column("err [arcsec]", "err")
    for name, t in (("X", x), ("O", o)):
        t.meta.update(EXTNAME=name, SKYAREA=SIDE**2)
        t.write(f"{name}.ecsv")
    line = ["match", "X.ecsv", error, *"O.ecsv 0.1 --radius 5 --out o.fits --quiet".split()]
    line += ["--ra", "R A [deg]:R A [deg]", "--dec", "Dec [deg]:Dec [deg]", "--id", ":No. [1]"]
    assert main(line) == 0
    found = bm.MatchResult.read("o.fits")
    catalogs = [
        bm.Catalog(t, name=n, pos_err=e, ra="R A [deg]", dec="Dec [deg]", area=SIDE**2, id=i)
        for t, n, e, i in ((x, "X", 1.5, None), (o, "O", 0.1, "No. [1]"))
    ]
    expected = bm.match(*catalogs, radius=5)
    np.testing.assert_allclose(found.sources["p_any"], expected.sources["p_any"], rtol=1e-6)


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    o = Table({"o:id": np.arange(300), "mag:r": rng.uniform(16, 25, 300)})
    o["pos:ra"], o["pos:dec"] = 150 + SIDE * rng.random(300), SIDE * rng.random(300)
    o["log,ratio"], o["pm:a"], o["pm:d"] = 0.0, 0.0, 0.0
    x = Table({"ID": np.arange(N), "RA": o["pos:ra"][:N], "DEC": o["pos:dec"][:N]})
    x["err:pos"], x["flux,soft"] = 1.0, rng.random(N)
    for name, t in (("X", x), ("O", o)):
        t.meta.update(EXTNAME=name, SKYAREA=SIDE**2)
        t.write(f"{name}.ecsv")
    edges = "14 20 0.1 0.2\n20 26 0.1 0.05\n"
    (tmp_path / "r.txt").write_text(edges)


GOOD = {
    "error": ':"err:pos"',
    "--ra": ':"pos:ra"',
    "--dec": ':"pos:dec"',
    "--id": ':"o:id"',
    "--pm": '0,0:"pm:a","pm:d"',
    "--epoch": "2000:2010",
    "--mag": ('O:"mag:r"', "r.txt"),
    "--prior": 'O:@"log,ratio"',
    "--host-covariates": '"flux,soft"',
}


def match(capsys, **other):
    given = GOOD | {f"--{k}" if k != "error" else k: v for k, v in other.items()}
    error = given.pop("error")
    options = [w for k, v in given.items() for w in (k, *((v,) if isinstance(v, str) else v))]
    line = ["match", "X.ecsv", error, "O.ecsv", "0.1", "--radius", "5", "--out", "out.fits"]
    status = main([*line, *options])
    return status, " ".join("".join(capsys.readouterr()).split())


@pytest.mark.usefixtures("files")
def test_every_option(capsys):
    status, said = match(capsys)
    assert status == 0, said
    found = bm.MatchResult.read("out.fits")
    assert np.array_equal(found.sources["O"], np.arange(N))
    assert {"columns": ["flux,soft"]}.items() <= {"columns": found.meta["host_covariates"]}.items()


@pytest.mark.few(3)
@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    "wrong, better",
    [
        ({"error": ":err:pos"}, ':"err:pos"'),
        ({"error": ":err:a:b:pos"}, None),
        ({"ra": ":pos:ra"}, None),
        ({"ra": "pos:ra"}, None),
        ({"dec": ":pos:dec"}, None),
        ({"id": ":o:id"}, None),
        ({"host-covariates": "flux,soft"}, None),
        ({"pm": "0,0:pm:a,pm:d"}, None),
    ],
)
def test_the_refusal_says_how(wrong, better, capsys):
    status, said = match(capsys, **wrong)
    assert status == 1 and "double quotes" in said, said
    if better:
        assert re.search(re.escape(f"'{better[1:]}'"), said), said
    assert match(capsys)[0] == 0


@pytest.mark.usefixtures("files")
def test_advice_about_a_unit_is_typed(capsys):
    x = Table.read("X.ecsv")
    x["err:pos"] = 1 / 3600
    rng = np.random.default_rng(5)
    x["RA"] += rng.normal(size=N) / 3600
    x["DEC"] += rng.normal(size=N) / 3600
    x.write("X.ecsv", overwrite=True)
    status, said = match(capsys)
    assert status == 0
    assert "':\"err:pos\"[deg]' on the command line" in said
    status, said = match(capsys, error=':"err:pos"[deg]')
    assert status == 0 and "[deg]' on the command line" not in said


@pytest.mark.usefixtures("files")
def test_a_number_behind_a_colon_is_a_column(capsys):
    x = Table.read("X.ecsv")
    x.rename_column("err:pos", "90")
    x.write("X.ecsv", overwrite=True)
    assert match(capsys, error=":90")[0] == 0
    assert bm.MatchResult.read("out.fits").meta["catalogues"][0]["pos_err"] == ["90"]
    status, said = match(capsys, error=":1.5")
    assert status == 1 and "no column '1.5'" in said
