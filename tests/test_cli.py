"""The command line: the same numbers as the Python API, and what it prints."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.catalogs.formats.registry import FORMATS, file_format
from bayesmatch.cli import main
from bayesmatch.cli.parsing import TABLE_ENDINGS

N = 60


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    for name, size in (("A", 2.0), ("O", 0.3), ("B", 0.5)):
        Table(
            {
                "ID": [f"{name}{i}" for i in range(N)],
                "RA": 150 + np.arange(N) / 50 + rng.normal(size=N) * size / 3600,
                "DEC": 2 + np.arange(N) / 90 + rng.normal(size=N) * size / 3600,
                "err": np.full(N, size),
                "err2": np.full(N, size / 2),
                "pa": rng.uniform(0, 180, N),
                "flux": rng.uniform(1, 50, N),
                "mag": rng.uniform(15, 25, N),
            },
            meta={"EXTNAME": name, "SKYAREA": 1.5},
        ).write(f"{name}.fits")
    (tmp_path / "h.txt").write_text("15 20 2 1\n20 25 1 3\n")
    return tmp_path


def read(*specs):
    return [bm.Catalog.read(f"{name}.fits", pos_err=err) for name, err in specs]


def run(argv, out="out.fits"):
    assert main(["match", *argv.split(), "--out", out]) == 0
    return bm.MatchResult.read(out)


def check_same(a, b):
    told = []
    for meta in (a.meta, b.meta):  # the command line tells itself and its files
        apart = ("seconds", "command", "catalogues")
        rest = [
            {k: v for k, v in c.items() if k not in ("files", "sha256")} for c in meta["catalogues"]
        ]
        told.append(({k: v for k, v in meta.items() if k not in apart}, rest))
    assert told[0] == told[1]
    for name in b.associations.colnames:
        np.testing.assert_array_equal(
            np.ma.filled(a.associations[name]), np.ma.filled(b.associations[name]), err_msg=name
        )


TWO = "A.fits :err O.fits 0.3 --radius 9 "
THREE = "A.fits :err O.fits :err B.fits 0.5 --radius 9 "
PLAIN = [("A", "err"), ("O", 0.3)]
PRIOR = bm.HistogramPrior("mag", [15, 20], [20, 25], [2, 1], [1, 3])


@pytest.mark.few(5)
@pytest.mark.parametrize(
    "argv, catalogs, options",
    [
        (TWO, PLAIN, {}),
        (THREE, [("A", "err"), ("O", "err"), ("B", 0.5)], {}),
        ("A.fits :err:err2 O.fits 0.3 --radius 9", [("A", ("err", "err2")), ("O", 0.3)], {}),
        (
            "A.fits :err:err2:pa O.fits 0.3 --radius 9",
            [("A", bm.ErrorEllipse("err", "err2", "pa")), ("O", 0.3)],
            {},
        ),
        (
            "A.fits :err:1.5:30 O.fits 0.3 --radius 9",
            [("A", bm.ErrorEllipse("err", 1.5, 30.0)), ("O", 0.3)],
            {},
        ),
        (TWO + "--prior-completeness 0.7", PLAIN, {"prior_completeness": 0.7}),
        (
            THREE + "--prior-completeness 0.7:0.4",
            [("A", "err"), ("O", "err"), ("B", 0.5)],
            {"prior_completeness": [0.7, 0.4]},
        ),
        (TWO + "--mag O:mag h.txt", PLAIN, {"priors": {"O": [PRIOR]}}),
        (
            TWO + "--acceptable-prob 0.1 --min-prob 0.2",
            PLAIN,
            {"secondary_ratio": 0.1, "min_p_i": 0.2},
        ),
        (
            THREE + "--ignore-unrelated-associations",
            [("A", "err"), ("O", "err"), ("B", 0.5)],
            {"correct_unrelated": False},
        ),
        (TWO + "--host-fraction 0.7", PLAIN, {"host_fraction": 0.7}),
        (TWO + "--host-covariates none", PLAIN, {"host_covariates": None}),
        (TWO + "--host-covariates flux,mag", PLAIN, {"host_covariates": ["flux", "mag"]}),
    ],
)
def test_the_same_as_python(folder, capsys, argv, catalogs, options):
    result = run(argv)
    check_same(result, bm.match(*read(*catalogs), radius=9.0, **options))
    out, err = capsys.readouterr()
    assert err == ""
    assert out == result.summary() + "\nwrote out.fits\n"


@pytest.mark.few(2)
@pytest.mark.parametrize(
    "out, files",
    [
        ("r.fits", ["r.fits"]),
        ("r.vot", ["r.vot"]),
        ("r.ecsv", ["r.ecsv", "r.sources.ecsv"]),
        ("r.parquet", ["r.parquet", "r.sources.parquet"]),
        ("r.csv", ["r.csv", "r.meta.json", "r.sources.csv"]),
    ],
)
def test_formats_and_inputs(folder, capsys, out, files):
    before = set(folder.iterdir())
    result = run(TWO, out)
    assert sorted(p.name for p in set(folder.iterdir()) - before) == files
    wrote = re.findall("wrote (.*)", capsys.readouterr().out)
    assert sorted(wrote) == files
    assert result.associations.colnames[-14:] == [
        f"{n}_{c}" for n in "AO" for c in ("RA", "DEC", "err", "err2", "pa", "flux", "mag")
    ]
    absent = np.asarray(result.associations["O"]) < 0
    np.testing.assert_array_equal(result.associations["O_mag"].mask, absent)
    assert "A_mag" not in run(TWO + "--no-inputs", out).associations.colnames


def test_the_function_stays_the_function(folder):
    run(TWO)
    assert callable(bm.match) and bm.match.__name__ == "match"


def test_quiet(folder, capsys):
    run(TWO + "--quiet")
    assert capsys.readouterr() == ("", "")


def test_warnings_are_one_line_each(folder, capsys):
    t = Table.read("A.fits")[:5]
    t["RA"] = t["RA"].astype("f4")
    t.write("A.fits", overwrite=True)
    run(TWO + "--quiet")
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == "" and len(lines) == 2
    assert all(line.startswith("bayesmatch: warning: ") for line in lines)
    assert "single precision" in lines[0] and "only 5 primaries" in lines[1]


def test_catalogue_names_come_from_the_file_without_extname(folder, capsys):
    t = Table.read("O.fits")
    del t.meta["EXTNAME"]
    t.write("my-catalogue.2.ecsv")
    result = run("A.fits :err my-catalogue.2.ecsv 0.3 --radius 9")
    assert result.catalogue_names == ["A", "my_catalogue_2"]


def test_area(folder, capsys):
    rng = np.random.default_rng(1)
    Table({"x": rng.uniform(10, 12, 50000), "DEC": rng.uniform(-1, 1, 50000)}).write("s.csv")
    assert main(["area", "s.csv", "--ra", "x", "--order", "10"]) == 0
    out, err = capsys.readouterr()
    assert float(out.removesuffix(" deg^2\n")) == pytest.approx(4.0, rel=0.1)
    assert "estimate" in err and "HEALPix" in err and "SKYAREA" in err


@pytest.mark.parametrize(
    "argv, words",
    [
        (["--version"], [bm.__version__]),
        (["--help"], ["match", "demo", "area"]),
        (["match", "--help"], ["--prior-completeness", "position angle east of north", "example"]),
    ],
)
def test_help(capsys, argv, words):
    assert main(argv) == 0
    out, err = capsys.readouterr()
    assert err == "" and all(word in out for word in words)


def test_the_installed_command(folder):
    command = Path(sys.executable).with_name("bayesmatch")
    run = subprocess.run(
        [command, "match", *TWO.split(), "--out", "out.csv"], text=True, capture_output=True
    )
    assert run.returncode == 0 and run.stderr == "" and "host fraction" in run.stdout


def test_identifiers_named_on_the_command_line(tmp_path, capsys):
    """Two columns that look like identifiers are refused, until one is named."""
    rng = np.random.default_rng(0)
    for name, n in (("a", 40), ("b", 400)):
        Table(
            {
                "detuid": [f"{name}{k}" for k in range(n)],
                "objid": [f"J{k}" for k in range(n)],
                "RA": 10 + rng.random(n),
                "DEC": rng.random(n),
            },
            meta={"SKYAREA": 1.0},
        ).write(tmp_path / f"{name}.fits")
    files = [str(tmp_path / "a.fits"), "1.5", str(tmp_path / "b.fits"), "0.2"]
    rest = ["--radius", "30", "--out", str(tmp_path / "out.fits")]
    assert main(["match", *files, *rest]) == 1
    assert "detuid" in capsys.readouterr().err
    assert main(["match", *files, *rest, "--id", "objid"]) == 1
    assert "--id is 'objid'; give 2 values" in capsys.readouterr().err
    assert main(["match", *files, *rest, "--id", "objid:detuid"]) == 0
    sources = bm.MatchResult.read(tmp_path / "out.fits").sources
    assert {"a_objid", "b_detuid"} <= set(sources.colnames)


def test_max_rows(folder, capsys):
    """What the message about too many candidates names can be given, to match and calibrate."""
    assert run(TWO + "--max-rows 1000").meta["max_rows"] == 1000
    many = ["A.fits", "3", "O.fits", "0.3", "--radius", "900", "--max-rows", "100"]
    assert main(["match", *many, "--out", "many.fits"]) == 1
    assert re.search(
        r"more than max_rows = 100; .* or raise max_rows \(--max-rows\)",
        capsys.readouterr().err.replace("\n", " "),
    )
    calibrated = ["calibrate", "A.fits", "3", "O.fits", "0.3", "--radius", "9", "--quiet"]
    assert main([*calibrated, "--realizations", "1", "--max-rows", "1000"]) == 0
    assert main([*calibrated, "--max-rows", "5"]) == 1
    assert "more than max_rows = 5" in capsys.readouterr().err


def test_help_names_an_ending_of_every_format():
    endings = re.findall(r"\.\w+", TABLE_ENDINGS)
    assert [file_format(f"table{ending}") for ending in endings] == list(FORMATS)


@pytest.mark.parametrize(
    "line, told",
    [
        (f"match {TWO} --out a.fits --out b.fits", "--out is given twice, a.fits and b.fits"),
        (f"match {TWO} --radius 20arcsec --out b.fits", "--radius is given twice, 9 and 20"),
        (f"match {TWO} --out b.fits --name A:B --name C:D", "--name is given twice, A:B and C:D"),
    ],
)
def test_of_an_option_that_comes_twice_the_last_counts(folder, capsys, line, told):
    before = sorted(folder.iterdir())
    assert main(line.split()) == 0
    assert f"bayesmatch: warning: {told}: the last counts\n" in capsys.readouterr().err
    assert [path.name for path in sorted(folder.iterdir()) if path not in before] == ["b.fits"]


def test_quiet_leaves_out_what_its_help_says(folder, capsys):
    quiet = f"match {TWO} --out a.fits --quiet"
    assert main(quiet.split()) == 0 and capsys.readouterr() == ("", "")
    assert main(f"{quiet} --radius 20arcsec".split()) == 0
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("bayesmatch: warning: ")
    assert main(["match", "--help"]) == 0
    assert "print nothing but warnings and errors" in " ".join(capsys.readouterr().out.split())


def test_an_option_that_comes_twice_and_says_the_same(folder):
    assert run(TWO + "--radius 9arcsec --name A: --name A: --quiet").meta["radius_arcsec"] == 9
    assert run(TWO + "--quiet").meta["radius_arcsec"] == 9


@pytest.mark.slow
def test_one_source_is_told_of_as_one(folder, capsys):
    for name in "AO":
        Table.read(f"{name}.fits")[:1].write(f"one{name}.fits")
    assert main("match oneA.fits :err oneO.fits 0.3 --radius 9 --out m.fits".split()) == 0
    out, err = capsys.readouterr()
    assert out.startswith("1 A source matched to O within") and "only 1 primary: the" in err
    assert main("catalogue m.fits --out c.fits --out c.tex".split()) == 0
    assert capsys.readouterr().out.startswith("1 source, ")
    assert main("report m.fits --out r.html --charts 1".split()) == 0
    page = Path("r.html").read_text()
    assert "A: 1 row on" in page and "For 1 A source," in page and "of 1 candidate in" in page
    assert not re.search(r"\b1 (A sources|rows|sources)\b", page + str(Table.read("c.fits").meta))
