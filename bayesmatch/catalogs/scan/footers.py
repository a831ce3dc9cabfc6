"""What the footers of Parquet files tell of their columns without their rows being read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pyarrow import parquet


def bounds(footer: parquet.FileMetaData, name: str) -> np.ndarray:
    """(n_groups, 2) least and largest value of a column, NaN where the footer does not tell."""
    out = np.full((footer.num_row_groups, 2), np.nan)
    at = _column(footer, name)
    for group in range(footer.num_row_groups if at is not None else 0):
        found = footer.row_group(group).column(at).statistics
        if found is not None and found.has_min_max:
            with suppress(TypeError, ValueError):  # another type: said when schemas are compared
                out[group] = found.min, found.max
    return out


def spans(footer: parquet.FileMetaData, name: str) -> np.ndarray:
    """(n_groups, 2) first byte of a column and how many it has; none where there is no such one."""
    out = np.zeros((footer.num_row_groups, 2), np.int64)
    at = _column(footer, name)
    for group in range(footer.num_row_groups if at is not None else 0):
        chunk = footer.row_group(group).column(at)
        first = [chunk.data_page_offset]
        if chunk.has_dictionary_page and chunk.dictionary_page_offset:
            first.append(chunk.dictionary_page_offset)
        out[group] = min(first), chunk.total_compressed_size
    return out


def column_range(file: parquet.ParquetFile, name: str) -> Iterator[tuple[Any, Any]]:
    """Least and largest value of a column in each row group that has any; it is read if need be."""
    import pyarrow.compute as pc

    at = _column(file.metadata, name)
    for group in range(file.metadata.num_row_groups if at is not None else 0):
        found = file.metadata.row_group(group).column(at).statistics
        if found is not None and found.has_min_max:
            with suppress(NotImplementedError):
                yield found.min, found.max
                continue
        column = file.read_row_group(group, columns=[name]).column(0)
        values = [v for v in pc.unique(column).to_pylist() if v is not None and v == v]
        if values:
            yield min(values), max(values)


def _column(footer: parquet.FileMetaData, name: str) -> int | None:
    paths = (footer.schema.column(k).path for k in range(footer.num_columns))
    return next((k for k, path in enumerate(paths) if path == name), None)
