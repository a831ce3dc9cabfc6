"""Results in files: several files are one, whatever is killed, mixed, damaged or edited."""

import dataclasses
import json
import os
import random
import shutil
import signal
import string
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Column, MaskedColumn, Table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bayesmatch as bm
from bayesmatch.catalogs.formats import marker
from bayesmatch.catalogs.formats.digest import table_digest
from bayesmatch.matching import result_files
from bayesmatch.matching.result_check import check_result

pytestmark = pytest.mark.filterwarnings("ignore:.*(text|is called).*:UserWarning")
FORMATS = ["fits", "fits.gz", "vot", "parquet", "ecsv", "csv"]
SEVERAL = ["parquet", "ecsv", "csv"]
N = 8


def matched(seed=0, **columns):
    rng = np.random.default_rng(seed)
    ra = 150 + np.arange(N) * 0.01
    catalogs = [
        bm.Catalog(
            Table(
                {
                    "ID": [f"{name}{k}" for k in range(N)],
                    "RA": ra + rng.normal(0, 1e-4, N),
                    "DEC": 1 + rng.normal(0, 1e-4, N),
                    "mag": MaskedColumn(rng.normal(20, 1, N), mask=np.arange(N) == 2),
                    "flag": MaskedColumn(np.arange(N, dtype=np.int16), mask=np.arange(N) == 3),
                    **columns,
                }
            ),
            name=name,
            pos_err=sigma,
            area=0.01,
        )
        for name, sigma in (("A", 1.0), ("O", 0.3), ("B", 0.5))
    ]
    return bm.match(*catalogs, radius=5, host_fraction=0.8)


def bare(result):
    """The same with no inputs at hand: as it is written, it is read."""
    return bm.MatchResult(result.associations, result.sources, result.meta)


@pytest.fixture(scope="module")
def results():
    return bare(matched(0)), bare(matched(1))


def fingerprint(result):
    meta = {k: v for k, v in result.meta.items() if k != "seconds"}
    return (
        table_digest(result.associations),
        table_digest(result.sources),
        json.dumps(meta, sort_keys=True),
    )


def with_inputs(result):
    """What a file with the input columns has."""
    return fingerprint(bm.MatchResult(result.with_inputs(), result.sources, result.meta))


class TestDigest:
    @pytest.mark.few(3)
    @pytest.mark.parametrize("ending", FORMATS)
    def test_equal_runs_equal_bytes(self, ending, results, tmp_path):
        written = []
        for folder in ("a", "b"):
            (tmp_path / folder).mkdir()
            files = matched().write(tmp_path / folder / f"r.{ending}", include_inputs=True)
            written.append([Path(f).read_bytes() for f in files])
        assert written[0] == written[1]

    def test_sees_every_difference(self):
        base = {"a": [1, 2], "b": ["x", "y"], "c": [0.0, np.nan]}
        seen = {table_digest(Table(base))}
        for name, values in (
            ("a", [2, 1]),
            ("a", [1.0, 2.0]),
            ("b", ["xy", ""]),
            ("b", ["", "xy"]),
            ("b", ["x", "\U0001f600"]),
            ("c", [-0.0, np.nan]),
            ("c", [np.nan, 0.0]),
            ("c", np.array([0.0, np.nan], np.float32)),
        ):
            seen.add(table_digest(Table({**base, name: values})))
        seen.add(table_digest(Table({"b": base["b"], "a": base["a"], "c": base["c"]})))
        seen.add(table_digest(Table({**base, "a": MaskedColumn([1, 2], mask=[False, True])})))
        assert len(seen) == 11

    def test_sees_nothing_that_formats_lose(self):
        column = MaskedColumn(["x ", "y", "z"], mask=[False, True, False])
        other = MaskedColumn(["x", "", "z"], mask=[False, True, False], description="text")
        assert table_digest(Table({"b": column})) == table_digest(Table({"b": other}))
        number = [MaskedColumn([1.0, v], mask=[False, True]) for v in (7.0, np.nan)]
        assert len({table_digest(Table({"b": c})) for c in number}) == 1


#: what formats find hard: separators, breaks, quotes, half characters, words that mean missing
TEXT = st.text(
    st.sampled_from(
        list("aB1 \t\n\r\0\x1f\x85\xa0\u2028\u3000\ufeff\ufffd\ud800") + ["é", "\U0001f600"]
    )
    | st.sampled_from(string.punctuation),
    max_size=6,
) | st.sampled_from(["nan", "None", "null", "N/A", "007", "1e5", "True", "--", "#", "'", "&"])
NUMBERS = st.sampled_from([0.0, -0.0, 0.1, np.nan, np.inf, -np.inf, 1e-320, 1.7e308])
INTEGERS = st.sampled_from(["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i4"])


@st.composite
def columns(draw):
    kind = draw(st.sampled_from(["text", "float", "int", "bool", "cells", "object"]))
    if kind == "text":
        values = np.array(draw(st.lists(TEXT, min_size=N, max_size=N)))
    elif kind == "float":
        values = draw(st.lists(NUMBERS, min_size=N, max_size=N))
        with np.errstate(over="ignore"):
            values = np.array(values).astype(draw(st.sampled_from(["f4", "f8", ">f8"])))
    elif kind == "int":
        bounds = np.iinfo(draw(INTEGERS))
        pool = st.sampled_from([bounds.min, bounds.max, 0, 1, bounds.max // 3])
        values = np.array(draw(st.lists(pool, min_size=N, max_size=N)), bounds.dtype)
    elif kind == "bool":
        values = np.array(draw(st.lists(st.booleans(), min_size=N, max_size=N)))
    elif kind == "cells":
        values = np.arange(2 * N).reshape(N, 2).astype(draw(st.sampled_from(["f4", "i2", "i8"])))
    else:
        pool = st.sampled_from([None, 2, 2.5, "x", ""])
        values = np.array(draw(st.lists(pool, min_size=N, max_size=N)), object)
    text = {"description": draw(st.none() | TEXT)}
    if not draw(st.booleans()):
        return Column(values, **text)
    mask = np.array(draw(st.lists(st.booleans(), min_size=N, max_size=N)))
    return MaskedColumn(
        values,
        mask=np.broadcast_to(mask[(...,) + (None,) * (values.ndim - 1)], values.shape),
        **text,
    )


NAMES = st.text(st.sampled_from("ab'\"& \n\té\x85"), min_size=1, max_size=5)


class TestRoundTrip:
    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        added=st.dictionaries(NAMES, columns(), min_size=1, max_size=4),
        ending=st.sampled_from(FORMATS),
    )
    def test_any_input_column(self, added, ending, tmp_path_factory):
        """What can be written can be read, and is the same."""
        result = matched(**{f"c{name}": column for name, column in added.items()})
        path = tmp_path_factory.getbasetemp() / f"any.{ending}"
        result.write(path, include_inputs=True)
        back = bm.MatchResult.read(path)
        assert back.associations.colnames == result.with_inputs().colnames
        assert fingerprint(back) == with_inputs(result)

    @pytest.mark.slow
    def test_texts_with_breaks_come_back(self, tmp_path):
        texts = np.array(["a\nb", "", "\r", "x\0y", '"', "\x85", "\ud800", "z"])
        result = matched(**{"note\n": texts})
        for ending in FORMATS:
            result.write(tmp_path / f"r.{ending}", include_inputs=True)
            back = bm.MatchResult.read(tmp_path / f"r.{ending}").associations
            assert list(back["A_note\n"][back["ncat"] == 1].filled("")) == list(texts)


class TestMixes:
    @pytest.mark.few(1)
    @pytest.mark.parametrize("ending", SEVERAL)
    def test_two_runs(self, ending, results, tmp_path):
        for name, result in zip("rs", results, strict=True):
            files = result.write(tmp_path / f"{name}.{ending}")
        for taken in range(len(files)):
            for name, result in zip("rs", results, strict=True):
                written = result.write(tmp_path / f"{name}.{ending}")
            mine = [f.replace("/s.", "/r.") for f in written]
            shutil.copy(written[taken], mine[taken])
            with pytest.raises(ValueError, match=rf"r\.{ending}: .*(another run|changed after)"):
                bm.MatchResult.read(tmp_path / f"r.{ending}")

    @pytest.mark.parametrize("ending", SEVERAL)
    def test_second_file_cannot_be_written(self, ending, results, tmp_path):
        old, new = results
        first, second, *_ = old.write(tmp_path / f"r.{ending}")
        os.unlink(second)
        os.mkdir(second)
        before = Path(first).read_bytes()
        with pytest.raises(IsADirectoryError, match="is a directory"):
            new.write(tmp_path / f"r.{ending}")
        assert Path(first).read_bytes() == before
        assert not [p for p in os.listdir(tmp_path) if p.startswith(".")]


class TestMarker:
    """A process killed between the renames."""

    def killed(self, monkeypatch, results, path, at):
        """The old result, then the new one of which `at` renames were done; digests of both."""
        old, new = results
        old.write(path)
        done, rename = [], Path.replace

        def replace(self, target):
            if not Path(target).name.startswith("."):
                if len(done) == at:
                    raise KeyboardInterrupt
                done.append(target)
            return rename(self, target)

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Path, "replace", replace)
            new.write(path)
        return fingerprint(old), fingerprint(new)

    @pytest.mark.parametrize("ending", SEVERAL)
    @pytest.mark.parametrize("at", [0, 1])
    def test_next_reader_finishes(self, ending, at, results, tmp_path, monkeypatch):
        path = tmp_path / f"r.{ending}"
        _, new = self.killed(monkeypatch, results, path, at)
        assert fingerprint(bm.MatchResult.read(path)) == new
        assert not [p for p in os.listdir(tmp_path) if p.startswith(".")]
        assert fingerprint(bm.MatchResult.read(path)) == new

    @pytest.mark.parametrize("at", [0, 1])
    def test_next_writer_finishes(self, at, results, tmp_path, monkeypatch):
        path = tmp_path / "r.csv"
        old, _ = self.killed(monkeypatch, results, path, at)
        results[0].write(path)
        assert fingerprint(bm.MatchResult.read(path)) == old
        assert not [p for p in os.listdir(tmp_path) if p.startswith(".")]

    @pytest.mark.parametrize("at", [0, 1])
    def test_where_one_may_only_read(self, at, results, tmp_path, monkeypatch):
        path = tmp_path / "r.csv"
        _, new = self.killed(monkeypatch, results, path, at)
        left = sorted(os.listdir(tmp_path))
        monkeypatch.setattr(Path, "replace", lambda *a: (_ for _ in ()).throw(PermissionError()))
        assert fingerprint(bm.MatchResult.read(path)) == new
        assert sorted(os.listdir(tmp_path)) == left

    def test_files_put_there_since_are_kept(self, results, tmp_path, monkeypatch):
        path = tmp_path / "r.csv"
        self.killed(monkeypatch, results, path, 0)
        third = bare(matched(2))
        for file in third.write(tmp_path / "t.csv"):
            shutil.copy(file, file.replace("/t.", "/r."))
        assert fingerprint(bm.MatchResult.read(path)) == fingerprint(third)

    @pytest.mark.parametrize(
        "text", ["", "[]", "{}", "[1, 2, 3]", '[{"temporary": "../x"}, {}, {}]', "[[[["]
    )
    def test_damaged(self, text, results, tmp_path, monkeypatch):
        path = tmp_path / "r.csv"
        self.killed(monkeypatch, results, path, 0)
        (mark,) = tmp_path.glob(f"{marker.MARKER}*")
        mark.write_text(text)
        with pytest.raises(ValueError, match="damaged; delete it"):
            bm.MatchResult.read(path)


def edited_meta(meta, path, value):
    """A copy of it with another value at a place."""
    meta = json.loads(json.dumps(meta))
    place = meta
    for key in path[:-1]:
        place = place[key]
    if value is dataclasses.MISSING:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return meta


PLACES = [
    ("radius_arcsec",),
    ("catalogues",),
    ("catalogues", 0),
    ("catalogues", 1, "name"),
    ("catalogues", 1, "id"),
    ("catalogues", 1, "rows"),
    ("catalogues", 1, "area_deg2"),
    ("catalogues", 1, "pos_err"),
    ("priors",),
    ("prior_completeness",),
    ("host_fraction",),
    ("host_fraction_given",),
    ("host_fraction_fit",),
    ("host_fraction_fit", "fraction"),
    ("host_fraction_fit", "coefficients"),
    ("host_fraction_fit", "center"),
    ("n_associations",),
    ("n_candidates",),
    ("min_p_i",),
    ("correct_unrelated",),
]


class TestOldFiles:
    """Files of 0.1.0 have no digest: what they hold is checked by itself."""

    @pytest.fixture(autouse=True)
    def without_digest(self, monkeypatch):
        monkeypatch.setattr(result_files, "_check_digests", lambda *a: None)

    @pytest.mark.parametrize("ending", FORMATS)
    def test_are_read(self, ending, results, tmp_path, monkeypatch):
        write = result_files.write_tables

        def as_before(kind, paths, tables, record):
            for key in (result_files.RUN, result_files.TABLES):
                del record[key]
            write(kind, paths, tables, record)

        monkeypatch.setattr(result_files, "write_tables", as_before)
        results[0].write(tmp_path / f"r.{ending}")
        assert fingerprint(bm.MatchResult.read(tmp_path / f"r.{ending}")) == fingerprint(results[0])

    @pytest.mark.parametrize("place", PLACES, ids=lambda p: ".".join(map(str, p)))
    @pytest.mark.parametrize(
        "value", [dataclasses.MISSING, [], {}, "x y", -1.5, [[]], {"a": None}, 1e400]
    )
    def test_meta(self, place, value, results):
        result = results[0]
        meta = edited_meta(result.meta, place, value)
        older = (("host_fraction_fit", name) for name in ("coefficients", "center"))
        if place in older and value in ({}, dataclasses.MISSING):
            return  # older fits have no covariates
        if place == ("priors",) and value == {}:
            return  # as good as an empty list for each catalogue
        with pytest.raises(ValueError):
            check_result(result.associations, result.sources, meta)

    def test_a_fit_to_a_given_number_says_so(self, results):
        """It has a pattern less than one that nothing was given to: `explain` met the gap."""
        result = results[0]
        with pytest.raises(ValueError, match="coefficients"):
            check_result(
                result.associations,
                result.sources,
                edited_meta(result.meta, ("host_fraction_given",), False),
            )

    @pytest.mark.parametrize("total", [0, 1])
    def test_a_given_number_leaves_some_of_both(self, total, results):
        """`match` takes no other: `explain` met the logarithm of nothing."""
        result = results[0]
        meta = edited_meta(result.meta, ("host_fraction",), total)
        with pytest.raises(ValueError, match="coefficients"):
            check_result(result.associations, result.sources, meta)

    def test_rows(self, results):
        result = results[0]

        def check(which, name, edit, says):
            tables = {"a": result.associations.copy(), "s": result.sources.copy()}
            values = tables[which][name].copy()
            tables[which][name] = edit(values)
            with pytest.raises(ValueError, match=says):
                check_result(tables["a"], tables["s"], result.meta)

        def put(at, value):
            def edit(values):
                values[at] = value
                return values

            return edit

        check("a", "A", put(0, 5), "does not go through all sources")
        check("a", "A", put(-1, 99), "does not go through all sources")
        check("a", "A", lambda v: v[::-1], "does not go through all sources")
        check("a", "A", lambda v: v.astype(float), "of type float64")
        member = int(np.flatnonzero(np.asarray(result.associations["O"]) >= 0)[0])
        check("a", "O", put(member, N), "no row of that catalogue")
        check("a", "O", put(0, -2), "no row of that catalogue")
        check("a", "O", put(0, 1), "number of members")
        check("a", "ncat", put(1, 1), "number of members")
        check("a", "p_i", put(1, 1.5), "no probability")
        check("a", "p_any", put(1, np.nan), "no probability")
        check("a", "p_match", lambda v: v.astype(str), "of type")
        check("a", "match_flag", lambda v: v.astype(str), "of type")
        check("a", "O_ID", lambda v: np.arange(len(v)) / 2, "of type float64")
        check("s", "A", put(0, 1), "is not 0, 1, 2")
        check("s", "O", put(0, N), "no row of that catalogue")
        check("s", "p_hostless", put(0, -1), "no probability")
        for cut in (lambda t: t[1:], lambda t: t[:0]):
            with pytest.raises(ValueError):
                check_result(cut(result.associations), result.sources, result.meta)
            with pytest.raises(ValueError):
                check_result(result.associations, cut(result.sources), result.meta)
        for name in result.associations.colnames:
            part = result.associations.copy()
            part.remove_column(name)
            with pytest.raises(ValueError, match=f"no column '{name}'"):
                check_result(part, result.sources, result.meta)

    def test_swapped_first_rows(self, results):
        result = results[0]
        order = np.arange(len(result.associations))
        order[:2] = 1, 0
        with pytest.raises(ValueError, match="first row of each source"):
            check_result(result.associations[order], result.sources, result.meta)


def damaged(data, rng):
    """The bytes with one accident."""
    data = bytearray(data)
    kind = rng.randrange(6)
    at = rng.randrange(len(data))
    if kind == 0:
        data[at] ^= 1 << rng.randrange(8)
    elif kind == 1:
        for _ in range(3):
            data[rng.randrange(len(data))] = rng.randrange(256)
    elif kind == 2:
        del data[at:]
    elif kind == 3:
        del data[at : at + rng.randrange(1, 50)]
    elif kind == 4:
        data[at:at] = data[at : at + rng.randrange(1, 50)]
    else:
        data[at : at + 8] = bytes(rng.randrange(32, 127) for _ in range(8))
    return bytes(data)


def use(result):
    """What people do with a result that was read."""
    result.summary()
    result.best()
    str(result.explain(result.sources[f"A_{result.record.primary.id}"][0]))


def check_damage(result, folder, ending, n, seed):
    files = [Path(f) for f in result.write(folder / f"r.{ending}")]
    original = [f.read_bytes() for f in files]
    expected, rng = fingerprint(result), random.Random(seed)
    for case in range(n):
        victim = rng.randrange(len(files))
        files[victim].write_bytes(damaged(original[victim], rng))
        try:
            found = bm.MatchResult.read(files[0])
        except (ValueError, OSError) as error:
            assert "\n" not in str(error) and files[0].name in str(error), (case, error)
        else:
            assert fingerprint(found) == expected, case
            use(found)
        files[victim].write_bytes(original[victim])


class TestDamage:
    @pytest.mark.parametrize("ending", FORMATS)
    def test_some(self, ending, results, tmp_path):
        check_damage(results[0], tmp_path, ending, 12, 1)

    @pytest.mark.few(0, slow=2)
    @pytest.mark.parametrize("ending", FORMATS)
    def test_many(self, ending, results, tmp_path):
        check_damage(results[0], tmp_path, ending, 400, 2)

    @pytest.mark.slow
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_edited_meta_of_csv(self, data, results, tmp_path_factory):
        """Edits, with the digests made anew or taken out: refused, or a result that can be used."""
        folder = tmp_path_factory.getbasetemp() / "edited"
        if not folder.exists():
            folder.mkdir()
            results[0].write(folder / "r.csv")
            shutil.copy(folder / "r.meta.json", folder / "kept.json")
        files = [folder / "r.csv", folder / "r.meta.json"]
        record = json.loads((folder / "kept.json").read_text())
        place, parent = record, None
        while isinstance(place, (dict, list)) and place and data.draw(st.integers(0, 5)):
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            parent, key = place, data.draw(st.sampled_from(keys))
            place = place[key]
        if parent is None:
            return
        value = data.draw(
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=3), inner, max_size=3)
                ),
            )
        )
        parent[key] = value
        if data.draw(st.booleans()):
            record.pop(result_files.RUN, None)
            record.pop(result_files.TABLES, None)
        elif isinstance(record, dict):
            record.pop(result_files.RUN, None)
            record[result_files.RUN] = result_files.json_digest(record)
        Path(files[-1]).write_text(json.dumps(record))
        try:
            found = bm.MatchResult.read(files[0])
        except ValueError as error:
            assert "r.csv" in str(error) and "\n" not in str(error)
        else:
            use(found)

    def test_csv_without_a_row(self, results, tmp_path):
        path = tmp_path / "r.csv"
        results[0].write(path)
        path.write_text(path.read_text().splitlines(keepends=True)[0])
        with pytest.raises(
            ValueError, match=r"r\.csv: does not hold a bayesmatch result, or is dam"
        ):
            bm.MatchResult.read(path)

    def test_fits_resaved_with_another_value(self, results, tmp_path):
        (file,) = results[0].write(tmp_path / "r.fits")
        with fits.open(file, mode="update") as hdus:
            hdus["SOURCES"].data["p_any"][0] = 0.123
        with pytest.raises(ValueError, match=r"table SOURCES in r\.fits .*changed after"):
            bm.MatchResult.read(file)


WRITER = """
import sys
import bayesmatch as bm
old, new = (bm.MatchResult.read(f"{sys.argv[1]}/{k}.parquet") for k in "ab")
print("ready", flush=True)
while True:
    for result in (new, old):
        result.write(sys.argv[2])
"""


def check_kills(results, folder, ending, kills, seed):
    """Kill a process that writes two results in turns; what is left is one of them."""
    for name, result in zip("ab", results, strict=True):
        result.write(folder / f"{name}.parquet")
    target = folder / "out" / f"r.{ending}"
    target.parent.mkdir()
    expected = {fingerprint(result) for result in results}
    rng = random.Random(seed)
    results[0].write(target)
    for _ in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), str(target)], stdout=subprocess.PIPE
        )
        try:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(rng.uniform(0.0, 0.3))
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()
        assert fingerprint(bm.MatchResult.read(target)) in expected


class TestKills:
    @pytest.mark.slow
    @pytest.mark.parametrize("ending", ["csv"])
    def test_few(self, ending, results, tmp_path):
        check_kills(results, tmp_path, ending, 2, 0)

    @pytest.mark.full
    @pytest.mark.parametrize("ending", [*SEVERAL, "fits"])
    def test_more(self, ending, results, tmp_path):
        check_kills(results, tmp_path, ending, 10, 1)


@pytest.mark.parametrize("kind", ["fits", "vot", "parquet", "ecsv", "csv"])
def test_priors_of_catalogues_that_are_not_in_alphabetical_order(tmp_path, kind):
    """Columns are in the order of the catalogues, whatever a format does to mappings."""
    ra = np.arange(N) * 0.01
    catalogs = [
        bm.Catalog({"RA": ra.copy(), "DEC": ra, "m": ra}, name=name, pos_err=1.0, area=0.01)
        for name in ("X", "O", "B")
    ]
    flat = [bm.FunctionPrior(name, lambda table: np.zeros(len(table))) for name in ("b", "a")]
    result = bm.match(*catalogs, radius=5, host_fraction=0.8, priors={"B": flat, "O": flat[:1]})
    result.write(tmp_path / f"r.{kind}", include_inputs=False)
    back = bm.MatchResult.read(tmp_path / f"r.{kind}")
    assert back.associations.colnames == result.associations.colnames
    assert back.record.prior_names == result.record.prior_names


@pytest.mark.slow
def test_quotes_in_the_record_do_not_damage_a_fits_file(tmp_path):
    """Astropy loses texts with quotes and ampersands that go on over several cards."""
    result = bare(matched())
    for seed in range(20):
        rng = np.random.default_rng(seed)
        text = "".join(rng.choice(list("ab '&/\"\\:("), 300))
        result.meta = {**result.meta, "note": [text]}
        result.associations["p_any"].description = text.replace("\\", "")
        result.write(tmp_path / "r.fits")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert bm.MatchResult.read(tmp_path / "r.fits").meta["note"] == [text]
            Table.read(tmp_path / "r.fits", hdu=1)
