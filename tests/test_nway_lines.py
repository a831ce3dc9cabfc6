"""The command lines of NWAY's manual, its documentation's makefile and its own help, run here.

Only the program's name is another one.  The files are smaller ones of the same names and columns.
"""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.cli import main
from bayesmatch.cli.nway_lines import OPTIONS
from validation.nway_fields import random_field
from validation.nway_runner import nway_cli

TWO = "COSMOS_XMM.fits :pos_err COSMOS_OPTICAL.fits 0.1"
THREE = f"{TWO} COSMOS_IRAC.fits 0.5"
SHIFTED = "COSMOS_XMM-shift.fits :pos_err COSMOS_OPTICAL.fits 0.1"
X, OPT, R = (f"../tests/elltest/randomcat{name}.fits" for name in "XOR")
AUTO = "--mag OPT:MAG auto --mag IRAC:mag_ch1 auto"
FILES = "--mag OPT:MAG OPT_MAG_fit.txt --mag IRAC:mag_ch1 IRAC_mag_ch1_fit.txt"
#: of the manual, and of the makefile of its examples
LINES = [
    f"{TWO} --out=example1.fits --radius 15 --prior-completeness 0.9",
    f"{THREE} --out=example3.fits --radius 15",
    f"{TWO} --out=example2.fits --radius 15 --prior-completeness 0.9 --mag OPT:MAG auto "
    "--mag-radius 3.5",
    f"{THREE} --out=example3.fits --radius 20 --prior-completeness 0.9 {AUTO} --mag-radius 3.5",
    f"{TWO} --out=example2.fits --radius 20",
    f"{SHIFTED} --out=example2-offset.fits --radius 20",
    f"{TWO} --out=example2-mag.fits --radius 20 --mag OPT:MAG auto --mag-radius=4",
    f"{SHIFTED} --out=example2-mag-offset.fits --radius 20 --mag OPT:MAG OPT_MAG_fit.txt",
    f"{THREE} --out=example3.fits --radius 20",
    f"{SHIFTED} COSMOS_IRAC.fits 0.5 --out=example3-offset.fits --radius 20",
    f"--radius 20 {THREE} {AUTO} --mag-radius 4 --out=example3-mag.fits",
    f"{SHIFTED} COSMOS_IRAC.fits 0.5 --out=example3-mag-offset.fits --radius 20 {FILES}",
    f"--radius=10.0 {X} :pos_err {OPT} 0.1 --out=random_circtest.fits --min-prob=0.01",
    f"--radius=10.0 {X} :a:b {OPT} 0.1 --out=random_asymtest.fits --min-prob=0.01",
    f"--radius=10.0 {X} :a:b:phi {OPT} 0.1 --out=random_elltest.fits --min-prob=0.01",
    f"--radius=10.0 {X} :a:b:phi {R} :a:b:phi {OPT} 0.1 --out=random3_elltest.fits --min-prob=0.01",
    # NWAY's help, with these files
    f"--radius 10 --prior-completeness 0.95 {AUTO} {THREE} --out=out.fits",
    f"--radius 10 {TWO} --out out.fits --mag OPT:MAG auto --mag-auto-minprob 0.8",
    f"--radius 10 {TWO} --out out.fits --mag OPT:MAG auto --mag-radius 3 --mag-exclude-radius 5",
    f"--radius 10 {THREE} --out out.fits --ignore-unrelated-associations --acceptable-prob 0.1",
    f"--radius 10 {THREE} --out out.fits --prior-completeness 0.95:0.7",
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The folder of the examples."""
    folder = tmp_path_factory.mktemp("nway") / "doc"
    other = folder.parent / "tests" / "elltest"
    folder.mkdir()
    other.mkdir(parents=True)
    sources = random_field(
        50,
        (400, 5000, 4000),
        (150.0, 2.0),
        width=0.6,
        magnitudes=True,
        names=("XMM", "OPT", "IRAC"),
        errors=((0.5, 2), (0.1, 0.1), (0.5, 0.5)),
    )
    columns = ("pos_err", "MAG", "mag_ch1")
    for s, file, column in zip(sources, ("XMM", "OPTICAL", "IRAC"), columns, strict=True):
        table = s.table
        table[column] = np.nan_to_num(table["MAG0"], nan=-99.0) if s.mags else table["ERR"]
        table.keep_columns(["ID", "RA", "DEC", column])
        table.write(folder / f"COSMOS_{file}.fits")
    rng = np.random.default_rng(51)
    for s, name in zip(random_field(52, (100, 900, 500), (150.0, 2.0)), "XOR", strict=True):
        table = s.table
        table.meta["EXTNAME"] = f"RAND{name}"
        table["pos_err"], table["a"], table["b"] = s.error, 1.5 * s.error, 0.8 * s.error
        table["phi"] = rng.uniform(0, 180, len(table))
        table.write(other / f"randomcat{name}.fits")
    for name in ("OPT_MAG", "IRAC_mag_ch1"):
        edges, falling = np.arange(14.0, 28.0), np.linspace(0.2, 0.01, 14)
        np.savetxt(
            folder / f"{name}_fit.txt",
            np.column_stack([edges, edges + 1, falling, falling[::-1]]),
        )
    return folder


@pytest.fixture(autouse=True)
def inside(files, monkeypatch, request):
    monkeypatch.chdir(files)
    if not (files / "COSMOS_XMM-shift.fits").exists():
        line = "--radius 40 --shift-ra 60 COSMOS_XMM.fits COSMOS_XMM-shift.fits"
        assert main(["shift", *shlex.split(line), "--quiet"]) == 0


@pytest.mark.few(1)
@pytest.mark.parametrize("line", LINES)
def test_line(line, capsys):
    words = shlex.split(line)
    names = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert names <= set(OPTIONS)  # none relies on an option cut short
    assert main(["match", *words]) == 0, capsys.readouterr().err
    out = line.replace("--out=", "--out ").split("--out ")[1].split()[0]
    assert len(bm.MatchResult.read(out).sources) in (100, 400) or "shift" in line


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(line, marks=pytest.mark.full if k % 3 else pytest.mark.slow)
        for k, line in enumerate(LINES)
    ],
)
def test_line_beside_nway(files, line, capsys):
    """The same line in both programs: every difference is explained."""
    nway_cli(files, shlex.split(line), "theirs.fits")
    status = main(["compare", "ours.fits", "theirs.fits", "--rerun", f"nway.py {line}"])
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    "command, line",
    [
        ("fake", "--radius 20 COSMOS_XMM.fits COSMOS_XMM-fake.fits"),
        ("fake", "--seed 3 --radius 20 COSMOS_XMM.fits COSMOS_XMM-fake.fits"),
        ("shift", "--radius 40 --shift-ra 60 COSMOS_XMM.fits COSMOS_XMM-shift2.fits"),
        ("shift", "--radius 20 --shift-dec -60 COSMOS_XMM.fits COSMOS_XMM-shift2.fits"),
    ],
)
def test_helpers(command, line, capsys):
    """nway-create-fake-catalogue.py and nway-create-shifted-catalogue.py."""
    assert main([command, *shlex.split(line)]) == 0
    made = Table.read(shlex.split(line)[-1])
    assert (made.meta["EXTNAME"], made.colnames) == ("XMM", ["ID", "RA", "DEC", "pos_err"])
    assert made.meta["SKYAREA"] == Table.read("COSMOS_XMM.fits").meta["SKYAREA"]


def test_one_file_to_write(capsys):
    for args in ([], ["a.fits", "--out", "b.fits"]):
        assert main(["fake", "COSMOS_XMM.fits", *args, "--radius", "20"]) == 1
        assert "--out FILE" in capsys.readouterr().err


def test_explain(capsys):
    """nway-explain.py, of a match of the manual."""
    assert main(["match", *shlex.split(LINES[0]), "--quiet"]) == 0
    assert main(["explain", "example1.fits", "71"]) == 0
    assert "71" in capsys.readouterr().out


def test_prefilter_pair(capsys):
    line = f"{THREE} --radius 10 --out out.fits --prefilter-pair OPT IRAC 1"
    assert main(["match", *shlex.split(line), "--quiet"]) == 0
    assert "--prefilter-pair has no effect" in capsys.readouterr().err


CUTOFFS = re.compile(r"p_any\s?>\s?([\d.]+)\D*?([\d.]+)%")


@pytest.mark.slow
def test_calibrate_cutoff_beside_nway(files, capsys):
    """nway-calibrate-cutoff.py REAL FAKE: the same cutoffs, of NWAY's files and of ours."""
    program = Path(sys.executable).with_name("nway-calibrate-cutoff.py")
    for x, out in (("XMM", "real"), ("XMM-shift", "fake")):
        line = f"COSMOS_{x}.fits :pos_err COSMOS_OPTICAL.fits 0.1 --radius 20"
        nway_cli(files, shlex.split(line), f"{out}.fits")
        assert main(["match", *shlex.split(line), "--out", f"ours_{out}.fits", "--quiet"]) == 0
    done = subprocess.run(
        [sys.executable, program, "real.fits", "fake.fits"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    theirs = CUTOFFS.findall(done.stdout)
    assert len(theirs) == 4
    for prefix in ("", "ours_"):
        assert main(["calibrate", f"{prefix}real.fits", f"{prefix}fake.fits"]) == 0
        assert CUTOFFS.findall(capsys.readouterr().out) == theirs
    assert main(["calibrate", "real.fits", "fake.fits", "--out", "c.csv", "--quiet"]) == 0
    table = Table.read("c.csv")
    assert table.colnames == ["cutoff", "selected_fraction", "false_fraction"]


def test_calibrate_two_outputs(files, capsys):
    """Sources above cutoffs, counted by hand."""
    names = ["XMM_ID", "OPT_ID", "ncat", "p_any", "p_i"]
    for name, value in (("r", np.linspace(0, 1, 100)), ("f", np.r_[[0.123] * 95, [0.9] * 5])):
        ids = [f"s{k}" for k in range(100)]
        rows = [ids + ids, [0] * 200, [1] * 100 + [2] * 100, np.r_[value, value], [0.5] * 200]
        Table(rows, names=names).write(f"{name}.ecsv", overwrite=True)
    assert main(["calibrate", "r.ecsv", "f.ecsv"]) == 0
    # 5 of 100 are not below 5%; cutoffs are whole hundredths, and are not reached themselves
    found = CUTOFFS.findall(capsys.readouterr().out)
    assert found == [("0.90", "10.00"), ("0.90", "10.00"), ("0.90", "10.00"), ("0.13", "87.00")]
    assert main(["calibrate", "r.ecsv", "f.ecsv", "--score", "p_any", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["cutoff"] for row in told["cutoffs"]] == [0.9, 0.9, 0.9, 0.13]
    assert (told["n_sources"], told["n_fake"], len(told["table"])) == (100, 100, 101)
    for line, says in (
        ("r.ecsv COSMOS_XMM.fits", "COSMOS_XMM.fits has no column 'p_any'"),
        ("r.ecsv", "--radius is needed"),
        ("COSMOS_XMM.fits 1 COSMOS_OPTICAL.fits 1", "--radius is needed"),
        ("r.ecsv f.ecsv --out c.png", "a table is written"),
        ("r.ecsv f.ecsv --cutoff 0.5", "--cutoff says how catalogues are matched"),
        (
            "r.ecsv f.ecsv --score p_hostless",
            "--score p_hostless: two outputs are compared in p_any",
        ),
        ("r.ecsv f.ecsv --bad-rows drop", "leave it out, or give catalogues and --radius"),
        ("r.ecsv f.ecsv --out r.ecsv", "would overwrite an input"),
    ):
        assert main(["calibrate", *line.split()]) == 1
        error = capsys.readouterr().err
        assert says in error and error.count("\n") == 1
