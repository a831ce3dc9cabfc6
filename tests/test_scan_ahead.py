"""What a scan reads ahead, and in which pieces: nothing of it is seen in a result."""

import os

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from test_scan import OPTIONS, sources, survey

import bayesmatch as bm
from bayesmatch._kernels import jit
from bayesmatch.catalogs import sky_box
from bayesmatch.catalogs.scan import ahead, parts, search, work
from bayesmatch.catalogs.scan.parts import batch_rows, numbers


@pytest.fixture
def folder(tmp_path):
    """Two files of five row groups each."""
    for k in range(2):
        table = survey(1500, seed=k)
        parquet.write_table(table, tmp_path / f"{k}.parquet", row_group_size=300)
    return tmp_path


def matched(folder, **more):
    scanned = bm.Catalog.scan(folder, pos_err=0.3, **OPTIONS | {"id": "#"})
    result = bm.match(sources(), scanned, radius=30, **more)
    return [
        np.asarray(result.associations[name]).tobytes() for name in result.associations.colnames
    ]


def test_all_position_columns_are_asked_for(folder, monkeypatch):
    asked = {}
    monkeypatch.setattr(
        parts, "advise", lambda path, s: asked.setdefault(path, []).extend(s.tolist())
    )
    monkeypatch.setattr(work, "TASK_ROWS", 300)
    matched(folder)
    assert len(asked) == 2
    for path, spans in asked.items():
        footer = parquet.read_metadata(path)
        for group in range(footer.num_row_groups):
            for k in range(footer.num_columns):
                column = footer.row_group(group).column(k)
                if column.path_in_schema in ("RA", "DEC"):
                    begin = column.dictionary_page_offset or column.data_page_offset
                    assert [begin, column.total_compressed_size] in spans
        assert all(0 < begin < begin + size <= os.stat(path).st_size for begin, size in spans)


def test_reading_ahead_is_a_hint(folder, monkeypatch):
    before = matched(folder)

    def refuse(*_):
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(ahead.os, "posix_fadvise", refuse, raising=False)
    assert matched(folder) == before
    monkeypatch.delattr(ahead.os, "posix_fadvise")
    assert matched(folder) == before


@pytest.mark.parametrize("size", [64, 3000, 1 << 24])
def test_pieces_of_any_size_give_the_same(folder, size, monkeypatch):
    before = matched(folder)
    monkeypatch.setattr(parts, "batch_rows", lambda *_: size // 16)
    assert matched(folder) == before


def test_batches_stay_in_the_cache_but_are_not_tiny():
    two = pa.schema([("RA", pa.float64()), ("DEC", pa.float64()), ("mag", pa.float32())])
    assert batch_rows(two, ["RA", "DEC"]) == 1 << 16
    assert batch_rows(two, ["mag"]) == 1 << 18
    wide = pa.schema([(f"c{k}", pa.float64()) for k in range(100)])
    assert batch_rows(wide, wide.names) == 1 << 14
    texts = pa.schema([(f"t{k}", pa.string()) for k in range(5000)])
    assert batch_rows(texts, texts.names) == 1024
    assert batch_rows(two, []) > 0


def test_tasks_hand_on_their_counts_only_to_be_kept(folder, tmp_path, monkeypatch):
    """Rows in no order touch all cells in every task: memory must not go with their number."""
    run_tasks, handed = search.run_tasks, []

    def watched(work, n_tasks, stage):
        for done, table in run_tasks(work, n_tasks, stage):
            handed.append(table["row"].to_numpy())
            yield done, table

    monkeypatch.setattr(search, "run_tasks", watched)
    matched(folder)
    assert len(np.concatenate(handed)) > 0 and min(rows.min() for rows in handed) >= 0
    before = matched(folder)
    handed.clear()
    assert matched(folder, checkpoint=tmp_path / "kept") == before
    assert min(rows.min() for rows in handed) < 0


def test_columns_are_read_while_the_search_goes_on(folder, tmp_path, monkeypatch):
    """Files are gone through once; with a checkpoint, whose stages are kept apart, twice."""
    begun, batches = [], parts.Part.batches

    def noted(self, columns, groups, **how):
        begun.append((tuple(columns), self.first_row, list(groups)))
        return batches(self, columns, groups, **how)

    monkeypatch.setattr(work, "TASK_ROWS", 300)
    monkeypatch.setattr(parts.Part, "batches", noted)
    monkeypatch.setattr(jit, "n_threads", lambda: 1)  # in their order
    scanned = bm.Catalog.scan(folder, pos_err="err", **OPTIONS)
    alone = {"field": "uniform", "host_fraction": 0.5}
    bm.match(sources(8), scanned, radius=60, **alone)
    columns = [k for k, (names, *_) in enumerate(begun) if names != ("RA", "DEC")]
    assert 0 < len(columns) < len(begun) / 2  # not where there are no candidates
    assert all(begun[k - 1] == (("RA", "DEC"), *begun[k][1:]) for k in columns)
    begun.clear()
    bm.match(sources(8), scanned, radius=60, checkpoint=tmp_path / "kept", **alone)
    read = [names for names, *_ in begun]
    assert read.index(("SRCID", "err")) == read.count(("RA", "DEC"))


def test_what_is_counted_is_looked_at_beside_the_search(folder, monkeypatch):
    """However large the data set: nothing is left to be counted."""
    before, begun, begin = matched(folder), [], sky_box.begin
    for name, value in {"MOST_COUNTED": 10, "FEW_THREADS": 64}.items():
        monkeypatch.setattr(sky_box, name, value)
    monkeypatch.setattr(sky_box, "begin", lambda look: begun.append(look) or begin(look))
    assert matched(folder) == before
    assert len(begun) == 1


def test_plain_coordinates_are_not_copied():
    column = pa.array(np.arange(100.0)).slice(10, 50)
    values = numbers(column)
    buffer = np.frombuffer(column.buffers()[1])
    assert np.shares_memory(values, buffer) and not values.flags.writeable
    assert values.tolist() == list(np.arange(10.0, 60.0))
    assert np.isnan(numbers(pa.array([1.0, None]))[1])
