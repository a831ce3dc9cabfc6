"""Position errors as catalogues quote them: units, containments, seconds of time, known columns."""

import math

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.catalogs.known import KNOWN, quoted_in
from bayesmatch.catalogs.said import Said, said
from bayesmatch.cli.given_errors import is_error, position_error

N = 12
RNG = np.random.default_rng(3)
SIGMA = RNG.uniform(0.5, 3.0, N)
DEC = RNG.uniform(-70, 70, N)
R90 = math.sqrt(-2 * math.log(0.1))


def table(**more):
    return Table({"ID": np.arange(N), "RA": np.linspace(5, 90, N), "DEC": DEC, **more})


def catalog(t, pos_err, **options):
    return bm.Catalog(t, name="X", pos_err=pos_err, area=1.0, **options)


def sigmas(c):
    xx, yy, _ = c.covariance().T
    return np.sqrt(xx), np.sqrt(yy)


def from_record(parts):
    if len(parts) == 3:
        return bm.ErrorEllipse(*parts)
    return parts[0] if len(parts) == 1 else tuple(parts)


GIVEN = {
    "unit": ({"e": SIGMA * 1000}, "e[mas]", ":e[mas]"),
    "degrees": ({"e": SIGMA / 3600}, "e[deg]", ":e[deg]"),
    "unit in the name": ({"e[mas]": SIGMA * 1000}, "e[mas]", ":e[mas]"),
    "unit and more in the name": (
        {"err_90 (arcmin)": SIGMA * R90 / 60},
        bm.Radius("err_90 (arcmin)", 0.9),
        None,
    ),
    "own unit before the name's": ({"e[mas]": SIGMA * u.arcsec}, "e[mas]", ":e[mas]"),
    "another said of the name": ({"e[mas]": SIGMA / 60}, "e[mas][arcmin]", ":e[mas][arcmin]"),
    "no unit in the name": ({"error(s)": SIGMA}, "error(s)", ":error(s)"),
    "radius": ({"c": SIGMA * R90}, bm.Radius("c", containment=0.9), ":c@90%"),
    "radius in arcmin": ({"c": SIGMA * R90 / 60}, bm.Radius("c[arcmin]", 0.9), ":c[arcmin]@90%"),
    "the other way": ({"c": SIGMA * R90 / 60}, bm.Radius("c[arcmin]", 0.9), ":c:arcmin@90%"),
    "fraction": ({"c": SIGMA * R90}, bm.Radius("c", 0.9), ":c@0.9"),
    "values": ({}, bm.Radius(SIGMA * R90, 0.9), None),
    "quantity": ({}, bm.Radius(SIGMA * R90 / 60 * u.arcmin, 0.9), None),
    "pair": ({"a": SIGMA * R90}, (bm.Radius("a", 0.9), bm.Radius("a", 0.9)), ":a:a@90%"),
    "ellipse": (
        {"a": SIGMA * R90, "pa": SIGMA},
        bm.ErrorEllipse(bm.Radius("a", 0.9), bm.Radius("a", 0.9), "pa"),
        ":a:a:pa@90%",
    ),
}


@pytest.mark.parametrize("case", GIVEN)
def test_what_is_said_of_a_column(case):
    columns, pos_err, text = GIVEN[case]
    for given in (pos_err, *([position_error(text, "x.fits")] if text else [])):
        c = catalog(table(**columns), given)
        assert np.allclose(sigmas(c), SIGMA, rtol=1e-12)


@pytest.mark.parametrize("case", [c for c in GIVEN if c not in ("values", "quantity")])
def test_the_record_makes_the_same_errors(case):
    columns, pos_err, _ = GIVEN[case]
    c = catalog(table(**columns), pos_err)
    parts = [str(part) for part in c.error_record]
    again = from_record(parts)
    assert np.array_equal(catalog(table(**columns), again).covariance(), c.covariance())


@pytest.mark.parametrize("case", [c for c in GIVEN if GIVEN[c][2]])
def test_corrected_columns_mean_what_they_meant(case):
    """A column of radii holds radii again, in arcsec."""
    columns, pos_err, _ = GIVEN[case]
    c = catalog(table(**columns), pos_err).corrected(np.linspace(5, 90, N), DEC, 2.0, 0.5)
    assert np.allclose(sigmas(c), np.hypot(2 * SIGMA, 0.5))
    parts = [str(part) for part in c.error_record]
    again = from_record(parts)
    assert np.allclose(sigmas(catalog(c.table, again)), sigmas(c), rtol=1e-12)


def test_seconds_of_time():
    time = SIGMA / 15 / np.cos(np.radians(DEC))
    for t, given in (
        (table(a=time, d=SIGMA), ("a[s]", "d")),
        (table(a=time * u.s, d=SIGMA * u.arcsec), ("a", "d")),
        (table(a=time * 1000, d=SIGMA), position_error(":a[ms]:d", "x.fits")),
    ):
        with pytest.warns(UserWarning, match=r"'a' is in seconds of time.*15 cos\(dec\)"):
            c = catalog(t, given)
        assert np.allclose(sigmas(c), SIGMA)
    for given in ("a[s]", ("d", "a[s]")):
        with pytest.raises(ValueError, match=r"first error of a pair.*a\[arcsec\]"):
            catalog(table(a=time, d=SIGMA), given)


@pytest.mark.parametrize("containment", [0, 1, 1.5, -0.1, "most", None, math.nan])
def test_containments_that_are_none(containment):
    with pytest.raises(ValueError, match="between 0 and 1"):
        bm.Radius("r90", containment)


@pytest.mark.parametrize("text", ["1.5@0%", "1.5@100%", ":r@250%", ":r@1"])
def test_containments_that_are_none_on_the_command_line(text):
    with pytest.raises(ValueError, match="between 0 and 1"):
        position_error(text, "x.fits")


def test_numbers_on_the_command_line():
    assert position_error("0.5", "x") == 0.5
    assert position_error("2[arcmin]", "x") == 120.0
    assert bm.Radius(1.5, 0.68) == position_error("1.5@68%", "x")
    assert position_error(":a:b:pa", "x") == bm.ErrorEllipse("a", "b", "pa")
    assert position_error(":a:b:mas", "x") == ("a[mas]", "b[mas]")
    assert [is_error(t) for t in ("0.5", ":a", "2[arcmin]", "1@90%", "x.fits", "a[1].fits")] == [
        *[True] * 4,
        *[False] * 2,
    ]
    with pytest.raises(ValueError, match="give a number"):
        position_error("half", "x")
    with pytest.raises(ValueError, match="no unit of angle"):
        position_error("2[furlong]", "x")


def test_a_name_stands_before_what_it_could_say():
    assert said("e[mas]@90%", ["e[mas]"]) == Said("e[mas]", None, 0.9)
    assert said("e[mas]@90%", ["e[mas]@90%"]) == Said("e[mas]@90%")
    assert said("e [mas] @ 90 %") == Said("e", "mas", 0.9)


@pytest.mark.parametrize("column", ["r", "r[arcmin]"])
def test_scanned(tmp_path, column):
    """A unit that is said beside the column's name, or that the name itself ends in."""
    t = table(**{column: SIGMA * R90 / 60})
    t.write(tmp_path / "a.parquet")
    scanned = bm.Catalog.scan(tmp_path, name="X", pos_err=bm.Radius("r[arcmin]", 0.9), area=1.0)
    x = bm.Catalog(table(), name="P", pos_err=1.0, area=1.0)
    catalogue = catalog(t, bm.Radius("r[arcmin]", 0.9))
    assert np.allclose(sigmas(catalogue), SIGMA)
    here = bm.match(x, catalogue, radius=10, host_fraction=0.5).associations
    there = bm.match(x, scanned, radius=10, host_fraction=0.5).associations
    assert np.array_equal(here["dist_bayesfactor"], there["dist_bayesfactor"]) and len(here) > N


KNOWN_COLUMNS = {
    "SC_POSERR": ({}, "4XMM.*63%.*containment=0.632"),
    "err_ellipse_r0": ({}, "CSC.*95%.*@95%"),
    "Conf_95_SemiMajor": ({}, r"4FGL.*degrees.*Conf_95_SemiMajor\[deg\]@95%"),
    "err_90 [mas]": ({}, r"per axis; if.*holds 90% of the sources.*:err_90 \[mas\]@90%"),
    "r90": ({}, "holds 90% of the sources.*:r90@90%"),
    "R95": ({}, "holds 95%"),
    "POS_ERR_68": ({}, "holds 68%"),
    "PosErr": ({"1RXS": np.arange(N)}, "ROSAT.*68%"),
    "err_RAJ2000": ({"GLEAM": np.arange(N)}, r"GLEAM.*degrees.*err_RAJ2000\[deg\]"),
    "e_RAJ2000": ({"NVSS": np.arange(N), "S1.4": SIGMA}, r"NVSS.*seconds of time.*e_RAJ2000\[s\]"),
}


@pytest.mark.parametrize("column", KNOWN_COLUMNS)
def test_columns_that_hold_something_else(column):
    more, says = KNOWN_COLUMNS[column]
    with pytest.warns(UserWarning, match=says):
        catalog(table(**{column: SIGMA}, **more), column)


@pytest.mark.parametrize("given", ["sigma", "POS_ERR", "pos_err", "e_RAJ2000", "r9", "err", "e_ra"])
def test_columns_about_which_nothing_is_known(given):
    catalog(table(**{given: SIGMA}), given)  # a warning is an error here


@pytest.mark.parametrize("given", [bm.Radius("r90", 0.9), "Conf_95_SemiMajor[deg]@95%"])
def test_what_is_said_is_not_warned_of(given):
    catalog(table(r90=SIGMA, Conf_95_SemiMajor=SIGMA / 3600), given)


def test_every_known_column_has_its_source():
    for known in KNOWN:
        assert any(c.isdigit() for c in known.source) and known.what
    assert quoted_in(["PosErr"], "PosErr").catalogue == "4XMM"
    assert quoted_in(["x"], "x") is None


@pytest.mark.parametrize("column", ["r", "r[arcmin]"])
def test_partitions_of_lsdb(column):
    """Which columns a partition needs, and what they mean there."""
    partition = pytest.importorskip("bayesmatch.distributed.partition")
    t = table(**{column: SIGMA * R90 / 60})
    survey = partition.Survey("X", bm.Radius("r[arcmin]", 0.9), N, 1.0)
    survey.check_columns(t.colnames)
    assert survey.error_columns(t.colnames) == [column]
    part = partition.Partition(t.to_pandas(), survey, "RA", "DEC")
    assert np.allclose(sigmas(part), SIGMA)
    with pytest.raises(ValueError, match=r"no column 'r"):
        survey.check_columns(["RA", "DEC"])
