"""What files say of their columns beside them: units, masks, nulls; names; row numbers."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table

import bayesmatch as bm
from bayesmatch.catalogs.formats.holds import written_names
from bayesmatch.catalogs.formats.reading import read_table
from bayesmatch.catalogs.formats.registry import write_table
from bayesmatch.catalogs.scan.parts import first_schema
from bayesmatch.diagnostics.assessment.truth_table import known_answers

N = 30
RA, DEC = 150 + np.arange(N) / 50, np.linspace(1, 2, N)
HOW = {"pos_err": "e", "area": 1.0}
KINDS = [bm.Catalog.read, bm.Catalog.scan]


def in_radians():
    table = Table({"ID": np.arange(N), "RA": np.radians(RA), "DEC": np.radians(DEC)})
    table["e"] = np.full(N, 100.0)
    for name, unit in (("RA", "rad"), ("DEC", "rad"), ("e", "mas")):
        table[name].unit = unit
    return table


def matched(catalog):
    primary = bm.Catalog({"RA": RA, "DEC": DEC}, name="X", pos_err=0.5, area=1.0)
    return bm.match(primary, catalog, radius=5, host_fraction=0.8, errors="given")


@pytest.mark.parametrize("read", KINDS)
@pytest.mark.parametrize("by", ["astropy", "VO"])
def test_units_in_the_metadata_of_parquet(read, by, tmp_path):
    table, path = in_radians(), tmp_path / "o.parquet"
    if by == "astropy":
        table.write(path)
    else:
        pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        fields = "".join(
            f'<FIELD name="{n}" datatype="double" unit="{table[n].unit or ""}"/>'
            for n in table.colnames
        )
        text = f'<VOTABLE xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>{fields}'
        notes = {"IVOA.VOTable-Parquet.content": f"{text}</TABLE></RESOURCE></VOTABLE>"}
        plain = pa.table({n: np.asarray(table[n]) for n in table.colnames})
        parquet.write_table(plain.replace_schema_metadata(notes), path)
    result = matched(read(path, name="O", **HOW))
    assert np.array_equal(result.sources["O"], np.arange(N))
    assert np.allclose(result.sources["Separation_X_O"], 0, atol=1e-6)


@pytest.mark.parametrize("read", KINDS)
def test_masks_beside_the_columns(read, tmp_path):
    table, absent = in_radians(), np.arange(N) % 3 == 0
    table["mag"] = MaskedColumn(np.full(N, 20.0), mask=absent)
    table["RA"] = MaskedColumn(table["RA"], mask=np.arange(N) == 5)
    table.write(tmp_path / "o.parquet")
    with pytest.warns(UserWarning, match="1 of 30 rows has no position"):
        result = matched(read(tmp_path / "o.parquet", name="O", **HOW))
    assert np.flatnonzero(np.asarray(result.sources["O"]) < 0).tolist() == [5]
    joined = result.with_inputs()
    there = np.asarray(joined["O"]) >= 0
    found = np.ma.getmaskarray(joined["O_mag"])[there]
    assert np.array_equal(found, absent[np.asarray(joined["O"])[there]])


def test_metadata_that_cannot_be_read_are_refused(tmp_path):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    plain = pa.table({"RA": RA, "DEC": DEC}).replace_schema_metadata({"table_meta_yaml": "{["})
    parquet.write_table(plain, tmp_path / "o.parquet")
    for read in (read_table, first_schema):
        with pytest.raises(ValueError, match=r"o\.parquet.*units would be lost"):
            read(tmp_path / "o.parquet")


def test_units_and_masks_in_hdf5(tmp_path):
    pytest.importorskip("h5py")
    table = in_radians()
    table["mag"] = MaskedColumn(np.full(N, 20.0), mask=np.arange(N) == 3)
    table.write(tmp_path / "o.hdf5", path="sources", serialize_meta=True)
    catalog = bm.Catalog.read(tmp_path / "o.hdf5", **HOW)
    assert np.allclose(catalog.ra, RA, rtol=1e-14)
    assert np.flatnonzero(catalog.table["mag"].mask).tolist() == [3]


def test_logicals_that_are_neither(tmp_path):
    table = Table({"RA": RA[:3], "DEC": DEC[:3]})
    table["one"] = MaskedColumn([True, False, True], mask=[False, True, False])
    table["two"] = MaskedColumn(np.ones((3, 2), bool), mask=[[0, 0], [0, 1], [0, 0]])
    write_table(table, tmp_path / "o.fits")
    with fits.open(tmp_path / "o.fits") as hdus:
        assert hdus[1].data.view(np.ndarray)["one"].tolist() == [ord("T"), 0, ord("T")]
    back = read_table(tmp_path / "o.fits")
    for name in ("one", "two"):
        assert np.array_equal(back[name].mask, table[name].mask)
        assert back[name].tolist() == table[name].tolist()


def test_no_old_name_finds_another_column():
    names = ["p_any", "O_R", "O_r", "o_R_1", "P_ANY", "single", "O_R_3"]
    new = written_names("fits", names, own=["p_any"])
    assert new[0] == "p_any" and new[5:] == ["single", "O_R_3"]
    lower = [name.lower() for name in new]
    assert len(set(lower)) == len(lower)
    assert "o_r" not in lower
    assert written_names("parquet", names) == names


def test_own_columns_that_differ_by_case_are_refused(tmp_path):
    result = matched(bm.Catalog({"RA": RA, "DEC": DEC + 1e-5}, name="ANY", pos_err=0.1, area=1.0))
    with pytest.raises(ValueError, match="'p_any' and 'p_ANY' differ by case only"):
        result.write(tmp_path / "r.fits")
    result.write(tmp_path / "r.parquet")


def test_row_numbers_in_place_of_repeated_identifiers():
    table = Table({"ID": np.arange(N) // 2, "row": RA, "RA": RA, "DEC": DEC})
    other = bm.Catalog({"RA": RA, "DEC": DEC}, name="O", pos_err=0.1, area=1.0)
    how = {"name": "X", "pos_err": 0.5, "area": 1.0}
    with pytest.raises(ValueError, match=r"15 duplicates.*id='#' \(--id '#:' on"):
        bm.match(bm.Catalog(table, **how), other, radius=5)
    catalog = bm.Catalog(table, id="#", **how)
    result = bm.match(catalog, other, radius=5, host_fraction=0.8, errors="given")
    assert np.array_equal(result.sources["X_row_2"], np.arange(N))
    joined = result.with_inputs()
    assert np.array_equal(joined["X_ID"], np.asarray(table["ID"])[np.asarray(joined["X"])])
    table["#"] = 100 + np.arange(N)
    assert bm.Catalog(table, id="#", **how).ids(np.arange(2)).tolist() == [100, 101]


def test_bytes_that_are_no_utf_8_stay_different():
    ids = np.array([b"J\xe8", b"J\xe9", "Jé".encode()])
    table = Table({"ID": ids, "RA": RA[:3], "DEC": DEC[:3]})
    catalog = bm.Catalog(table, name="X", pos_err=0.5, area=1.0)
    assert catalog.ids(np.arange(3)).tolist() == ["Jè", "Jé", "Jé"]


@pytest.mark.parametrize("kind", ["parquet", "hdf5", "objects"])
def test_such_bytes_in_files_stay_different(kind, tmp_path):
    ids, path = [b"J\xe8", b"J\xe9", b"J\xff"], tmp_path / f"o.{kind}"
    columns = {"ID": np.array(ids, dtype=object), "RA": RA[:3], "DEC": DEC[:3]}
    if kind == "parquet":
        pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pa.table({**columns, "ID": pa.array(ids, pa.binary())}), path)
    elif kind == "hdf5":
        h5py = pytest.importorskip("h5py")
        with h5py.File(path, "w") as file:
            for name, values in columns.items():
                text = {"dtype": h5py.string_dtype("ascii")} if name == "ID" else {}
                file.create_dataset(f"o/{name}", data=values, **text)
    how = {"name": "O", "pos_err": 0.5, "area": 1.0}
    if kind == "objects":
        catalog = bm.Catalog(Table(columns), **how)
    else:
        catalog = bm.Catalog.read(path, **how)
    assert catalog.ids(np.arange(3)).tolist() == ["Jè", "Jé", "Jÿ"]


@pytest.mark.parametrize("ending", ["fits", "parquet"])
def test_a_column_twice_is_named(ending, tmp_path):
    path = tmp_path / f"o.{ending}"
    if ending == "fits":
        Table({"RA": RA, "DEC": DEC, "XX": RA}).write(path)
        path.write_bytes(path.read_bytes().replace(b"'XX      '", b"'RA      '"))
    else:
        pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pa.Table.from_arrays([RA, RA], names=["RA", "RA"]), path)
    with pytest.raises(ValueError, match="two of its columns are called 'RA'; rename one"):
        read_table(path)


@pytest.mark.parametrize("ending", ["fits", "vot", "parquet"])
def test_descriptions_in_the_headers_of_others(ending, tmp_path):
    """TOPCAT and STILTS write them as TCOMM, which astropy leaves in the header."""
    stored = [
        fits.Column("RA", "D", array=RA),
        fits.Column("DEC", "D", array=DEC),
        fits.Column("n", "I", array=np.arange(N), null=-1, bzero=5),
        fits.Column("flag", "L", array=np.arange(N) % 2 == 0),
    ]
    hdu = fits.BinTableHDU.from_columns(stored)
    texts = [f"what column {k} 'is'" for k in range(4)]
    for number, text in enumerate(texts, start=1):
        hdu.header[f"TCOMM{number}"] = text
    hdu.data.view(np.ndarray)["flag"][3] = 0
    hdu.writeto(tmp_path / "o.fits")
    catalog = bm.Catalog.read(tmp_path / "o.fits", name="O", pos_err=0.5, area=1.0)
    assert [catalog.table[n].description for n in ("RA", "DEC", "n", "flag")] == texts
    assert "TCOMM1" not in catalog.table.meta
    matched(catalog).write(tmp_path / f"m.{ending}")
    back = bm.MatchResult.read(tmp_path / f"m.{ending}").associations
    assert [back[f"O_{n}"].description for n in ("RA", "DEC", "n", "flag")] == texts


@pytest.mark.parametrize("kind, number", [("f8", 2.0**60), ("f4", 2.0**25)])
def test_rounded_identifiers_in_known_answers_are_refused(kind, number):
    """They would be those of other objects, or of none, and the match be blamed."""
    truth = {"ID": np.arange(3), "O": np.array([1, 2, number], dtype=kind)}
    with pytest.raises(ValueError, match=r"truth: column 'O' is .* in row 2; floating-point"):
        known_answers(truth)
    truth["O"] = np.arange(3.0)  # whole numbers that a program made floating
    assert known_answers(truth)[1].tolist() == ["0", "1", "2"]
