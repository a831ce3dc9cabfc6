"""Tables of pandas, polars and Arrow, and what their cells may be; identifiers kept as they are."""

import datetime
import decimal
import uuid
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from astropy.table import Table
from pyarrow import feather, parquet

import bayesmatch as bm

N = 12
RA, DEC, ID = 10.0 + np.arange(N), 0.5 * np.arange(N) - 1.0, 100 + np.arange(N)
i = np.arange(N)
HALF = [1.5, None] * (N // 2)


def catalog(table, **options):
    return bm.Catalog(table, name="A", pos_err=1.0, area=1.0, **options)


def plain(column):
    """The values of a column as a list, None where masked."""
    return np.ma.asarray(column).tolist()


class NotArrow:
    """What hands out Arrow's data, as frames of polars do."""

    def __init__(self, data):
        self.data = data

    def __arrow_c_stream__(self, requested_schema=None):
        return self.data.__arrow_c_stream__(requested_schema)


D = decimal.Decimal
CELLS = {
    "decimal": (pa.array([D("1.50000000123"), None] * (N // 2)), [1.50000000123, None] * (N // 2)),
    "whole decimal": (pa.array([D(2**60 + 1)] * N, pa.decimal128(20, 0)), [2**60 + 1] * N),
    "null": (pa.nulls(N), [None] * N),
    "half": (pa.array(np.array([1.5] * N, "f2")), [1.5] * N),
    "half null": (pa.array([np.float16(1.5), None] * (N // 2), pa.float16()), HALF),
    "string_view": (pa.array(["a", None] * (N // 2), pa.string_view()), ["a", None] * (N // 2)),
    "large_string": (pa.array(["a", None] * (N // 2), pa.large_string()), ["a", None] * (N // 2)),
    "dictionary": (pa.array(["a", None] * (N // 2)).dictionary_encode(), ["a", None] * (N // 2)),
    "dictionary of numbers": (pa.array(HALF).dictionary_encode(), HALF),
    "runs": (pc.run_end_encode(pa.array([1.5, 1.5, None] * (N // 3))), [1.5, 1.5, None] * (N // 3)),
    "binary": (pa.array([b"a", None] * (N // 2)), ["a", None] * (N // 2)),
    "uuid": (
        pa.array([uuid.UUID(int=7).bytes] * N, pa.binary(16)),
        [uuid.UUID(int=7).hex] * N,
    ),
    "bool": (pa.array([True, None] * (N // 2)), [True, None] * (N // 2)),
    "uint64": (pa.array([2**64 - 1, None] * (N // 2), pa.uint64()), [2**64 - 1, None] * (N // 2)),
    "date": (pa.array([datetime.date(2020, 1, 2)] * N), ["2020-01-02"] * N),
    "timestamp": (
        pa.array([datetime.datetime(2020, 1, 2, 3)] * N, pa.timestamp("us", "UTC")),
        ["2020-01-02 03:00:00+00:00"] * N,
    ),
    "fixed list": (pa.array([[1.0, 2.0]] * N, pa.list_(pa.float64(), 2)), [[1.0, 2.0]] * N),
    "fixed list null": (
        pa.array([[1.0, 2.0], None] * (N // 2), pa.list_(pa.float64(), 2)),
        [[1.0, 2.0], [None, None]] * (N // 2),
    ),
}
NESTED = {
    "list": pa.array([[1.0, 2.0]] * N),
    "list null": pa.array([[1.0], None] * (N // 2)),
    "large_list": pa.array([[1.0]] * N, pa.large_list(pa.float64())),
    "struct": pa.array([{"a": 1}] * N),
    "nested": pa.array([{"t": [1.0], "m": [3.0]}] * N),
    "map": pa.array([[("a", 1)]] * N, pa.map_(pa.string(), pa.int64())),
}


def base(**more):
    return pa.table({"ID": ID, "RA": RA, "DEC": DEC, **more})


@pytest.mark.parametrize("way", ["read", "scan", "given", "stream"])
@pytest.mark.parametrize("cells, values", CELLS.values(), ids=CELLS)
def test_cells_of_arrow(cells, values, way, tmp_path):
    data = base(x=cells)
    if way in ("given", "stream"):
        c = catalog(data if way == "given" else NotArrow(data))
        assert plain(c.table["x"]) == values
        return
    try:
        parquet.write_table(data, tmp_path / "a.parquet")
    except pa.lib.ArrowNotImplementedError:
        pytest.skip("this Arrow cannot write such a column")
    c = getattr(bm.Catalog, way)(tmp_path / "a.parquet", pos_err=1.0, area=1.0)
    assert plain(c.input_rows(i)["x"]) == values
    if way == "scan":  # some rows out of order
        rows = np.array([5, 2, 2, 11])
        assert plain(c.input_rows(rows)["x"]) == [values[k] for k in rows]


@pytest.mark.parametrize("cells", NESTED.values(), ids=NESTED)
def test_nested_cells_are_left_out(cells, tmp_path):
    path = tmp_path / "a.parquet"
    parquet.write_table(base(x=cells, y=RA), path)
    with pytest.warns(UserWarning, match=r"a.parquet: left out: 1 column with lists .*: x \("):
        c = bm.Catalog.read(path, pos_err=1.0, area=1.0)
    assert c.table.colnames == ["ID", "RA", "DEC", "y"]
    with pytest.warns(UserWarning, match="catalogue 'A': left out: 1 column with lists"):
        assert catalog(base(x=cells)).table.colnames == ["ID", "RA", "DEC"]
    with pytest.warns(UserWarning, match=r"a.parquet: left out: 1 column with lists .*: x \("):
        scanned = bm.Catalog.scan(path, pos_err=1.0, area=1.0)
    assert scanned.input_rows(i[:3]).colnames == ["ID", "RA", "DEC", "y"]


def test_long_lists_are_not_read(tmp_path):
    path = tmp_path / "a.parquet"
    parquet.write_table(base(x=pa.array([np.arange(200_000.0)] * N)), path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bm.Catalog.read(path, pos_err=1.0, area=1.0)
        before = pa.total_allocated_bytes()
        c = bm.Catalog.read(path, pos_err=1.0, area=1.0)
    assert pa.total_allocated_bytes() - before < 1_000_000 and len(c) == N


@pytest.mark.parametrize("column", ["RA", "e", "ID"])
@pytest.mark.parametrize("way", ["read", "scan"])
def test_decimals_that_matter(column, way, tmp_path):
    data = base(e=np.full(N, 0.25))
    at = data.schema.get_field_index(column)
    cells = pa.array([D(str(v)) for v in data.column(column).to_pylist()])
    parquet.write_table(data.set_column(at, column, cells), tmp_path / "a.parquet")
    path = tmp_path / "a.parquet"
    c = getattr(bm.Catalog, way)(path, name="B", pos_err="e", area=1.0)
    primary = catalog({"ID": ID, "RA": RA, "DEC": DEC})
    sources = bm.match(primary, c, radius=5, host_fraction=0.9).sources
    assert sources["B_ID"].tolist() == ID.tolist()


FRAMES = {
    "Int64": (pd.array(np.where(i % 2, None, i), dtype="Int64"), [0, None, 2]),
    "Float64": (pd.array(np.where(i % 2, None, 1.5), dtype="Float64"), [1.5, None, 1.5]),
    "boolean": (pd.array(np.where(i % 2, None, True), dtype="boolean"), [True, None, True]),
    "string": (pd.array(np.where(i % 2, None, "a"), dtype="string"), ["a", None, "a"]),
    "category": (pd.Categorical(np.where(i % 2, None, "a")), ["a", None, "a"]),
    "texts and NA": (np.array([pd.NA, "a"] * (N // 2), dtype=object), [None, "a", None]),
    "integers and NA": (
        np.array([2**60 + 1, pd.NA] * 6, dtype=object),
        [2**60 + 1, None, 2**60 + 1],
    ),
    "integers and NaN": (np.array([7, np.nan] * 6, dtype=object), [7, None, 7]),
    "large integers": (np.array([2**63 + 1, None] * 6, dtype=object), [2**63 + 1, None, 2**63 + 1]),
    "floats": (np.array([1.5, None] * 6, dtype=object), [1.5, None, 1.5]),
    "decimals": (np.array([D("1.5"), None] * 6, dtype=object), [1.5, None, 1.5]),
    "mixed": (np.array(["a", 1, None, 2.5] * 3, dtype=object), ["a", "1", None]),
    "truth": (np.array([True, None] * 6, dtype=object), [True, None, True]),
    "bytes": (np.array([b"a", None] * 6, dtype=object), ["a", None, "a"]),
    "arrow": (pd.array([1.5, None] * 6, dtype="double[pyarrow]"), [1.5, None, 1.5]),
}


@pytest.mark.parametrize("cells, values", FRAMES.values(), ids=FRAMES)
def test_cells_of_pandas(cells, values):
    frame = pd.DataFrame({"ID": ID, "RA": RA, "DEC": DEC})
    frame["x"] = cells
    assert plain(catalog(frame).table["x"])[:3] == values
    if isinstance(cells, np.ndarray):
        given = cells.copy()
        for table in (
            {"RA": RA, "DEC": DEC, "x": given},
            Table({"RA": RA, "DEC": DEC, "x": given}),
        ):
            assert plain(catalog(table).table["x"])[:3] == values
            assert table["x"].dtype == object  # not changed
    ids = (
        catalog(frame, id="x")
        if isinstance(values[0], (str, int)) and values[0] is not True
        else None
    )
    if ids is not None:
        assert ids.ids(i[:1])[0] == values[0]
        assert ids.id_mask[1] == (values[1] is None)


def test_numbers_in_objects():
    ra = np.array([D(str(v)) for v in RA], dtype=object)
    np.testing.assert_array_equal(catalog({"RA": ra, "DEC": DEC.astype(object)}).ra, RA)


def test_an_index_with_a_name_is_a_column():
    frame = pd.DataFrame({"ID": ID, "RA": RA, "DEC": DEC})
    c = catalog(frame.set_index("ID").iloc[::-1])
    assert c.id_name == "ID" and c.ids(i[:2]).tolist() == [ID[-1], ID[-2]]
    assert catalog(frame).table.colnames == ["ID", "RA", "DEC"]
    twice = frame.set_index("ID", drop=False)
    assert catalog(twice).table.colnames == ["ID", "RA", "DEC"]


@pytest.mark.parametrize("way", ["read", "scan", "feather", "arrow"])
def test_an_index_that_is_no_column_is_told(way, tmp_path):
    """Of a range pandas keeps the ends alone, in what it says of a file."""
    frame = pd.DataFrame({"RA": RA, "DEC": DEC}, index=pd.RangeIndex(100, 100 + N, name="ID"))
    arrow, path = pa.Table.from_pandas(frame), tmp_path / "a.parquet"
    parquet.write_table(arrow, path)
    feather.write_feather(arrow, tmp_path / "a.feather")
    options = {"name": "A", "pos_err": 1.0, "area": 1.0}
    with pytest.warns(UserWarning, match="index 'ID' is no column.*reset_index"):
        if way == "arrow":
            catalog(arrow)
        elif way == "scan":
            bm.Catalog.scan(path, **options)
        else:
            bm.Catalog.read(path if way == "read" else tmp_path / "a.feather", **options)
    parquet.write_table(pa.Table.from_pandas(frame.reset_index()), path)
    assert plain(bm.Catalog.read(path, **options).ids(np.arange(2))) == [100, 101]


def test_what_is_no_table():
    """Also a single column, which hands out Arrow's data as tables do."""
    for given in (base().to_pandas()["RA"], NotArrow(pa.chunked_array([RA])), list(RA), 3.0):
        with pytest.raises(TypeError, match="catalogue 'A': the table is a .*; give an astropy"):
            catalog(given)


def test_half_precision_is_no_position():
    with pytest.raises(ValueError, match="'A': column 'RA' is stored in half precision"):
        catalog({"RA": RA.astype("f2"), "DEC": DEC})


def test_nested_frames_are_told():
    npd = pytest.importorskip("nested_pandas")
    frame = npd.NestedFrame({"ID": ID, "RA": RA, "DEC": DEC})
    inner = pd.DataFrame({"t": np.arange(2.0 * N)}, index=np.repeat(frame.index, 2))
    with pytest.warns(UserWarning, match="left out: 1 column with tables in the cells: lc"):
        c = catalog(frame.join_nested(inner, "lc"))
    assert c.table.colnames == ["ID", "RA", "DEC"]


def test_columns_of_arrow_in_a_mapping():
    c = catalog({"ID": pa.array(ID), "RA": pa.chunked_array([RA[:5], RA[5:]]), "DEC": DEC})
    np.testing.assert_array_equal(c.ra, RA)


def test_polars():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"ID": ["a", None] * 6, "RA": RA, "DEC": DEC, "m": HALF})
    c = catalog(frame)
    assert plain(c.table["ID"]) == ["a", None] * 6 and plain(c.table["m"]) == HALF
    assert plain(catalog({name: frame[name] for name in frame.columns}).table["m"]) == HALF


# Identifiers

LARGE = 4315949800534220000 + 7 * np.arange(40)


def large(ids):
    return {"source_id": ids, "RA": np.arange(len(ids)) * 1.0, "DEC": np.zeros(len(ids))}


@pytest.mark.parametrize(
    "ids, power",
    [
        (LARGE.astype(float), 53),
        (LARGE.astype(">f8"), 53),
        (np.where(np.arange(40) == 7, np.nan, LARGE.astype(float)), 53),
        (np.ma.masked_equal(LARGE.astype(float), float(LARGE[0])), 53),
        ((2**24 + np.arange(40)).astype("f4"), 24),
        (LARGE.astype(float).astype(object), 53),
        (LARGE.astype(np.uint64) * 1.0 + 2.0**63, 53),
    ],
)
def test_identifiers_that_were_floats(ids, power):
    with pytest.raises(ValueError, match=rf"'source_id' is .* above 2\^{power} are not exact"):
        catalog(large(ids))


def test_identifiers_that_were_floats_in_a_file(tmp_path):
    table = Table(large(LARGE.astype(float)))
    for name in ("a.csv", "a.fits", "a.ecsv", "a.vot"):
        kind = {"csv": "ascii.csv", "ecsv": "ascii.ecsv", "vot": "votable"}.get(name[2:])
        table.write(tmp_path / name, format=kind)
        with pytest.raises(ValueError, match=r"'source_id' is 4.3.*e\+18 .* not exact"):
            bm.Catalog.read(tmp_path / name, pos_err=1, area=1)
    data = pa.table(large(LARGE.astype(float)))
    parquet.write_table(data, tmp_path / "a.parquet")
    scanned = bm.Catalog.scan(tmp_path / "a.parquet", name="B", pos_err=1, area=1)
    with pytest.raises(ValueError, match="not exact"):
        bm.match(catalog({"RA": [0.0], "DEC": [0.0]}), scanned, radius=3, host_fraction=0.9)


def test_integers_that_were_floats_are_told():
    with pytest.warns(UserWarning, match="all 40 large identifiers .* multiples of 512"):
        catalog(large((LARGE + 4096 * np.arange(40)).astype(float).astype(np.int64)))


@pytest.mark.parametrize(
    "ids",
    [
        LARGE,
        LARGE.astype(np.uint64),
        np.arange(40) * 2**35 + 128 + 2**59,  # Gaia's
        np.arange(40) * 2**40 + 2**62,
        (LARGE[:5]).astype(float).astype(np.int64),
        np.arange(40).astype(float),
        np.ma.masked_equal(np.arange(40).astype(float), 3.0),
        LARGE.astype(str),
        LARGE.astype("S20"),
    ],
)
def test_identifiers_that_are_right(ids):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = catalog(large(ids)).ids(np.array([1, 39 if len(ids) > 30 else 4]))
    assert [str(v) for v in found] == [
        str(int(v)) if isinstance(v, float) else v.decode() if isinstance(v, bytes) else str(v)
        for v in np.ma.getdata(ids)[[1, 39 if len(ids) > 30 else 4]].tolist()
    ]


REPEATED = {
    "integers": ID.copy(),
    "unsigned": ID.astype(np.uint64),
    "text": ID.astype(str),
    "bytes": ID.astype("S5"),
}


@pytest.mark.parametrize("ids", REPEATED.values(), ids=REPEATED)
@pytest.mark.parametrize("way", ["held", "scan"])
def test_repeated_identifiers_are_told(ids, way, tmp_path):
    ids = ids.copy()
    ids[[4, 9]] = ids[2]
    other = {"ID": ids, "RA": RA, "DEC": DEC}
    if way == "scan":
        parquet.write_table(pa.table({**other, "ID": ids.tolist()}), tmp_path / "a.parquet")
        other = bm.Catalog.scan(tmp_path / "a.parquet", name="B", pos_err=1, area=1)
    else:
        other = bm.Catalog(other, name="B", pos_err=1, area=1)
    says = r"'B': 2 rows have an identifier \(ID\) .* the first is 102 in row 4"
    with pytest.warns(UserWarning, match=says):
        result = bm.match(catalog({"RA": RA, "DEC": DEC}), other, radius=3, host_fraction=0.9)
    assert result.sources["B"].tolist() == i.tolist()
    with warnings.catch_warnings(), pytest.raises(ValueError, match="already in row 2"):
        warnings.simplefilter("ignore")  # of those of the other
        bm.match(
            bm.Catalog(Table({"ID": ids, "RA": RA, "DEC": DEC}), name="P", pos_err=1, area=1),
            other,
            radius=3,
            host_fraction=0.9,
        )


def test_missing_identifiers_are_not_repeated():
    ids = np.ma.masked_less(ID, 104)
    other = bm.Catalog({"ID": ids, "RA": RA, "DEC": DEC}, name="B", pos_err=1, area=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bm.match(catalog({"RA": RA, "DEC": DEC}), other, radius=3, host_fraction=0.9)


@pytest.mark.parametrize(
    "names, found",
    [
        (["name"], "name"),
        (["SOURCE_ID"], "SOURCE_ID"),
        (["Source_Name"], "Source_Name"),
        (["designation"], "designation"),
        (["IAUName"], "IAUName"),
        (["name", "source_id", "designation"], "source_id"),
        (["name", "designation"], "designation"),
        (["recno", "name"], "recno"),
        (["name", "ID"], "ID"),
        (["rename"], "ID"),
    ],
)
def test_names_of_identifiers(names, found):
    c = catalog({"RA": RA, "DEC": DEC, **dict.fromkeys(names, ID)})
    assert c.id_name == found
    assert c.ids(i[:1])[0] == (0 if names == ["rename"] else 100)


def test_two_identifiers():
    with pytest.raises(ValueError, match="2 columns could be the identifier"):
        catalog({"RA": RA, "DEC": DEC, "objid": ID, "source_id": ID})


def test_series_whose_rows_are_in_different_orders():
    """Taken by position, a column that was sorted would give each object another's declination."""
    frame = pd.DataFrame({"RA": [1.0, 2.0, 3.0], "DEC": [3.0, 1.0, 2.0]}, index=["a", "b", "c"])
    ra, dec = frame["RA"], frame["DEC"].sort_values()
    with pytest.raises(
        ValueError, match="'RA' and 'DEC' are pandas Series with different indexes, 'a' and 'b' in"
    ):
        bm.Catalog({"RA": ra, "DEC": dec}, name="A", pos_err=1, area=1)
    together = pd.DataFrame({"RA": ra, "DEC": dec})
    for given in (together, {"RA": ra, "DEC": dec[ra.index]}, {"RA": ra, "DEC": [3.0, 1.0, 2.0]}):
        found = bm.Catalog(given, name="A", pos_err=1, area=1)
        np.testing.assert_array_equal(found.dec, [3.0, 1.0, 2.0])


class Beyond:
    """A column of a type that Arrow has not, as the integers of 128 bits of polars."""

    dtype = "Int128"

    def __arrow_c_stream__(self, requested_schema=None):
        raise pa.ArrowInvalid("Invalid or unsupported format string: '_pli128'")


class FrameWithMore(Beyond):
    """A frame that has such a column."""

    columns = ["RA", "n"]

    def __getitem__(self, name):
        return Beyond() if name == "n" else NotArrow(pa.chunked_array([RA]))


def test_a_type_that_arrow_has_not():
    words = "catalogue 'A': column 'n' is of type Int128, which Arrow has not; convert it or leave"
    with pytest.raises(TypeError, match=words):
        catalog(FrameWithMore())
    with pytest.raises(TypeError, match="the table is a Beyond; give an astropy"):
        catalog(Beyond())
