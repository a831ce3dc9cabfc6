"""Every kind of catalogue answers the same questions, and counts as a Catalog."""

import copy
import pickle

import numpy as np
import pyarrow as pa
import pytest
from astropy.table import Table
from pyarrow import parquet

import bayesmatch as bm
from bayesmatch.catalogs.base import SkyCatalog
from bayesmatch.catalogs.held import HeldCatalog
from bayesmatch.catalogs.scan.candidates import hold_candidates

N, AREA = 400, 2.5
RNG = np.random.default_rng(3)
DATA = {
    "name": np.array([f"s{k:03d}" for k in range(N)]),
    "RA": RNG.uniform(10, 11, N),
    "DEC": RNG.uniform(1, 2, N),
    "err": RNG.uniform(0.1, 0.5, N),
    "minor": RNG.uniform(0.05, 0.1, N),
    "pa": RNG.uniform(0, 180, N),
    "mag": np.where(RNG.random(N) < 0.2, np.nan, RNG.normal(20, 2, N)),
}
SOME = np.arange(5, N, 7)
KINDS = ("memory", "subset", "scanned", "candidates", "partition")
IN_MEMORY = tuple(kind for kind in KINDS if kind != "scanned")
ERRORS = {
    "number": 0.3,
    "column": "err",
    "pair": ("err", "minor"),
    "circles": ("err", "err"),
    "ellipse": bm.ErrorEllipse("err", "minor", "pa"),
}


def scanned_from(folder, pos_err="err", **options):
    parquet.write_table(pa.table(DATA), folder / "a.parquet", row_group_size=50)
    return bm.Catalog.scan(
        folder, name="O", pos_err=pos_err, area=AREA, **{"id": "name", **options}
    )


def candidates_of(scanned, rows):
    primary = bm.Catalog(
        {"RA": DATA["RA"][rows], "DEC": DATA["DEC"][rows]}, name="X", pos_err=1.0, area=1.0
    )
    held = hold_candidates(
        primary,
        scanned,
        0.01,
        columns=None,
        max_rows=10**6,
        advance=lambda rows: None,
        checkpoint=None,
    )
    np.testing.assert_array_equal(held.rows, rows)
    return held


def whole(pos_err="err"):
    return bm.Catalog(DATA, name="O", pos_err=pos_err, area=AREA, id="name")


def make(kind, folder, pos_err="err"):
    """A catalogue of a kind, and the rows of DATA that are at hand (in memory)."""
    if kind == "memory":
        return whole(pos_err), np.arange(N)
    if kind == "subset":
        return whole(pos_err).subset(SOME), SOME
    if kind == "scanned":
        return scanned_from(folder, pos_err), np.arange(N)
    if kind == "candidates":
        return candidates_of(scanned_from(folder, pos_err), SOME), SOME
    pytest.importorskip("lsdb")
    from bayesmatch.distributed.partition import Partition, Survey

    frame = Table(DATA)[SOME].to_pandas()
    return Partition(frame, Survey("O", pos_err, N, AREA, id="name"), "RA", "DEC"), SOME


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", ERRORS)
def test_what_any_catalogue_answers(kind, error, tmp_path):
    c, rows = make(kind, tmp_path, ERRORS[error])
    expected = whole(ERRORS[error])
    assert isinstance(c, bm.Catalog) and isinstance(c, SkyCatalog)
    assert isinstance(c, HeldCatalog) == (kind != "scanned")
    assert len(c) == len(rows) and c.area == AREA and c.name == "O"
    assert c.n_rows == (len(SOME) if kind == "subset" else N)
    assert c.density_deg2 == c.n_rows / AREA
    assert (c.ra_name, c.dec_name, c.id_name) == ("RA", "DEC", "name")
    assert c.error_record == expected.error_record and c.circular == expected.circular
    assert c.columns.existing("mag") == "mag"
    assert len(c.magnitudes("mag")) == len(c.numbers("err")) == len(c.table)  # 0 of a scanned one
    with pytest.raises(ValueError, match="'O' has no column 'nope'"):
        c.columns.existing("nope")
    at = np.array([3, 1])
    np.testing.assert_array_equal(c.held(c.row_numbers(at)), at)
    assert list(c.input_rows(c.row_numbers(at))["name"]) == list(DATA["name"][rows[at]])
    assert c.row_text(3).startswith("row ")


@pytest.mark.parametrize("kind", IN_MEMORY)
@pytest.mark.parametrize("error", ERRORS)
def test_what_a_catalogue_in_memory_answers(kind, error, tmp_path):
    c, rows = make(kind, tmp_path, ERRORS[error])
    expected = whole(ERRORS[error])
    at = np.array([4, 0, 2])
    for part, these in ((c, rows), (c.subset(at), rows[at])):
        every = np.arange(len(part))
        np.testing.assert_array_equal(part.ra, DATA["RA"][these])
        np.testing.assert_array_equal(part.dec, DATA["DEC"][these])
        assert not part.ra.flags.writeable and not part.dec.flags.writeable
        np.testing.assert_array_equal(part.covariance(), expected.covariance(these))
        np.testing.assert_array_equal(part.ids(every), DATA["name"][these])
        np.testing.assert_array_equal(part.magnitudes("mag"), DATA["mag"][these])
        np.testing.assert_array_equal(part.numbers("err"), DATA["err"][these])
        assert part.id_mask is None and part.name == "O" and part.area == AREA
        assert part.density_deg2 == part.n_rows / AREA
        part.check_primary_ids()


@pytest.mark.parametrize("kind", IN_MEMORY)
@pytest.mark.parametrize("error", ERRORS)
def test_corrected_is_what_the_new_columns_make(kind, error, tmp_path):
    """Of every kind: the catalogue that its own table and record of errors would give."""
    c, rows = make(kind, tmp_path, ERRORS[error])
    before = c.covariance()
    new = c.corrected(c.ra - 20.0, c.dec + 0.5, 1.5, 0.2)
    assert type(new) is type(c) and new.n_rows == c.n_rows
    assert new.ra.min() > 349 and new.ra.max() < 352
    given = new.error_record
    again = bm.Catalog(
        new.table,
        name="O",
        area=AREA,
        id="name",
        pos_err=(
            given[0]
            if len(given) == 1
            else tuple(given)
            if len(given) == 2
            else bm.ErrorEllipse(*given)
        ),
    )
    for got in (new, again):
        np.testing.assert_array_equal(got.covariance(), new.covariance())
        np.testing.assert_array_equal(got.ra, np.mod(DATA["RA"][rows] - 20.0, 360))
        np.testing.assert_array_equal(got.dec, DATA["DEC"][rows] + 0.5)
    trace = new.covariance()[:, :2].sum(axis=1)
    np.testing.assert_allclose(trace, 1.5**2 * before[:, :2].sum(axis=1) + 2 * 0.2**2, rtol=1e-12)
    np.testing.assert_array_equal(c.covariance(), before)
    np.testing.assert_array_equal(c.ra, DATA["RA"][rows])


def test_corrected_positions_are_checked():
    c = whole()
    with pytest.raises(ValueError, match=r"'DEC' is 9\d\.\d+ in row 0 .*-90 to 90"):
        c.corrected(c.ra, c.dec + 89.5, 1.0, 0.0)


def test_row_numbers_of_candidates_are_those_of_the_data_set(tmp_path):
    held, rows = make("candidates", tmp_path)
    np.testing.assert_array_equal(held.row_numbers(np.array([2, 0])), rows[[2, 0]])
    assert held.row_text(2) == f"row {rows[2]} of {tmp_path / 'a.parquet'}"
    assert held.row_text(2) == held.scanned.row_text(rows[2])
    (tmp_path / "plain").mkdir()
    parquet.write_table(pa.table(DATA).drop_columns(["name"]), tmp_path / "plain" / "a.parquet")
    numbered = bm.Catalog.scan(tmp_path / "plain", name="O", pos_err=0.3, area=AREA)
    part = candidates_of(numbered, SOME).subset(np.array([1, 0]))
    assert part.ids(np.arange(2)).tolist() == SOME[[1, 0]].tolist() and part.id_name == "ID"


def test_counts_of_a_column_that_is_not_at_hand(tmp_path):
    held, rows = make("candidates", tmp_path)
    edges = np.array([18.0, 20.0, 22.0])
    field = np.delete(DATA["mag"], rows[[0, 3]])
    field = field[np.isfinite(field)]
    for counts in (
        held.field_counts("mag", np.array([0, 3]), edges),
        held.scanned.field_counts("mag", rows[[0, 3]], edges),
    ):
        assert counts.n == len(field) and counts.low == field.min() and counts.high == field.max()
        assert counts.below.tolist() == [(field < edge).sum() for edge in edges]
    assert whole().field_counts("mag", rows[:2], edges) is None


@pytest.mark.parametrize(
    "attribute",
    [
        "ra",
        "dec",
        "ids",
        "id_mask",
        "identifiers",
        "covariance",
        "subset",
        "corrected",
        "estimate_area",
        "coverage",
        "check_primary_ids",
    ],
)
def test_rows_of_a_scanned_catalogue_are_not_at_hand(attribute, tmp_path):
    scanned = scanned_from(tmp_path)
    assert hasattr(whole(), attribute)
    with pytest.raises(TypeError, match="'O' is scanned, so its rows are not at hand; .*Catalog.r"):
        getattr(scanned, attribute)
    with pytest.raises(AttributeError, match="'ScannedCatalog' object has no attribute 'nothing'"):
        scanned.nothing  # noqa: B018


def test_a_scanned_catalogue_where_rows_are_needed(tmp_path):
    scanned, x = scanned_from(tmp_path), bm.Catalog(DATA, name="X", pos_err=1.0, area=AREA)
    with pytest.raises(TypeError, match="'O' is scanned, so its rows are not at hand"):
        bm.truth.training_sample(scanned, x)
    with pytest.raises(TypeError, match="'O' is not in memory.*'bayesmatch match --fit-errors'"):
        bm.fit_position_errors(x, scanned, radius=3)


def test_a_scanned_catalogue_can_be_copied(tmp_path):
    scanned = scanned_from(tmp_path)
    for other in (copy.copy(scanned), copy.deepcopy(scanned), pickle.loads(pickle.dumps(scanned))):
        assert len(other) == N and other.name == "O"
        assert list(other.input_rows(np.array([7]))["name"]) == ["s007"]


def test_other_things_are_no_catalogues():
    assert not isinstance(Table(DATA), bm.Catalog) and not issubclass(HeldCatalog, bm.Catalog)
    with pytest.raises(TypeError, match="abstract"):
        SkyCatalog(
            name="X",
            table=Table(DATA),
            ra_name="RA",
            dec_name="DEC",
            id_name="name",
            errors=whole().errors,
            area=1.0,
        )
