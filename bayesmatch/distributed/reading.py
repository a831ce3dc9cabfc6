"""The rows of one partition of an LSDB catalogue, for a search that needs few of them.

Where LSDB would read a local file as it is, and only then, the file is read here: positions first,
as Arrow buffers, and other columns only where there is a row to take.  Any other partition, one
that has been filtered, mapped or stands elsewhere, is as LSDB computes it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import nested_pandas as npd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.table import Table
from hats.io import pixel_catalog_file
from lsdb.loaders.hats.read_hats import read_pixel
from lsdb.operations.lsdb_ops import FromHealpixMap
from nested_pandas.nestedframe.io import from_pyarrow

from ..catalogs.formats.arrow import from_arrow
from .partition import plain_table

#: arguments of LSDB's reader that are understood here
UNDERSTOOD = frozenset(
    [
        "path_generator",
        "catalog_base_dir",
        "npix_suffix",
        "query_url_params",
        "columns",
        "schema",
        "filters",
        "index_column",
        "is_dir",
    ]
)


@dataclass(frozen=True)
class Files:
    """The local files of a catalogue, one a partition."""

    path: Callable[[Any, Any, Any, str], Any]
    """of a pixel, as LSDB makes it"""
    base: Any
    suffix: str
    schema: pa.Schema
    columns: tuple[str, ...]
    """all that the catalogue has, that of its index included"""
    folders: dict[tuple[int, int], str] = field(default_factory=dict, compare=False)
    """where files are, by order and directory of their pixels, those asked for so far"""

    def path_of(self, pixel: Any) -> str:
        """The file of a pixel."""
        if self.path is not pixel_catalog_file:
            return str(self.path(self.base, pixel, None, self.suffix).path)
        # HATS' own names differ in the last part alone, and half a millisecond makes one.
        name, place = f"Npix={pixel.pixel}{self.suffix}", (pixel.order, pixel.dir)
        folder = self.folders.get(place)
        if folder is None:
            path = str(self.path(self.base, pixel, None, self.suffix).path)
            if not path.endswith(f"/{name}"):
                return path
            folder = self.folders[place] = path.removesuffix(name)
        return folder + name

    def are_here(self, pixels: Sequence[Any]) -> bool:
        """Whether this process sees the files of some pixels."""
        return all(os.path.exists(self.path_of(p)) for p in pixels)


def files_of(catalog: Any) -> Files | None:
    """The files of an LSDB catalogue; None: LSDB does more than to read local ones."""
    operation = catalog._operation
    if type(operation) is not FromHealpixMap or operation.func is not read_pixel:
        return None
    given = operation.kwargs
    if operation.args or operation.map_kwargs or not UNDERSTOOD.issuperset(given):
        return None
    base, schema = given["catalog_base_dir"], given["schema"]
    if given.get("filters") is not None or given["is_dir"] or base.protocol not in ("", "file"):
        return None
    index = catalog.meta.index.name
    names = (*catalog.meta.columns, *(() if index is None else (index,)))
    if len(set(names)) < len(names) or not set(names) <= set(schema.names):
        return None
    return Files(given["path_generator"], base, given["npix_suffix"], schema, names)


class FileRows:
    """The rows of a partition in its file; columns are read when they are asked for."""

    def __init__(self, files: Files, pixel: Any) -> None:
        self.files, self.pixel = files, pixel
        self.read: dict[str, pa.ChunkedArray] = {}

    def __len__(self) -> int:
        if not self.read:
            self._have(self.files.columns[:1])
        return len(next(iter(self.read.values())))

    def plain(self, names: Sequence[str]) -> Table:
        """Some columns of one value a row, to be read only."""
        self._have(names)
        return from_arrow(_table({c: self.read[c] for c in dict.fromkeys(names)}), copy=False)

    def take(self, names: Sequence[str] | None, rows: np.ndarray | None) -> pa.Table:
        """Some columns, or all and that of the index, of some rows, or of all of them."""
        names = self.files.columns if names is None else names
        if rows is not None and not len(rows):
            return self.files.schema.empty_table().select(list(names))
        self._have(names)
        out = _table({c: self.read[c] for c in names})
        return out if rows is None else out.take(pa.array(rows))

    def _have(self, names: Sequence[str]) -> None:
        missing = [c for c in dict.fromkeys(names) if c not in self.read]
        if missing:
            table = self._columns(missing)
            self.read.update((c, table.column(c)) for c in missing)

    def _columns(self, names: list[str]) -> pa.Table:
        """Columns from the file, on this thread: Dask reads several files side by side."""
        schema, file = self.files.schema, self.file
        own = file.schema_arrow
        if all(c in own.names and own.field(c).type == schema.field(c).type for c in names):
            return file.read(columns=names, use_threads=False)
        # Columns that the file lacks, or has of another type: as the catalogue has them.
        how: dict[str, Any] = {"schema": schema, "partitioning": None, "use_threads": False}
        return pq.read_table(self.files.path_of(self.pixel), columns=names, **how)

    @cached_property
    def file(self) -> pq.ParquetFile:
        """The file, whose footer is read once."""
        return pq.ParquetFile(self.files.path_of(self.pixel))


class FrameRows:
    """The rows of a partition that LSDB has computed."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame

    def __len__(self) -> int:
        return len(self.frame)

    def plain(self, names: Sequence[str]) -> Table:
        """Some columns of one value a row."""
        return plain_table(self.frame[list(dict.fromkeys(names))])

    def take(self, names: Sequence[str] | None, rows: np.ndarray | None) -> pd.DataFrame:
        """Some columns, or all and the index, of some rows, or of all of them."""
        frame = self.frame if names is None else pd.DataFrame(self.frame[list(names)])
        return frame if rows is None else frame.iloc[rows]


def in_one(parts: Sequence[Any]) -> Any:
    """What :meth:`take` gave of several partitions, as it would give it of one."""
    if not isinstance(parts[0], pa.Table):
        return pd.concat(parts)
    return pa.concat_tables(parts).combine_chunks()


def together(
    parts: Sequence[Any], meta: pd.DataFrame, names: Sequence[str] | None
) -> npd.NestedFrame:
    """What :meth:`take` gave of several partitions, as one frame of the types of LSDB.

    Parameters
    ----------
    parts : sequence of pyarrow.Table or DataFrame
        Those without a row left out.
    meta : DataFrame
        The catalogue's, without rows.
    names : sequence of str, optional
        Columns, numbered rows; None: all, with the catalogue's index.
    """
    meta = meta if names is None else pd.DataFrame(meta[list(names)]).reset_index(drop=True)
    if not parts:
        return npd.NestedFrame(meta.iloc[:0])
    if not isinstance(parts[0], pa.Table):
        return npd.NestedFrame(pd.concat(parts, ignore_index=names is not None))
    index = None if names is not None else meta.index.name
    columns = [*meta.columns, *(() if index is None else (index,))]
    # In the order wanted before it is a frame: those of nested columns take their time.
    frame = from_pyarrow(pa.concat_tables(parts).combine_chunks().select(columns))
    if index is not None:
        frame = frame.set_index(index)
    types = frame.dtypes
    wrong = {c: kind for c, kind in meta.dtypes.items() if types[c] != kind}
    return npd.NestedFrame(frame.astype(wrong) if wrong else frame)


def _table(columns: dict[str, pa.ChunkedArray]) -> pa.Table:
    """Columns as a table that says no more about them than pandas would."""
    return pa.Table.from_arrays(list(columns.values()), list(columns))
