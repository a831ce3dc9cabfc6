"""Values picked out of the pages of Parquet files are those that Arrow reads, or none are."""

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import bayesmatch as bm
from bayesmatch._kernels import pages
from bayesmatch.catalogs.scan import columns, picked

N = 5000


def table(seed=0, **more):
    rng = np.random.default_rng(seed)
    values = {
        "RA": rng.random(N),
        "DEC": rng.random(N),
        "mag": np.round(rng.normal(20, 1, N), 2).astype(np.float32),
        "few": rng.integers(0, 3, N).astype(np.int32),
        "one": np.full(N, 7.5),
        "runs": np.repeat(rng.integers(-(1 << 40), 1 << 40, N // 50), 50),
        "not_a_number": np.where(rng.random(N) < 0.5, np.nan, rng.random(N)),
    }
    return pa.table(values | more)


def data_set(folder, data, **options):
    path = folder / "survey.parquet"
    parquet.write_table(data, path, row_group_size=N // 2, **options)
    return bm.Catalog.scan(path, name="S", pos_err=0.1, area=1.0).data_set


def wanted(seed=1):
    return np.sort(np.random.default_rng(seed).choice(N, N // 20, replace=False))


def taken(survey, rows, names):
    """The columns that are picked, after both ways of reading were found to agree."""
    whole = columns.fetch(survey, rows, names)
    expected = parquet.read_table(survey.parts[0].path, columns=names).take(rows)
    assert whole.schema.names == names
    for name in names:
        a, b = (t[name].combine_chunks() for t in (whole, expected))
        assert a.type == b.type
        assert a.to_numpy(zero_copy_only=False).tobytes() == b.to_numpy(False).tobytes()
    return picked.picked_columns(survey.parts[0], [0, 1], rows, names)


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_as_arrow_reads_them(tmp_path, compression, version, dictionary):
    survey = data_set(
        tmp_path,
        table(),
        compression=compression,
        data_page_version=version,
        use_dictionary=dictionary,
        data_page_size=2000,
        write_page_checksum=version == "1.0",
    )
    names = table().column_names
    assert list(taken(survey, wanted(), names)) == names


def test_first_last_and_none_of_a_group(tmp_path):
    survey = data_set(tmp_path, table(), data_page_size=3000)
    for rows in ([0], [N - 1], [0, N // 2 - 1, N // 2, N - 1], [3, 4, 5]):
        assert list(taken(survey, np.array(rows), ["mag", "few"])) == ["mag", "few"]


def test_a_dictionary_that_grew_too_large_for_the_rest_of_a_column(tmp_path):
    """Arrow writes plain values from there on."""
    survey = data_set(tmp_path, table(), dictionary_pagesize_limit=1000, data_page_size=1000)
    assert list(taken(survey, wanted(), ["RA", "mag"])) == ["RA", "mag"]


def test_required_columns_have_no_levels(tmp_path):
    schema = pa.schema([pa.field(f.name, f.type, nullable=False) for f in table().schema])
    survey = data_set(tmp_path, table().cast(schema))
    assert list(taken(survey, wanted(), ["mag", "runs"])) == ["mag", "runs"]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([None if k % 7 == 0 else float(k) for k in range(N)]),
        pa.array([str(k % 9) for k in range(N)]),
        pa.array(np.arange(N).astype(np.int16)),
        pa.array([k % 2 == 0 for k in range(N)]),
    ],
    ids=["missing", "text", "int16", "truth"],
)
def test_other_columns_are_left_to_arrow(tmp_path, column):
    survey, rows = data_set(tmp_path, table(x=column)), wanted()
    whole = columns.fetch(survey, rows, ["mag", "x"])
    assert whole["x"].to_pylist() == column.take(pa.array(rows)).to_pylist()
    assert "x" not in picked.picked_columns(survey.parts[0], [0, 1], rows, ["mag", "x"])


def test_other_encodings_are_left_to_arrow(tmp_path):
    split = {"mag": "BYTE_STREAM_SPLIT"}
    survey = data_set(tmp_path, table(), use_dictionary=False, column_encoding=split)
    assert taken(survey, wanted(), ["mag"]) == {}


def test_most_rows_are_left_to_arrow(tmp_path):
    survey = data_set(tmp_path, table())
    assert taken(survey, np.arange(0, N, 2), ["mag"]) == {}


def test_damage_is_told_as_ever(tmp_path):
    survey = data_set(tmp_path, table(), write_page_checksum=True, compression="none")
    part = survey.parts[0]
    begin, size = part.spans["RA"][0]
    raw = bytearray(part.path.read_bytes())
    raw[begin + size - 9] ^= 1
    part.path.write_bytes(raw)
    survey = bm.Catalog.scan(part.path, name="S", pos_err=0.1, area=1.0).data_set
    with pytest.raises(ValueError, match=r"survey\.parquet.*damaged"):
        columns.fetch(survey, wanted(), ["RA"])


@pytest.mark.parametrize("seed", range(30))
def test_a_page_with_any_byte_changed_gives_an_array_or_is_left_to_arrow(tmp_path, seed):
    survey = data_set(tmp_path, table(), compression="none", data_page_size=2000)
    part, rng = survey.parts[0], np.random.default_rng(seed)
    chunk = picked._chunk(parquet.ParquetFile(part.path), 0, "mag")
    data = bytearray(part.path.read_bytes()[chunk.begin : chunk.begin + chunk.size])
    for at in rng.integers(0, len(data), 3):
        data[at] = rng.integers(256)
    try:
        found = picked._picked(memoryview(data), chunk, np.arange(0, N // 2, 20))
    except (ValueError, IndexError, OverflowError, pa.ArrowException):
        return
    assert found.dtype == np.float32


def test_heads_that_are_none():
    heads = np.empty((9, 11), np.int64)
    for bad in (b"", b"\x15", b"\x19\x00", b"\x1c" * 9, b"\x15" + b"\xff" * 20, b"\0" * 99):
        assert pages.read_heads(np.frombuffer(bad, np.uint8), 1, heads) == -1
