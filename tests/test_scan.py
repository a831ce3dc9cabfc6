"""Catalog.scan: the bytes of the whole table, whatever the files look like or do."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import astropy.units as u
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import bayesmatch as bm
from bayesmatch._kernels.jit import n_threads
from bayesmatch.catalogs.field_counts import FieldCounts
from bayesmatch.catalogs.scan import checkpoint, search, work
from bayesmatch.catalogs.scan.coverage import SkyMap
from bayesmatch.catalogs.scan.parts import Part
from bayesmatch.cli import main
from bayesmatch.priors.binning import adaptive_edges, histogram_pair

AREA = 9.0


def survey(n=6000, seed=1, ra=(-0.5, 1.5), dec=(-1.0, 1.0)):
    """A survey across RA 0, with text identifiers, missing values and all kinds of columns."""
    rng = np.random.default_rng(seed)
    mag = rng.normal(20, 2, n).astype(np.float32)
    return pa.table(
        {
            "SRCID": [f"obj{i}" for i in range(n)],
            "RA": rng.uniform(*ra, n) % 360,
            "DEC": rng.uniform(*dec, n),
            "err": rng.uniform(0.1, 0.5, n),
            "minor": rng.uniform(0.05, 0.1, n),
            "pa": rng.uniform(0, 180, n),
            "mag": pa.array(np.where(rng.random(n) < 0.1, np.nan, mag)),
            "nobs": pa.array(rng.integers(0, 9, n), mask=rng.random(n) < 0.2),
            "kind": pa.array(rng.choice(["star", "galaxy", "quasar?"], n)).dictionary_encode(),
            "flag": rng.random(n) < 0.5,
        }
    )


def sources(n=150, seed=2, ra=(-0.4, 1.4), dec=(-0.9, 0.9)):
    rng = np.random.default_rng(seed)
    return bm.Catalog(
        {
            "ID": np.arange(n),
            "RA": rng.uniform(*ra, n),
            "DEC": rng.uniform(*dec, n),
            "sigma": rng.uniform(1, 4, n),
        },
        name="X",
        pos_err="sigma",
        area=AREA,
    )


def write_parts(table, folder, n_parts=5, row_group_size=300, **options):
    """Parts of unequal length, the third without rows."""
    folder.mkdir(parents=True, exist_ok=True)
    cuts = np.linspace(0, 1, n_parts + 1) ** 1.5 * len(table)
    cuts = cuts.astype(int)
    cuts[2] = cuts[3]
    for k in range(n_parts):
        parquet.write_table(
            table.slice(cuts[k], cuts[k + 1] - cuts[k]),
            folder / f"part-{k}.parquet",
            row_group_size=row_group_size,
            **options,
        )
    return folder


def in_memory(table, tmp_path, **options):
    parquet.write_table(table, tmp_path / "whole.parquet")
    return bm.Catalog.read(tmp_path / "whole.parquet", **options)


def written(result, out, extension="fits"):
    files = result.write(out / f"result.{extension}", include_inputs=True)
    return [hashlib.sha256(Path(f).read_bytes()).hexdigest() for f in files]


def check_same(primary, whole, scanned, tmp_path, extensions=("fits", "parquet"), **options):
    """All files that are written are the same, and the tables too."""
    expected, found = (
        bm.match(primary, other, **{"radius": 30, **options}) for other in (whole, scanned)
    )
    for a, b in (
        (expected.associations, found.associations),
        (expected.sources, found.sources),
        (expected.with_inputs(), found.with_inputs()),
    ):
        assert a.colnames == b.colnames
        for name in a.colnames:
            assert a[name].dtype == b[name].dtype and type(a[name]) is type(b[name]), name
            assert np.ma.getdata(a[name]).tobytes() == np.ma.getdata(b[name]).tobytes(), name
    for extension in extensions:
        assert written(expected, tmp_path, extension) == written(found, tmp_path, extension)
    return found


OPTIONS = {"name": "O", "area": AREA, "id": "SRCID"}
ERRORS = {
    "number": 0.3,
    "column": "err",
    "pair": ("err", "minor"),
    "equal pair": ("err", "err"),
    "ellipse": bm.ErrorEllipse("err", "minor", "pa"),
    "quantity": 300 * u.mas,
}
CODECS = [
    {},
    {"compression": "zstd", "use_dictionary": False},
    {"compression": "none"},
    {"compression": "gzip", "data_page_version": "2.0", "write_statistics": False},
    {
        "compression": "zstd",
        "use_dictionary": ["SRCID", "kind"],
        "use_byte_stream_split": ["RA", "DEC", "mag"],
    },
]


@pytest.mark.few(1)
@pytest.mark.parametrize("errors", ERRORS)
def test_same_bytes_as_the_whole_table(errors, tmp_path):
    options = {**OPTIONS, "pos_err": ERRORS[errors]}
    scanned = bm.Catalog.scan(write_parts(survey(), tmp_path / "parts"), **options)
    found = check_same(
        sources(),
        in_memory(survey(), tmp_path, **options),
        scanned,
        tmp_path,
        ("fits", "parquet", "vot", "ecsv", "csv"),
    )
    assert found.meta["n_candidates"] > 40 and len(scanned) == 6000
    assert repr(scanned) == "<ScannedCatalog 'O': 6,000 rows in 5 files, 9 deg^2>"


@pytest.mark.few(2)
@pytest.mark.parametrize("codec", range(len(CODECS)))
def test_any_encoding(codec, tmp_path):
    scanned = bm.Catalog.scan(
        write_parts(survey(), tmp_path / "parts", **CODECS[codec]), pos_err=0.3, **OPTIONS
    )
    check_same(sources(), in_memory(survey(), tmp_path, pos_err=0.3, **OPTIONS), scanned, tmp_path)


@pytest.mark.slow
def test_priors_and_three_catalogues(tmp_path):
    """Both others scanned, or one; priors of every kind that need other columns."""
    tables = [survey(seed=seed) for seed in (1, 3)]
    whole = [
        in_memory(t, tmp_path, name=name, pos_err="err", area=AREA, id="SRCID")
        for t, name in zip(tables, "OP", strict=True)
    ]
    scanned = [
        bm.Catalog.scan(
            write_parts(t, tmp_path / name), name=name, pos_err="err", area=AREA, id="SRCID"
        )
        for t, name in zip(tables, "OP", strict=True)
    ]

    class Pairs:
        name = "pairs"

        def log10_ratio_pairs(self, primary, secondary, i, j):
            magnitude = secondary.magnitudes("mag")[j] - primary.numbers("sigma")[i]
            return np.nan_to_num(magnitude) / 100

    class Rows:
        name = "rows"

        def log10_ratio(self, catalog):
            return np.nan_to_num(catalog.magnitudes("mag")) / 200

    priors = {
        "O": [bm.HistogramPrior("mag", [10, 20], [20, 30], [0.06, 0.04], [0.05, 0.05]), Pairs()],
        "P": [bm.FunctionPrior("own", lambda t: np.where(t["kind"] == "star", -0.5, 0.1)), Rows()],
    }
    primary = sources()
    expected = bm.match(primary, *whole, radius=20, priors=priors)
    for others in (scanned, [whole[0], scanned[1]], [scanned[0], whole[1]]):
        found = bm.match(primary, *others, radius=20, priors=priors)
        assert written(found, tmp_path) == written(expected, tmp_path)


@pytest.mark.few(1)
@pytest.mark.parametrize(
    "rule", [{"radius": 4.0}, {"radius": 3.0, "exclude_radius": 20.0}, {"min_post": 0.5}]
)
def test_auto_priors(rule, tmp_path):
    """The field is counted in all rows, also those that are far from every primary."""
    sky = bm.mock.survey(n_primary=400, area=0.8, seed=4)
    primary = bm.Catalog(sky[0], name="X", pos_err="sigma", area=0.8)
    table = pa.table({n: np.asarray(sky[1][n]) for n in ("ID", "RA", "DEC", "r", "w1")})
    far = survey(20_000, ra=(10, 11), dec=(-60, -50))
    rest = pa.table(
        {
            "ID": np.arange(20_000) + 10**9,
            "RA": far["RA"],
            "DEC": far["DEC"],
            "r": np.asarray(far["mag"], table["r"].to_numpy().dtype) + 3,
            "w1": np.asarray(far["mag"], table["w1"].to_numpy().dtype),
        }
    )
    table = pa.concat_tables([rest.slice(0, 9000), table, rest.slice(9000)])
    options = {"name": "O", "pos_err": 0.2, "area": 10.8}
    scanned = bm.Catalog.scan(
        write_parts(table, tmp_path / "parts", row_group_size=3000), **options
    )
    whole = in_memory(table, tmp_path, **options)
    priors = {"O": [bm.AutoPrior("r", **rule), bm.AutoPrior("w1", **rule)]}
    found = check_same(primary, whole, scanned, tmp_path, ("fits",), priors=priors, radius=20)
    expected = bm.match(primary, whole, radius=20, priors=priors)
    for a, b in zip(expected.priors["O"], found.priors["O"], strict=True):
        assert a.counts == b.counts and a.counts["others"] > 20_000
        for name in ("lo", "hi", "selected", "others"):
            assert getattr(a, name).tobytes() == getattr(b, name).tobytes()


@pytest.mark.parametrize("shift", [-3.0, 0.0, 0.5, 3.0])
def test_field_counts_make_the_histogram_of_the_values(shift):
    """Fields within the selected range, beyond it on either side, and on its edges."""
    rng = np.random.default_rng(1)
    selected, weights = np.round(rng.normal(20, 1, 300), 1), rng.random(300)
    field = np.round(np.concatenate([rng.uniform(19.5, 20.5, 400) + shift, selected]), 1)
    field = field[(field <= selected.max()) | (shift > 0)]
    expected = histogram_pair(selected, weights, field, "adaptive", 0.5)
    edges = adaptive_edges(selected, weights)
    pieces = [FieldCounts.of(v, edges) for v in np.array_split(np.append(field, np.nan), 7)]
    found = histogram_pair(selected, weights, sum(pieces[1:], pieces[0]), "adaptive", 0.5)
    for a, b in zip(expected, found, strict=True):
        assert a.tobytes() == b.tobytes()


def test_only_the_columns_needed_are_read(tmp_path, monkeypatch):
    asked = []
    batches = Part.batches

    def noted(self, columns, groups, **options):
        asked.append(tuple(columns))
        return batches(self, columns, groups, **options)

    monkeypatch.setattr(Part, "batches", noted)
    scanned = bm.Catalog.scan(write_parts(survey(), tmp_path / "parts"), pos_err="err", **OPTIONS)
    assert not asked
    prior = bm.HistogramPrior("mag", [10, 20], [20, 30], [0.06, 0.04], [0.05, 0.05])
    bm.match(sources(), scanned, radius=20, priors={"O": [prior]})
    # The last: of a sample of the field, for the mean ratio around the sources.
    assert set(asked) == {("RA", "DEC"), ("SRCID", "err", "mag"), ("RA", "DEC", "mag")}


@pytest.mark.parametrize(
    "ra, dec",
    [
        ((-0.5, 1.5), (-1, 1)),
        ((0, 360), (88, 90)),
        ((0, 360), (-90, -88.5)),
        ((170, 190), (-20, 60)),
    ],
)
def test_row_groups_far_from_every_primary_are_not_read(ra, dec, tmp_path, monkeypatch):
    """Sorted by position, few groups are read, and none too few: over the poles, across RA 0."""
    table = survey(12_000, ra=ra, dec=dec)
    zone = np.floor(np.asarray(table["DEC"]) * 2)
    table = table.take(np.lexsort([np.asarray(table["RA"]), zone]))
    size = 1.0 if dec[1] < 80 and dec[0] > -80 else 40.0
    middle = (ra[0] + ra[1]) / 2
    primary = sources(
        300,
        ra=(middle - size / 2, middle + size / 2),
        dec=(dec[0] + 0.1, dec[0] + 0.5 * (dec[1] - dec[0])),
    )
    options = {**OPTIONS, "pos_err": 0.3}
    scanned = bm.Catalog.scan(write_parts(table, tmp_path / "parts", row_group_size=100), **options)
    read = sum(work.task_rows(t) for t in search.near_tasks(primary, scanned, 60.0))
    assert 0 < read < 0.6 * len(table)
    whole = in_memory(table, tmp_path, **options)
    found = check_same(primary, whole, scanned, tmp_path, ("parquet",), radius=60)
    assert found.meta["n_candidates"] > 0


@pytest.mark.slow
def test_sky_map_against_all_pairs():
    """No box that holds a position within the radius is left out; most others are."""
    rng = np.random.default_rng(5)
    left_out = 0
    for _ in range(30):
        pole = rng.choice([-90.0, 0.0, 90.0])
        dec = np.clip(pole + rng.normal(size=20) * 3, -90, 90)
        ra = rng.uniform(0, 360, 20)
        radius = rng.choice([1.0, 600.0, 7200.0])
        low = np.stack(
            [rng.uniform(-180, 360, 300), np.clip(pole + 4 * rng.normal(size=300), -90, 89)], axis=1
        )
        boxes = np.stack([low, low + rng.exponential([3.0, 0.5], (300, 2))], axis=2)
        boxes[:, 1] = np.minimum(boxes[:, 1], 90)
        kept = SkyMap(ra, dec, radius).touches(boxes)
        inside = low[:, None] + rng.random((300, 200, 2)) * (boxes[:, :, 1] - low)[:, None]
        x, y = np.radians(inside[..., 0, None] - ra), np.radians(inside[..., 1, None])
        z = np.radians(dec)
        cosine = np.sin(y) * np.sin(z) + np.cos(y) * np.cos(z) * np.cos(x)
        near = (np.arccos(np.clip(cosine, -1, 1)) < np.radians(radius / 3600)).any(axis=(1, 2))
        assert kept[near].all()
        left_out += (~kept).sum()
    assert left_out > 2500
    unknown = np.array([[[0, 1], [np.nan, 1]], [[0, 1], [80, 81]], [[0, 9e9], [80, 81]]])
    assert SkyMap(np.array([10.0]), np.array([0.0]), 1.0).touches(unknown).tolist() == [
        True,
        False,
        True,
    ]


def test_no_candidate_at_all(tmp_path):
    options = {**OPTIONS, "pos_err": "err"}
    scanned = bm.Catalog.scan(write_parts(survey(), tmp_path / "parts"), **options)
    far = sources(40, ra=(100, 101), dec=(40, 41))
    with pytest.warns(UserWarning, match="no primary has a candidate"):
        check_same(far, in_memory(survey(), tmp_path, **options), scanned, tmp_path)


def test_larger_primary_and_a_huge_row_group(tmp_path):
    table = survey(500)
    parquet.write_table(table, tmp_path / "one.parquet")
    options = {**OPTIONS, "pos_err": "err"}
    scanned = bm.Catalog.scan(tmp_path / "one.parquet", **options)
    check_same(sources(3000), in_memory(table, tmp_path, **options), scanned, tmp_path)


def test_without_identifiers_row_numbers_serve(tmp_path):
    table = survey().drop_columns(["SRCID"])
    scanned = bm.Catalog.scan(
        write_parts(table, tmp_path / "parts"), name="O", pos_err=0.3, area=AREA
    )
    found = check_same(
        sources(), in_memory(table, tmp_path, name="O", pos_err=0.3, area=AREA), scanned, tmp_path
    )
    rows = np.asarray(found.sources["O"])
    assert rows.max() > 4000
    np.testing.assert_array_equal(found.sources["O_ID"].filled(-1), rows)


@pytest.mark.slow
def test_units_and_single_precision(tmp_path):
    """Coordinates in radians; then in single precision, with the warning a table would give."""
    table = survey()
    for name in ("RA", "DEC"):
        field = pa.field(name, pa.float64(), metadata={"unit": "rad"})
        table = table.set_column(
            table.schema.get_field_index(name), field, pa.array(np.radians(np.asarray(table[name])))
        )
    options = {**OPTIONS, "pos_err": "err"}
    scanned = bm.Catalog.scan(write_parts(table, tmp_path / "parts"), **options)
    check_same(sources(), in_memory(table, tmp_path, **options), scanned, tmp_path)
    single = survey()
    single = single.set_column(1, "RA", single["RA"].cast(pa.float32()))
    with pytest.warns(UserWarning, match="'RA' is stored in single precision"):
        scanned = bm.Catalog.scan(write_parts(single, tmp_path / "single"), **options)
    with pytest.warns(UserWarning, match="'RA' is stored in single precision"):
        whole = in_memory(single, tmp_path, **options)
    check_same(sources(), whole, scanned, tmp_path)


def test_threads_do_not_matter(tmp_path, monkeypatch):
    import numba

    monkeypatch.setattr(work, "TASK_ROWS", 500)
    scanned = bm.Catalog.scan(write_parts(survey(), tmp_path / "parts"), pos_err="err", **OPTIONS)
    digests, before = set(), n_threads()
    try:
        for n in (1, 2):
            numba.set_num_threads(min(n, numba.config.NUMBA_NUM_THREADS))
            digests.add(tuple(written(bm.match(sources(), scanned, radius=30), tmp_path)))
    finally:
        numba.set_num_threads(before)
    assert len(digests) == 1


# -- which files, in which order ------------------------------------------------------------------


def paths(scanned, root):
    return [str(p.path.relative_to(root)) for p in scanned.parts]


def test_what_counts_as_a_part(tmp_path):
    """Hidden files, summaries and other formats are left out; the order is that of the paths."""
    folder = write_parts(survey(), tmp_path / "survey")
    part = (folder / "part-0.parquet").read_bytes()
    for name in (
        "_metadata",
        "_common_metadata",
        ".part.parquet",
        "_old/part-9.parquet",
        ".cache/x.parquet",
        "notes.txt",
        "part-9.parquet.crc",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(part)
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "part-7.PQ").write_bytes(part)
    scanned = bm.Catalog.scan(folder, pos_err=0.3, area=AREA, ra="RA")
    assert scanned.name == "survey"
    assert paths(scanned, folder) == ["a/b/part-7.PQ", *(f"part-{k}.parquet" for k in range(5))]
    assert paths(bm.Catalog.scan(str(folder / "*.parquet"), pos_err=0.3, area=AREA), folder) == [
        f"part-{k}.parquet" for k in range(5)
    ]
    assert len(bm.Catalog.scan(f"{folder}/**/*[tQ]", pos_err=0.3, area=AREA).parts) == 6
    listed = [folder / "part-3.parquet", str(folder / "part-1.parquet")]
    assert paths(bm.Catalog.scan(iter(listed), name="L", pos_err=0.3, area=AREA), folder) == [
        "part-3.parquet",
        "part-1.parquet",
    ]
    for given, name in ((listed, "survey"), (listed[:1], "part_3"), (f"{folder}/p*", "survey")):
        assert bm.Catalog.scan(given, pos_err=0.3, area=AREA).name == name
    with pytest.raises(ValueError, match=r"part-3\.parquet: this file is listed twice"):
        bm.Catalog.scan([*listed, folder / "part-3.parquet"], pos_err=0.3, area=AREA)


@pytest.mark.slow
def test_hive_partitions(tmp_path):
    """Columns that stand in the directories' names can be asked for, by a prior or an output."""
    table = survey()
    for k, (year, band) in enumerate([(2019, "g"), (2019, "r z"), (2021, "g")]):
        folder = tmp_path / "hive" / f"year={year}" / f"band={band.replace(' ', '%20')}"
        folder.mkdir(parents=True)
        parquet.write_table(table.slice(k * 2000, 2000), folder / "x.parquet", row_group_size=500)
    whole = table.append_column("year", pa.array(np.repeat([2019, 2019, 2021], 2000), pa.int32()))
    whole = whole.append_column("band", pa.array(np.repeat(["g", "r z", "g"], 2000)))
    options = {**OPTIONS, "pos_err": 0.3}
    prior = bm.FunctionPrior("late", lambda t: np.where(t["year"] > 2020, 0.2, -0.1))
    found = check_same(
        sources(),
        in_memory(whole, tmp_path, **options),
        bm.Catalog.scan(tmp_path / "hive", **options),
        tmp_path,
        priors={"O": [prior]},
    )
    assert set(found.with_inputs()["O_band"].compressed()) == {"g", "r z"}
    files = sorted((tmp_path / "hive").rglob("*.parquet"))
    check_same(
        sources(),
        in_memory(whole, tmp_path, **options),
        bm.Catalog.scan(files, **options),
        tmp_path,
    )


def test_hats_layout(tmp_path):
    """Thumbnails and the margin beside it are not rows; a collection stands for its table."""
    table, order = survey(), [12, 100, 9]
    root = tmp_path / "collection" / "survey"
    for k, pixel in enumerate(order):
        folder = root / "dataset" / "Norder=5" / "Dir=0"
        folder.mkdir(parents=True, exist_ok=True)
        parquet.write_table(table.slice(k * 2000, 2000), folder / f"Npix={pixel}.parquet")
    for name in ("dataset/data_thumbnail.parquet", "dataset/_metadata", "partition_info.csv"):
        (root / name).write_bytes((folder / "Npix=9.parquet").read_bytes())
    (tmp_path / "collection" / "margin").mkdir()
    parquet.write_table(table, tmp_path / "collection" / "margin" / "Npix=1.parquet")
    (tmp_path / "collection" / "collection.properties").write_text(
        "obs_collection=x\nhats_primary_table_url=survey\n"
    )
    whole = pa.concat_tables([table.slice(a, 2000) for a in (2000, 0, 4000)])  # 100, 12, 9 as text
    for path in (root, root.parent):
        scanned = bm.Catalog.scan(path, pos_err=0.3, **OPTIONS)
        assert [p.path.name for p in scanned.parts] == [
            "Npix=100.parquet",
            "Npix=12.parquet",
            "Npix=9.parquet",
        ]
        assert len(scanned) == 6000
    expected = in_memory(whole, tmp_path, pos_err=0.3, **OPTIONS)
    a, b = (bm.match(sources(), o, radius=30) for o in (expected, scanned))
    assert a.associations["O"].tolist() == b.associations["O"].tolist()
    assert set(np.asarray(b.with_inputs()["O_Norder"].compressed())) == {5}


# -- what can be wrong ----------------------------------------------------------------------------


def replaced(folder, part, change):
    """The part with a changed table."""
    path = folder / f"part-{part}.parquet"
    parquet.write_table(change(parquet.read_table(path)), path, row_group_size=300)
    return path


def with_value(column, row, value):
    def change(table):
        at = table.schema.get_field_index(column)
        values = table[column].to_pylist()
        values[row] = value
        return table.set_column(at, column, pa.array(values, table.schema.types[at]))

    return change


@pytest.fixture
def folder(tmp_path):
    return write_parts(survey(), tmp_path / "parts")


SCHEMAS = {
    "a column less": (lambda t: t.drop_columns(["mag"]), ["no column 'mag'"]),
    "no positions": (lambda t: t.drop_columns(["RA"]), ["no column 'RA'"]),
    "a column more": (lambda t: t.append_column("new", t["mag"]), ["a column 'new'"]),
    "another type": (
        lambda t: t.set_column(6, "mag", t["mag"].cast(pa.string())),
        ["'mag'", "string", "float"],
    ),
    "positions as text": (
        lambda t: t.set_column(1, "RA", t["RA"].cast(pa.string())),
        ["'RA'", "string", "double"],
    ),
    "another unit": (
        lambda t: t.set_column(1, pa.field("RA", pa.float64(), metadata={"unit": "rad"}), t["RA"]),
        ["'RA'", "unit rad", "(none)"],
    ),
}


@pytest.mark.parametrize("case", SCHEMAS)
def test_a_changed_schema_names_the_file(case, folder):
    change, says = SCHEMAS[case]
    path = replaced(folder, 3, change)
    with pytest.raises(ValueError) as error:
        bm.Catalog.scan(folder, pos_err=0.3, **OPTIONS)
    for text in (str(path), "part-0.parquet", "leave it out", *says):
        assert text in str(error.value)


def test_schemas_that_agree(folder, tmp_path):
    """Another order of columns, encoding, or a column that is empty in a part change nothing."""
    expected = in_memory(survey(), tmp_path, pos_err=0.3, **OPTIONS)
    whole = parquet.read_table(folder / "part-1.parquet")
    replaced(folder, 1, lambda t: t.select(whole.column_names[::-1]))
    replaced(folder, 3, lambda t: t.set_column(8, "kind", t["kind"].cast(pa.string())))
    scanned = bm.Catalog.scan(folder, pos_err=0.3, **OPTIONS)
    check_same(sources(), expected, scanned, tmp_path)
    replaced(folder, 0, lambda t: t.set_column(7, "nobs", pa.nulls(len(t))))
    scanned = bm.Catalog.scan(folder, pos_err=0.3, **OPTIONS)
    assert scanned.schema.field("nobs").type == pa.int64()
    found = bm.match(sources(), scanned, radius=30).with_inputs()
    assert found["O_nobs"].dtype == np.int64


@pytest.mark.parametrize("part", [0, 3])
def test_a_damaged_file_is_named(part, folder):
    path = folder / f"part-{part}.parquet"
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"nonsense", b""):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=f"part-{part}.parquet: cannot be read as parquet"):
            bm.Catalog.scan(folder, pos_err=0.3, **OPTIONS)


def test_damaged_pages_are_named(tmp_path):
    """The footer is whole, the pages are not, and the file's time says nothing of it."""
    folder = write_parts(
        survey(),
        tmp_path / "parts",
        write_page_checksum=True,
        compression="none",
        use_dictionary=False,
    )
    path = folder / "part-3.parquet"
    data, times = bytearray(path.read_bytes()), path.stat()
    footer = parquet.read_metadata(path)
    at = footer.row_group(0).column(1)
    middle = at.data_page_offset + at.total_compressed_size // 2
    data[middle] ^= 0xFF
    path.write_bytes(bytes(data))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    scanned = bm.Catalog.scan(folder, pos_err=0.3, **OPTIONS)
    with pytest.raises(ValueError, match=r"part-3\.parquet: cannot be read as parquet .*CRC"):
        bm.match(sources(), scanned, radius=30)


def test_parts_that_vanish_or_change_after_the_scan(folder):
    scanned = bm.Catalog.scan(folder, pos_err=0.3, **OPTIONS)
    path = folder / "part-1.parquet"
    aside = path.rename(folder / "aside")
    with pytest.raises(FileNotFoundError, match=r"part-1\.parquet: the file is not there any more"):
        bm.match(sources(), scanned, radius=30)
    aside.rename(path)
    result = bm.match(sources(), scanned, radius=30)
    path.rename(aside)
    with pytest.raises(FileNotFoundError, match=r"part-1\.parquet"):  # inputs are read when asked
        result.with_inputs()
    aside.rename(path)
    replaced(folder, 1, lambda t: t.slice(1))
    with pytest.raises(ValueError, match=r"part-1\.parquet: the file has changed since"):
        bm.match(sources(), scanned, radius=30)


VALUES = {
    "NaN RA": ("RA", float("nan")),
    "missing DEC": ("DEC", None),
    "infinite RA": ("RA", float("inf")),
    "RA of 1000": ("RA", 1000.0),
    "DEC of 91": ("DEC", 91.0),
}


@pytest.mark.parametrize("case", VALUES)
def test_rows_without_a_position_are_left_out(case, folder):
    column, value = VALUES[case]
    replaced(folder, 3, with_value(column, 17, value))
    scanned = bm.Catalog.scan(folder, pos_err="err", **OPTIONS)
    with pytest.warns(UserWarning, match="'O': 1 of 6,000 rows has no position .*left out") as told:
        result = bm.match(sources(), scanned, radius=30)
    assert result.meta["dropped"] == {"O": {"position": 1}}
    is_number = isinstance(value, float) and not np.isnan(value)
    row = scanned.parts[3].first_row + 17
    named = [f"{column!r} is {value} in row {row}" in str(one.message) for one in told]
    assert any(named) == is_number


def test_bad_errors_of_candidates_name_file_and_row(folder):
    """Errors are read for the candidates alone: elsewhere a bad one changes nothing."""
    good = bm.match(sources(), bm.Catalog.scan(folder, pos_err="err", **OPTIONS), radius=30)
    taken = np.unique(np.asarray(good.associations["O"]))
    first = bm.Catalog.scan(folder, pos_err="err", **OPTIONS).parts[3].first_row
    inside = int(taken[taken >= first + 2][0] - first)
    path = replaced(folder, 3, with_value("err", inside, -1.0))
    scanned = bm.Catalog.scan(folder, pos_err="err", **OPTIONS)
    with pytest.raises(ValueError) as error:
        bm.match(sources(), scanned, radius=30)
    for text in ("catalogue 'O'", f"'err' is -1.0 in row {inside} of {path}", "positive"):
        assert text in str(error.value)
    prior = bm.FunctionPrior("own", lambda t: np.where(np.asarray(t["err"]) < 0, np.inf, 0.0))
    scanned = bm.Catalog.scan(folder, pos_err=0.3, **OPTIONS)
    with pytest.raises(ValueError, match=f"returned inf for row {inside} of .*part-3"):
        bm.match(sources(), scanned, radius=30, priors={"O": [prior]})
    replaced(folder, 3, with_value("err", inside, 0.2))
    free = next(r for r in range(50) if first + r not in taken)
    replaced(folder, 3, with_value("err", free, -1.0))
    bm.match(sources(), bm.Catalog.scan(folder, pos_err="err", **OPTIONS), radius=30)


REFUSED = {
    "no such directory": (lambda f: {"paths": f / "nope"}, FileNotFoundError, "no such file"),
    "no parquet file": (lambda f: {"paths": f.parent / "empty"}, FileNotFoundError, "no Parquet"),
    "no match of a glob": (lambda f: {"paths": f / "*.pq"}, FileNotFoundError, "no Parquet file"),
    "no paths": (lambda f: {"paths": []}, ValueError, "list of paths is empty"),
    "a number": (lambda f: {"paths": [3]}, TypeError, "a path is 3"),
    "a URL": (lambda f: {"paths": "s3://bucket/x"}, ValueError, "only local files"),
    "no error": (lambda f: {"pos_err": None}, ValueError, "give pos_err="),
    "an error per row": (lambda f: {"pos_err": np.ones(6000)}, TypeError, "one value per row"),
    "no such error column": (lambda f: {"pos_err": "nope"}, ValueError, "no column 'nope'"),
    "error column of text": (lambda f: {"pos_err": "kind"}, TypeError, "'kind' is of type"),
    "error of zero": (lambda f: {"pos_err": 0.0}, ValueError, "pos_err is 0"),
    "no area": (lambda f: {"area": None}, ValueError, "has no sky area"),
    "area to estimate": (lambda f: {"area": "estimate"}, ValueError, "not estimated"),
    "no such RA": (lambda f: {"ra": "alpha"}, ValueError, "no column 'alpha'"),
    "RA of text": (lambda f: {"ra": "SRCID"}, ValueError, "SRCID and DEC are texts.*--ra"),
    "identifier of numbers": (lambda f: {"id": "mag"}, None, ""),
    "bad name": (lambda f: {"name": "a b"}, ValueError, "not an identifier"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_before_any_work(case, folder):
    change, kind, says = REFUSED[case]
    (folder.parent / "empty").mkdir()
    options = {"paths": folder, **OPTIONS, "pos_err": 0.3, **change(folder)}
    if kind is None:
        bm.Catalog.scan(**options)  # that they are whole numbers shows when they are read
        return
    with pytest.raises(kind, match=says):
        bm.Catalog.scan(**options)


def test_files_without_rows(tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    parquet.write_table(survey().slice(0, 0), folder / "a.parquet")
    with pytest.raises(ValueError, match="there are no rows in its 1 file;"):
        bm.Catalog.scan(folder, pos_err=0.3, **OPTIONS)


def test_what_a_scanned_catalogue_cannot_do(folder):
    scanned = bm.Catalog.scan(folder, pos_err=0.3, **OPTIONS)
    with pytest.raises(ValueError, match="'O' is scanned; the primary must be in memory"):
        bm.match(scanned, sources(), radius=30)
    for use in (
        lambda: scanned.ra,
        lambda: scanned.dec,
        lambda: scanned.ids(np.arange(3)),
        lambda: scanned.subset(np.arange(3)),
        lambda: scanned.estimate_area(),
    ):
        with pytest.raises(TypeError, match="'O' is scanned, so its rows are not at hand"):
            use()
    with pytest.raises(ValueError, match="no column 'nope'"):
        prior = bm.HistogramPrior("nope", [10, 20], [20, 30], [0.06, 0.04], [0.05, 0.05])
        bm.match(sources(), scanned, radius=30, priors={"O": [prior]})
    with pytest.raises(ValueError, match="catalogue 'O' at radius 3000.*max_rows = 1,000"):
        bm.match(sources(), scanned, radius=3000, max_rows=1000)


# -- checkpoints ----------------------------------------------------------------------------------


@pytest.fixture
def small_tasks(monkeypatch):
    monkeypatch.setattr(work, "TASK_ROWS", 300)
    monkeypatch.setattr(checkpoint, "SAVE_SECONDS", 0.0)


def test_a_stopped_run_goes_on(folder, tmp_path, small_tasks, monkeypatch):
    """Stopped by an error in the search, then while columns are read; finished parts are kept."""
    scanned = bm.Catalog.scan(folder, pos_err="err", **OPTIONS)
    expected = written(bm.match(sources(), scanned, radius=30), tmp_path)
    batches, calls = Part.batches, []

    def failing(after):
        def wrapped(self, columns, groups, **options):
            calls.append(tuple(columns))
            if len(calls) > after:
                raise OSError("the disk is gone")
            return batches(self, columns, groups, **options)

        return wrapped

    for after in (7, 12, 9, 5):
        calls.clear()
        monkeypatch.setattr(Part, "batches", failing(after))
        with pytest.raises(OSError, match="the disk is gone"):
            bm.match(sources(), scanned, radius=30, checkpoint=tmp_path / "kept")
    calls.clear()
    monkeypatch.setattr(Part, "batches", failing(10**6))
    found = bm.match(sources(), scanned, radius=30, checkpoint=tmp_path / "kept")
    assert 0 < len(calls) < 20 and ("RA", "DEC") not in calls
    assert written(found, tmp_path) == expected
    calls.clear()
    found = bm.match(sources(), scanned, radius=30, checkpoint=tmp_path / "kept")
    assert not calls and written(found, tmp_path) == expected


def test_a_checkpoint_of_another_match_is_refused(folder, tmp_path):
    kept = tmp_path / "kept"
    scanned = bm.Catalog.scan(folder, pos_err="err", **OPTIONS)
    bm.match(sources(), scanned, radius=30, checkpoint=kept)
    with pytest.raises(ValueError, match="another match: radius_arcsec is 20.0 now and was 30.0"):
        bm.match(sources(), scanned, radius=20, checkpoint=kept)
    with pytest.raises(ValueError, match="another match: primary_positions is"):
        bm.match(sources(seed=9), scanned, radius=30, checkpoint=kept)
    # Other probabilities from the same candidates are the same search.
    bm.match(sources(), scanned, radius=30, checkpoint=kept, prior_completeness=0.5)
    os.utime(folder / "part-1.parquet")
    again = bm.Catalog.scan(folder, pos_err="err", **OPTIONS)
    with pytest.raises(ValueError, match="another match: files_sizes_times is"):
        bm.match(sources(), again, radius=30, checkpoint=kept)


def test_directories_that_are_no_checkpoint(folder, tmp_path):
    scanned = bm.Catalog.scan(folder, pos_err="err", **OPTIONS)
    (tmp_path / "mine" / "O" / "search").mkdir(parents=True)
    (tmp_path / "mine" / "O" / "search" / "thesis.txt").write_text("x")
    with pytest.raises(ValueError, match="not a checkpoint of bayesmatch"):
        bm.match(sources(), scanned, radius=30, checkpoint=tmp_path / "mine")
    with pytest.raises(ValueError, match="is a file"):
        bm.match(sources(), scanned, radius=30, checkpoint=folder / "part-1.parquet")
    with pytest.raises(TypeError, match="checkpoint is 3"):
        bm.match(sources(), scanned, radius=30, checkpoint=3)


def test_a_checkpoint_in_the_data_set_or_at_home(folder, tmp_path, monkeypatch):
    """What is kept is no part of the data set, which goes on as it was."""
    monkeypatch.setenv("HOME", str(tmp_path))

    def matched(**options):
        scanned = bm.Catalog.scan(folder, pos_err="err", **OPTIONS)
        return bm.match(sources(), scanned, radius=30, **options)

    before = matched()
    for kept in (folder / "kept", "~/kept"):
        for _ in range(2):
            after = matched(checkpoint=kept)
            assert list(after.associations["p_i"]) == list(before.associations["p_i"])
    assert any((folder / "kept").iterdir()) and any((tmp_path / "kept").iterdir())


def test_catalogues_in_memory_leave_a_checkpoint_alone(tmp_path):
    whole = in_memory(survey(), tmp_path, pos_err=0.3, **OPTIONS)
    bm.match(sources(), whole, radius=30, checkpoint=tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


CHILD = """
import sys, time
import numpy as np
sys.path.insert(0, sys.argv[1])
import test_scan
from bayesmatch.catalogs.scan import checkpoint, work
from bayesmatch.catalogs.scan.parts import Part
import bayesmatch as bm

work.TASK_ROWS, checkpoint.SAVE_SECONDS = 300, 0.0
batches = Part.batches

def slow(self, columns, groups, **options):
    time.sleep(0.05)
    return batches(self, columns, groups, **options)

Part.batches = slow
scanned = bm.Catalog.scan(sys.argv[2], pos_err="err", **test_scan.OPTIONS)
print("begun", flush=True)
result = bm.match(test_scan.sources(), scanned, radius=30, checkpoint=sys.argv[3])
result.write(sys.argv[4], include_inputs=True)
"""


@pytest.mark.slow
def test_killed_and_resumed(folder, tmp_path):
    """SIGKILL at three moments of the search and of reading columns, then to the end."""
    kept, out = tmp_path / "kept", tmp_path / "out.fits"
    command = [
        sys.executable,
        "-c",
        CHILD,
        str(Path(__file__).parent),
        str(folder),
        str(kept),
        str(out),
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    def n_kept():
        return len(list(kept.rglob("*.arrow")))

    for wanted in (3, 9, 24):
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
            deadline = time.monotonic() + 120
            while n_kept() < wanted and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.005)
            assert process.poll() is None
            process.send_signal(signal.SIGKILL)
    assert not out.exists() and n_kept() >= 24
    subprocess.run(command, env=environment, check=True, capture_output=True)
    scanned = bm.Catalog.scan(folder, pos_err="err", **OPTIONS)
    result = bm.match(sources(), scanned, radius=30)
    assert [hashlib.sha256(out.read_bytes()).hexdigest()] == written(result, tmp_path)
    json.loads((kept / "O" / "search" / "manifest.json").read_text())


# -- the command line -----------------------------------------------------------------------------


def test_command_line(folder, tmp_path, monkeypatch, capsys):
    """A directory or a quoted glob is scanned; areas come from the option or the files."""
    monkeypatch.chdir(tmp_path)
    sources().table.write("x.fits")
    rest = [":err", "--radius", "30", "--host-fraction", "0.5"]
    digests = set()
    for path, out in ((folder, "a.csv"), (f"{folder}/part-*.parquet", "b.csv")):
        assert (
            main(
                [
                    "match",
                    "x.fits",
                    ":sigma",
                    str(path),
                    *rest,
                    "--area",
                    "9:9",
                    "--out",
                    out,
                    "--checkpoint",
                    "kept",
                ]
            )
            == 0
        )
        digests.add(Path(out).read_bytes())
    assert len(digests) == 1 and Path("kept/parts/search/manifest.json").is_file()
    assert main(["match", "x.fits", ":sigma", str(folder), *rest, "--out", "c.csv"]) == 1
    assert "--area" not in digests and "has no sky area" in capsys.readouterr().err
    assert (
        main(["match", "x.fits", ":sigma", str(folder), *rest, "--area", "9", "--out", "c.csv"])
        == 1
    )
    assert "--area is '9'; give 2 values" in capsys.readouterr().err
    notes = {"SKYAREA": "9", "EXTNAME": "SURVEY"}
    for k in range(5):
        replaced(folder, k, lambda t: t.replace_schema_metadata(notes))
    table = survey().replace_schema_metadata(notes)
    parquet.write_table(table, "whole.parquet")
    for path, out in ((folder, "d.csv"), ("whole.parquet", "e.csv")):
        assert (
            main(["match", "x.fits", ":sigma", str(path), *rest, "--area", "9:", "--out", out]) == 0
        )
    assert Path("d.csv").read_bytes() == Path("e.csv").read_bytes()
    assert "SURVEY" in Path("d.csv").read_text().splitlines()[0]


def test_progress_ends_with_the_work(folder, monkeypatch):
    """All rows searched are 60%, and the bar is full when the result is there, not before."""
    bars, seen = [], {}

    class Bar:
        def __init__(self, total, **_):
            self.total, self.n, self.closed = total, 0, False
            bars.append(self)

        def set_description_str(self, stage):
            seen.setdefault(stage, self.n)

        def update(self, more):
            assert more >= 0
            self.n += more

        def close(self):
            self.closed = True

    monkeypatch.setattr("tqdm.tqdm", Bar)
    scanned = bm.Catalog.scan(folder, pos_err=0.3, **OPTIONS)
    few = sources(40, ra=(0, 0.2), dec=(0, 0.2))
    bm.match(few, scanned, radius=30, progress=True, host_fraction=0.5)
    (bar,) = bars
    assert bar.n == bar.total == 100 and bar.closed
    assert seen["search"] == 0 and seen["associations"] == 60 and 60 < seen["tables"] < 100

    def fails(*_):
        raise ValueError("of a check")

    monkeypatch.setattr("bayesmatch.matching.pipeline.run_checks", fails)
    with pytest.raises(ValueError, match="of a check"):
        bm.match(few, scanned, radius=30, progress=True)
    assert bars[1].closed and bars[1].n < 100


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fake", "shift"])
def test_calibrate_reads_the_data_set_once(method, tmp_path, monkeypatch):
    """The numbers of the catalogue in memory, for one pass over the files."""
    opened, batches = [], Part.batches

    def noted(self, columns, groups, **options):
        if list(columns) == ["RA", "DEC"]:
            opened.append(self.path)
        return batches(self, columns, groups, **options)

    write_parts(survey(60_000), tmp_path / "parts")
    options = {"name": "O", "pos_err": "err", "area": AREA}
    whole = in_memory(survey(60_000), tmp_path, **options)
    scanned = bm.Catalog.scan(tmp_path / "parts", **options)
    monkeypatch.setattr(Part, "batches", noted)
    how = {
        "radius": 30,
        "method": method,
        "n_realizations": 3,
        "score": "p_match",
        "priors": {"O": [bm.AutoPrior("mag", radius=20)]},
    }
    found = bm.calibrate(sources(), scanned, **how)
    assert len(opened) == len(set(opened)) == 4  # files with rows
    expected = bm.calibrate(sources(), whole, **how)
    assert found.by_realization.tobytes() == expected.by_realization.tobytes()
    assert found.table.as_array().tobytes() == expected.table.as_array().tobytes()
    with pytest.raises(ValueError, match="more than max_rows = 100"):
        bm.calibrate(sources(), scanned, **how, max_rows=100)


def test_calibrate_keeps_the_real_match_alone(tmp_path):
    write_parts(survey(), tmp_path / "parts")
    scanned = bm.Catalog.scan(tmp_path / "parts", name="OPT", pos_err=0.3, area=AREA)
    plain = bm.calibrate(sources(), scanned, radius=30, n_realizations=2)
    kept = bm.calibrate(
        sources(), scanned, radius=30, n_realizations=2, checkpoint=tmp_path / "kept"
    )
    np.testing.assert_array_equal(kept.by_realization, plain.by_realization)
    bm.match(sources(), scanned, radius=30, checkpoint=tmp_path / "kept")  # as calibrate left it
