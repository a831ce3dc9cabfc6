"""Few values out of many, from the pages of a Parquet file.

Candidates are one row in a hundred.  Arrow decodes all rows of a column before some can be taken;
in a page of numbers, each of which stands for a value of the column's dictionary, any one can be
found by its place.  What is taken here is what Arrow would give: numeric columns without missing
values, in encodings and compressions that nearly all files have.  Everything else, damage
included, is left to Arrow, which says what is wrong.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..._kernels import pages
from .parts import Part

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

#: rows are picked where at most one in so many is wanted
SPARSE = 8
#: most pages of a column chunk
MOST_PAGES = 1 << 16
#: by the names of types in Arrow and in the file
DTYPES: dict[tuple[str, str], np.dtype] = {
    ("float", "FLOAT"): np.dtype("<f4"),
    ("double", "DOUBLE"): np.dtype("<f8"),
    ("int32", "INT32"): np.dtype("<i4"),
    ("int64", "INT64"): np.dtype("<i8"),
}
CODECS = {"UNCOMPRESSED": None, "SNAPPY": "snappy", "GZIP": "gzip", "ZSTD": "zstd"}
#: encodings, as the format numbers them
PLAIN, BY_DICTIONARY = (0,), (2, 8)


class Chunk(NamedTuple):
    """A column of a row group."""

    begin: int
    """first byte in the file"""
    size: int
    """bytes"""
    rows: int
    dtype: np.dtype
    optional: bool
    """whether values may be missing"""
    codec: str | None


def picked_columns(
    part: Part, groups: Sequence[int], rows: np.ndarray, names: Sequence[str]
) -> dict[str, pa.Array]:
    """Values of some columns in some rows, of the columns of which they can be picked.

    Parameters
    ----------
    part : Part
        A file.
    groups : sequence of int
        Its row groups that have such rows, ascending.
    rows : ndarray of int, shape (m,)
        Rows of the data set, ascending; those of other groups are passed over.
    names : sequence of str
        Columns of the file.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file has gone or changed.
    """
    import pyarrow as pa
    from pyarrow import parquet

    part.check_unchanged()
    edges = part.first_row + np.concatenate([[0], np.cumsum(part.group_rows)])
    wanted = [rows[slice(*np.searchsorted(rows, edges[g : g + 2]))] - edges[g] for g in groups]
    if SPARSE * sum(map(len, wanted)) > part.group_rows[list(groups)].sum():
        return {}
    found: dict[str, list[np.ndarray]] = {}
    try:
        with parquet.ParquetFile(part.path) as file, open(part.path, "rb") as raw:
            space = bytearray()
            for name in [n for n in names if n not in part.masks]:
                chunks = [_chunk(file, group, name) for group in groups]
                if any(chunk is None for chunk in chunks):
                    continue
                found[name] = []
                for chunk, places in zip(chunks, wanted, strict=True):
                    assert chunk is not None
                    if len(space) < chunk.size:
                        space = bytearray(chunk.size)
                    raw.seek(chunk.begin)
                    data = memoryview(space)[: raw.readinto(memoryview(space)[: chunk.size])]
                    found[name].append(_picked(data, chunk, places))
    except (OSError, ValueError, LookupError, ArithmeticError, EOFError, pa.ArrowException):
        return {}  # Arrow says what it is, if it is not only unusual
    part.check_unchanged()
    return {name: pa.array(np.concatenate(values)) for name, values in found.items()}


def _chunk(file: parquet.ParquetFile, group: int, name: str) -> Chunk | None:
    """Where a column is in a row group; None: not of a kind that values are picked from."""
    schema, footer = file.schema, file.metadata
    at = next((k for k in range(len(schema)) if schema.column(k).path == name), None)
    if at is None:
        return None
    column, rows = schema.column(at), footer.row_group(group).num_rows
    chunk = footer.row_group(group).column(at)
    dtype = DTYPES.get((str(file.schema_arrow.field(name).type), column.physical_type))
    if (
        dtype is None
        or column.max_repetition_level
        or column.max_definition_level > 1
        or chunk.file_path
        or chunk.compression not in CODECS
    ):
        return None
    begin = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset:
        begin = min(begin, chunk.dictionary_page_offset)
    optional, codec = bool(column.max_definition_level), CODECS[chunk.compression]
    return Chunk(begin, chunk.total_compressed_size, rows, dtype, optional, codec)


def _picked(data: memoryview, chunk: Chunk, wanted: np.ndarray) -> np.ndarray:
    """Values at some places (m,), ascending, of a column whose pages these bytes are.

    Raises
    ------
    ValueError, IndexError, OverflowError, pyarrow.ArrowException
        If something is damaged, missing or unusual.
    """
    out, dictionary = np.empty(len(wanted), chunk.dtype), np.empty(0, chunk.dtype)
    heads = np.empty((min(MOST_PAGES, 8 + chunk.size // 16), 11), np.int64)
    n = pages.read_heads(np.frombuffer(data, np.uint8), chunk.rows, heads)
    if n < 0:
        raise ValueError("the heads of pages are damaged, or not of the usual kind")
    first = k = 0
    for head in heads[:n].tolist():
        body = data[head[pages.BEGIN] : head[pages.BEGIN] + head[pages.SIZE]]
        checksum = head[pages.CHECKSUM]
        if checksum != pages.UNSAID and zlib.crc32(body) != checksum & 0xFFFFFFFF:
            raise ValueError("a page is damaged")
        if head[pages.KIND] == pages.DICTIONARY:
            values = _whole(body, head[pages.WHOLE], chunk.codec)
            dictionary = _plain(values, 0, head[pages.COUNT], chunk.dtype)
        elif head[pages.KIND] in (pages.DATA, pages.DATA_2):
            end = int(np.searchsorted(wanted, first + head[pages.COUNT]))
            if end > k:
                places = wanted[k:end] - first
                out[k:end] = _of_page(body, head, chunk, dictionary, places)
            first, k = first + head[pages.COUNT], end
    return out


def _of_page(
    body: memoryview,
    head: list[int],
    chunk: Chunk,
    dictionary: np.ndarray,
    places: np.ndarray,
) -> np.ndarray:
    """Values at some places of a page."""
    values: np.ndarray
    at, count, encoding = 0, head[pages.COUNT], head[pages.ENCODING]
    if head[pages.KIND] == pages.DATA_2:
        if head[pages.MISSING] or head[pages.REPEATS]:
            raise ValueError("missing values")
        levels, codec = head[pages.LEVELS], chunk.codec if head[pages.COMPRESSED] else None
        data = _whole(body[levels:], head[pages.WHOLE] - levels, codec)
    else:
        data = _whole(body, head[pages.WHOLE], chunk.codec)
        if chunk.optional:
            at = 4 + int.from_bytes(data[:4], "little")
            _check_all_there(data[4:at], count)
    if encoding in PLAIN:
        values = _plain(data, at, count, chunk.dtype)[places]
        return values
    if encoding not in BY_DICTIONARY or data[at] > 32:
        raise ValueError("an unusual encoding")
    number = np.empty(len(places), np.int64)
    numbers = np.frombuffer(data, np.uint8)
    if not pages.picked_numbers(numbers, at + 1, int(data[at]), places, number):
        raise ValueError("a page is damaged")
    values = dictionary[number]
    return values


def _check_all_there(levels: memoryview, count: int) -> None:
    """Raise unless the levels of a page are one run that says that no value is missing."""
    head = shift = at = 0
    while levels[at] >= 128:
        head, shift, at = head | (levels[at] & 127) << shift, shift + 7, at + 1
    head |= levels[at] << shift
    if head & 1 or head >> 1 < count or levels[at + 1] != 1:
        raise ValueError("missing values, or levels in other runs")


def _whole(body: memoryview, size: int, codec: str | None) -> memoryview:
    """The bytes of a page, `size` of them."""
    import pyarrow as pa

    data = body
    if codec is not None:
        whole = pa.Codec(codec).decompress(pa.py_buffer(body), decompressed_size=size)
        data = memoryview(whole).cast("B")
    if len(data) != size:
        raise ValueError("a page is damaged")
    return data


def _plain(data: memoryview, at: int, count: int, dtype: np.dtype) -> np.ndarray:
    """Values that stand one after the other."""
    values: np.ndarray = np.frombuffer(data, dtype, count, at)
    return values
