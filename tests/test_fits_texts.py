"""FITS columns of texts of any length, and data that are not those of their checksum."""

import warnings

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.catalogs.formats.reading import read_table

TEXTS = ["abc", "", "NGC 1068", "two  blanks ", "x" * 90]


def write(path, form="PA()", **more):
    n = len(TEXTS)
    columns = [
        fits.Column("ID", "J", array=np.arange(n)),
        fits.Column("RA", "D", array=10.0 + np.arange(n), unit="deg"),
        fits.Column("DEC", "D", array=np.zeros(n)),
        fits.Column("note", form, array=np.array(TEXTS, dtype=object)),
        fits.Column("lc", "PE()", array=np.array([np.arange(k + 1.0) for k in range(n)], object)),
    ]
    hdu = fits.BinTableHDU.from_columns(columns, name="O")
    hdu.header["TUCD4"] = "meta.note"
    hdu.writeto(path, overwrite=True, **more)
    return path


@pytest.mark.parametrize("form", ["PA()", "QA()"])
@pytest.mark.parametrize("ending", [".fits", ".fits.gz"])
def test_texts_of_any_length_are_texts(form, ending, tmp_path):
    path = write(tmp_path / f"o{ending}", form)
    table = read_table(path)
    assert table["note"].dtype.kind == "S"
    assert [text.decode() for text in np.asarray(table["note"])] == TEXTS
    assert table["note"].info.meta == {"ucd": "meta.note"}
    assert [len(cell) for cell in table["lc"]] == [1, 2, 3, 4, 5]  # numbers stay what they are


@pytest.mark.parametrize("ending", ["fits", "vot", "csv", "ecsv", "parquet"])
def test_they_are_written_as_texts_without_a_word(ending, tmp_path):
    o = bm.Catalog.read(write(tmp_path / "o.fits"), pos_err=0.1, area=1.0)
    del o.table["lc"]
    x = bm.Catalog({"RA": [12.0], "DEC": [0.0]}, name="X", pos_err=1.0, area=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = bm.match(x, o, radius=5, host_fraction=0.5)
        result.write(tmp_path / f"r.{ending}", include_inputs=True)
    found = bm.MatchResult.read(tmp_path / f"r.{ending}").associations
    assert found["O_note"].tolist()[-1] == "NGC 1068"


@pytest.mark.parametrize("text", ["é".encode(), "é".encode("latin-1") + b"x", b"a\0b"])
def test_letters_that_are_not_ascii(text, tmp_path):
    path = write(tmp_path / "o.fits")
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"abc", text.ljust(3, b"\0"), 1))
    assert np.asarray(read_table(path)["note"])[0] == text.split(b"\0")[0]


def test_long_texts_do_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("bayesmatch.catalogs.formats.fits_texts.MOST_BYTES", 100)
    assert read_table(write(tmp_path / "o.fits"))["note"].tolist() == TEXTS


def test_data_that_are_not_those_of_the_checksum_are_told(tmp_path):
    try:
        path = write(tmp_path / "o.fits", checksum=True)
    except ValueError:
        pytest.skip("this Astropy cannot write the checksum of texts in a heap with this NumPy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_table(path)
    raw = bytearray(path.read_bytes())
    with fits.open(path) as hdus:
        raw[hdus[1].fileinfo()["datLoc"] + 3] ^= 1
    path.write_bytes(raw)
    with pytest.warns(UserWarning, match="not those that DATASUM is of: .* get it again"):
        table = read_table(path)
    assert isinstance(table, Table)
