"""Tables as people write them, generated: types, masks, units, names, containers and formats.

Whatever comes is read right, or refused in one line that names catalogue and column; what is
written reads back equal; and nothing of what was given is changed. The ordinary run is a short one;
``BAYESMATCH_TABLES=5000 pytest -m slow tests/test_tables_as_people_write_them.py`` is a long one.
"""

import os
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astropy.table import MaskedColumn, QTable, Table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bayesmatch as bm

#: examples: in the ordinary tests, and in the slow one, where BAYESMATCH_TABLES may ask for more
SHORT, MANY = {"in memory": 12, "file": 40}, int(os.environ.get("BAYESMATCH_TABLES", "750"))
LONG = {"in memory": MANY // 12, "file": MANY}
RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck)}
#: what a refusal may be
REFUSALS = (ValueError, TypeError, OSError)
FORMATS = ("fits", "fits.gz", "vot", "ecsv", "csv", "parquet")

POSITIONS = (
    ("RA", "DEC"),
    ("ra", "dec"),
    ("Ra", "Dec"),
    ("RAJ2000", "DEJ2000"),
    ("_RAJ2000", "_DEJ2000"),
    ("ALPHA_J2000", "DELTA_J2000"),
    ("RA_ICRS", "DE_ICRS"),
)
#: spellings, and degrees in one
DEGREES = {None: 1.0, "deg": 1.0, "rad": 180 / np.pi, "arcsec": 1 / 3600, "arcmin": 1 / 60}
#: spellings, and arcsec in one
ARCSEC = {None: 1.0, "arcsec": 1.0, "mas": 1e-3, "deg": 3600.0, "arcmin": 60.0}
IDS = ("ID", "Source", "name", "SOURCE_ID", "designation", "IAUName", "recno")
NAMES = (
    *("mag", "Mag", "a b", "flux (0.5-2 keV)", "é", "Unnamed: 0", "index", "p_any", "ncat", "X"),
    *("O", "X_ID", "O_ID", "RA_1", "e_RA", "col/1", "n" * 70, "n" * 69 + "m", "1", "class", "None"),
    *("Separation_X_O", "a'b", 'a"b', "a,b", "a\nb", "ra_deg", "TUCD1", "match_flag", " lead"),
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=6)
DTYPES = (
    *("?", "i1", "i2", "<i4", ">i4", "i8", "u1", "u2", "u4", "u8", "f2", "<f4", ">f8", "f8"),
    *("c8", "U", "S", "M8[s]", "m8[s]", "O", "rows", "lists", "empty text"),
)


@st.composite
def values(draw, dtype, n):
    """A column of a type, shape (n,) or (n, 2)."""
    if dtype == "empty text":
        return np.array([""] * n)
    if dtype == "U":
        return np.array(draw(st.lists(TEXTS, min_size=n, max_size=n)), dtype=str)
    if dtype == "S":
        words = st.sampled_from([b"", b"a", b"NGC 1068", b"-99", b"true"])
        return np.array(draw(st.lists(words, min_size=n, max_size=n)))
    if dtype == "O":
        things = st.sampled_from([None, "", "a", 1, 2.5, True, np.nan])
        out = np.empty(n, dtype=object)
        out[:] = draw(st.lists(things, min_size=n, max_size=n))
        return out
    if dtype == "lists":
        out = np.empty(n, dtype=object)
        for k in range(n):
            out[k] = list(range(draw(st.integers(0, 3))))
        return out
    if dtype == "rows":
        return np.arange(2.0 * n).reshape(n, 2)
    kind = np.dtype(dtype)
    if kind.kind in "iu":
        ends = np.iinfo(kind)
        some = st.one_of(st.integers(ends.min, ends.max), st.sampled_from([0, 1, ends.max]))
        return np.array(draw(st.lists(some, min_size=n, max_size=n)), dtype=kind)
    if kind.kind in "Mm":
        return np.array(draw(st.lists(st.integers(0, 10**9), min_size=n, max_size=n))).astype(kind)
    if kind.kind == "b":
        return np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    some = st.one_of(
        st.floats(-1e4, 1e4, width=16), st.sampled_from([np.nan, np.inf, -99.0, 99.0, 0.0])
    )
    return np.array(draw(st.lists(some, min_size=n, max_size=n))).astype(kind)


@st.composite
def identifiers(draw, n):
    """Identifiers, all different (which they must be), of every kind."""
    rows = np.arange(n)
    return draw(
        st.sampled_from(
            [
                rows + 10**6,
                (rows + 2**53).astype(np.int64),
                rows.astype(np.uint64) + np.uint64(2**63),
                np.array([f"{k:06d}" for k in rows]),
                np.array([f"{k}E4" for k in rows]),
                np.array([f"0x{k:03x}" for k in rows]),
                np.array([f"Gaia DR3 {k}" for k in rows]),
                np.array([f"é{k}" for k in rows]),
                np.array([f"s{k}".encode() for k in rows]),
                (rows + 1).astype(float),
            ]
        )
    )


@st.composite
def tables(draw):
    """A table, its `pos_err`, and what it should be read as: degrees (n, 2) and arcsec (n,)."""
    n = draw(st.integers(1, 8))
    table, (ra, dec) = Table(), draw(st.sampled_from(POSITIONS))
    at = np.column_stack([10.0 + np.arange(n) * 0.01, -20.0 + np.arange(n) * 0.002])
    unit, kind = draw(st.sampled_from([*DEGREES])), draw(st.sampled_from(["f8", ">f8", "f8", "f8"]))
    for name, degrees in zip((ra, dec), at.T, strict=True):
        table[name] = (degrees / DEGREES[unit]).astype(kind)
        table[name].unit = unit
    sigma = draw(st.sampled_from([0.5, 1.0, 2.0])) * (1 + np.arange(n) % 3)
    if draw(st.booleans()):
        e_unit = draw(st.sampled_from([*ARCSEC]))
        table["e_pos"] = (sigma / ARCSEC[e_unit]).astype(draw(st.sampled_from(["f8", ">f4", "f4"])))
        table["e_pos"].unit = e_unit
        pos_err = "e_pos"
    else:
        pos_err, sigma = 1.0, np.ones(n)
    if draw(st.booleans()):
        table[draw(st.sampled_from(IDS))] = draw(identifiers(n))
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True)):
        column = draw(values(draw(st.sampled_from(DTYPES)), n))
        if draw(st.booleans()) and column.ndim == 1:
            column = MaskedColumn(
                column, mask=draw(st.lists(st.booleans(), min_size=n, max_size=n))
            )
        if name not in table.colnames:
            table[name] = column
    bad = draw(st.sampled_from(["", "", "", "", "nan", "mask", "inf", "text", "beyond"]))
    _spoil(table, draw(st.sampled_from([ra, dec, pos_err])), bad, n)
    return table, pos_err, at, sigma, bad


def _spoil(table, column, bad, n):
    """Make one cell wrong, as bad files have it."""
    if not bad or not isinstance(column, str):
        return
    unit, row = table[column].unit, n - 1
    if bad == "text":
        table[column] = table[column].astype(str)
    elif bad == "mask":
        table[column] = MaskedColumn(table[column], mask=np.arange(n) == row)
    else:
        table[column][row] = {"nan": np.nan, "inf": np.inf, "beyond": 1e7}[bad]
    table[column].unit = unit


def container(table, kind):
    """The same in what people hold tables in."""
    if kind == "QTable":
        return QTable(table)
    if kind == "DataFrame":
        return table.to_pandas()
    return {name: table[name] for name in table.colnames} if kind == "dict" else table


def snapshot(given_table):
    """All bytes of a table in memory."""
    names = list(given_table if isinstance(given_table, dict) else given_table.columns)
    out = []
    for name in names:
        column = given_table[name]
        column = column.to_numpy() if isinstance(given_table, pd.DataFrame) else column
        data = np.asarray(np.ma.getdata(getattr(column, "unmasked", column)))
        mask = np.asarray(getattr(column, "mask", False)) if not callable(
            getattr(column, "mask", None)
        ) else None  # fmt: skip
        raw = repr(data.tolist()) if data.dtype.kind == "O" else data.tobytes()
        out.append((str(name), data.dtype.str, raw, None if mask is None else mask.tobytes()))
    return out


def read_or_refused(call, names, where):
    """The catalogue; None if it is refused, in one line that names it and a column or the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call()
        except REFUSALS as error:
            text = str(error)
    assert text and "\n" not in text, text
    assert any(w in text for w in where), f"names neither catalogue nor file: {text}"
    assert any(str(n) in text or repr(n)[1:-1] in text for n in names), f"names no column: {text}"
    return None


def check_read(catalog, at, sigma, bad):
    """Positions to 0.1 mas and errors to 1e-6, where nothing was wrong with them."""
    if bad or len(catalog) != len(at):  # text of numbers may be read as numbers
        return
    apart = np.hypot((catalog.ra - at[:, 0]) * np.cos(np.radians(at[:, 1])), catalog.dec - at[:, 1])
    assert (apart * 3.6e6 < 0.1).all()
    np.testing.assert_allclose(np.sqrt(catalog.covariance()[:, 0]), sigma, rtol=1e-6)


def same_column(a, b, loose):
    """Equal values and masks; numbers as numbers, all else by its text."""
    masks = [np.broadcast_to(getattr(c, "mask", False), np.shape(c)) for c in (a, b)]
    a, b = (np.asarray(np.ma.getdata(getattr(c, "unmasked", c))) for c in (a, b))
    if a.dtype.kind in "fiu" and b.dtype.kind in "fiu":
        missing = [m | (c != c) for m, c in zip(masks, (a, b), strict=True)]
        return np.array_equal(*missing) and np.array_equal(a[~missing[0]], b[~missing[1]])
    texts = [
        ["" if gone else _text(item) for item, gone in zip(c, np.atleast_1d(m), strict=True)]
        for c, m in zip((a, b), masks, strict=True)
    ]
    return texts[0] == texts[1] and (loose or np.array_equal(*masks))


def _text(item):
    text = item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)
    return "" if text in ("nan", "None", "NaT", "--") else text.strip()


@st.composite
def cases(draw):
    return (
        draw(tables()),
        draw(st.sampled_from(["Table", "Table", "QTable", "DataFrame", "dict"])),
        draw(st.sampled_from(FORMATS)),
    )


def others():
    """What the tables are matched with: an object 0.3 arcsec north of each position."""
    rows = np.arange(8)
    at = {"RA": 10.0 + rows * 0.01, "DEC": -20.0 + rows * 0.002 + 0.3 / 3600}
    return bm.Catalog({"ID": rows, **at}, name="O", pos_err=0.1, area=1.0)


def check_in_memory(case):
    """A table in memory: read, matched, written, read back."""
    (table, pos_err, at, sigma, bad), kind, ending = case
    try:
        given_table = container(table, kind)
    except Exception:  # noqa: BLE001  astropy or pandas cannot hold it
        return
    before = snapshot(given_table)
    catalog = read_or_refused(
        lambda: bm.Catalog(given_table, name="X", pos_err=pos_err, area=1.0),
        table.colnames,
        ["'X'"],
    )
    assert snapshot(given_table) == before, "the table given was changed"
    if catalog is None:
        return
    if not (kind == "DataFrame" and _has_units(table, pos_err)):  # which it cannot hold
        check_read(catalog, at, sigma, bad)
    place = Path(tempfile.mkdtemp())
    try:
        _match_and_write(catalog, place / f"result.{ending}")
    finally:
        shutil.rmtree(place)
    assert snapshot(given_table) == before, "the table given was changed by a match"


def _match_and_write(catalog, path):
    told = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = bm.match(catalog, others(), radius=5.0, host_fraction=0.7)
            result.write(path, include_inputs=True)
        except REFUSALS as error:
            text = str(error)
            assert "\n" not in text and any(w in text for w in ("'X'", path.name, "X_")), text
            assert not list(path.parent.iterdir()), "refused, and something was written"
            return
        told = " ".join(str(w.message) for w in caught)
    again = bm.MatchResult.read(path)
    for ours, theirs in (
        (result.with_inputs(), again.associations),
        (result.sources, again.sources),
    ):
        assert len(ours) == len(theirs)
        for name in ours.colnames:
            if name not in theirs.colnames:  # shortened, renamed or left out, and said
                assert told, f"column {name!r} is lost without a word"
                continue
            loose = str(path).endswith("csv")  # an empty text is a missing one
            assert same_column(ours[name], theirs[name], loose) or name in told, (
                f"{name!r}: {ours[name].tolist()} was read back as {theirs[name].tolist()}"
            )


def check_file(case):
    """A file that astropy wrote: read as the table in memory is, and not touched."""
    (table, pos_err, at, sigma, bad), _, ending = case
    place = Path(tempfile.mkdtemp())
    try:
        path = place / f"cat.{ending}"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                table.write(path, format={"vot": "votable", "csv": "ascii.csv"}.get(ending))
        except Exception:  # noqa: BLE001  astropy cannot write it
            return
        before = path.read_bytes()
        catalog = read_or_refused(
            lambda: bm.Catalog.read(path, name="X", pos_err=pos_err, area=1.0),
            table.colnames,
            ["'X'", path.name],
        )
        assert path.read_bytes() == before and list(place.iterdir()) == [path]
        # a CSV has no units: what was written in others is read as degrees, or refused
        if catalog is not None and not (ending == "csv" and _has_units(table, pos_err)):
            check_read(catalog, at, sigma, bad)
    finally:
        shutil.rmtree(place)


def _has_units(table, pos_err):
    """Whether it has other units than those of bare numbers."""
    units = {name: str(table[name].unit or "") for name in table.colnames}
    error = units.pop(pos_err, "")
    return error not in ("", "arcsec") or not {*units.values()} <= {"", "deg"}


CHECKS = {"in memory": check_in_memory, "file": check_file}
#: NumPy warns of the fill value of masked half-precision numbers while a table is made
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")


@pytest.mark.parametrize("check", CHECKS)
def test_some(check):
    settings(max_examples=SHORT[check], derandomize=True, database=None, **RELAXED)(
        given(cases())(CHECKS[check])
    )()


@pytest.mark.full
@pytest.mark.parametrize("check", CHECKS)
def test_many(check):
    same = "BAYESMATCH_TABLES" not in os.environ  # asked for, others are tried every time
    settings(max_examples=LONG[check], derandomize=same, database=None, **RELAXED)(
        given(cases())(CHECKS[check])
    )()
