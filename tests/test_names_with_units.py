"""Units joined to names without brackets, numbers of lists as identifiers, RDB and other text."""

import warnings

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import QTable, Table

import bayesmatch as bm
from bayesmatch.catalogs.formats.reading import read_table
from bayesmatch.catalogs.units import joined_to_name

RA, DEC = np.array([359.9, 0.1, 12.0]), np.array([-45.0, 0.5, 80.0])
SIGMA = np.array([0.5, 1.0, 2.0])


def sigmas(c):
    return np.sqrt(c.covariance()[:, :2].T)


def catalog(pos_err, ra="RA", dec="DEC", unit=None, **more):
    table = Table({"RA": RA, "DEC": DEC, **more})
    if unit is not None:
        table[pos_err].unit = unit
    return bm.Catalog(table, name="X", pos_err=pos_err, area=1.0, ra=ra, dec=dec)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("err_mas", "mas"),
        ("e_RA_mas", "mas"),
        ("sigma_arcmin", "arcmin"),
        ("r90_deg", "deg"),
        ("err_90_arcmin", "arcmin"),
        ("sigma.uas", "uas"),
        ("pos err arcsec", "arcsec"),
        ("err_radians", "rad"),
    ],
)
def test_errors_in_the_unit_of_their_name(name, unit):
    assert joined_to_name(name) == unit
    values = (SIGMA * u.arcsec).to_value(unit)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = sigmas(catalog(name, **{name: values}))
    np.testing.assert_allclose(found, [SIGMA, SIGMA], rtol=1e-12)
    told = [w for w in said if "no unit stands with" in str(w.message)]
    assert len(told) == (unit != "arcsec")
    assert all(f"{name!r} in {unit}" in str(w.message) for w in told)
    assert all(f"{name}[arcsec]" in str(w.message) for w in told)


@pytest.mark.parametrize(
    "name",
    ["err_rad", "err_s", "err_as", "err_min", "n_within_3_arcsec", "ivar_mas", "mas", "errmas"],
)
def test_what_may_be_something_else_is_in_arcsec(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(sigmas(catalog(name, **{name: SIGMA})), [SIGMA, SIGMA])


def test_an_explicit_unit_goes_before_the_name():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        own = catalog("err_mas", unit="arcsec", err_mas=SIGMA)
        said = catalog("err_mas[arcmin]", err_mas=SIGMA)
    np.testing.assert_allclose(sigmas(own), [SIGMA, SIGMA])
    np.testing.assert_allclose(sigmas(said), [60 * SIGMA, 60 * SIGMA])


@pytest.mark.parametrize("named", [True, False])
def test_radians_by_their_names_and_values(named, tmp_path):
    """In memory and in a scan; ra_rad may be a radio position, in degrees."""
    given = ("ra_rad", "dec_rad") if named else (None, None)
    for factor, says in ((np.pi / 180, True), (1.0, False)):
        table = Table({"ra_rad": RA * factor, "dec_rad": DEC * factor})
        table.write(tmp_path / "t.parquet", overwrite=True)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            c = bm.Catalog(
                table,
                name="X",
                pos_err=1.0,
                area=1.0,
                **dict(zip(("ra", "dec"), given, strict=True)),
            )
            scanned = bm.Catalog.scan(tmp_path / "t.parquet", name="O", pos_err=1.0, area=1.0)
        np.testing.assert_allclose([c.ra, c.dec], [RA, DEC], rtol=1e-12)
        told = [str(w.message) for w in said if "read in radians" in str(w.message)]
        assert len(told) == 2 * says and all("ra_rad[deg]" in text for text in told)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = bm.match(c, scanned, radius=1.0)
        assert list(result.sources["O"]) == [0, 1, 2]


def test_degrees_beside_radians_say_the_same():
    table = Table({"RA": RA, "DEC": DEC, "ra_rad": np.radians(RA), "dec_rad": np.radians(DEC)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        c = bm.Catalog(table, name="X", pos_err=1.0, area=1.0)
    np.testing.assert_array_equal(c.ra, RA)


@pytest.mark.parametrize("name", ["Src No", "Source No.", "SRCNUM", "No.", "Seq", "source_number"])
def test_numbers_of_a_list_are_identifiers_where_unique(name):
    for numbers, found in (([7, 8, 9], name), ([7, 7, 9], "ID")):
        c = catalog(1.0, **{name: numbers})
        assert c.id_name == found
    assert catalog(1.0, **{name: [7, 8, 9], "Name": ["a", "b", "c"]}).id_name == "Name"
    assert catalog(1.0, **{name: [7, 8, 9], "recno": [1, 2, 3]}).id_name == "recno"


RDB = "# made by a search\n{above}site\tRA\tDEC\terr\n{kinds}\n{rows}"
ROWS = "007\t359.9\t-45.0\t0.5\n00008\t0.1\t0.5\t1.0\n1E5\t12.0\t80.0\t2.0\n"


@pytest.mark.parametrize("ending", ["rdb", "tsv", "txt"])
@pytest.mark.parametrize(
    ("above", "kinds"),
    [
        ("", "S\tN\tN\tN"),
        ("", "5s\t12n\t12n\t8n"),
        ("", "10S<\t12N>\t12N>\t8N"),
        ("", "----\t--\t---\t---"),
        ("A title\nEPOCH\t2000\n\n", "----\t--\t---\t---"),
    ],
)
def test_rdb(tmp_path, ending, above, kinds):
    path = tmp_path / f"t.{ending}"
    path.write_text(RDB.format(above=above, kinds=kinds, rows=ROWS))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        c = bm.Catalog.read(path, name="X", pos_err="err", area=1.0)
    np.testing.assert_array_equal([c.ra, c.dec, sigmas(c)[0]], [RA, DEC, SIGMA])
    if "-" not in kinds:  # declared to be text
        assert list(c.table["site"]) == ["007", "00008", "1E5"]


def test_missing_cells_in_a_row_are_no_rule(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("ID\tRA\tDEC\n1\t10.0\t20.0\n--\t--\t--\n3\t11.0\t21.0\n")
    assert read_table(path).colnames == ["ID", "RA", "DEC"]


def test_numbers_that_rdb_declares_to_be_text(tmp_path):
    path = tmp_path / "t.rdb"
    path.write_text(RDB.format(above="", kinds="S\tS\tS\tS", rows=ROWS))
    c = bm.Catalog.read(path, name="X", pos_err="err", area=1.0)
    np.testing.assert_array_equal([c.ra, sigmas(c)[0]], [RA, SIGMA])


def test_restructured_text_and_latex(tmp_path):
    path = tmp_path / "t.txt"
    Table({"ID": ["a", "b", "c"], "RA": RA, "DEC": DEC}).write(path, format="ascii.rst")
    np.testing.assert_array_equal(bm.Catalog.read(path, name="X", pos_err=1, area=1).ra, RA)
    for text in (r"\begin{table}", r"\documentclass{article}", r"\startdata"):
        path.write_text(f"{text}\nID & RA & DEC \\\\\n1 & 2 & 3 \\\\\n")
        with pytest.raises(ValueError, match="it is LaTeX, .* give the table in a form made to be"):
            read_table(path)


def test_a_skycoord_in_fits(tmp_path):
    """Beside texts of any length, truth values, UCDs: their numbers are not those of the table."""
    path = tmp_path / "t.fits"
    sky = SkyCoord(RA * u.deg, DEC * u.deg)
    QTable({"coord": sky, "ID": [3, 4, 5], "good": [True, False, True]}).write(path)
    with fits.open(path) as hdus:
        hdus[1].header["TUCD3"] = "meta.id;meta.main"
        hdus.writeto(path, overwrite=True)
    with pytest.warns(UserWarning, match="SkyCoord"):
        c = bm.Catalog.read(path, name="X", pos_err=1.0, area=1.0)
    np.testing.assert_allclose([c.ra, c.dec], [RA, DEC], rtol=1e-12)
    assert c.table["ID"].info.meta == {"ucd": "meta.id;meta.main"}
    assert list(c.table["good"]) == [True, False, True]


def test_right_ascensions_in_hours_by_their_name_and_values(tmp_path):
    """In memory and in a scan; what is beyond 24 is in degrees."""
    for factor, says in ((1 / 15, True), (1.0, False)):
        table = Table({"ra_hours": RA * factor, "dec_deg": DEC})
        table.write(tmp_path / "t.parquet", overwrite=True)
        given = {"pos_err": 1.0, "area": 1.0, "ra": "ra_hours", "dec": "dec_deg"}
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            c = bm.Catalog(table, name="X", **given)
            scanned = bm.Catalog.scan(tmp_path / "t.parquet", name="O", **given)
        np.testing.assert_allclose([c.ra, c.dec], [RA, DEC], rtol=1e-12)
        assert sum("is read in hours" in str(w.message) for w in said) == 2 * says
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert list(bm.match(c, scanned, radius=1.0).sources["O"]) == [0, 1, 2]


@pytest.mark.parametrize(
    ("unit", "brackets", "each"),
    [
        *((unit, b, 15) for unit, b in (("hours", "()"), ("hours", "[]"), ("h", "[]"))),
        *(("rad", b, 180 / np.pi) for b in ("()", "[]")),
        *(("deg", b, 1) for b in ("()", "[]")),
    ],
)
def test_coordinates_with_a_unit_in_brackets_are_found(unit, each, brackets):
    left, right = brackets
    of_dec = unit if unit == "rad" else "deg"
    names = f"RA {left}{unit}{right}", f"Dec {left}{of_dec}{right}"
    dec = DEC / each if unit == "rad" else DEC
    c = bm.Catalog(Table([RA / each, dec], names=names), name="X", pos_err=1.0, area=1.0)
    np.testing.assert_allclose([c.ra, c.dec], [RA, DEC], rtol=1e-12)


README = """J/A+A/1/1   A test
Byte-by-byte Description of file: {name}
--------------------------------------------------------------------------------
   Bytes Format Units   Label     Explanations
--------------------------------------------------------------------------------
   1-  4  A4    ---     Name      Name of the source
   6- 10  F5.1  deg     RAdeg     Right ascension
  12- 16  F5.1  deg     DEdeg     Declination
  18- 20  I3    mas     ePos      Error
--------------------------------------------------------------------------------
"""


def test_a_table_of_the_cds_beside_its_readme(tmp_path):
    rows = [f"{k:<4d} {RA[k]:5.1f} {DEC[k]:+5.1f} {int(1000 * SIGMA[k] / 4):3d}" for k in range(3)]
    (tmp_path / "t.dat").write_text("\n".join(rows) + "\n")
    (tmp_path / "ReadMe").write_text(README.format(name="t.dat"))
    with pytest.warns(UserWarning, match="columns are as ReadMe beside it says"):
        c = bm.Catalog.read(tmp_path / "t.dat", name="X", pos_err="ePos", area=1.0)
    np.testing.assert_allclose([c.ra, c.dec, sigmas(c)[0]], [RA, DEC, SIGMA / 4], rtol=1e-12)
    (tmp_path / "ReadMe").write_text(README.format(name="other.dat"))
    with pytest.raises(ValueError, match="write a first line with the names"):
        read_table(tmp_path / "t.dat")
