"""Catalogues: what may be handed in, how columns are found, and that nothing handed in changes."""

import copy

import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, QTable, Table
from astropy.utils.masked import Masked

import bayesmatch as bm
from bayesmatch.catalogs import errors

N = 60
RNG = np.random.default_rng(2)
RA, DEC = RNG.uniform(149, 151, N), RNG.uniform(1, 3, N)
SIGMA = RNG.uniform(0.5, 2, N)
SIZE = np.arange(N)


def columns(**more):
    return {"ID": SIZE + 100, "RA": RA, "DEC": DEC, "sigma": SIGMA, **more}


def catalog(table, pos_err=1.0, **options):
    return bm.Catalog(table, **{"name": "X", "pos_err": pos_err, "area": 1.0, **options})


def sigma_of(c):
    return np.sqrt(c.covariance()[:, 0])


def as_qtable(data):
    return QTable(
        {
            **data,
            "RA": data["RA"] * u.deg,
            "DEC": data["DEC"] * u.deg,
            "sigma": data["sigma"] * u.arcsec,
        }
    )


def as_big_endian(data):
    return {k: v.astype(v.dtype.newbyteorder(">")) for k, v in data.items()}


CONTAINERS = {
    "mapping": dict,
    "lists": lambda d: {k: v.tolist() for k, v in d.items()},
    "table": Table,
    "masked table": lambda d: Table(d, masked=True),
    "qtable": as_qtable,
    "masked quantity": lambda d: QTable({**d, "RA": Masked(d["RA"] * u.deg, mask=False)}),
    "frame": pd.DataFrame,
    "nullable frame": lambda d: pd.DataFrame(d).convert_dtypes(),
    "indexed frame": lambda d: pd.DataFrame(d, index=[f"row {i}" for i in range(len(d["RA"]))]),
    "sliced frame": lambda d: pd.DataFrame({k: np.repeat(v, 2) for k, v in d.items()})[::2],
    "big endian": as_big_endian,
    "big-endian table": lambda d: Table(as_big_endian(d)),
    "structured rows": lambda d: Table(np.rec.fromarrays(list(d.values()), names=list(d))),
}


@pytest.mark.parametrize("make", CONTAINERS.values(), ids=CONTAINERS)
def test_every_container_gives_the_same_catalogue(make):
    table = make(columns())
    c = catalog(table, "sigma")
    np.testing.assert_array_equal(c.ra, RA)
    np.testing.assert_array_equal(c.dec, DEC)
    np.testing.assert_allclose(sigma_of(c), SIGMA, rtol=1e-15)
    np.testing.assert_array_equal(c.ids(np.array([3, 0])), [103, 100])
    assert (c.ra_name, c.dec_name, c.id_name, len(c)) == ("RA", "DEC", "ID", N)
    assert c.ra.dtype == c.dec.dtype == np.float64 and c.ra.dtype.isnative
    assert repr(c) == "<Catalog 'X': 60 rows, 1 deg^2>"


@pytest.mark.parametrize("make", CONTAINERS.values(), ids=CONTAINERS)
def test_inputs_are_never_modified(make):
    def plain(table):
        names = getattr(table, "colnames", None) or list(table)
        return {n: (np.array(table[n], copy=True), getattr(table[n], "dtype", None)) for n in names}

    table = make(columns(mag=np.where(SIZE % 2, 20.0, -99.0)))
    before, meta = plain(table), copy.deepcopy(getattr(table, "meta", {}))
    c = catalog(table, "sigma")
    prior = bm.HistogramPrior("mag", [15, 18], [18, 25], [1, 2], [2, 1])
    bm.match(c, catalog(columns(), name="O"), radius=5.0, priors=None)
    result = bm.match(
        catalog(columns()),
        bm.Catalog(table, name="O", pos_err=1.0, area=1.0),
        radius=5.0,
        priors={"O": [prior]},
    )
    result.with_inputs()["O_mag"][:] = 0.0
    result.associations["O_ID"][:] = 0
    after = plain(table)
    assert list(after) == list(before) and getattr(table, "meta", {}) == meta
    for name, (values, dtype) in before.items():
        np.testing.assert_array_equal(after[name][0], values)
        assert after[name][1] == dtype


def test_positions_cannot_be_written_to():
    # Also what keeps the kernels at one compiled version for read-only (pandas) and other input.
    for table in (columns(), pd.DataFrame(columns()), columns(RA=RA - 360)):
        c = catalog(table)
        for values in (c.ra, c.dec, c.subset(np.arange(3)).ra):
            assert not values.flags.writeable and values.flags.c_contiguous


@pytest.mark.parametrize(
    "unit, factor",
    [
        ("deg", 1),
        ("rad", np.pi / 180),
        ("hourangle", 1 / 15),
        ("arcmin", 60),
        ("arcsec", 3600),
        ("Degrees", 1),
    ],
)
def test_position_units(unit, factor):
    table = Table(columns(RA=RA * factor, DEC=DEC * factor))
    with u.set_enabled_aliases({}):
        table["RA"].unit = table["DEC"].unit = u.Unit(unit, parse_strict="silent")
    c = catalog(table)
    np.testing.assert_allclose(c.ra, RA, rtol=1e-14)
    np.testing.assert_allclose(c.dec, DEC, rtol=1e-14)


@pytest.mark.parametrize(
    "unit, factor",
    [("arcsec", 1), ("mas", 1000), ("deg", 1 / 3600), ("uas", 1e6), ("rad", np.pi / 648000)],
)
def test_error_units(unit, factor):
    quantity = SIGMA * factor * u.Unit(unit)
    table = QTable(columns(sigma=quantity))
    for given in ("sigma", quantity, ("sigma", quantity), bm.ErrorEllipse("sigma", "sigma", 0.0)):
        np.testing.assert_allclose(sigma_of(catalog(table, given)), SIGMA, rtol=1e-14)
    np.testing.assert_allclose(sigma_of(catalog(table, quantity[0])), SIGMA[0])


@pytest.mark.parametrize(
    "wrap",
    [
        np.asarray,
        list,
        pd.Series,
        Table.Column,
        MaskedColumn,
        lambda v: pd.Series(v, index=v[::-1]),
    ],
)
def test_errors_as_one_value_per_row(wrap):
    values = wrap(SIGMA)
    if not isinstance(values, list):  # a list is a pair
        np.testing.assert_array_equal(sigma_of(catalog(columns(), values)), SIGMA)
    np.testing.assert_array_equal(sigma_of(catalog(columns(), (values, values))), SIGMA)


def test_masked_column_without_masked_values_is_plain():
    c = catalog(Table(columns(RA=MaskedColumn(RA), ID=MaskedColumn(SIZE))))
    np.testing.assert_array_equal(c.ra, RA)
    c.check_primary_ids()


@pytest.mark.parametrize("shift", [0.0, 360.0, -360.0])
def test_ra_beyond_0_to_360(shift):
    ra = np.array([0.5, 10.0, 200.0, 359.5])
    c = catalog({"RA": ra + shift, "DEC": np.zeros(4)})
    np.testing.assert_allclose(c.ra, ra, atol=1e-13)
    c = catalog({"RA": [-180.0, -1e-300, -0.5, 360.0], "DEC": [0.0, 90.0, -90.0, 0.0]})
    np.testing.assert_array_equal(c.ra, [180.0, 0.0, 359.5, 0.0])


@pytest.mark.parametrize("order", ["<", ">"])
def test_single_precision_coordinates_warn(order):
    with pytest.warns(UserWarning, match=r"'X': column 'RA' is stored in single precision.*0\.03"):
        c = catalog(columns(RA=RA.astype(f"{order}f4")))
    assert np.abs(c.ra - RA).max() * 3600 < 0.03


class TestColumns:
    @pytest.mark.parametrize(
        "names",
        [
            ("ra", "dec"),
            ("Ra", "Dec"),
            ("RA_ICRS", "DE_ICRS"),
            ("RAJ2000", "DEJ2000"),
            ("RA_CORR", "DEC_CORR"),
            ("ALPHA_J2000", "DELTA_J2000"),
            ("ra_deg", "dec_deg"),
        ],
    )
    def test_by_name(self, names):
        table = {"RANK": SIZE, "DECLASS": SIZE, "ERA": SIZE, names[0]: RA, names[1]: DEC}
        c = catalog(table)
        assert (c.ra_name, c.dec_name) == names and c.id_name == "ID"

    def test_exact_name_before_ucd_before_alias(self):
        table = Table({"RAJ2000": RA + 9, "RA": RA, "alpha": RA + 5, "DEC": DEC})
        table["alpha"].meta["ucd"] = "pos.eq.ra;meta.main"
        assert catalog(table).ra_name == "RA"
        table.remove_column("RA")
        assert catalog(table).ra_name == "alpha"
        table.remove_column("alpha")
        assert catalog(table).ra_name == "RAJ2000"
        assert catalog(table, ra="RAJ2000", dec="DEC").ra_name == "RAJ2000"

    def test_rank_is_never_taken_for_ra(self):
        with pytest.raises(ValueError, match=r"no right ascension column.*RANK.*ra="):
            catalog({"RANK": RA, "DEC": DEC})

    def test_identifiers_by_alias_and_row_numbers_without(self):
        assert catalog({"objID": SIZE, "RA": RA, "DEC": DEC}).id_name == "objID"
        assert catalog({"name": SIZE, "objID": SIZE, "RA": RA, "DEC": DEC}).id_name == "objID"
        c = catalog({"label": SIZE, "RA": RA, "DEC": DEC})
        assert c.id_name == "ID" and c.ids(np.array([4]))[0] == 4
        assert catalog({"name": SIZE, "RA": RA, "DEC": DEC}).id_name == "name"
        twice = np.zeros(len(SIZE), int)  # names of fields, say: they tell no rows apart
        assert catalog({"name": twice, "RA": RA, "DEC": DEC}).id_name == "ID"
        assert catalog({"name": SIZE, "RA": RA, "DEC": DEC}, id="name").id_name == "name"

    @pytest.mark.parametrize("ext", ["vot", "fits"])
    def test_by_ucd_in_files(self, tmp_path, ext):
        path = tmp_path / f"x.{ext}"
        table = Table({"n": SIZE, "x": RA, "y": DEC, "z": DEC})
        ucds = ["meta.id;meta.main", "pos.eq.ra; meta.main", "POS_EQ_DEC_MAIN", "pos.eq.dec"]
        for name, ucd in zip(table.colnames, ucds, strict=True):
            table[name].meta["ucd"] = ucd
        if ext == "vot":
            table.write(path, format="votable")
        else:
            hdu = fits.table_to_hdu(table)
            for number, ucd in enumerate(ucds, start=1):
                hdu.header[f"TUCD{number}"] = ucd
            hdu.writeto(path)
        c = bm.Catalog.read(path, pos_err=1.0, area=1.0)
        assert (c.id_name, c.ra_name, c.dec_name) == ("n", "x", "y")

    def test_ucd_numbers_of_a_header_are_not_trusted_after_selecting_columns(self):
        table = Table({"parallax": RA, "x": RA, "DEC": DEC}, meta={"TUCD1": "pos.eq.ra;meta.main"})
        with pytest.raises(ValueError, match="no right ascension"):
            catalog(table)


class TestIdentifiers:
    @pytest.mark.parametrize(
        "given, expected",
        [
            ([7, 8], [7, 8]),
            ([" a b ", "c "], ["a b", "c"]),
            (np.array([b" a", b"b "]), ["a", "b"]),
            (np.array(["à", "b"]).astype(object), ["à", "b"]),
            (np.array([2**63 + 1, 5], "u8"), [2**63 + 1, 5]),
            (np.array([3.0, 4.0]), [3, 4]),
            (np.array([-(2**62), 2**62 + 1]), [-(2**62), 2**62 + 1]),
            (np.array([1, 2], ">i4"), [1, 2]),
            (pd.array(["x", "y"], dtype="string"), ["x", "y"]),
        ],
    )
    def test_kinds(self, given, expected):
        table = {"ID": given, "RA": RA[:2], "DEC": DEC[:2]}
        for make in (dict, Table, pd.DataFrame):
            if make is pd.DataFrame and getattr(given, "dtype", None) == np.dtype(">i4"):
                continue
            if make is not pd.DataFrame and not isinstance(given, (list, np.ndarray)):
                continue
            c = catalog(make(table))
            c.check_primary_ids()
            ids = c.ids(np.arange(2))
            assert ids.tolist() == expected and ids.dtype.kind in "iuU"

    @pytest.mark.parametrize(
        "given",
        [
            MaskedColumn([1, 2], mask=[False, True]),
            MaskedColumn(["a", "b"], mask=[False, True]),
            np.array([1.0, np.nan]),
            np.array(["a", "  "]),
            np.array(["a", None], dtype=object),
        ],
    )
    def test_missing_ones_are_masked_in_the_secondary(self, given):
        c = catalog(Table({"ID": given, "RA": [10.0, 20.0], "DEC": [0.0, 0.0]}), name="O")
        p = catalog({"RA": [10.0, 20.0, 30.0], "DEC": [0.0, 0.0, 0.0]})
        result = bm.match(p, c, radius=3.0, host_fraction=0.5)
        assert result.sources["O_ID"].mask.tolist() == [False, True, True]
        assert result.sources["O"].tolist() == [0, 1, -1]
        with pytest.raises(ValueError, match=r"'O': column 'ID' is missing in row 1"):
            bm.match(c, p, radius=3.0, host_fraction=0.5)


class TestArea:
    def area(self, area=None, **meta):
        return bm.Catalog(Table(columns(), meta=meta), name="X", pos_err=1.0, area=area).area

    def test_numbers_quantities_and_headers(self):
        assert self.area(2.5) == self.area("2.5") == self.area(2.5 * u.deg**2) == 2.5
        assert self.area(3600 * u.arcmin**2) == pytest.approx(1)
        assert self.area(4 * np.pi * u.sr) == pytest.approx(41252.96125)
        assert self.area(SKYAREA=1.5) == self.area(skyarea="1.5") == 1.5
        assert self.area(2.0, SKYAREA=1.5) == 2.0

    def test_moc(self):
        from mocpy import MOC

        moc = MOC.from_lonlat(RA * u.deg, DEC * u.deg, max_norder=6)
        assert self.area(moc) == pytest.approx(moc.sky_fraction * 41252.96125)

    def test_estimate_on_a_known_rectangle(self):
        rng = np.random.default_rng(5)
        n = 150_000
        table = {
            "RA": rng.uniform(100, 110, n),
            "DEC": np.degrees(np.arcsin(rng.uniform(*np.sin(np.radians([20, 28])), n))),
        }
        truth = 10 * np.degrees(np.diff(np.sin(np.radians([20, 28])))[0])
        c = catalog(table)
        assert c.estimate_area(9) == pytest.approx(truth, rel=0.05)
        assert c.estimate_area(7) > c.estimate_area(9)  # the border is blurred by half a cell
        with pytest.warns(UserWarning, match="estimate.*HEALPix"):
            estimated = catalog(table, area="estimate").area
        assert estimated == c.estimate_area() == pytest.approx(truth, rel=0.05)

    @pytest.mark.parametrize("order", [-1, 30, 2.5, "8"])
    def test_order(self, order):
        with pytest.raises(ValueError, match="0 to 29"):
            catalog(columns()).estimate_area(order)


class TestErrors:
    @pytest.mark.parametrize(
        "containment, factor",
        [
            (0.98, 2.797),
            (0.90, 2.146),
            (0.68, 1.510),
            (0.50, 1.177),
            (0.95, 2.448),
            (0.99, 3.035),
            (1 - np.exp(-0.5), 1.0),
            (1 - np.exp(-1), 1.4142),
        ],
    )
    def test_sigma_from_radius(self, containment, factor):
        assert bm.sigma_from_radius(1.0, containment) == pytest.approx(1 / factor, rel=4e-4)

    def test_containment_is_what_it_says(self):
        s = bm.sigma_from_radius(3.0, 0.9)
        xy = np.random.default_rng(1).normal(scale=s, size=(2, 200_000))
        assert np.mean(np.hypot(*xy) < 3.0) == pytest.approx(0.9, abs=0.003)

    def test_arrays_and_quantities(self):
        r = np.array([[1.0, 2.0], [3.0, 4.0]])
        np.testing.assert_allclose(bm.sigma_from_radius(r, 0.98), r / 2.79715, rtol=1e-5)
        s = bm.sigma_from_radius([1, 2] * u.mas, 0.98)
        assert s.unit == u.mas and s[1].value == pytest.approx(2 / 2.79715, rel=1e-5)
        masked = bm.sigma_from_radius(MaskedColumn([1.0, 2.0], mask=[False, True]), 0.9)
        assert masked.mask.tolist() == [False, True]
        series = bm.sigma_from_radius(pd.Series([2.0]), 0.9)
        assert series[0] == pytest.approx(2 / 2.14597, rel=1e-5)

    @pytest.mark.parametrize(
        "pa, east, north, cross",
        [(0, 1, 9, 0), (90, 9, 1, 0), (45, 5, 5, 4), (135, 5, 5, -4), (180, 1, 9, 0)],
    )
    def test_ellipse(self, pa, east, north, cross):
        for angle in (pa, pa * u.deg, np.radians(pa) * u.rad, "pa"):
            c = catalog(columns(pa=np.full(N, float(pa))), bm.ErrorEllipse(3.0, 1.0, angle))
            np.testing.assert_allclose(
                c.covariance(np.array([5])), [[east, north, cross]], atol=1e-14
            )
            assert not c.circular

    def test_pair_is_ra_then_dec(self):
        c = catalog(columns(), ("sigma", 0.5))
        np.testing.assert_allclose(c.covariance()[7], [SIGMA[7] ** 2, 0.25, 0])
        assert not c.circular and catalog(columns(), (1.0, 1.0)).circular

    def test_error_radius_has_the_area_of_the_ellipse(self):
        c = catalog(columns(), bm.ErrorEllipse(8.0, 2.0, 33.0))
        np.testing.assert_allclose(errors.error_radius(c.covariance()), 4.0)


def test_some_rows_of_a_catalogue_without_identifiers_can_be_corrected():
    whole = bm.Catalog(
        {"RA": [10.0, 20.0, 30.0], "DEC": [1.0, 2.0, 3.0]}, name="X", pos_err=1.0, area=1.0
    )
    part = whole.subset(np.array([2, 0]))
    moved = part.corrected(part.ra + 1.0, part.dec, 2.0, 0.0)
    assert moved.ra.tolist() == [31.0, 11.0] and moved.ids(np.arange(2)).tolist() == [2, 0]
    assert moved.id_name == "ID" and moved.covariance()[:, 0].tolist() == [4.0, 4.0]


class TestRead:
    def table(self):
        return Table(
            {
                "ID": [f"s{i}" for i in range(N)],
                "RA": RA,
                "DEC": DEC,
                "sigma": SIGMA,
                "mag": MaskedColumn(RA * 0 + 20, mask=SIZE % 3 == 0),
            },
            meta={"SKYAREA": 2.0},
        )

    def check(self, path, name="x_1", **options):
        c = bm.Catalog.read(path, pos_err="sigma", **options)
        np.testing.assert_allclose(c.ra, RA, rtol=1e-15)
        np.testing.assert_allclose(sigma_of(c), SIGMA, rtol=1e-15)
        assert c.ids(np.array([3]))[0] == "s3" and c.area == 2.0 and c.name == name
        np.testing.assert_array_equal(np.isnan(c.magnitudes("mag")), SIZE % 3 == 0)
        return c

    @pytest.mark.parametrize("ending", ["fits", "fits.gz", "FIT"])
    def test_fits(self, tmp_path, ending):
        path = tmp_path / f"x-1.{ending}"
        self.table().write(path, format="fits")
        self.check(path)

    @pytest.mark.parametrize("ending", ["fits", "fits.gz"])
    def test_fits_with_the_table_behind_an_image_and_its_own_name(self, tmp_path, ending):
        path = tmp_path / f"x.{ending}"
        hdus = [
            fits.PrimaryHDU(np.zeros((3, 3))),
            fits.ImageHDU(np.ones(5)),
            fits.table_to_hdu(self.table()),
            fits.table_to_hdu(Table({"a": [1]})),
        ]
        hdus[2].header["EXTNAME"] = "XMM 2"
        fits.HDUList(hdus).writeto(path)
        self.check(path, name="XMM_2")
        assert bm.Catalog.read(path, pos_err=1.0, name="MINE").name == "MINE"

    def test_fits_ascii_table_and_null_integers(self, tmp_path):
        path = tmp_path / "a.fits"
        fits.TableHDU.from_columns(
            [fits.Column("RA", "D25.17", array=RA), fits.Column("DEC", "D25.17", array=DEC)]
        ).writeto(path)
        np.testing.assert_allclose(bm.Catalog.read(path, pos_err=1, area=1).ra, RA, rtol=1e-15)
        Table(
            {"RA": RA, "DEC": DEC, "ID": MaskedColumn(SIZE, mask=SIZE == 4, fill_value=-1)}
        ).write(path, overwrite=True)
        with pytest.raises(ValueError, match="'ID' is missing in row 4"):
            bm.Catalog.read(path, pos_err=1, area=1).check_primary_ids()

    def test_votable(self, tmp_path):
        path = tmp_path / "x-1.vot"
        self.table().write(path, format="votable")
        self.check(path, area=2.0)

    def test_ecsv(self, tmp_path):
        self.table().write(tmp_path / "x-1.ecsv")
        self.check(tmp_path / "x-1.ecsv")

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
    def test_csv_with_empty_cells(self, tmp_path, encoding):
        path = tmp_path / "x-1.csv"
        table = self.table()
        table["ID"].description = None
        table = table["RA", "DEC", "ID", "sigma", "mag"]
        table.write(path)
        path.write_text(path.read_text(), encoding=encoding)
        assert ",\n" in path.read_text()
        self.check(path, area=2.0)

    @pytest.mark.parametrize("dtype", [None, "string", "category", "large"])
    def test_parquet_with_nulls_and_text(self, tmp_path, dtype):
        path = tmp_path / "x-1.parquet"
        frame = self.table().to_pandas()
        frame["when"] = pd.to_datetime(["2020-01-01", None] * (N // 2))
        frame["text"] = ["a", None] * (N // 2)
        frame["yes"] = pd.array([True, None] * (N // 2), dtype="boolean")
        frame["some"] = [[1, 2], None] * (N // 2)
        if dtype == "large":
            import pyarrow as pa

            frame["ID"] = frame["ID"].astype(pd.ArrowDtype(pa.large_string()))
        elif dtype:
            frame["ID"] = frame["ID"].astype(dtype)
        frame.to_parquet(path, index=False)
        with pytest.warns(UserWarning, match=r"left out: 1 column with lists .*: some \(list"):
            c = self.check(path, area=2.0)
        assert "some" not in c.table.colnames
        for name in ("when", "text", "yes"):
            assert c.table[name].mask.tolist() == [False, True] * (N // 2)

    def test_parquet_units(self, tmp_path):
        from pyarrow import parquet

        from bayesmatch.catalogs.formats.arrow import to_arrow

        table = Table(columns())
        table["RA"] = RA / 15 * u.hourangle
        table["DEC"].unit = "deg"
        parquet.write_table(to_arrow(table), tmp_path / "x.parquet")
        np.testing.assert_allclose(
            bm.Catalog.read(tmp_path / "x.parquet", pos_err=1, area=1).ra, RA, rtol=1e-14
        )


def test_mapping_of_pandas_series():
    """Text of pandas 3 and nullable numbers, as in a DataFrame; the index says nothing."""
    frame = pd.DataFrame(
        {
            "ID": ["a", "b"],
            "RA": [1.0, 2.0],
            "DEC": [0.0, 0.5],
            "mag": pd.array([20, None], dtype="Int64"),
        },
        index=[7, 3],
    )
    from_frame, from_mapping = (
        bm.Catalog(table, name="X", pos_err=1.0, area=1.0) for table in (frame, dict(frame.items()))
    )
    assert list(from_mapping.ids(np.arange(2))) == list(from_frame.ids(np.arange(2))) == ["a", "b"]
    np.testing.assert_array_equal(from_mapping.magnitudes("mag"), [20.0, np.nan])
    np.testing.assert_array_equal(from_mapping.ra, from_frame.ra)
