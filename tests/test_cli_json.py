"""``--json``: the summary as strict JSON, alone on the standard output."""

import json

import numpy as np
import pytest
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.cli import main
from bayesmatch.cli.as_json import plain

N = 80


def refused(name):
    raise AssertionError(f"{name} is not JSON")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("json")
    rng = np.random.default_rng(2)
    ra, dec = 10 + 0.2 * rng.random(400), 0.2 * rng.random(400)
    off = rng.normal(size=(2, N)) / 3600
    for name, at in (("A", (ra[:N] + off[0], dec[:N] + off[1])), ("O", (ra, dec))):
        columns = {"ID": np.arange(len(at[0])), "RA": at[0], "DEC": at[1]}
        Table(columns, meta={"EXTNAME": name, "SKYAREA": 0.04}).write(folder / f"{name}.fits")
    rows = [(str(k), str(k)) for k in range(N)]
    Table(rows=rows, names=("id", "counterpart")).write(folder / "truth.csv")
    return folder


@pytest.fixture
def tell(files, monkeypatch, capsys):
    monkeypatch.chdir(files)

    def told(line, status=0):
        assert main([*line.split(), "--json"]) == status
        out = capsys.readouterr().out
        assert out.endswith("}\n")
        return json.loads(out, parse_constant=refused)

    return told


MATCH = "match A.fits 1 O.fits 0.1 --radius 6 --out m.fits"


def test_match(tell, files):
    told = tell(MATCH)
    result = bm.MatchResult.read("m.fits")
    assert told["command"] == "match" and told["version"] == bm.__version__
    assert told["written"] == ["m.fits"] and told["radius_arcsec"] == 6
    assert told["catalogues"] == [{"name": "A", "rows": N}, {"name": "O", "rows": 400}]
    assert told["sources"] == N and told["associations"] == len(result.associations)
    assert told["host_fraction"] == result.record.host_fraction
    assert told["share_outside_survey"] == told["share_outside_survey_error"] == 0
    assert told["secure"] == np.sum(np.asarray(result.sources["p_match"]) >= 0.9)
    assert told["secure"] + told["hostless"] + told["ambiguous"] + told["unknown"] == N
    expected = result.expected([0.5])[0]
    assert told["expected"]["O"][0]["purity"] == expected["purity"]
    assert [c["verdict"] for c in told["checks"]] == list(result.checks()["verdict"])
    assert told["seconds"]["search"] > 0


def test_match_tells_of_rows_left_out(tell, files):
    table = Table.read("A.fits")
    table["RA"][:2] = np.nan
    table.write("holes.fits")
    told = tell(MATCH.replace("A.fits", "holes.fits") + " --name A:O --bad-rows drop")
    assert told["dropped"]["A"] == {"position": 2} and told["sources"] == N - 2


def test_check_and_its_status(tell, files):
    tell(MATCH)
    table = bm.MatchResult.read("m.fits").checks()
    told = tell("check m.fits --out checks.csv", int("wrong" in table["verdict"]))
    assert told["written"] == ["checks.csv"] and sum(told["verdicts"].values()) == len(table)
    for row, known in zip(told["checks"], table, strict=True):
        assert row["check"] == known["check"]
        assert row["value"] == (known["value"] if np.isfinite(known["value"]) else None)


def test_assess(tell, files):
    tell(MATCH)
    told = tell("assess m.fits truth.csv --cutoff 0.5 --compare m.fits")
    found = bm.assess(bm.MatchResult.read("m.fits"), "truth.csv")
    assert told["sources"] == found.n == N and told["calibration_error"] == found.ece
    assert told["purity_equals_completeness"]["value"] == found.crossing.value
    (row,) = told["cutoffs"]
    assert row["cutoff"] == 0.5 and row["right"] == found.confusion(0.5).right
    assert all(line["difference"] == 0 for line in told["differences"])


def test_calibrate(tell, files):
    line = "calibrate A.fits 1 O.fits 0.1 --radius 6 --realizations 2 --false-fraction 0.2"
    told = tell(f"{line} --out c.csv")
    assert told["n_realizations"] == 2 and told["n_sources"] == N and told["written"] == ["c.csv"]
    (at,) = told["cutoffs"]
    rows = {row["cutoff"]: row["false_fraction"] for row in told["table"]}
    assert at["false_fraction"] == 0.2 and rows[at["cutoff"]] <= 0.2


def test_errors(tell, files):
    told = tell("errors A.fits 1 O.fits 0.1 --radius 8")
    assert 0.5 < told["scale"] < 1.5 and told["scale_error"] > 0 and told["written"] == []


def test_only_one_thing_on_the_standard_output(files, monkeypatch, capsys):
    monkeypatch.chdir(files)
    assert main([*MATCH.replace("m.fits", "-").split(), "--json"]) == 1
    assert "--json and --out -" in capsys.readouterr().err
    assert main([*MATCH.split(), "--json", "--quiet"]) == 0  # what is asked for is printed
    out, err = capsys.readouterr()
    assert json.loads(out)["sources"] == N and err == ""


@pytest.mark.slow
def test_the_command_in_the_file_is_the_same(tell, files):
    told = [tell(MATCH), main(MATCH.split())]
    first = bm.MatchResult.read("m.fits").meta["command"]
    assert "--json" not in first and told[1] == 0


def test_what_json_does_not_have():
    table = Table({"a": np.ma.masked_array([1.5, 2.5], mask=[False, True]), "b": ["x", "y"]})
    given = {
        "nan": np.nan,
        "inf": -np.inf,
        "array": np.array([1, 2]),
        "flag": np.bool_(True),
        "table": table,
        3: np.float32(0.5),
    }
    assert plain(given) == {
        "nan": None,
        "inf": None,
        "array": [1, 2],
        "flag": True,
        "table": [{"a": 1.5, "b": "x"}, {"a": None, "b": "y"}],
        "3": 0.5,
    }
