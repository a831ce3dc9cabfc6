"""The files of a data set: parts with one schema between them, and their rows in batches."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..._kernels.jit import on_threads
from ..formats.arrow import arrow_values, notes_on, table_notes
from ..positions import read_only
from ..warned import warn_user
from .ahead import advise
from .footers import bounds, spans
from .other_files import no_parquet
from .partitions import check_partition
from .schemas import agreed, masks_in, naming, plain_schema, plain_type, with_nulls

if TYPE_CHECKING:
    import pyarrow as pa

#: bytes of a batch, all columns: it stays in the processor's cache from decoding to the search,
#: and its memory is used again for the next one, where that of larger ones goes back to the system
BATCH_BYTES = 1 << 20
#: bytes of a batch of wide rows, of which fewer than `LEAST_ROWS` would make a smaller one
WIDE_BYTES, LEAST_ROWS = 1 << 24, 1 << 14
#: bytes that a cell without a fixed width is taken to have
TEXT_BYTES = 64
#: bytes read ahead per column, so that memory is bounded where a row group is a whole file
READ_BYTES = 1 << 20
#: files opened at once to read their footers
OPENERS = 8

Files = Sequence[tuple[Path, Mapping[str, str | None]]]


@dataclass(frozen=True)
class Part:
    """One file of a data set."""

    path: Path
    size: int
    """bytes"""
    mtime_ns: int
    first_row: int
    """row of the data set that its first row is"""
    group_rows: np.ndarray = field(repr=False)
    """(n_groups,) rows of each row group"""
    bounds: np.ndarray = field(repr=False)
    """(n_groups, n_columns, 2) least and largest value of some columns, NaN = unknown"""
    partition: Mapping[str, str | None]
    """values that stand in the names of its directories"""
    masks: Mapping[str, str] = field(default_factory=dict)
    """columns of truth values that mask others, by the latter"""
    spans: dict[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)
    """(n_groups, 2) first byte and number of bytes of some columns, those read so far"""

    @property
    def n_rows(self) -> int:
        """Rows in the file."""
        return int(self.group_rows.sum())

    def groups_of(self, rows: np.ndarray) -> np.ndarray:
        """Row groups that hold any of some rows (ascending) of the data set."""
        edges = self.first_row + np.concatenate([[0], np.cumsum(self.group_rows)])
        return np.flatnonzero(np.diff(np.searchsorted(rows, edges)))

    def check_unchanged(self) -> None:
        """Raise a FileNotFoundError or ValueError if the file is not the one that was opened."""
        with reading(self.path):
            status = os.stat(self.path)
        if (status.st_size, status.st_mtime_ns) != (self.size, self.mtime_ns):
            raise ValueError(
                f"{self.path}: the file has changed since the data set was opened; scan it again"
            )

    def batches(
        self,
        columns: Sequence[str],
        groups: Sequence[int],
        *,
        parallel: bool = False,
        batch_bytes: int = BATCH_BYTES,
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Batches of some columns of some row groups, and the row in the file each begins with.

        `parallel` decodes the columns on several threads; a batch has about `batch_bytes`.
        """
        from pyarrow import parquet

        self.check_unchanged()
        group_first = np.cumsum(self.group_rows) - self.group_rows
        masks = {name: self.masks[name] for name in columns if name in self.masks}
        wanted = list(dict.fromkeys([*columns, *masks.values()]))
        with reading(self.path):
            file = parquet.ParquetFile(
                self.path, buffer_size=READ_BYTES, page_checksum_verification=True
            )
        with file:
            size = batch_rows(file.schema_arrow, wanted, batch_bytes)
            for name in wanted:
                if name not in self.spans:
                    self.spans[name] = spans(file.metadata, name)
            self.read_ahead(wanted, groups)
            for group in groups:
                first = int(group_first[group])
                stream = file.iter_batches(
                    size, row_groups=[group], columns=wanted, use_threads=parallel
                )
                while True:
                    with reading(self.path):
                        batch = next(stream, None)
                    if batch is None:
                        break
                    yield first, with_nulls(batch, masks, columns) if masks else batch
                    first += len(batch)
                if first != group_first[group] + self.group_rows[group]:
                    raise ValueError(
                        f"{self.path}: row group {group} holds another number of rows "
                        "than its footer says; the file is damaged"
                    )
        self.check_unchanged()

    def read_ahead(self, columns: Sequence[str], groups: Sequence[int]) -> None:
        """Have the system read some columns of some row groups, as far as their place is known.

        It reads while rows are worked on; only a hint, so nothing is said where it fails.
        """
        known = [self.spans[name][list(groups)] for name in columns if name in self.spans]
        if known and len(groups):
            advise(self.path, np.concatenate(known))


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Errors of reading a file, as errors that name it."""
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{path}: the file is not there any more; restore it, or scan the "
            "data set again without it"
        ) from error
    except (OSError, pa.ArrowException, EOFError, KeyError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(no_parquet(path, reason)) from error


def batch_rows(schema: pa.Schema, columns: Sequence[str], batch_bytes: int = BATCH_BYTES) -> int:
    """Rows of a batch of some columns."""
    row = sum(_width(column.type) for column in schema if column.name in columns) or 1
    return max(1024, batch_bytes // row, min(LEAST_ROWS, WIDE_BYTES // row))


def _width(kind: pa.DataType) -> int:
    """Bytes of a cell."""
    try:
        bits: int = kind.bit_width
    except (AttributeError, ValueError):
        return TEXT_BYTES
    return max(1, bits // 8)


def first_schema(path: Path) -> tuple[pa.Schema, dict[str, str]]:
    """Plain schema of a file, and what its footer says of the table (EXTNAME, SKYAREA)."""
    from pyarrow import parquet

    with reading(path), parquet.ParquetFile(path) as file:
        schema = file.schema_arrow
    twice = next((n for n in schema.names if schema.names.count(n) > 1), None)
    if twice is not None:
        raise ValueError(f"{path}: two columns are called {twice!r}; rename one in every file")
    for note in notes_on(schema):
        warn_user(f"{path}: {note}")
    with naming(path):
        return plain_schema(schema), table_notes(schema)


def open_parts(
    files: Files, expected: pa.Schema, bounds_of: Sequence[str]
) -> tuple[list[Part], pa.Schema]:
    """Read the footers of all files and check them against the first one's schema.

    Returns the parts, and the schema with the types of columns that are empty in the first file.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file has gone, is damaged, or has other columns or types; names it.
    """
    opened = list(
        on_threads(
            lambda file: _open_part(file[0], file[1], expected, bounds_of),
            files,
            min(OPENERS, len(files)),
        )
    )
    schema, first = expected, files[0][0]
    for part, found in opened:
        if found is not expected:
            schema = agreed(schema, found, part.path, first)
    parts, row = [], 0
    for part, _ in opened:
        if part.partition.keys() != opened[0][0].partition.keys():
            raise ValueError(
                f"{part.path}: its directories give the partition columns "
                f"{', '.join(part.partition) or 'none'}, those of {first} give "
                f"{', '.join(opened[0][0].partition) or 'none'}; scan one data set"
            )
        parts.append(Part(**{**vars(part), "first_row": row}))
        row += part.n_rows
    return parts, schema


def _open_part(
    path: Path, partition: Mapping[str, str | None], expected: pa.Schema, bounds_of: Sequence[str]
) -> tuple[Part, pa.Schema]:
    from pyarrow import parquet

    with reading(path):
        status = os.stat(path)
        with parquet.ParquetFile(path) as file:
            footer, found = file.metadata, file.schema_arrow
            rows = np.array(
                [footer.row_group(g).num_rows for g in range(footer.num_row_groups)], np.int64
            )
            ranges = np.stack([bounds(footer, name) for name in bounds_of], axis=1)
            stored = [n for n in partition if n in found.names]
            check_partition(path, file, {n: partition[n] for n in stored})
    with naming(path):
        schema = plain_schema(found)
        masks = masks_in(footer, found)
    where = {name: spans(footer, name) for name in bounds_of}
    part = Part(path, status.st_size, status.st_mtime_ns, 0, rows, ranges, partition, masks, where)
    # One object for all: thousands of files with hundreds of columns would fill the memory.
    return part, expected if schema.equals(expected, check_metadata=True) else schema


def rows_of(
    part: Part, batch: pa.RecordBatch, rows: np.ndarray, schema: pa.Schema
) -> list[pa.Array]:
    """Some rows of a batch of a part, with the columns of a schema and their types."""
    import pyarrow as pa

    at, found = pa.array(rows), dict(zip(batch.schema.names, batch.columns, strict=True))
    return [
        _as_type(_taken(found[f.name], at), f.type)
        if f.name in found
        else pa.array([part.partition[f.name]] * len(rows), pa.string()).cast(f.type)
        for f in schema
    ]


def _taken(column: pa.Array, at: pa.Array) -> pa.Array:
    """Some rows of a column."""
    if str(column.type).endswith("_view"):  # Arrow cannot take rows of these
        column = column.cast(plain_type(column.type))
    return column.take(at)


def _as_type(column: pa.Array, kind: pa.DataType) -> pa.Array:
    return column if column.type == kind else column.cast(kind)


def numbers(column: pa.Array, factor: float = 1.0) -> np.ndarray:
    """A numeric column of a batch as float64 times a factor, NaN where null; read-only.

    Without a copy where it is that already.
    """
    import pyarrow as pa

    if factor == 1.0 and pa.types.is_float64(column.type) and column.null_count == 0:
        return read_only(column.to_numpy())
    values, mask = arrow_values(pa.chunked_array([column]))
    values = np.ascontiguousarray(values, dtype=np.float64)
    if factor != 1.0:
        values = values * factor
    return read_only(values if mask is None else np.where(mask, np.nan, values))
