"""A result as an LSDB catalogue: the same rows and values, whatever partition they are in."""

import subprocess
import sys
import warnings

import desk
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from astropy import units as u
from astropy.table import Table

import bayesmatch as bm

lsdb = pytest.importorskip("lsdb")
from bayesmatch.distributed.from_result import frame_of  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]


@pytest.fixture(scope="module")
def result():
    return desk.matched(*desk.catalogs(*desk.tables()))


def same(frame, table, keys):
    """Every cell of the table, missing ones too, in some order."""
    frame = frame.reset_index(drop=True).sort_values(keys, kind="stable").reset_index(drop=True)
    order = np.lexsort([np.asarray(table[key]) for key in keys[::-1]])
    assert len(frame) == len(table)
    for name in table.colnames:
        column = table[name][order]
        mask = np.ma.getmaskarray(np.ma.asarray(column))
        values = np.ma.getdata(np.ma.asarray(column))
        if values.ndim > 1:
            np.testing.assert_array_equal(np.stack(frame[name].to_numpy()), values)
            continue
        np.testing.assert_array_equal(frame[name].isna().to_numpy()[~mask], False)
        nan = values != values if values.dtype.kind == "f" else np.zeros(len(values), bool)
        assert frame[name].isna().to_numpy()[mask & ~nan].all()
        np.testing.assert_array_equal(frame[name].to_numpy()[~mask & ~nan], values[~mask & ~nan])


def test_cells_as_arrow_has_them(result):
    """What LSDB is given: the same values, missing where they are masked."""
    for table in (result.catalogue(), result.with_inputs()):
        frame = frame_of(table)
        assert frame.columns.tolist() == table.colnames
        same(frame, table, [table.colnames[0]])
        assert all(isinstance(dtype, pd.ArrowDtype) for dtype in frame.dtypes)


@pytest.mark.slow  # LSDB compiles in every process
@pytest.mark.parametrize(
    ("rows", "size", "keys"),
    [("sources", 40, ["XRAY"]), ("associations", 130, ["XRAY", "OPT", "IR"])],
)
def test_partition_by_partition_the_same_rows(result, rows, size, keys):
    made = result.to_lsdb(rows, partition_rows=size)
    table = result.catalogue() if rows == "sources" else result.with_inputs()
    assert made.npartitions > 1
    parts = [made.partitions[k].compute() for k in range(made.npartitions)]
    assert max(map(len, parts)) < len(table)
    frame = pd.concat(parts)
    same(frame, table, keys)
    info = made.hc_structure.catalog_info
    assert (info.ra_column, info.dec_column) == ("XRAY_RA", "XRAY_DEC")
    assert made.margin.hc_structure.catalog_info.margin_threshold == 8.0  # the radius
    assert made.match_meta == result.meta
    gone = np.ma.getmaskarray(table["OPT_ID"])
    assert frame["OPT_ID"].isna().sum() == gone.sum() > 0
    assert frame["OPT_ID"].dtype == pd.ArrowDtype(pa.string())
    if rows == "sources":
        with pytest.raises(ValueError, match="partition_rows is 2, and more rows than that") as no:
            result.to_lsdb(rows, partition_rows=2)
        assert "\n" not in str(no.value)


@pytest.mark.slow
def test_written_as_hats_and_opened(result, tmp_path):
    result.to_lsdb(partition_rows=40, margin=3.0).write_catalog(
        tmp_path / "hats", catalog_name="found"
    )
    again = lsdb.open_catalog(tmp_path / "hats")
    same(again.compute(), result.catalogue(), ["XRAY"])


@pytest.mark.slow
def test_of_a_file(result, tmp_path):
    result.write(tmp_path / "r.parquet")
    found = bm.MatchResult.read(tmp_path / "r.parquet")
    same(found.to_lsdb().compute(), found.catalogue(), ["XRAY"])
    same(found.to_lsdb("associations").compute(), found.associations, ["XRAY", "OPT", "IR"])
    result.write(tmp_path / "bare.parquet", include_inputs=False)
    bare = bm.MatchResult.read(tmp_path / "bare.parquet")
    with pytest.raises(ValueError, match="positions of XRAY are not in this result") as raised:
        bare.to_lsdb("associations")
    assert "\n" not in str(raised.value)
    catalogues = desk.catalogs(*desk.tables())
    whole = bare.to_lsdb("associations", catalogues=catalogues)
    same(whole.compute(), result.with_inputs(), ["XRAY", "OPT", "IR"])


@pytest.mark.slow
def test_positions_that_no_column_has():
    """Hours in the input: degrees are beside them."""
    table = Table(
        {
            "ID": [1, 2, 3],
            "RA": np.array([1.0, 2.0, 3.0]) * u.hourangle,
            "DEC": [0.0, 1.0, 2.0] * u.deg,
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x = bm.Catalog(table, name="X", pos_err=1.0, area=1.0)
    with pytest.warns(UserWarning):
        result = bm.match(
            x,
            bm.Catalog({"ID": [1], "RA": [15.0], "DEC": [0.0]}, name="O", pos_err=1.0, area=1.0),
            radius=5,
        )
    made = result.to_lsdb()
    frame = made.compute().sort_values("X")
    ra = made.hc_structure.catalog_info.ra_column
    np.testing.assert_allclose(frame[ra].to_numpy(float), [15.0, 30.0, 45.0])


@pytest.mark.parametrize(
    ("given", "error"),
    [({"rows": "all"}, ValueError), ({"margin": -1}, ValueError), ({"margin": "x"}, TypeError)],
)
def test_bad_arguments(result, given, error):
    with pytest.raises(error) as raised:
        result.to_lsdb(**given)
    assert "\n" not in str(raised.value)


def test_without_lsdb_one_line_says_what_to_install():
    code = (
        "import sys; sys.modules['lsdb'] = None\n"
        "import bayesmatch as bm\n"
        "try:\n    bm.MatchResult({}, {}, {}).to_lsdb()\n"
        "except ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "bayesmatch.distributed needs LSDB: pip install 'bayesmatch[distributed]'\n"
    )
