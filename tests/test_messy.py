"""Tables as people keep them, read in Python and on the command line.

Those of ``data/messy`` (its README.md says where they are from) have their first positions read by
other means in ``EXPECTED.csv``.
"""

import csv
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.catalogs.formats.reading import read_table
from bayesmatch.cli import main

FOLDER = Path(__file__).parent / "data/messy"
with open(FOLDER / "EXPECTED.csv", newline="", encoding="utf-8") as file:
    EXPECTED = {row["file"]: row for row in csv.DictReader(file)}
#: what has to be said of the positions
RA = {"07_nvss_three_ra_columns.csv": "_RAJ2000"}
NO_UNIQUE_ID = "10_repeated_ids.ecsv"


def full(number):
    """The file of this number."""
    return next(name for name in EXPECTED if name.startswith(number))


def read(name, pos_err=1.0):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return bm.Catalog.read(FOLDER / name, pos_err=pos_err, area=1.0, ra=RA.get(name))


def sources(name, scatter, tmp_path, rng):
    """A file of sources, `scatter` arcsec (east, north; one, or (n,)) off the rows of a table."""
    c = read(name)
    n = len(c)
    east, north = scatter * rng.normal(size=(2, n)) / 3600
    ra = c.ra + east / np.cos(np.radians(c.dec))
    x = Table({"ID": [f"P{k}" for k in range(n)], "RA": ra, "DEC": c.dec + north})
    x.write(tmp_path / "x.fits", overwrite=True)
    return str(tmp_path / "x.fits")


def run(capsys, tmp_path, *arguments):
    """Exit status, what was said in one line, and the result."""
    out = tmp_path / "r.fits"
    out.unlink(missing_ok=True)
    line = [*map(str, arguments), "--area", "1:1", "--out", str(out)]
    status = main(["match", *line, "--host-fraction", "0.9"])
    said = capsys.readouterr()
    result = bm.MatchResult.read(out) if status == 0 else None
    assert "Traceback" not in said.err and (status == 0 or "error:" in said.err.splitlines()[-1])
    return status, " ".join((said.out + said.err).split()), result


def right(result):
    """How many sources have the object of their own row."""
    rows = np.ma.filled(np.ma.asarray(result.sources[result.catalogue_names[1]]), -1)
    return int(np.sum(rows == np.asarray(result.sources[result.catalogue_names[0]])))


@pytest.mark.parametrize("name", EXPECTED)
def test_python(name):
    c, row = read(name), EXPECTED[name]
    assert len(c) == int(row["rows"])
    # the galactic frame is known to 20 mas: Hipparcos' matrix, and astropy's by way of FK5
    near = 6e-8 if name != full("14") else 1e-5
    assert c.ra[0] == pytest.approx(float(row["first_ra_deg"]), abs=near)
    assert c.dec[0] == pytest.approx(float(row["first_dec_deg"]), abs=near)


@pytest.mark.few(3)
@pytest.mark.parametrize("name", EXPECTED)
def test_command_line(name, tmp_path, capsys):
    x = sources(name, 0.3, tmp_path, np.random.default_rng(1))
    ra = RA.get(name, "")
    options = ["--radius", "10", "--ra", f":{ra}", "--id", ":#" if name == NO_UNIQUE_ID else ":"]
    status, said, result = run(capsys, tmp_path, x, "0.3", FOLDER / name, "0.3", *options)
    assert status == 0 and right(result) == 30, said
    options = ["--radius", "10", "--ra", f"{ra}:", "--id", "#:" if name == NO_UNIQUE_ID else ":"]
    status, said, result = run(capsys, tmp_path, FOLDER / name, "0.3", x, "0.3", *options)
    assert status == 0 and right(result) == 30, said
    assert ("read as" in said) == (name[:2] in ("01", "03", "14", "19")), said


def test_two_sources_in_one_table(tmp_path, capsys):
    name = full("07")
    x = sources(name, 0.3, tmp_path, np.random.default_rng(1))
    status, said, _ = run(capsys, tmp_path, x, "0.3", FOLDER / name, "0.3", "--radius", "10")
    assert status == 1 and re.search("ra, dec; _RAJ2000, _DEJ2000.*--ra and --dec on", said)


def test_repeated_identifiers(tmp_path, capsys):
    name = full("10")
    x = sources(name, 0.3, tmp_path, np.random.default_rng(1))
    status, said, _ = run(capsys, tmp_path, x, "0.3", FOLDER / name, "0.3", "--radius", "5")
    assert status == 0 and "15 rows have an identifier (id) that an earlier row has" in said
    status, said, _ = run(capsys, tmp_path, FOLDER / name, "0.3", x, "0.3", "--radius", "5")
    assert status == 1 and "(--id '#:' on the command line" in said


def test_seconds_of_time(tmp_path, capsys):
    name = full("07")
    c = read(name, ("e_RAJ2000[s]", "e_DEJ2000"))
    east, north, cross = c.covariance().T
    time, other = (np.asarray(c.table[n]) for n in ("e_RAJ2000", "e_DEJ2000"))
    np.testing.assert_allclose(np.sqrt(east), 15 * time * np.cos(np.radians(c.dec)))
    np.testing.assert_allclose(np.sqrt(north), other)
    assert not cross.any()
    x = sources(name, 0.3, tmp_path, np.random.default_rng(1))
    line = [x, "0.3", FOLDER / name, ":e_RAJ2000:e_DEJ2000", "--ra", ":_RAJ2000", "--radius", "10"]
    _, said, _ = run(capsys, tmp_path, *line)
    advice = re.search(r"seconds of time .*\('(:\S+)' on the command line\)", said)[1]
    line[3] = advice
    status, said, result = run(capsys, tmp_path, *line)
    assert status == 0 and "15 cos(dec) arcsec each" in said and right(result) == 30


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("number", "columns"), [("16", ("sigRA", "sigDec")), ("17", ("err_ra", "err_dec"))]
)
def test_errors_in_degrees(number, columns, tmp_path, capsys):
    """A check names the factor, and what it advises works."""
    name = full(number)
    table = read_table(FOLDER / name)
    degrees = np.abs([np.asarray(table[c], float) for c in columns])
    good = (np.array([table[c] for c in columns]) > 0).all(axis=0)
    scatter = np.where(good, degrees * 3600, 0.1)
    x = sources(name, scatter, tmp_path, np.random.default_rng(2))
    line = [x, "0.01", FOLDER / name, f":{columns[0]}:{columns[1]}", "--radius", "20"]
    if number == "17":
        status, said, _ = run(capsys, tmp_path, *line)
        assert status == 1 and "'err_ra' is -1.0 in row 4" in said and "--bad-rows drop" in said
        line += ["--bad-rows", "drop"]
    reverse = [line[2], line[3], x, "0.01", *line[4:]]
    for first, given in ((False, line), (True, reverse)):
        status, said, _ = run(capsys, tmp_path, *given)
        assert status == 0
        advice = f"':{columns[0]}[deg]:{columns[1]}[deg]' on the command line"
        assert advice in said, said
        given[1 if first else 3] = re.search(r"'(:\S+\[deg\])' on the", said)[1]
        status, said, result = run(capsys, tmp_path, *given)
        assert status == 0 and advice not in said and right(result) == good.sum(), said
    c = read(name, tuple(f"{n}[deg]" for n in columns))
    east, north, _ = c.covariance().T
    for values, quoted in ((east, degrees[0]), (north, degrees[1])):
        np.testing.assert_allclose(np.sqrt(values[good]), 3600 * quoted[good], rtol=1e-6)


def test_errors_that_are_missing(tmp_path, capsys):
    name = full("20")
    x = sources(name, 0.3, tmp_path, np.random.default_rng(1))
    line = [x, "0.3", FOLDER / name, ":Coord Error", "--radius", "10"]
    status, said, _ = run(capsys, tmp_path, *line)
    assert status == 1 and "'Coord Error' is nan in row 5" in said
    status, said, result = run(capsys, tmp_path, *line, "--bad-rows", "drop")
    assert status == 0 and right(result) == 25
    assert "5 candidates have no position error" in said


def test_errors_of_zero(tmp_path, capsys):
    name = full("21")
    x = sources(name, 0.3, tmp_path, np.random.default_rng(1))
    line = [x, "0.3", FOLDER / name, ":ra_error:dec_error", "--radius", "10"]
    status, said, _ = run(capsys, tmp_path, *line)
    assert status == 1 and "give one number for all rows" in said
