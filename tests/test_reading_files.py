"""Which table of a file is read, packed files, peculiar FITS and VOTables, paths."""

import bz2
import gzip
import lzma
import os
import warnings
import zipfile

import numpy as np
import pyarrow as pa
import pytest
from astropy.io import fits
from astropy.table import Table
from pyarrow import feather, parquet

import bayesmatch as bm
from bayesmatch.catalogs.formats.reading import read_table
from bayesmatch.catalogs.paths import given_path

N = 7
RA, DEC, ID = 10.0 + np.arange(N), 0.5 * np.arange(N) - 1.0, 2**60 + 7 * np.arange(N)


def table(**more):
    return Table({"ID": ID, "RA": RA, "DEC": DEC, **more})


def read(path, **options):
    return bm.Catalog.read(path, pos_err=1.0, area=1.0, **options)


def check(c, n=N):
    np.testing.assert_array_equal(c.ra, RA[:n])
    np.testing.assert_array_equal(c.dec, DEC[:n])
    np.testing.assert_array_equal(c.ids(np.arange(n)), ID[:n])


def write(path):
    t = table()
    for column in ("RA", "DEC"):
        t[column].unit = "deg"
    if path.suffix in (".feather", ".arrow", ".parquet"):
        data = pa.table({name: np.asarray(t[name]) for name in t.colnames})
        if path.suffix == ".arrow":
            with pa.ipc.new_stream(path, data.schema) as stream:
                stream.write_table(data)
        elif path.suffix == ".parquet":
            parquet.write_table(data, path)
        else:
            feather.write_feather(data, path)
    else:
        kinds = {".vot": "votable", ".csv": "ascii.csv", ".ecsv": "ascii.ecsv", ".txt": "ascii"}
        t.write(path, format=kinds.get(path.suffix, "fits"))


def zipped(content):
    import io

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("some/table", content)
    return out.getvalue()


def zstandard(content):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as file:
        file.write(content)
    return sink.getvalue().to_pybytes()


PACKERS = {
    "": lambda content: content,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zip": zipped,
    ".zst": zstandard,
}
ENDINGS = (".fits", ".vot", ".csv", ".ecsv", ".txt", ".parquet", ".feather", ".arrow", ".fts")


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_packed(packed, ending, tmp_path):
    plain = tmp_path / f"first{ending}"
    write(plain)
    path = tmp_path / f"my table{ending}{packed}"
    path.write_bytes(PACKERS[packed](plain.read_bytes()))
    c = read(path)
    check(c)
    assert c.name == ("first" if c.table.meta.get("EXTNAME") else "my_table")
    # By its content, whatever its name.
    if packed and ending not in (".arrow", ".txt", ".csv"):
        other = tmp_path / "another"
        other.write_bytes(path.read_bytes())
        check(read(other))


def test_name_of_a_file_whose_ending_says_nothing(tmp_path):
    write(tmp_path / "x.fits")
    os.rename(tmp_path / "x.fits", tmp_path / "x.cat")
    check(read(tmp_path / "x.cat"))


CONTENT = {
    "page": ("p.fits", b"<!DOCTYPE html><html>404</html>", "page of HTML"),
    "compress": ("p.fits.Z", b"\x1f\x9d\x90abc", "gunzip"),
    "sheet": ("p.xlsx", None, "spreadsheet"),
    "archive": ("p.zip", None, "archive of 2 files"),
    "json": ("p.json", b'{"a": 1}', "unknown table format"),
    "numpy": ("p.npy", b"\x93NUMPY\x01\0", "unknown table format"),
    "cut gzip": ("p.csv.gz", gzip.compress(b"RA,DEC\n1,2\n" * 99)[:-9], "cannot be read as csv"),
    "server": (
        "p.vot",
        b'<?xml version="1.0"?><VOTABLE version="1.4" '
        b'xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">'
        b'<INFO name="QUERY_STATUS" value="ERROR">Column ra2 unknown</INFO></RESOURCE></VOTABLE>',
        "error of a server: Column ra2 unknown",
    ),
}


@pytest.mark.parametrize("name, content, says", CONTENT.values(), ids=CONTENT)
def test_no_tables(name, content, says, tmp_path):
    path = tmp_path / name
    if content is None:
        with zipfile.ZipFile(path, "w") as archive:
            for inner in ("xl/workbook.xml", "a") if name.endswith("xlsx") else ("a", "b"):
                archive.writestr(inner, "x")
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=says) as caught:
        read(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "told, says",
    [
        (
            '<INFO name="QUERY_STATUS" value="OVERFLOW"/>',
            "3 rows at its limit",
        ),
        ('<INFO name="QUERY_STATUS" value="ERROR">no memory</INFO>', "with an error .*: no memory"),
    ],
)
def test_what_a_server_cut_off_is_told(told, says, tmp_path):
    path = tmp_path / "cut.vot"
    Table({"RA": [1.0, 2.0, 3.0], "DEC": [1.0, 2.0, 3.0]}).write(path, format="votable")
    status = '<INFO name="QUERY_STATUS" value="OK"/>'
    text = path.read_text().replace("<TABLE>", status + "<TABLE>")
    path.write_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read_table(path)) == 3
    path.write_text(text.replace("</RESOURCE>", told + "</RESOURCE>"))
    with pytest.warns(UserWarning, match=says):
        assert len(read_table(path)) == 3


# Which table


@pytest.fixture
def several(tmp_path):
    path = tmp_path / "many tables.fits"
    gti = Table({"START": [0.0], "STOP": [1.0]}, meta={"EXTNAME": "GTI"})
    few = table()[:3]
    few.meta["EXTNAME"] = "CCD1"
    every = table()
    every.meta["EXTNAME"] = "ALL"
    fits.HDUList([fits.PrimaryHDU(), *(fits.table_to_hdu(t) for t in (gti, few, every))]).writeto(
        path
    )
    return path


def test_the_first_table_with_positions(several):
    with pytest.warns(UserWarning, match=r"2 CCD1 is read, not 3 ALL: say which behind"):
        check(read(several), 3)


@pytest.mark.parametrize("hdu", [3, "3", "ALL", "all", np.int64(3)])
def test_the_table_named(several, hdu):
    c = read(several, hdu=hdu)
    check(c)
    assert c.name == "ALL" and c.read_from == (str(several),)


@pytest.mark.parametrize("spelling", ["#3", "[3]", "#ALL", "[ALL]", "[all]", "+3"])
def test_the_table_in_the_path(several, spelling):
    c = read(f"{several}{spelling}")
    check(c)
    assert c.name == "ALL" and c.read_from == (str(several),)


def test_the_table_with_the_columns_that_are_named(several):
    t = table()
    t.rename_columns(["RA", "DEC"], ["x", "y"])
    with fits.open(several, mode="append") as hdus:
        hdus.append(fits.table_to_hdu(t))
    check(read(several, ra="x", dec="y"))


def test_a_file_of_that_very_name(several):
    path = several.with_name("many tables.fits#3")
    one = table()[:2]
    one.write(path, format="fits")
    assert len(read(path)) == 2


def test_no_table_with_positions(tmp_path):
    path = tmp_path / "x.fits"
    gti = fits.table_to_hdu(Table({"START": [0.0], "STOP": [1.0]}))
    other = fits.table_to_hdu(Table({"a": [0.0]}, meta={"EXTNAME": "OTHER"}))
    fits.HDUList([fits.PrimaryHDU(), gti, other]).writeto(path)
    with pytest.raises(ValueError, match=r"none of its 2 .*1 \(START, STOP\); 2 OTHER \(a\)"):
        read(path)
    with pytest.raises(ValueError, match=r"no table 5; its tables are 1 .* hdu= \(--hdu"):
        read(path, hdu=5)
    with pytest.raises(TypeError, match="hdu is 1.5; give the number or the name"):
        read(path, hdu=1.5)
    assert read_table(path, bm.catalogs.formats.asked.Asked(positions=False)).colnames == [
        "START",
        "STOP",
    ]


def test_ldac(tmp_path):
    cards = np.array([["SIMPLE  =                    T".ljust(80)] * 5])
    column = fits.Column("Field Header Card", format="400A", dim="(80,5)", array=cards)
    head = fits.BinTableHDU.from_columns([column], name="LDAC_IMHEAD")
    t = table()
    t.rename_columns(["ID", "RA", "DEC"], ["NUMBER", "ALPHA_J2000", "DELTA_J2000"])
    objects = fits.table_to_hdu(t)
    objects.name = "LDAC_OBJECTS"
    fits.HDUList([fits.PrimaryHDU(), head, objects]).writeto(tmp_path / "x.cat")
    c = read(tmp_path / "x.cat", id="NUMBER")
    check(c)
    assert c.name == "LDAC_OBJECTS"


def test_tables_of_a_votable(tmp_path):
    from astropy.io.votable import tree, writeto

    document = tree.VOTableFile()
    resource = tree.Resource()
    document.resources.append(resource)
    for name, t in (("gti", Table({"a": [1.0]})), ("sources", table())):
        element = tree.TableElement.from_table(document, t)
        element.name = name
        resource.tables.append(element)
    path = tmp_path / "x.vot"
    writeto(document, str(path))
    for given in (path, f"{path}#2", f"{path}#sources", f"{path}[sources]"):
        check(read(given))
    with pytest.raises(ValueError, match="no right ascension"):
        read(path, hdu="gti")
    check(read(f"{path}#sources", hdu="Sources"))
    with pytest.raises(ValueError, match=r"x.vot#2 names table 2, and hdu= .* table 1; give one"):
        read(f"{path}#2", hdu=1)


def test_a_table_deep_in_hdf5(tmp_path):
    """The names that messages give are those that can be given."""
    pytest.importorskip("h5py")
    path = tmp_path / "x.h5"
    Table({"a": [1.0]}).write(path, path="gti")
    table().write(path, path="obs/one/sources", append=True)
    for given in ("obs/one/sources", "/obs/one/sources", "2"):
        check(read(f"{path}#{given}"))
        check(read(f"{path}[{given}]"))
    with pytest.raises(ValueError, match=r"its tables are 1 gti.*; 2 obs/one/sources.*FILE#NAME"):
        read(f"{path}#obs/two")


def test_one_number_in_an_array(tmp_path):
    t = Table({"ID": ID[:, None], "RA": RA[:, None], "DEC": DEC[:, None]})
    t["RA"].unit = "deg"
    path = tmp_path / "x.vot"
    t.write(path, format="votable")
    assert 'arraysize="1"' in path.read_text()
    for c in (read(path), bm.Catalog(t, name="A", pos_err=1, area=1)):
        check(c)
        assert str(c.table["RA"].unit) == "deg"
    assert t["RA"].shape == (N, 1)


# FITS


def make_fits(path, column, cards=()):
    columns = [
        fits.Column(name, kind, array=values)
        for name, kind, values in (("ID", "K", ID), ("RA", "D", RA), ("DEC", "D", DEC))
    ]
    fits.BinTableHDU.from_columns([*columns, column]).writeto(path)
    if cards:  # into the header alone: the numbers are the stored ones
        content = bytearray(path.read_bytes())
        end = content.index(b"END".ljust(80), 2880)
        new = b"".join(card.ljust(80).encode() for card in (*cards, "END"))
        content[end : end + len(new)] = new
        path.write_bytes(content)


SCALE = ("TSCAL4  = 0.5", "TZERO4  = 10.0")
i = np.arange(N)
PECULIAR = {
    "null": (fits.Column("c", "I", null=3, array=i.astype("i2")), (), [0, 1, 2, None, 4, 5, 6]),
    "null of a byte": (
        fits.Column("c", "B", null=3, array=i.astype("u1")),
        (),
        [0, 1, 2, None, 4, 5, 6],
    ),
    "scaled": (fits.Column("c", "I", array=i.astype("i2")), SCALE, (10 + i / 2).tolist()),
    "scaled with a null": (
        fits.Column("c", "J", null=3, array=i.astype("i4")),
        SCALE,
        [10.0, 10.5, 11.0, None, 12.0, 12.5, 13.0],
    ),
    "unsigned": (
        fits.Column("c", "I", bzero=2**15, array=(i + 60000).astype("u2")),
        (),
        (i + 60000).tolist(),
    ),
    "unsigned with a null": (
        fits.Column("c", "I", bzero=2**15, null=3 - 2**15, array=i.astype("u2")),
        (),
        [0, 1, 2, None, 4, 5, 6],
    ),
    "unsigned, long": (
        fits.Column("c", "K", bzero=2**63, array=i.astype("u8") + np.uint64(2**63)),
        (),
        [2**63 + int(k) for k in i],
    ),
    "signed byte": (
        fits.Column("c", "B", bzero=-128, array=(i - 3).astype("i1")),
        (),
        (i - 3).tolist(),
    ),
    "logical": (fits.Column("c", "L", array=i % 2 == 0), (), (i % 2 == 0).tolist()),
    "complex": (fits.Column("c", "M", array=i * 1j), (), (i * 1j).tolist()),
    "array of one": (
        fits.Column("c", "1E", dim="(1)", array=i[:, None] * 1.0),
        (),
        (i * 1.0).tolist(),
    ),
    "array": (fits.Column("c", "2E", array=np.ones((N, 2))), (), [[1.0, 1.0]] * N),
    "texts": (
        fits.Column("c", "6A", dim="(3,2)", array=np.array([["ab", "c"]] * N)),
        (),
        [["ab", "c"]] * N,
    ),
    "text with blanks": (
        fits.Column("c", "4A", array=["a  ", " b", "", "c", "d", "e", "f"]),
        (),
        ["a", " b", "", "c", "d", "e", "f"],
    ),
}


@pytest.mark.parametrize("column, cards, values", PECULIAR.values(), ids=PECULIAR)
def test_peculiar_fits(column, cards, values, tmp_path):
    make_fits(tmp_path / "x.fits", column, cards)
    c = read(tmp_path / "x.fits")
    check(c)
    assert np.ma.asarray(c.table["c"]).tolist() == values


@pytest.mark.parametrize(
    "form, stored, scale, zero, kind",
    [
        ("B", i.astype("u1") * 40, 1, -128, "i1"),
        ("2B", np.stack([i, 250 + i % 5], axis=1).astype("u1"), None, -128.0, "i1"),
        ("I", i.astype("i2") - 3, 2.0, 100, "i8"),
        ("J", i.astype("i4"), -1, None, "i8"),
        ("K", 2**60 + i, 1, 1000, "i8"),  # astropy reads none of the next four
        ("K", i, 2**40, 2**50 + 1, "i8"),
        ("K", i, 0.5, 3, "f8"),
        ("K", 2**62 + i, 4, None, "f8"),
    ],
)
@pytest.mark.parametrize("null", [None, 2])
def test_scaled_whole_numbers_of_fits(form, stored, scale, zero, kind, null, tmp_path):
    """Whole numbers stay such, to the last digit, and signed bytes are bytes."""
    path = tmp_path / "x.fits"
    columns = [fits.Column("RA", "D", array=RA), fits.Column("DEC", "D", array=DEC)]
    hdu = fits.BinTableHDU.from_columns([*columns, fits.Column("c", form, array=stored)])
    for key, value in {"TSCAL3": scale, "TZERO3": zero, "TNULL3": null, "TUNIT3": "mag"}.items():
        if value is not None:
            hdu.header[key] = value
    hdu.writeto(path)
    column = read_table(path)["c"]
    assert column.dtype == np.dtype(kind) and column.unit == "mag"
    missing = np.ma.getmaskarray(np.ma.asarray(column))
    np.testing.assert_array_equal(missing, (stored == null) if null is not None else False)
    exact = stored.astype(object) * (scale or 1) + (zero or 0)
    np.testing.assert_array_equal(np.asarray(column.data)[~missing], exact[~missing].astype(kind))


@pytest.mark.parametrize("form", ["I", "J", "K"])
def test_identifiers_of_fits_are_of_the_machine_in_results(form, tmp_path):
    """FITS numbers are big-endian, which pandas takes for no keys."""
    stored = [fits.Column("RA", "D", array=RA), fits.Column("DEC", "D", array=DEC)]
    stored.append(fits.Column("ID", form, array=i + 1))
    fits.BinTableHDU.from_columns(stored).writeto(tmp_path / "x.fits")
    x, o = (
        bm.Catalog.read(tmp_path / "x.fits", name=name, pos_err=0.5, area=1.0, id="ID")
        for name in "XO"
    )
    o = bm.Catalog(Table(o.table), name="O", pos_err=0.5, area=1.0)
    with pytest.warns(UserWarning, match="only 7 primaries"):
        result = bm.match(x, o, radius=1)
    kind = {"I": np.int16, "J": np.int32, "K": np.int64}[form]
    for found in (result.associations, result.sources):
        assert found["X_ID"].dtype == found["O_ID"].dtype == np.dtype(kind)
    assert result.sources["X_ID"].tolist() == result.sources["O_ID"].tolist() == (i + 1).tolist()


def test_a_column_called_as_pandas_calls_an_index(tmp_path):
    """Astropy writes the name, and takes it for a card of several values when it reads."""
    t = table()
    t["Unnamed: 0"] = np.arange(N)
    t["a.b: 2"] = RA
    t.write(tmp_path / "t.fits")
    found = read_table(tmp_path / "t.fits")
    assert found.colnames == t.colnames
    np.testing.assert_array_equal(found["Unnamed: 0"], np.arange(N))
    check(read(tmp_path / "t.fits"))


def test_positions_as_scaled_integers(tmp_path):
    path = tmp_path / "x.fits"
    columns = [fits.Column("RA", "J", array=i), fits.Column("DEC", "J", array=i)]
    fits.BinTableHDU.from_columns(columns).writeto(path)
    content = path.read_bytes()
    end = content.index(b"END".ljust(80), 2880)
    cards = "".join(c.ljust(80) for c in ("TSCAL1  = 1E-8", "TZERO1  = 150.0", "END")).encode()
    path.write_bytes(content[:end] + cards + content[end + len(cards) :])
    np.testing.assert_allclose(read(path).ra, 150 + i * 1e-8, rtol=0, atol=3e-14)


def test_no_room_for_a_value(tmp_path):
    make_fits(tmp_path / "x.fits", fits.Column("c", "0E"))
    with pytest.warns(UserWarning, match="without room for a value are left out: c"):
        c = read(tmp_path / "x.fits")
    check(c)


def test_ascii_table_in_fits(tmp_path):
    columns = [
        fits.Column("ID", "I20", array=ID),
        fits.Column("RA", "F16.10", array=RA),
        fits.Column("DEC", "F16.10", array=DEC),
    ]
    fits.TableHDU.from_columns(columns).writeto(tmp_path / "x.fits")
    check(read(tmp_path / "x.fits"))


def test_cut_short(tmp_path):
    path = tmp_path / "x.fits"
    table(more=np.ones((N, 900))).write(path)
    path.write_bytes(path.read_bytes()[:-2880])
    for packed in (path, tmp_path / "x.fits.gz"):
        if packed != path:
            packed.write_bytes(gzip.compress(path.read_bytes()))
        with pytest.raises(
            ValueError, match=r"cut short: [0-9,]+ bytes of at least .* get it again"
        ):
            read(packed)


# Paths


def test_home_blanks_and_unicode(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "my cats α"
    folder.mkdir()
    table().write(folder / "x y.fits")
    c = read("~/my cats α/x y.fits")
    check(c)
    assert c.read_from == (str(folder / "x y.fits"),)
    check(read(f"file://{folder}/x y.fits"))
    check(read("~/my cats α/x y.fits#1"))
    data = pa.table({"ID": ID, "RA": RA, "DEC": DEC})
    parquet.write_table(data, folder / "a.parquet")
    scanned = bm.Catalog.scan("~/my cats α", pos_err=1.0, area=1.0)
    assert len(scanned) == N and scanned.read_from == (str(folder),)
    assert given_path("~/x") == tmp_path / "x"


@pytest.mark.parametrize(
    "url", ["http://a.b/x.fits", "https://a.b/x", "ftp://a/x.csv", "s3://b/x.vot"]
)
@pytest.mark.parametrize("call", [bm.Catalog.read, bm.Catalog.scan])
def test_addresses(url, call):
    with pytest.raises(ValueError, match="only local files") as caught:
        call(url, pos_err=1.0, area=1.0)
    assert url in str(caught.value)
    assert ("LSDB" if url.startswith("s3") else "download it first") in str(caught.value)


def test_no_path():
    with pytest.raises(TypeError, match="a path is 3; give the name of a file"):
        read(3)


def test_without_h5py(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "h5py", None)
    path = tmp_path / "x.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(ValueError, match="needs the package h5py"):
        read(path)


def test_hdf5(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "x.h5"
    table().write(path, path="data/sources", format="hdf5")
    with h5py.File(path, "a") as file:
        file.create_dataset("gti", data=np.array([(1.0, 2.0)], dtype=[("a", "f8"), ("b", "f8")]))
    check(read(path))
    check(read(path, hdu="data/sources"))
    columns = tmp_path / "columns.hdf5"
    with h5py.File(columns, "w") as file:
        for name, values in (("ID", ID), ("RA", RA), ("DEC", DEC)):
            file.create_group(f"table/columns/{name}").create_dataset("data", data=values)
    check(read(columns))


def test_nothing_is_warned_of_plain_files(tmp_path):
    for ending in (".fits", ".csv", ".vot", ".ecsv", ".parquet"):
        write(tmp_path / f"x{ending}")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check(read(tmp_path / f"x{ending}"))
