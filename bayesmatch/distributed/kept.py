"""The catalogue that a match on LSDB gives where its rows fit into memory: none is read again.

The search keeps all columns of the sources and of the objects near them, so that a result is joined
to them here. Where they would take too much, :mod:`bayesmatch.distributed.joined` reads them again.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import nested_pandas as npd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from dask._task_spec import Task
from lsdb.catalog import Catalog
from lsdb.operations.functions.merge_catalog_functions import apply_suffixes
from lsdb.operations.operation import HealpixGraph, Operation

from .._kernels.jit import begin, ranges, run_ranges
from ..catalogs.segments import segments
from ..matching.result import MatchResult
from ..matching.table_columns import take
from .found import Found
from .joined import SUFFIX_METHOD, joined_meta, joined_structure, members
from .partition import Survey
from .passes import pixel_number
from .sources import Sources
from .tables import result_frame

#: bytes that the joined rows may take, about
MOST_BYTES = 1 << 29
#: bytes of a row in the columns of a result, and in one of text
RESULT_BYTES, TEXT_BYTES = 200, 32


class KeptRows(Operation):
    """The partitions of a catalogue that is at hand as a whole.

    Parameters
    ----------
    frame : NestedFrame
        All rows, those of each pixel together.
    pixels : sequence of HealpixPixel
        In the order of the rows.
    first : ndarray, shape (n_pixels + 1,)
        Where the rows of each pixel begin, and the end.
    """

    def __init__(self, frame: npd.NestedFrame, pixels: Sequence[Any], first: np.ndarray) -> None:
        self.frame, self.pixels, self.first = frame, list(pixels), first
        self._key = f"bayesmatch-rows-{uuid.uuid4().hex}"

    @property
    def name(self) -> str:
        """Of the task."""
        return "KeptRows"

    @property
    def key_name(self) -> str:
        """Of the tasks in a graph."""
        return self._key

    @property
    def meta(self) -> npd.NestedFrame:
        """The columns, without rows."""
        return npd.NestedFrame(self.frame.iloc[:0])

    @property
    def dependencies(self) -> list[Operation]:
        """None."""
        return []

    @property
    def healpix_pixels(self) -> list[Any]:
        """Of the partitions."""
        return self.pixels

    def build(self, pixels: Sequence[Any] | None = None) -> HealpixGraph:
        """A task for each partition, which carries its rows."""
        wanted = None if pixels is None else set(pixels)
        graph, keys = {}, {}
        for k, pixel in enumerate(self.pixels):
            if wanted is None or pixel in wanted:
                keys[pixel] = (self._key, k)
                # A copy: a slice would take the whole with it wherever it travels.
                part = self.frame.take(np.arange(self.first[k], self.first[k + 1]))
                graph[keys[pixel]] = Task(keys[pixel], _itself, part)
        return HealpixGraph(graph, keys)


def _itself(part: npd.NestedFrame) -> npd.NestedFrame:
    return part


class MatchedCatalog(Catalog):
    """An LSDB catalogue that may be at hand already."""

    def compute(self, progress_bar: bool = True, tqdm_kwargs: Any = None) -> npd.NestedFrame:
        """All rows: those at hand, unless something is to be done to them first."""
        if type(self._operation) is KeptRows:
            return npd.NestedFrame(self._operation.frame.copy())
        return super().compute(progress_bar=progress_bar, tqdm_kwargs=tqdm_kwargs)


def can_keep(catalogs: Sequence[Any], surveys: Sequence[Survey], radius_arcsec: float) -> bool:
    """Whether the rows of a match, with all columns of both catalogues, fit into memory.

    As many as chance brings within the radius, and a counterpart for every source.
    """
    circle = np.pi * (radius_arcsec / 3600.0) ** 2
    each = 2.0 + circle * surveys[1].density_deg2
    width = RESULT_BYTES + sum(row_bytes(catalog.meta) for catalog in catalogs)
    return surveys[0].n_rows * each * width <= MOST_BYTES


def row_bytes(meta: pd.DataFrame) -> float:
    """Bytes of a row, about; infinite where a column has more than one value a row."""
    total = 0.0
    for kind in meta.dtypes:
        arrow = getattr(kind, "pyarrow_dtype", None)
        if arrow is None or pa.types.is_nested(arrow):
            return np.inf
        fixed = pa.types.is_primitive(arrow)
        total += arrow.bit_width / 8.0 if fixed else TEXT_BYTES
    return total


def joined_here(
    primary: Any,
    secondary: Any,
    sources: Sources,
    found: Found,
    result: MatchResult,
    rows: str,
) -> MatchedCatalog:
    """The LSDB catalogue of a result, joined; arguments as for :func:`.joined.joined`.

    The partitions are those of the primary, and the rows of each in the order of the sources there.
    """
    begin(lambda: result.sources)  # whose lock whoever asks for it waits for
    i, j = members(sources, found, result, rows)
    pixels = list(primary.get_healpix_pixels())
    part = _parts(sources.home, pixels)
    # Sources as they stand in the partitions, and of each its rows in their order.
    placed = np.empty(len(part), np.int64)
    placed[sources.kept_at] = np.arange(len(part))
    each = np.bincount(i, minlength=len(part))
    order = np.argsort(i, kind="stable")
    order = order[segments((np.cumsum(each) - each)[placed], each[placed])]
    i, j = i[order], j[order]
    first = np.searchsorted(part[i], np.arange(len(pixels) + 1))
    extra = result_frame(result, rows, sources.held(i), order)
    suffixes = (f"_{sources.name}", f"_{found.name}")
    meta = joined_meta(primary, secondary, suffixes, extra)
    left, right = apply_suffixes(
        sources.kept, found.kept, suffixes, SUFFIX_METHOD, log_changes=False
    )
    i, j = sources.kept_at[i], take(found.kept_at, j, -1)
    jobs = [(kept[name].array, at) for kept, at in ((left, i), (right, j)) for name in kept]
    columns = run_ranges(lambda k, _: _taken(*jobs[k]), ranges(len(jobs), 1))
    named = dict(zip([*left, *right], columns, strict=True))
    frame = pd.DataFrame(named, index=left.index.take(i))
    extra.index = frame.index
    frame = npd.NestedFrame(pd.concat([frame, extra], axis=1)).rename_axis(meta.index.name)
    structure = joined_structure(primary, secondary, suffixes, meta, primary.hc_structure)
    return MatchedCatalog(KeptRows(frame, pixels, first), structure)


def _taken(values: Any, at: np.ndarray) -> Any:
    """Entries of an Arrow column, missing where `at` is -1."""
    absent = at < 0
    if not len(values) or not absent.any():
        return values.take(at, allow_fill=True)
    # In a quarter of the time that Arrow has for numbers of which some are missing.
    some = pa.array(values.take(np.maximum(at, 0)))
    none = pa.scalar(None, some.type)
    return pd.arrays.ArrowExtensionArray(pc.if_else(pa.array(absent), none, some))


def _parts(home: np.ndarray, pixels: Sequence[Any]) -> np.ndarray:
    """Which of some pixels the partition of each row is of, by their numbers, (n,)."""
    number = np.array([pixel_number(pixel) for pixel in pixels])
    order = np.argsort(number)
    place: np.ndarray = order[np.searchsorted(number[order], home)]
    return place
