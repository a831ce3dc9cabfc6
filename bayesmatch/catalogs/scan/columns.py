"""Columns of a scanned catalogue, read for some of its rows or counted over all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._kernels.jit import each, n_threads
from ..area import contains
from ..bad_rows import without_position
from ..field_counts import FieldCounts
from ..positions import read_only, turned
from ..sentinels import of_magnitudes, without_sentinels
from .checkpoint import Stage, run_tasks
from .data_set import DataSet
from .moving import moved
from .parts import Part, numbers, rows_of
from .work import Task, cut_into_tasks, reader_ahead

if TYPE_CHECKING:
    import pyarrow as pa

#: bytes of a batch of which few rows are taken: taking them costs as much for any number
BATCH_BYTES = 1 << 23


@dataclass(frozen=True)
class Wanted:
    """Some columns of a data set, to be read for some of its rows."""

    schema: pa.Schema
    """of these columns"""
    in_file: Sequence[str]
    """those that are read: rows are counted by them, so one where partition columns are wanted"""

    @classmethod
    def of(cls, data_set: DataSet, columns: Sequence[str]) -> Wanted:
        """Columns by their names."""
        import pyarrow as pa

        in_file = [n for n in columns if n not in data_set.partition_names]
        schema = pa.schema([data_set.schema.field(name) for name in columns])
        return cls(schema, in_file or [data_set.stored])

    def read(self, part: Part, rows: np.ndarray, groups: Sequence[int], parallel: bool) -> pa.Table:
        """Those of some rows of the data set (ascending, unique) that are in groups of a part."""
        import pyarrow as pa

        pieces = [self.schema.empty_table()]
        batches = part.batches(self.in_file, groups, parallel=parallel, batch_bytes=BATCH_BYTES)
        for first, batch in batches:
            a, b = np.searchsorted(rows, part.first_row + first + np.array([0, len(batch)]))
            if a < b:
                found = rows_of(part, batch, rows[a:b] - part.first_row - first, self.schema)
                pieces.append(pa.Table.from_arrays(found, schema=self.schema))
        return pa.concat_tables(pieces)


class ColumnsOfFound:
    """Columns of the rows that tasks find, read by each at its end: files are gone through once."""

    def __init__(self, tasks: Sequence[Task], wanted: Wanted, parallel: bool) -> None:
        self._tasks, self._wanted, self._parallel = tasks, wanted, parallel
        self._ahead = reader_ahead(tasks, wanted.in_file)
        self._tables: dict[int, pa.Table] = {}

    def read(self, task: int, rows: np.ndarray) -> None:
        """Read them for what a task has found (ascending)."""
        part, groups = self._tasks[task]
        needed = np.intersect1d(groups, part.groups_of(rows))
        if len(needed) == 0:
            return
        if len(needed) == len(groups):  # so will the next ones
            self._ahead(task)
        self._tables[task] = self._wanted.read(part, rows, needed.tolist(), self._parallel)

    def together(self) -> pa.Table:
        """Of all rows that were found, in their order."""
        import pyarrow as pa

        in_order = [self._tables[task] for task in sorted(self._tables)]
        return pa.concat_tables([self._wanted.schema.empty_table(), *in_order])


def fetch(
    data_set: DataSet, rows: np.ndarray, columns: Sequence[str], stage: Stage | None = None
) -> pa.Table:
    """Some columns of some rows (ascending, unique) of the data set."""
    import pyarrow as pa

    wanted = Wanted.of(data_set, columns)
    if not columns or len(rows) == 0:
        return wanted.schema.empty_table()
    tasks = cut_into_tasks([(part, part.groups_of(rows)) for part in data_set.parts])
    parallel = len(tasks) < n_threads()
    ahead = reader_ahead(tasks, wanted.in_file)

    def work(task: int) -> pa.Table:
        ahead(task)
        part, groups = tasks[task]
        return wanted.read(part, rows, groups, parallel)

    return pa.concat_tables([table for _, table in run_tasks(work, len(tasks), stage)])


def count_field(other: Any, column: str, left_out: np.ndarray, edges: np.ndarray) -> FieldCounts:
    """Counts of the values of a column in all rows of a data set but some (ascending).

    Rows without a position are left out, too, and so are those outside a MOC, which objects that
    move may have left or entered: of the catalogue `other` where it was moved to.
    """
    data_set, data = other.data_set, other.table[column]
    if column in data_set.partition_names:
        raise ValueError(
            f"catalogue {data_set.name!r}: column {column!r} stands in the names of "
            "directories; an auto prior needs one that is in the files"
        )
    magnitudes = of_magnitudes(data.unit, data.dtype)
    tasks = cut_into_tasks([(part, np.arange(len(part.group_rows))) for part in data_set.parts])
    parallel = len(tasks) < n_threads()
    judged = bool(other.n_without) or other.moc is not None
    motions = other.said.columns if judged and _may_leave(other) else []
    positions = [other.ra_name, other.dec_name] if judged else []
    wanted = list(dict.fromkeys([column, *positions, *motions]))

    def work(task: int) -> FieldCounts:
        counts = FieldCounts.of(np.empty(0), edges)
        part, groups = tasks[task]
        for first, batch in part.batches(wanted, groups, parallel=parallel):
            values = np.array(numbers(batch.column(column)))
            if judged:
                values[_not_there(other, batch)] = np.nan
            a, b = np.searchsorted(left_out, part.first_row + first + np.array([0, len(values)]))
            values[left_out[a:b] - part.first_row - first] = np.nan
            counts = counts + FieldCounts.of(without_sentinels(values, magnitudes), edges)
        return counts

    return sum(each(work, range(len(tasks))), FieldCounts.of(np.empty(0), edges))


def _may_leave(other: Any) -> bool:
    """Whether rows may be on another side of the rim of a MOC than where they stand."""
    return other.moc is not None and other.arrival is not None


def _not_there(other: Any, batch: pa.RecordBatch) -> np.ndarray:
    """Which rows have no position, or none within the MOC of the catalogue, (n,) bool."""
    ra, dec = (
        numbers(batch.column(name), other.unit_factor(name))
        for name in (other.ra_name, other.dec_name)
    )
    bad = without_position(ra, dec, other.ra_limits)
    out = np.zeros(len(ra), bool) if bad is None else bad
    if other.moc is not None:
        there = np.flatnonzero(~out)
        ra, dec = read_only(turned(ra[there])), read_only(dec[there])
        if _may_leave(other):
            ra, dec, _ = moved(other, batch, there, ra, dec)
        out[there] = ~contains(other.moc, ra, dec)
    return out
