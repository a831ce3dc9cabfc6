"""Everything a user may get wrong, through Python and the command line: one table of cases.

Each must be refused before any work, in one line that says where the fault is and what to do.
"""

import math
import os
import subprocess
import sys
from dataclasses import dataclass, field

import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table

import bayesmatch as bm
from bayesmatch.cli import main

N = 40


def table(name):
    t = Table(
        {
            "ID": np.arange(N) + 100,
            "RA": 150 + np.arange(N) / 100,
            "DEC": np.full(N, 2.0),
            "sigma": np.full(N, 1.5),
            "flux": np.geomspace(1, 100, N),
            "mag": np.linspace(15, 25, N),
            "text": [f"t{i}" for i in range(N)],
        },
        meta={"EXTNAME": name, "SKYAREA": 1.0},
    )
    return t


def put(column, value, row=None):
    """A change of a table: a whole column, or one value of it."""

    def change(t):
        if row is None:
            t[column] = value
        else:
            t[column][row] = value

    return change


def mask(column, row):
    return lambda t: t.replace_column(column, MaskedColumn(t[column], mask=np.arange(N) == row))


def unit(column, name):
    return lambda t: setattr(t[column], "unit", name)


def meta(key, value):
    return lambda t: t.meta.update({key: value}) if value is not None else t.meta.pop(key)


def both(*changes):
    return lambda t: [change(t) for change in changes]


def rename(**names):
    return lambda t: [t.rename_column(a, b) for a, b in names.items()]


@dataclass
class Bad:
    """One fault; the same tables and options serve both ways in."""

    says: list
    a: object = None
    o: object = None
    err: str = ":sigma"
    python: dict = field(default_factory=dict)
    cli: list | None = field(default_factory=list)
    files: dict = field(default_factory=dict)


def histogram(text):
    return {"h.txt": text}


MAG = ["--mag", "O:mag", "h.txt"]
CASES = {
    # columns
    "no RA": Bad(
        ["'O'", "no right ascension column", "DEC, sigma", "ra="], o=lambda t: t.remove_column("RA")
    ),
    "no DEC": Bad(["'A'", "no declination column", "dec="], a=lambda t: t.remove_column("DEC")),
    "RANK is no RA": Bad(["'O'", "no right ascension", "RANK"], o=rename(RA="RANK")),
    "ambiguous RA": Bad(
        ["'O'", "2 columns could be the right ascension", "RA_ICRS, RAJ2000", "ra="],
        o=both(rename(RA="RA_ICRS"), put("RAJ2000", np.zeros(N))),
    ),
    "ambiguous identifier": Bad(
        ["'O'", "identifier", "srcid, objid", "id="],
        o=both(rename(ID="srcid"), put("objid", np.arange(N))),
    ),
    "no such error column": Bad(["'A' has no column 'nope'", "RA, DEC, sigma"], err=":nope"),
    "text for RA": Bad(
        ["'A'", "'RA'", "is north in row 0", "number of degrees"], a=put("RA", ["north"] * N)
    ),
    "array for DEC": Bad(
        ["'O'", "'DEC'", "shape (40, 2)", "one number per row"], o=put("DEC", np.zeros((N, 2)))
    ),
    "RA in metres": Bad(["'O'", "'RA'", "unit m", "deg"], o=unit("RA", "m")),
    "RA in an unknown unit": Bad(
        ["'O'", "'RA'", "parsnip", "correct the unit"], o=unit("RA", "parsnip")
    ),
    # positions
    "NaN RA": Bad(["'A'", "'RA'", "nan in row 3", "remove or repair"], a=put("RA", np.nan, 3)),
    "masked RA": Bad(["'A'", "'RA'", "nan in row 7", "--bad-rows drop"], a=mask("RA", 7)),
    "infinite DEC": Bad(["'A'", "'DEC'", "inf in row 39", "finite"], a=put("DEC", np.inf, 39)),
    "DEC of 91": Bad(["'A'", "'DEC'", "91.0 in row 5", "-90 to 90"], a=put("DEC", 91.0, 5)),
    "RA of 1000": Bad(
        ["'A'", "'RA'", "1000.0 in row 0 (and 39 more rows)", "0 to 360"],
        a=put("RA", np.full(N, 1000.0)),
    ),
    # errors
    "error of zero": Bad(
        ["'A'", "'sigma'", "0.0 in row 8", "positive", "remove those rows"], a=put("sigma", 0.0, 8)
    ),
    "negative error": Bad(
        ["'A'", "'sigma'", "-1.0 in row 2 (and 37 more rows)", "floor"],
        a=put("sigma", np.where(np.arange(N) < 2, 1.0, -1.0)),
    ),
    "NaN error": Bad(["'A'", "'sigma'", "nan in row 1", "finite"], a=put("sigma", np.nan, 1)),
    "infinite error": Bad(["'A'", "'sigma'", "inf in row 1"], a=put("sigma", np.inf, 1)),
    "masked error": Bad(["'A'", "'sigma'", "nan in row 4"], a=mask("sigma", 4)),
    "error column of text": Bad(["'A'", "'text'", "t0", "in arcsec"], err=":text"),
    "error in kg": Bad(["'A'", "'sigma'", "unit kg", "arcsec"], a=unit("sigma", "kg")),
    "error number of zero": Bad(["'A'", "pos_err is 0", "arcsec, 1 sigma per axis"], err="0"),
    "error number NaN": Bad(["'A'", "pos_err is nan"], err="nan"),
    "position angle NaN": Bad(
        ["'A'", "'flux'", "nan in row 6", "finite degrees"],
        a=put("flux", np.nan, 6),
        err=":sigma:sigma:flux",
    ),
    # identifiers, rows, areas, names
    "integer identifiers twice": Bad(
        ["'A'", "'ID'", "103 in row 9 and already in row 3", "id="], a=put("ID", 103, 9)
    ),
    "text identifiers twice": Bad(
        ["'A'", "'ID'", "x in row 1 and already in row 0", "39 dupl"],
        a=put("ID", ["x ", " x"] * (N // 2)),
    ),
    "masked identifier": Bad(
        ["'A'", "'ID'", "missing in row 11", "give every source"], a=mask("ID", 11)
    ),
    "identifiers with fractions": Bad(
        ["'O'", "'ID'", "float64", "id="], o=put("ID", np.arange(N) + 0.5)
    ),
    "empty primary": Bad(["'A' is empty", "no rows"], a=lambda t: t.remove_rows(slice(None))),
    "empty secondary": Bad(["'O' is empty"], o=lambda t: t.remove_rows(slice(None))),
    "no area": Bad(
        ["'O' has no sky area", "area=", "SKYAREA", "bayesmatch area"], o=meta("SKYAREA", None)
    ),
    "area of zero": Bad(["'A'", "SKYAREA", "0 deg^2", "positive", "area="], a=meta("SKYAREA", 0.0)),
    "negative area": Bad(["'A'", "SKYAREA", "-2 deg^2"], a=meta("SKYAREA", -2.0)),
    "NaN area": Bad(["'A'", "SKYAREA", "nan"], a=meta("SKYAREA", "nan")),
    "area beyond the sky": Bad(["'O'", "50000 deg^2", "whole sky"], o=meta("SKYAREA", 50000.0)),
    "area of text": Bad(["'O'", "SKYAREA", "'two'"], o=meta("SKYAREA", "two")),
    "name of a result column": Bad(
        ["'p_any'", "is a column of the result"], o=meta("EXTNAME", "p_any")
    ),
    "name a keyword": Bad(["'class'", "not an identifier", "'CLASS'"], o=meta("EXTNAME", "class")),
    "names that collide": Bad(["two columns", "'A_ID'", "rename"], o=meta("EXTNAME", "A_ID")),
    # match options
    "radius 0": Bad(["radius is 0"], python={"radius": 0}, cli=["--radius", "0"]),
    "radius negative": Bad(["radius is -5"], python={"radius": -5.0}, cli=["--radius", "-5"]),
    "radius NaN": Bad(["radius is nan"], python={"radius": math.nan}, cli=["--radius", "nan"]),
    "radius too large": Bad(
        ["radius is 1e+06", "45 degrees"], python={"radius": 1e6}, cli=["--radius", "1e6"]
    ),
    "radius text": Bad(["radius", "'wide'"], python={"radius": "wide"}, cli=["--radius", "wide"]),
    "completeness 0": Bad(
        ["prior_completeness is 0", "above 0"],
        python={"prior_completeness": 0},
        cli=["--prior-completeness", "0"],
    ),
    "completeness above 1": Bad(
        ["prior_completeness", "'O'", "1.5"], python={"prior_completeness": [1.5]}, cli=None
    ),
    "completeness above 1 for all": Bad(
        ["prior_completeness is 1.5"],
        python={"prior_completeness": 1.5},
        cli=["--prior-completeness", "1.5"],
    ),
    "completeness of another length": Bad(
        ["2 values for 1 other"],
        python={"prior_completeness": [0.5, 0.5]},
        cli=["--prior-completeness", "0.5:0.5"],
    ),
    "completeness text": Bad(
        ["completeness is 'most'"],
        python={"prior_completeness": "most"},
        cli=["--prior-completeness", "most"],
    ),
    "host fraction 0": Bad(
        ["host_fraction is 0", "exclusive"],
        python={"host_fraction": 0},
        cli=["--host-fraction", "0"],
    ),
    "host fraction 1": Bad(
        ["host_fraction is 1"], python={"host_fraction": 1}, cli=["--host-fraction", "1"]
    ),
    "host fraction maybe": Bad(
        ["host_fraction is 'maybe'", "'fit'"],
        python={"host_fraction": "maybe"},
        cli=["--host-fraction", "maybe"],
    ),
    "host covariate missing": Bad(
        ["'A' has no column 'nope'", "flux"],
        python={"host_covariates": ["nope"]},
        cli=["--host-covariates", "nope"],
    ),
    "host covariate NaN": Bad(
        ["'A'", "'flux'", "nan in row 6", "remove"],
        a=put("flux", np.nan, 6),
        python={"host_covariates": ["flux"]},
        cli=["--host-covariates", "flux"],
    ),
    "host covariate of text": Bad(
        ["'A'", "'text'", "t0"],
        python={"host_covariates": ["text"]},
        cli=["--host-covariates", "text"],
    ),
    "secondary ratio": Bad(
        ["secondary_ratio is 2", "0 to 1", "--acceptable-prob"],
        python={"secondary_ratio": 2},
        cli=["--acceptable-prob", "2"],
    ),
    "min_p_i": Bad(
        ["min_p_i is -0.1", "0 to 1", "--min-prob"],
        python={"min_p_i": -0.1},
        cli=["--min-prob", "-0.1"],
    ),
    # priors
    "prior of an unknown catalogue": Bad(
        ["'B'", "not among the catalogues", "O"],
        python={"priors": {"B": []}},
        cli=["--mag", "B:mag", "h.txt"],
        files=histogram("1 2 1 1\n"),
    ),
    "prior of the primary": Bad(
        ["'A'", "is the primary"],
        python={"priors": {"A": []}},
        cli=["--mag", "A:mag", "h.txt"],
        files=histogram("1 2 1 1\n"),
    ),
    "prior column missing": Bad(
        ["'O' has no column 'magn'", "mag"],
        python={"priors": {"O": [bm.HistogramPrior("magn", [1], [2], [1], [1])]}},
        cli=["--mag", "O:magn", "h.txt"],
        files=histogram("1 2 1 1\n"),
    ),
    "prior column of text": Bad(
        ["'O'", "'text'", "t0"],
        python={"priors": {"O": [bm.HistogramPrior("text", [1], [2], [1], [1])]}},
        cli=["--mag", "O:text", "h.txt"],
        files=histogram("1 2 1 1\n"),
    ),
    "two priors with a name": Bad(
        ["'O'", "two are called 'mag'", "name="],
        python={"priors": {"O": [bm.HistogramPrior("mag", [1], [2], [1], [1])] * 2}},
        cli=MAG + MAG,
        files=histogram("1 2 1 1\n"),
    ),
    # histogram files: Python reads them with HistogramPrior.read
    "no histogram file": Bad(["h.txt", "no such histogram file"], cli=MAG),
    "histogram of three columns": Bad(
        ["h.txt", "3 columns", "four columns", "lo hi"], cli=MAG, files=histogram("1 2 3\n2 3 4\n")
    ),
    "empty histogram": Bad(["h.txt", "four columns"], cli=MAG, files=histogram("# lo hi\n")),
    "histogram of words": Bad(["h.txt", "four columns"], cli=MAG, files=histogram("a b c d\n")),
    "negative density": Bad(
        ["h.txt", "'mag'", "selected is -1 in bin 1", "0 or more"],
        cli=MAG,
        files=histogram("1 2 3 1\n2 3 -1 1\n"),
    ),
    "NaN density": Bad(["h.txt", "others is nan in bin 0"], cli=MAG, files=histogram("1 2 3 nan")),
    "gap between bins": Bad(
        ["h.txt", "lo is 2.5 in bin 1", "no gap"], cli=MAG, files=histogram("1 2 3 1\n2.5 3 1 1\n")
    ),
    "descending bins": Bad(
        ["h.txt", "in bin 1", "ascend"], cli=MAG, files=histogram("2 3 3 1\n1 2 1 1\n")
    ),
    "bin upside down": Bad(
        ["h.txt", "hi is 1 in bin 0", "exceed"], cli=MAG, files=histogram("2 1 3 1\n")
    ),
}


def make_tables(case):
    tables = {"A": table("A"), "O": table("O")}
    for name, change in (("A", case.a), ("O", case.o)):
        if change is not None:
            change(tables[name])
    return tables["A"], tables["O"]


def error_of(spec):
    if not spec.startswith(":"):
        return float(spec)
    parts = spec[1:].split(":")
    return parts[0] if len(parts) == 1 else bm.ErrorEllipse(*parts)


def check_message(text, says):
    for part in says:
        assert part in text, text
    assert "\n" not in text and len(text) < 600


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_in_python(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, TypeError, FileNotFoundError)) as caught:
        for name, text in case.files.items():
            (tmp_path / name).write_text(text)
        if case.cli == MAG:
            bm.HistogramPrior.read("h.txt", column="mag")
        a, o = make_tables(case)
        primary = bm.Catalog(a, name=a.meta["EXTNAME"], pos_err=error_of(case.err))
        other = bm.Catalog(o, name=o.meta["EXTNAME"], pos_err=0.3)
        bm.match(primary, other, **{"radius": 10.0, **case.python})
    check_message(str(caught.value), case.says)


@pytest.mark.few(24)
@pytest.mark.parametrize(
    "case",
    [c for c in CASES.values() if c.cli is not None],
    ids=[k for k, c in CASES.items() if c.cli is not None],
)
def test_on_the_command_line(case, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, text in case.files.items():
        (tmp_path / name).write_text(text)
    for t, name in zip(make_tables(case), ("a.fits", "o.fits"), strict=True):
        hdu = (
            fits.table_to_hdu(t)
            if not any(c.unit == "parsnip" for c in t.itercols())
            else (with_unit(t, "parsnip"))
        )
        hdu.writeto(name)
    radius = [] if "--radius" in case.cli else ["--radius", "10"]
    check_refused(
        ["match", "a.fits", case.err, "o.fits", "0.3", "--out", "out.fits", *radius, *case.cli],
        case.says,
        tmp_path,
        capsys,
    )


def with_unit(t, name):
    t["RA"].unit = None
    hdu = fits.table_to_hdu(t)
    hdu.header["TUNIT2"] = name
    return hdu


def check_refused(argv, says, folder, capsys, status=(1, 2)):
    before = sorted(p.name for p in folder.rglob("*"))
    assert main([str(a) for a in argv]) in status
    out, err = capsys.readouterr()
    lines = err.splitlines(keepends=True)
    err = "".join(line for line in lines if not line.startswith("bayesmatch: warning: "))
    assert out == "" and err.startswith("bayesmatch") and ": error: " in err
    assert err.endswith("\n")
    check_message(err[:-1], says)
    assert sorted(p.name for p in folder.rglob("*")) == before


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in "AO":
        table(name).write(f"{name.lower()}.fits")
    return tmp_path


GOOD = ["match", "a.fits", ":sigma", "o.fits", "0.3"]
USAGE = {
    "unknown output format": (
        [*GOOD, "--radius", "9", "--out", "out.txt"],
        ["out.txt", "unknown table format", ".fits", ".parquet"],
    ),
    "output without a name": ([*GOOD, "--radius", "9", "--out", "."], ["unknown table format"]),
    "output over an input": (
        [*GOOD, "--radius", "9", "--out", "o.fits"],
        ["o.fits", "overwrite an input"],
    ),
    "no output": ([*GOOD, "--radius", "9"], ["--out"]),
    "no radius": ([*GOOD, "--out", "out.fits"], ["--radius"]),
    "catalogue without error": (
        [*GOOD, "o.fits", "--radius", "9", "--out", "out.fits"],
        ["5 catalogue arguments", "FILE ERROR"],
    ),
    "one catalogue": (
        [*GOOD[:3], "--radius", "9", "--out", "out.fits"],
        ["2 catalogue arguments", "at least one other"],
    ),
    "error of four parts": (
        [*GOOD[:2], ":a:b:c:d", *GOOD[3:], "--radius", "9", "--out", "o.vot"],
        ["a.fits", ":a:b:c:d", ":MAJOR:MINOR:PA"],
    ),
    "error without a name": (
        [*GOOD[:2], ":", *GOOD[3:], "--radius", "9", "--out", "out.fits"],
        ["a.fits", "':'"],
    ),
    "error column without colon": (
        [*GOOD[:2], "sigma", *GOOD[3:], "--radius", "9", "--out", "out.fits"],
        ["a.fits", "'sigma'", ":COLUMN"],
    ),
    "mag without colon": (
        [*GOOD, "--radius", "9", "--out", "out.fits", "--mag", "mag", "h.txt"],
        ["--mag mag", "CATALOGUE:COLUMN"],
    ),
    "unknown option": ([*GOOD, "--radius", "9", "--out", "out.fits", "--speed"], ["--speed"]),
    "unknown command": (["crossmatch"], ["crossmatch"]),
    "no command": (["--"], ["COMMAND"]),
    "area of nothing": (["area", "none.fits"], ["none.fits", "no such file"]),
    "area of a wrong order": (["area", "a.fits", "--order", "40"], ["40", "0 to 29"]),
    "area without a column": (["area", "a.fits", "--ra", "x"], ["no column 'x'", "RA, DEC"]),
}


@pytest.mark.parametrize("argv, says", USAGE.values(), ids=USAGE)
def test_usage(argv, says, folder, capsys):
    check_refused(argv, says, folder, capsys)


def truncated(ending):
    def make(path):
        kind = {"vot": "votable"}.get(ending, ending)
        if ending == "parquet":
            table("A").to_pandas().to_parquet(path)
        else:
            table("A").write(path, format=kind)
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])

    return make


FILES = {
    "missing": ("none.fits", None, ["none.fits", "no such file"]),
    "unknown extension": (
        "a.npy",
        lambda p: p.write_bytes(b"\x93NUMPY\x01\x00"),
        ["a.npy", "unknown table format", ".csv"],
    ),
    "a directory": ("a.vot", lambda p: p.mkdir(), ["a.vot", "no such file"]),
    "truncated fits": ("t.fits", truncated("fits"), ["t.fits", "cannot be read as fits"]),
    "truncated parquet": ("t.parquet", truncated("parquet"), ["t.parquet", "read as parquet"]),
    "truncated votable": ("t.vot", truncated("vot"), ["t.vot", "cannot be read as votable"]),
    "fits without a table": (
        "i.fits",
        lambda p: fits.PrimaryHDU(np.zeros((2, 2))).writeto(p),
        ["i.fits", "holds no table"],
    ),
    "not fits at all": (
        "n.fits",
        lambda p: p.write_text("<html>404</html>"),
        ["n.fits", "cannot be read as fits"],
    ),
    "not gzip": ("n.fits.gz", lambda p: p.write_text("SIMPLE"), ["n.fits.gz", "read as fits"]),
    "votable without a table": (
        "e.vot",
        lambda p: p.write_text(
            '<?xml version="1.0"?><VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">'
            "<RESOURCE/></VOTABLE>"
        ),
        ["e.vot", "holds no table"],
    ),
    "empty csv": ("e.csv", lambda p: p.write_text(""), ["e.csv", "cannot be read as csv"]),
    "csv without rows": ("e.csv", lambda p: p.write_text("RA,DEC\n"), ["'e' is empty"]),
    "ragged csv": ("r.csv", lambda p: p.write_text("RA,DEC\n1,2\n1,2,3\n"), ["r.csv", "as csv"]),
    "csv with an empty position": (
        "p.csv",
        lambda p: p.write_text("RA,DEC\n1,2\n,2\n,3\n"),
        ["'p'", "'RA'", "nan in row 1 (and 1 more row", "most rows have none"],
    ),
    "ecsv that is csv": ("c.ecsv", lambda p: p.write_text("RA,DEC\n1,2\n"), ["c.ecsv", "as ecsv"]),
    "empty file": ("e.parquet", lambda p: p.touch(), ["e.parquet", "read as parquet"]),
}


@pytest.mark.parametrize("name, make, says", FILES.values(), ids=FILES)
def test_files(name, make, says, folder, capsys):
    path = folder / name
    if make is not None:
        make(path)
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        bm.Catalog.read(path, pos_err=1.0, area=1.0)
    check_message(str(caught.value), says)
    check_refused(
        ["match", "a.fits", ":sigma", path, "0.3", "--radius", "9", "--out", "out.fits"],
        says,
        folder,
        capsys,
        status=(1,),
    )


def catalog(name="X", t=None, **options):
    return bm.Catalog(table(name) if t is None else t, **{"name": name, "pos_err": 1.0, **options})


def matching(**options):
    return lambda: bm.match(catalog("A"), catalog("O"), **{"radius": 9.0, **options})


def with_prior(**attributes):
    return matching(priors={"O": [type("P", (), {"name": "p", **attributes})()]})


PYTHON = {
    "name with a blank": (lambda: catalog("my cat"), ["'my cat'", "not an identifier", "MY_CAT"]),
    "name beginning with a digit": (lambda: catalog("2MASS"), ["'2MASS'", "'MASS'"]),
    "name a matrix": (
        lambda: catalog(np.zeros((2, 2))),
        ["name is array([[0., 0.], [0., 0.]]); give"],
    ),
    "name not ASCII": (lambda: catalog("Ö"), ["'Ö'", "not an identifier"]),
    "name not text": (lambda: catalog(5, table("X")), ["name is 5", "'XMM'"]),
    "not a table": (lambda: catalog("X", [1, 2]), ["'X'", "list", "astropy Table"]),
    "columns of unequal length": (
        lambda: catalog("X", {"RA": [1.0, 2.0], "DEC": [1.0]}),
        ["'X'", "one length"],
    ),
    "frame with columns 1 and '1'": (
        lambda: catalog("X", pd.DataFrame([[1.0, 2.0, 3.0, 4.0]], columns=[1, "1", "RA", "DEC"])),
        ["'X'", "two columns of the DataFrame are called '1'", "rename one"],
    ),
    "frame with a column twice": (
        lambda: catalog("X", pd.DataFrame(np.ones((2, 3)), columns=["RA", "DEC", "RA"])),
        ["'X'", "'RA'", "rename"],
    ),
    "RA twice": (
        lambda: catalog("X", {"RA": [1.0], "ra": [1.0], "DEC": [1.0]}),
        ["'X'", "2 columns", "RA, ra", "ra="],
    ),
    "one name twice": (
        lambda: bm.match(catalog("X", area=1.0), catalog("X", area=1.0), radius=1),
        ["two catalogues are called 'X'", "name="],
    ),
    "no such column": (lambda: catalog("X", ra="alpha"), ["'X' has no column 'alpha'", "RA, DEC"]),
    "no error": (lambda: catalog("X", pos_err=None), ["'X'", "pos_err is None", "column name"]),
    "error of three parts": (
        lambda: catalog("X", pos_err=(1, 2, 3)),
        ["'X'", "3 parts", "ErrorEllipse"],
    ),
    "error yes": (lambda: catalog("X", pos_err=True), ["'X'", "pos_err is True"]),
    "error in metres": (lambda: catalog("X", pos_err=2 * u.m), ["'X'", "pos_err", "unit m"]),
    "errors too few": (lambda: catalog("X", pos_err=np.ones(3)), ["'X'", "one value per row"]),
    "errors masked": (
        lambda: bm.match(
            catalog("X", pos_err=np.ma.array(np.ones(N), mask=np.arange(N) == 2)),
            catalog("O"),
            radius=3,
        ),
        ["'X'", "pos_err", "nan in row 2"],
    ),
    "negative errors": (
        lambda: catalog("X", pos_err=(np.ones(N), -np.ones(N))),
        ["'X'", "-1.0 in row 0"],
    ),
    "minor axis of zero": (
        lambda: catalog("X", pos_err=bm.ErrorEllipse(1.0, 0.0, 0.0)),
        ["'X'", "pos_err is 0"],
    ),
    "position angle in arcsec": (
        lambda: catalog("X", pos_err=bm.ErrorEllipse(1, 1, 2 * u.kg)),
        ["'X'", "pa", "unit kg"],
    ),
    "read without error": (
        lambda: bm.Catalog.read("a.fits"),
        ["'A'", "a.fits", "pos_err=", "sigma"],
    ),
    "area in degrees": (lambda: catalog("X", area=3 * u.deg), ["'X'", "3.0 deg", "deg^2"]),
    "area a list": (lambda: catalog("X", area=[1, 2]), ["'X'", "[1, 2]", "area="]),
    "area infinite": (lambda: catalog("X", area=math.inf), ["'X'", "inf"]),
    "one catalogue": (lambda: bm.match(catalog("A"), radius=9), ["only catalogue 'A'", "other"]),
    "not a catalogue": (
        lambda: bm.match(table("A"), catalog("O"), radius=9),
        ["Table", "bayesmatch.Catalog("],
    ),
    "radius of a mass": (matching(radius=3 * u.kg), ["radius is", "kg", "angular"]),
    "radius an array": (matching(radius=[1, 2]), ["radius is [1, 2]"]),
    "covariates a number": (matching(host_covariates=5), ["host_covariates is 5", "'A'"]),
    "covariates a word": (matching(host_covariates="flux"), ["'flux'", "'sigma'"]),
    "host fraction None": (matching(host_fraction=None), ["host_fraction is None; give 'fit'"]),
    "correct_unrelated a word": (
        matching(correct_unrelated="no"),
        ["correct_unrelated is 'no'", "True or False"],
    ),
    "max_rows 0": (matching(max_rows=0), ["max_rows is 0"]),
    "too many pairs": (
        matching(radius=36000.0, max_rows=1000),
        ["'O'", "radius 36000", "max_rows = 1,000", "smaller radius"],
    ),
    "too many associations": (
        lambda: bm.match(catalog("A"), catalog("O"), catalog("B"), radius=4000.0, max_rows=5000),
        ["max_rows = 5,000", "radius 4000", "smaller radius"],
    ),
    "priors a list": (matching(priors=[1]), ["priors is a list", "mapping"]),
    "not a prior": (matching(priors={"O": [5]}), ["'O'", "5 is not a prior", "log10_ratio"]),
    "prior without a name": (with_prior(name=None, log10_ratio=lambda s, c: 0), ["'O'", "a name"]),
    "prior of wrong shape": (
        with_prior(log10_ratio=lambda s, c: np.zeros(3)),
        ["'p'", "'O'", "shape (3,) for 40 rows"],
    ),
    "prior of NaN": (
        with_prior(log10_ratio=lambda s, c: np.where(np.arange(N) == 9, np.nan, 0)),
        ["'p'", "'O'", "nan for row 9", "return 0"],
    ),
    "prior infinite": (with_prior(log10_ratio=lambda s, c: np.full(N, np.inf)), ["'p'", "inf"]),
    "prior of pairs of wrong shape": (
        with_prior(log10_ratio_pairs=lambda s, a, o, i, j: np.zeros(len(i) + 1)),
        ["'p'", "'O'", "shape"],
    ),
    "prior of text": (with_prior(log10_ratio=lambda s, c: ["a"] * N), ["'p'", "'O'", "number"]),
    "function prior without its column": (
        matching(priors={"O": [bm.FunctionPrior("f", lambda t: t["colour"])]}),
        ["'f'", "'O'", "colour"],
    ),
    "function prior of text": (
        matching(priors={"O": [bm.FunctionPrior("f", lambda t: t["text"])]}),
        ["'f'", "'O'", "number"],
    ),
    "function prior not callable": (lambda: bm.FunctionPrior("f", 3), ["'f'", "not callable"]),
    "function prior without a name": (lambda: bm.FunctionPrior("", len), ["name is ''"]),
    "histogram of unequal lengths": (
        lambda: bm.HistogramPrior("m", [1, 2], [2], [1], [1]),
        ["'m'", "one length"],
    ),
    "containment in per cent": (lambda: bm.sigma_from_radius(1.0, 98), ["98", "0.98 for r98"]),
    "containment text": (lambda: bm.sigma_from_radius(1.0, "r98"), ["'r98'", "between 0 and 1"]),
    "radius zero": (lambda: bm.sigma_from_radius([1.0, 0.0], 0.9), ["positive and finite"]),
    "result not a result": (
        lambda: bm.MatchResult.read("a.fits"),
        ["a.fits", "does not hold a bayesmatch result"],
    ),
    "result of unknown format": (lambda: bm.MatchResult.read("a.hdf5"), ["a.hdf5", "unknown"]),
}


@pytest.mark.parametrize("call, says", PYTHON.values(), ids=PYTHON)
def test_python_only(call, says, folder):
    before = sorted(folder.iterdir())
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    check_message(str(caught.value), says)
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    "path, says",
    [
        ("x.hdf5", "unknown table format"),
        ("d.fits", "is a directory"),
    ],
)
def test_writing_where_it_cannot_be(path, says, folder):
    (folder / "d.fits").mkdir()
    result = matching()()
    before = sorted(folder.rglob("*"))
    with pytest.raises((ValueError, OSError), match=says):
        result.write(path)
    assert sorted(folder.rglob("*")) == before


@pytest.mark.few(1)
@pytest.mark.parametrize(
    "argv, status, says",
    [
        ([*GOOD, "--radius", "-1", "--out", "out.fits"], 1, "radius is -1"),
        (
            [*GOOD[:2], ":nope", *GOOD[3:], "--radius", "9", "--out", "out.csv"],
            1,
            "no column 'nope'",
        ),
        (["match", "--radius"], 2, "radius"),
    ],
)
def test_in_a_process_of_its_own(argv, status, says, folder):
    before = sorted(folder.rglob("*"))
    run = subprocess.run(
        [sys.executable, "-m", "bayesmatch", *argv],
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    assert run.returncode == status and run.stdout == ""
    assert run.stderr.count("\n") == 1 and "Traceback" not in run.stderr and says in run.stderr
    assert sorted(folder.rglob("*")) == before


def test_the_good_ones_pass(folder, capsys):
    """The tables and command line above are right but for the faults put in."""
    matching()()
    assert main([*GOOD, "--radius", "9", "--out", "out.fits", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert len({*CASES, *USAGE, *FILES, *PYTHON}) >= 100
