"""The command lines of NWAY's manual, its documentation's makefile and its own help, run here.

Only the program's name is another one.  The files are smaller ones of the same names and columns.
"""

import shlex

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


@pytest.mark.parametrize("line", LINES)
def test_line(line, capsys):
    words = shlex.split(line)
    names = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert names <= set(OPTIONS)  # none relies on an option cut short
    assert main(["match", *words]) == 0, capsys.readouterr().err
    out = line.replace("--out=", "--out ").split("--out ")[1].split()[0]
    assert len(bm.MatchResult.read(out).sources) in (100, 400) or "shift" in line


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
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
