"""Columns of a scanned catalogue, read for some of its rows or counted over all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._kernels.jit import each, n_threads
from ..area import contains
from ..bad_rows import without_position
from ..field_counts import FieldCounts
from ..positions import turned
from ..sentinels import without_sentinels
from .checkpoint import Stage, run_tasks
from .data_set import DataSet
from .parts import Part, numbers, rows_of
from .work import cut_into_tasks, reader_ahead

if TYPE_CHECKING:
    import pyarrow as pa


def fetch(
    data_set: DataSet, rows: np.ndarray, columns: Sequence[str], stage: Stage | None = None
) -> pa.Table:
    """Some columns of some rows (ascending, unique) of the data set."""
    import pyarrow as pa

    schema = pa.schema([data_set.schema.field(name) for name in columns])
    # Rows are counted by columns, so one is read where partition columns alone are wanted.
    in_file = [n for n in columns if n not in data_set.partition_names] or [data_set.stored]
    if not columns or len(rows) == 0:
        return schema.empty_table()
    pieces: list[tuple[Part, np.ndarray]] = []
    for part in data_set.parts:
        edges = part.first_row + np.concatenate([[0], np.cumsum(part.group_rows)])
        pieces.append((part, np.flatnonzero(np.diff(np.searchsorted(rows, edges)))))
    tasks = cut_into_tasks(pieces)
    parallel = len(tasks) < n_threads()
    ahead = reader_ahead(tasks, in_file)

    def work(task: int) -> pa.Table:
        ahead(task)
        return _wanted_rows(*tasks[task], rows, schema, in_file, parallel)

    return pa.concat_tables([table for _, table in run_tasks(work, len(tasks), stage)])


def count_field(
    data_set: DataSet,
    column: str,
    left_out: np.ndarray,
    edges: np.ndarray,
    magnitudes: bool | None,
    positions: Mapping[str, float] | None = None,
    moc: Any = None,
) -> FieldCounts:
    """Counts of the values of a column in all rows of the data set but some (ascending).

    `magnitudes`: whether these are, from :func:`bayesmatch.catalogs.sentinels.of_magnitudes`.
    `positions`: columns of right ascension and declination with what turns them into degrees, where
    rows without a position, or outside `moc`, are to be left out, too.
    """
    if column in data_set.partition_names:
        raise ValueError(
            f"catalogue {data_set.name!r}: column {column!r} stands in the names of "
            "directories; an auto prior needs one that is in the files"
        )
    tasks = cut_into_tasks([(part, np.arange(len(part.group_rows))) for part in data_set.parts])
    parallel = len(tasks) < n_threads()
    wanted = list(dict.fromkeys([column, *(positions or ())]))

    def work(task: int) -> FieldCounts:
        counts = FieldCounts.of(np.empty(0), edges)
        part, groups = tasks[task]
        for first, batch in part.batches(wanted, groups, parallel=parallel):
            values = np.array(numbers(batch.column(column)))
            if positions:
                ra, dec = (numbers(batch.column(name), f) for name, f in positions.items())
                values[_not_there(ra, dec, moc)] = np.nan
            a, b = np.searchsorted(left_out, part.first_row + first + np.array([0, len(values)]))
            values[left_out[a:b] - part.first_row - first] = np.nan
            counts = counts + FieldCounts.of(without_sentinels(values, magnitudes), edges)
        return counts

    return sum(each(work, range(len(tasks))), FieldCounts.of(np.empty(0), edges))


def _not_there(ra: np.ndarray, dec: np.ndarray, moc: Any) -> np.ndarray:
    """Which rows have no position within a `mocpy.MOC` (None: no position), (n,) bool."""
    bad = without_position(ra, dec)
    out = np.zeros(len(ra), bool) if bad is None else bad
    if moc is not None:
        there = np.flatnonzero(~out)
        out[there] = ~contains(moc, turned(ra[there]), dec[there])
    return out


def _wanted_rows(
    part: Part,
    groups: Sequence[int],
    rows: np.ndarray,
    schema: pa.Schema,
    in_file: Sequence[str],
    parallel: bool,
) -> pa.Table:
    """The rows wanted from some row groups of a part, with the types of the schema."""
    import pyarrow as pa

    pieces = []
    for first, batch in part.batches(in_file, groups, parallel=parallel):
        a, b = np.searchsorted(rows, part.first_row + first + np.array([0, len(batch)]))
        if a < b:
            found = rows_of(part, batch, rows[a:b] - part.first_row - first, schema)
            pieces.append(pa.Table.from_arrays(found, schema=schema))
    return pa.concat_tables(pieces)
