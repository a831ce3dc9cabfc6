"""Tails of the position errors on the command line: as ``Catalog`` takes them."""

import re

import numpy as np
import pytest
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.cli import main

N, M = 300, 3000


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Sources a seventh of whose errors is four times as wide, and objects, in files."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(11)
    ra, dec = 150.0 + 0.4 * rng.random(M), 0.4 * rng.random(M)
    e = rng.uniform(0.6, 1.6, N)
    off = rng.normal(size=(2, N)) * e * np.where(np.arange(N) % 7 == 0, 4.0, 1.0) / 3600.0
    sources = Table({"ID": np.arange(N), "RA": ra[:N] + off[0], "DEC": dec[:N] + off[1], "e": e})
    objects = Table({"ID": np.arange(M), "RA": ra, "DEC": dec})
    for table, name in ((sources, "X"), (objects, "OPT")):
        table.meta.update(SKYAREA=0.16, EXTNAME=name)
        table.write(f"{name}.fits")
    return "X.fits :e OPT.fits 0.1 --radius 12"


def test_what_errors_finds_can_be_given_to_match(files, capsys):
    assert main(["errors", *files.split(), "--tails", "yes", "--out", "c.fits"]) == 0
    told = capsys.readouterr().out
    options = re.search(r"command line (--tail-fraction (\S+): --tail-factor (\S+):)\n", told)
    assert options is not None, told
    line = [*files.replace("X.fits", "c.fits").split(), "--out", "m.fits", "--quiet"]
    assert main(["match", *line, *options[1].split()]) == 0
    x = bm.Catalog.read(
        "c.fits", pos_err="e", tail_fraction=float(options[2]), tail_factor=float(options[3])
    )
    right = bm.match(x, bm.Catalog.read("OPT.fits", pos_err=0.1), radius=12)
    plain = bm.match(
        bm.Catalog.read("c.fits", pos_err="e"), bm.Catalog.read("OPT.fits", pos_err=0.1), radius=12
    )
    found = bm.MatchResult.read("m.fits").sources["p_match"]
    np.testing.assert_array_equal(found, right.sources["p_match"])
    assert np.abs(found - plain.sources["p_match"]).max() > 0.01


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--tail-fraction 0.1", "--tail-fraction is '0.1'; give 2 values"),
        ("--tail-fraction 2:", "tail_fraction is 2.0"),
        ("--tail-fraction some:", "tail_fraction is 'some'; give one number"),
        ("--tail-fraction 0.1: --tail-factor 0.5:", "tail_factor is 0.5"),
    ],
)
def test_refusals(files, capsys, options, told):
    assert main(["match", *files.split(), "--out", "m.fits", *options.split()]) in (1, 2)
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "idle"),
    [
        ("--tail-factor 4:", "1"),
        ("--tail-factor 4:4 --tail-fraction 0.1:0", "2"),
        ("--tail-factor 4: --tail-fraction 0.1:", None),
    ],
)
def test_a_factor_of_no_tails(files, capsys, options, idle):
    assert main(["match", *files.split(), "--out", "m.fits", "--quiet", *options.split()]) == 0
    err = capsys.readouterr().err
    if idle is None:
        assert "no effect" not in err
    else:
        assert f"no effect without --tail-fraction (catalogue {idle})\n" in err
