"""Which columns are the position, in which form: pairs, texts, hours, other frames; units."""

import csv
import warnings
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import FK4, FK5, SkyCoord
from astropy.table import MaskedColumn, QTable, Table

import bayesmatch as bm
from bayesmatch.catalogs import units
from bayesmatch.catalogs.pairing import pairs_in, partner
from bayesmatch.catalogs.sexagesimal import parsed

RNG = np.random.default_rng(14)
N = 30
RA, DEC = RNG.uniform(0, 360, N), RNG.uniform(-80, 80, N)
SKY = SkyCoord(RA, DEC, unit="deg")
NEAR_RA, NEAR_DEC = 150.0 + RNG.uniform(0, 2, N), RNG.uniform(-1, 3, N)


def catalog(table, **options):
    return bm.Catalog(table, **{"name": "X", "pos_err": 1.0, "area": 1.0, **options})


def noted(table, match, **options):
    with pytest.warns(UserWarning, match=match):
        return catalog(table, **options)


def same(c, ra=RA, dec=DEC, atol=1e-4):
    """Positions to `atol` arcsec."""
    apart = SkyCoord(c.ra, c.dec, unit="deg").separation(SkyCoord(ra, dec, unit="deg"))
    assert apart.arcsec.max() < atol


PAIRS = [
    ("RAdeg", "DEdeg"),
    ("RAJ2000", "DEJ2000"),
    ("_RAJ2000", "_DEJ2000"),
    ("ra", "decl"),
    ("TARGET_RA", "TARGET_DEC"),
    ("ALPHAWIN_J2000", "DELTAWIN_J2000"),
    ("raMean", "decMean"),
    ("coord_ra", "coord_dec"),
    ("RA_1", "DEC_1"),
    ("RA(J2000)", "DEC(J2000)"),
    ("ra (deg)", "dec (deg)"),
    ("RightAscension", "Declination"),
    ("X_WORLD", "Y_WORLD"),
    ("ra_opt", "dec_opt"),
    ("optRa", "optDec"),
]


@pytest.mark.parametrize(("ra", "dec"), PAIRS)
def test_names_of_pairs(ra, dec):
    table = {"ID": np.arange(N), "RANK": RA, "ra_error": DEC, "dec_error": DEC, dec: DEC, ra: RA}
    c = catalog(table)
    assert (c.ra_name, c.dec_name) == (ra, dec)
    assert catalog(table, ra=ra).dec_name == dec and catalog(table, dec=dec).ra_name == ra


@pytest.mark.parametrize(("unit", "per_degree"), [("rad", np.pi / 180), ("hours", 1 / 15)])
def test_units_in_names_of_numbers(unit, per_degree):
    """A unit that a name ends in counts where the column has none of its own."""
    table = {f"RA [{unit}]": RA * per_degree, "DEC (deg)": DEC}
    same(catalog(table, ra=f"RA [{unit}]", dec="DEC (deg)"))
    table = {f"RA [{unit}]": RA * u.deg, "DEC (deg)": DEC}
    same(catalog(table, ra=f"RA [{unit}]", dec="DEC (deg)"))


@pytest.mark.parametrize(
    "name",
    "RANK era ra_error e_RAJ2000 RAerr pmra mu_ra sigRA ra_epoch offset_ra ra_dec_corr RA_LOWERR"
    " raErr ra_pmra_corr parallax extra spiral".split(),
)
def test_what_is_about_a_coordinate_is_none(name):
    other = name.replace("ra", "dec").replace("RA", "DE")
    assert pairs_in([name, other, "ID"], {}) == []


def test_a_pair_goes_together():
    names = ["RA_1", "RA_2", "DEC_2", "DEC_1", "RAJ2000", "DEJ2000", "_RAJ2000", "_DEJ2000"]
    for ra, dec in zip(names[:2], ("DEC_1", "DEC_2"), strict=True):
        assert partner(names, {}, ra) == dec and partner(names, {}, dec) == ra
    assert partner(names, {}, "_RAJ2000") == "_DEJ2000"


def test_the_identifier_goes_with_the_pair():
    table = {"ID_1": np.arange(N), "RA_1": RA, "DEC_1": DEC}
    table |= {"ID_2": np.arange(N) + 9, "RA_2": RA + 1, "DEC_2": DEC}
    assert catalog(table, ra="RA_2").id_name == "ID_2"
    assert catalog(table, ra="RA_1").id_name == "ID_1"


class TestTwoPairs:
    @pytest.mark.parametrize(
        ("one", "two"),
        [
            (("ra", "dec"), ("RAJ2000", "DEJ2000")),
            (("RA_1", "DEC_1"), ("RA_2", "DEC_2")),
            (("RA", "DEC"), ("RA_2", "DEC_2")),
            (("RAJ2000", "DEJ2000"), ("_RAJ2000", "_DEJ2000")),
            (("ra_x", "dec_x"), ("ra_y", "dec_y")),
        ],
    )
    def test_that_differ_are_refused(self, one, two):
        table = {one[0]: RA, one[1]: DEC, two[0]: RA + 1e-4, two[1]: DEC}
        says = rf"2 pairs.*{one[0]}, {one[1]}; {two[0]}, {two[1]}.*ra= and dec=.*--ra and --dec"
        with pytest.raises(ValueError, match=says):
            catalog(table)
        same(catalog(table, ra=one[0]))
        same(catalog(table, ra=two[0]), RA + 1e-4)

    def test_one_row_that_differs_is_enough(self):
        other = RA.copy()
        other[17] += 0.01
        with pytest.raises(ValueError, match=r"arcsec apart \(row 17\)"):
            catalog({"ra": RA, "dec": DEC, "RAJ2000": other, "DEJ2000": DEC})

    def test_the_same_but_for_rounding_is_told(self):
        table = {"RA": RA, "DEC": DEC, "RAJ2000": RA.round(4), "DEJ2000": DEC.round(4)}
        c = noted(table, "RA, DEC say the same as RAJ2000, DEJ2000")
        assert (c.ra_name, c.dec_name) == ("RA", "DEC")

    def test_around_zero(self):
        table = {"RA": [359.99999], "DEC": [0.0], "RAJ2000": [-0.00001], "DEJ2000": [0.0]}
        assert noted(table, "say the same").ra_name == "RA"

    def test_named_ones_beside_the_main_one_are_told(self):
        table = {"RA": RA, "DEC": DEC, "RA_opt": RA + 1e-3, "DEC_opt": DEC}
        assert noted(table, r"RA, DEC are taken, and not RA_opt, DEC_opt").ra_name == "RA"

    def test_numbers_before_texts(self):
        text = SKY.ra.to_string("hour", sep=" "), SKY.dec.to_string(sep=" ")
        assert catalog({"ra": text[0], "dec": text[1], "RAJ2000": RA, "DEJ2000": DEC}).ra_name == (
            "RAJ2000"
        )

    def test_no_rows_of_a_scan_are_compared(self, tmp_path):
        Table({"ra": RA, "dec": DEC, "RAJ2000": RA, "DEJ2000": DEC}).write(tmp_path / "a.parquet")
        with pytest.raises(ValueError, match="2 pairs of columns"):
            bm.Catalog.scan(tmp_path, name="O", pos_err=1.0, area=1.0)
        c = bm.Catalog.scan(tmp_path, name="O", pos_err=1.0, area=1.0, ra="RAJ2000")
        assert c.dec_name == "DEJ2000"


HOURS = {
    "blanks": {"sep": " ", "pad": True},
    "colons": {"sep": ":", "pad": True},
    "letters": {"sep": "hms"},
    "unpadded": {"sep": ":"},
}


@pytest.mark.parametrize("how", HOURS)
@pytest.mark.parametrize("kind", [np.str_, np.bytes_, object])
def test_sexagesimal_texts(how, kind):
    options = {**HOURS[how], "precision": 6}
    ra = SKY.ra.to_string("hour", **options)
    dec = SKY.dec.to_string(**{**options, "sep": options["sep"].replace("h", "d")})
    table = {"ra": ra.astype(kind), "dec": dec.astype(kind), "ID": np.arange(N)}
    c = noted(table, "ra read as hours.*RA_ICRS")
    same(c)
    assert (c.ra_name, c.dec_name) == ("RA_ICRS", "DEC_ICRS") and c.table["ra"][0] == ra[0]


def test_negative_zero_and_missing_texts():
    found = parsed(np.array(["-00 30 00", "", "--", " +1:30 ", "−0 0 36", "nan", "187.5"]))
    right = [-0.5, np.nan, np.nan, 1.5, -0.01, np.nan, 187.5]
    assert np.allclose(found.value, right, equal_nan=True)
    assert not found.bad.any()
    assert parsed(np.array(["12 61 00", "12 30 75", "12.5 30", "noon", "1h2m3d"])).bad.all()


def near_texts():
    sky = SkyCoord(NEAR_RA, NEAR_DEC, unit="deg")
    return Table(
        {
            "ra": sky.ra.to_string("hour", sep=" ", precision=6),
            "dec": sky.dec.to_string(sep=" ", precision=6),
        }
    )


def test_what_could_be_hours_and_degrees_is_refused_with_both():
    table = near_texts()
    with pytest.raises(
        ValueError, match=r"150\.\d+ deg if these are hours and 10\.\d+.*--ra 'ra\["
    ):
        catalog(table)
    same(noted(table, "hours", ra="ra[hms]"), NEAR_RA, NEAR_DEC)
    c = noted(table, "degrees", ra="ra[dms]")
    same(c, NEAR_RA / 15, NEAR_DEC)


ROUND_THE_DAY = ["00:10:00", "12:00:00", "20:00:00", "23:59:60.0"]


def of_texts(texts, **named):
    return catalog({"ra": texts, "dec": ["1:00:00"] * len(texts)}, **named)


def test_one_slip_beyond_the_day_does_not_make_all_degrees():
    with pytest.raises(
        ValueError,
        match="'ra' is '25:00:00' in row 4, which is no hour of a day, as 1 of 5",
    ):
        of_texts([*ROUND_THE_DAY, "25:00:00"])
    with pytest.warns(UserWarning, match="ra read as hours"):
        c = of_texts([*ROUND_THE_DAY, "24:00:00.0"])  # as midnight is rounded
    np.testing.assert_allclose(c.ra, [2.5, 180.0, 300.0, 0.0, 0.0], atol=1e-9)
    with pytest.warns(UserWarning, match="ra read as degrees"):
        c = of_texts(["100:30:00", "359:00:00", "5:00:00"])
    np.testing.assert_allclose(c.ra, [100.5, 359.0, 5.0])


@pytest.mark.parametrize("named", [{}, {"ra": "ra[hms]", "dec": "dec"}])
def test_one_number_among_hours_is_refused(named):
    """187.7 degrees were taken for hours, 2815.5 degrees, and 12.5 for 187.5."""
    with pytest.raises(ValueError, match=r"'ra' is 12\.5 in row 4; the others are hours"):
        of_texts([*ROUND_THE_DAY, "12.5"], **named)
    with pytest.warns(UserWarning, match="ra read as hours"):
        assert len(of_texts([*ROUND_THE_DAY, ""], **named)) == 4  # one without a position


@pytest.mark.parametrize(("unit", "other"), [("hms", "h"), ("dms", "deg")])
def test_numbers_that_are_said_to_be_texts(unit, other):
    table = {"ra": [1.0, 2.0], "dec": [0.0, 0.0]}
    with pytest.raises(ValueError, match=rf"these are numbers; say of what, as ra\[{other}\]"):
        catalog(table, ra=f"ra[{unit}]", dec="dec")


@pytest.mark.parametrize("unit", ["hms", '"h:m:s"', "hourangle", "h", "hours"])
def test_the_unit_of_texts(unit):
    table = near_texts()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table["ra"].unit = u.Unit(unit, parse_strict="silent")
    same(noted(table, "read as hours"), NEAR_RA, NEAR_DEC)


@pytest.mark.parametrize(
    ("ra", "dec"), [("l", "b"), ("GLON", "GLAT"), ("LII", "BII"), ("gal_lon", "gal_lat")]
)
def test_galactic_coordinates(ra, dec):
    table = {ra: SKY.galactic.l.deg, dec: SKY.galactic.b.deg, "ID": np.arange(N)}
    same(noted(table, f"{ra} and {dec} read as galactic"), atol=1e-6)
    assert catalog({**table, "RA": RA, "DEC": DEC}).ra_name == "RA"


def test_galactic_by_ucd():
    table = Table({"x": SKY.galactic.l.deg, "y": SKY.galactic.b.deg})
    table["x"].info.meta = {"ucd": "pos.galactic.lon"}
    table["y"].info.meta = {"ucd": "pos.galactic.lat"}
    same(noted(table, "galactic"), atol=1e-6)


@pytest.mark.parametrize(
    ("meta", "frame"),
    [
        ({"RADESYS": "FK4", "EQUINOX": 1950.0}, FK4(equinox="B1950")),
        ({"EQUINOX": 1950.0}, FK4(equinox="B1950")),
        ({"RADECSYS": "FK5", "EQUINOX": "J1975"}, FK5(equinox="J1975")),
    ],
)
def test_frames_of_headers(meta, frame):
    there = SKY.transform_to(frame)
    c = noted(Table({"RA": there.ra.deg, "DEC": there.dec.deg}, meta=meta), "turned to ICRS")
    same(c, atol=1e-5)
    assert c.ra_name == "RA" and not set(meta) & set(c.table.meta)
    same(catalog(c.table), atol=1e-5)  # and not turned again


@pytest.mark.parametrize("reference", ['ref="sys"', ""])
@pytest.mark.parametrize(
    ("system", "frame"),
    [
        ('system="eq_FK4" equinox="B1950"', FK4(equinox="B1950")),
        ('system="eq_FK5" equinox="J1975"', FK5(equinox="J1975")),
        ('system="galactic"', "galactic"),
        ('system="eq_FK5" equinox="J2000"', None),
        ('system="ICRS"', None),
    ],
)
def test_frames_of_votables(system, frame, reference, tmp_path):
    there = SKY if frame is None else SKY.transform_to(frame)
    lon, lat = there.spherical.lon.deg, there.spherical.lat.deg
    rows = "".join(
        f"<TR><TD>{a!r}</TD><TD>{b!r}</TD></TR>"
        for a, b in zip(lon.tolist(), lat.tolist(), strict=True)
    )
    fields = "".join(
        f'<FIELD name="{n}" datatype="double" unit="deg" {reference}/>' for n in ("ra", "dec")
    )
    (tmp_path / "a.vot").write_text(
        '<VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE>'
        f'<COOSYS ID="sys" {system}/><TABLE>{fields}<DATA><TABLEDATA>{rows}</TABLEDATA></DATA>'
        "</TABLE></RESOURCE></VOTABLE>"
    )
    if frame is None:
        same(bm.Catalog.read(tmp_path / "a.vot", pos_err=1.0, area=1.0), atol=1e-6)
        return
    with pytest.warns(UserWarning, match="turned to ICRS"):
        same(bm.Catalog.read(tmp_path / "a.vot", pos_err=1.0, area=1.0), atol=1e-5)


@pytest.mark.parametrize("meta", [{"RADESYS": "ICRS"}, {"RADESYS": "FK5", "EQUINOX": 2000.0}, {}])
def test_todays_frames_are_left_alone(meta):
    table = Table({"RA": RA, "DEC": DEC}, meta=meta)
    c = catalog(table)
    assert np.array_equal(c.ra, RA) and c.table.colnames == ["RA", "DEC"] and c.table is table


def test_columns_of_1950():
    there = SKY.transform_to(FK4(equinox="B1950"))
    table = {"RAB1950": there.ra.deg, "DEB1950": there.dec.deg}
    same(noted(table, "FK4 B1950"), atol=1e-5)
    assert catalog({**table, "RAJ2000": RA, "DEJ2000": DEC}).ra_name == "RAJ2000"


@pytest.mark.parametrize("frame", ["icrs", "galactic", "fk5"])
def test_a_skycoord_column(frame):
    table = QTable({"ID": np.arange(N), "where": SKY.transform_to(frame)})
    c = noted(table, "where .SkyCoord")
    same(c, atol=1e-5)
    assert "where" not in c.table.colnames and table.colnames == ["ID", "where"]


def test_what_is_moved_stays_where_it_is_moved_to():
    """Converted positions are corrected in their new columns, once."""
    c = noted({"l": SKY.galactic.l.deg, "b": SKY.galactic.b.deg}, "galactic")
    moved = c.corrected(c.ra + 0.01, c.dec, 2.0, 0.0)
    assert np.allclose(moved.ra, np.mod(c.ra + 0.01, 360)) and np.allclose(moved.dec, c.dec)


def test_a_scan_of_texts_is_one_line(tmp_path):
    near_texts().write(tmp_path / "a.parquet")
    with pytest.raises(ValueError, match="texts, and a scanned catalogue.*--ra"):
        bm.Catalog.scan(tmp_path / "a.parquet", name="O", pos_err=1.0, area=1.0)


UNITS = {
    "deg": "[deg] deg DEG Degrees deg. (deg) 'deg' d ° deg_icrs deg[ICRS]".split()
    + ["deg (J2000)", "decimal degrees", "degree (ICRS)"],
    "arcsec": ["[arcsec]", "ARCSEC", "arcsecs", '"', "''", "arc sec", "asec", "as", "arcseconds"],
    "mas": ["MAS", "Mas", "milliarcsec", "milliarcseconds", "marcsec", "[mas]"],
    "hourangle": ["h", "hr", "HOURS", "hour", "hourangle"],
    "rad": ["RADIANS", "rad", "[rad]"],
    "arcmin": ["ARCMIN", "arcmin", "arcminutes"],
}


@pytest.mark.parametrize(
    ("spelling", "unit"), [(s, unit) for unit, many in UNITS.items() for s in many]
)
def test_spellings_of_units(spelling, unit):
    right = float(u.Unit(unit).to("arcsec"))
    assert units.factor(spelling, "arcsec") == pytest.approx(right, rel=1e-12)


@pytest.mark.parametrize("spelling", ["none", "-", "  ", "---", "", "null", "unitless"])
def test_words_for_no_unit(spelling):
    assert not units.has_unit(spelling)


@pytest.mark.parametrize("spelling", ["sec", "pixel", "arcsec**2", "mas/yr", "m", "parsnip", "min"])
def test_what_is_no_angle(spelling):
    assert units.factor(spelling, "arcsec") is None


def test_a_masked_text_is_missing_and_named():
    table = Table({"ra": MaskedColumn(["01h02m03s", "x"], mask=[False, True]), "dec": ["1d", "2d"]})
    c = noted(table, "hours")
    with pytest.raises(ValueError, match=r"'RA_ICRS' .made of 'ra'. is nan in row 1"):
        bm.match(c, catalog({"RA": [15.5], "DEC": [1.0]}, name="O"), radius=1)


MESSY = Path(__file__).resolve().parents[2] / "shared/data/messy"


@pytest.mark.skipif(not MESSY.is_dir(), reason="the tables are not beside the project")
class TestMessy:
    """Tables as people keep them, and their first position by other means."""

    def right(self, file):
        with open(MESSY / "EXPECTED.csv", newline="") as f:
            row = next(r for r in csv.DictReader(f) if r["file"] == file)
        return int(row["rows"]), float(row["first_ra_deg"]), float(row["first_dec_deg"])

    @pytest.mark.parametrize(
        ("file", "options"),
        [
            ("01_bzcat5_sexagesimal.csv", {}),
            ("03_blazars_hms_unit.vot", {}),
            ("07_nvss_three_ra_columns.csv", {"ra": "_RAJ2000"}),
            ("07_nvss_three_ra_columns.csv", {"ra": "RAJ2000"}),
            ("16_supercosmos.csv", {"pos_err": ("sigRA[deg]", "sigDec[deg]")}),
            ("17_aegean_comp.fits", {}),
        ],
    )
    def test_first_position(self, file, options):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            c = bm.Catalog.read(MESSY / file, **{"pos_err": 1.0, "area": 1.0, **options})
        rows, ra, dec = self.right(file)
        assert len(c) == rows
        assert c.ra[0] == pytest.approx(ra, abs=6e-7) and c.dec[0] == pytest.approx(dec, abs=6e-7)

    def test_two_sources_in_one_table(self):
        with pytest.raises(ValueError, match="ra, dec; _RAJ2000, _DEJ2000.*--ra and --dec"):
            bm.Catalog.read(MESSY / "07_nvss_three_ra_columns.csv", pos_err=1.0, area=1.0)

    def test_galactic(self):
        with pytest.warns(UserWarning, match="galactic"):
            c = bm.Catalog.read(MESSY / "14_glimpse_votable.xml", pos_err=1.0, area=1.0)
        first = SkyCoord(c.ra[0], c.dec[0], unit="deg").galactic
        assert (first.l.deg, first.b.deg) == pytest.approx((18.38432, 0.24038), abs=6e-6)

    def test_seconds_of_time(self):
        with pytest.warns(UserWarning, match="seconds of time"):
            c = bm.Catalog.read(
                MESSY / "07_nvss_three_ra_columns.csv",
                pos_err=("e_RAJ2000[s]", "e_DEJ2000"),
                area=1.0,
                ra="_RAJ2000",
            )
        east, north, _ = c.covariance().T
        time = np.asarray(c.table["e_RAJ2000"])
        assert np.allclose(np.sqrt(east), 15 * time * np.cos(np.radians(c.dec)))
        assert np.allclose(np.sqrt(north), c.table["e_DEJ2000"])


def test_what_is_wrong_is_said_of_the_column_that_was_given():
    texts = Table({"RAJ2000": ["10.5", "11.5"], "DEJ2000": [-1200.0, -1300.0]})
    with pytest.raises(ValueError, match=r"'DEC_ICRS' \(made of 'DEJ2000'\) is -1200.0 in row 0"):
        noted(texts, "texts read as numbers")
