"""Columns of text as numbers, where all their cells are; identifiers stay as they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .. import columns
from .cells import MISSING

if TYPE_CHECKING:
    import pyarrow as pa

#: names that are those of identifiers, beside those that are looked for
_ID_NAME = re.compile(r"(?i:(^|.*[_ .-])(id|name|designation))|.*(ID|Id|Name)[0-9]?")
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
#: a large whole number as programs write it that hold it as a float: 4.31e+18, 431...000.0
_FLOATED = r"^[+-]?([0-9](\.[0-9]+)?[eE]\+?(1[5-9]|2[0-9])|[0-9]{16,}\.0*)$"

#: a whole number of which a float may not have the last digits
_WHOLE = re.compile(r"[+-]?[0-9]{16,300}")


def is_identifier(name: str, given: str | None) -> bool:
    """Whether a column is one of identifiers, by the caller's word or its name."""
    return (
        name == given
        or name.lower() in (columns.ID.exact.lower(), *columns.ID.aliases)
        or _ID_NAME.fullmatch(name) is not None
    )


def typed(column: pa.ChunkedArray, *, identifier: bool, comma: bool = False) -> pa.ChunkedArray:
    """A column of text, null where empty, as int64, uint64 or float64 if all its cells are.

    Parameters
    ----------
    column : ChunkedArray of string
        The cells.
    identifier : bool
        Whether 007, 1E5 and +12 are names: then only what an integer gives back is one.
    comma : bool
        Whether numbers may have a decimal comma.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not identifier:
        if pa.types.is_floating(column.type):  # read as such already
            return column
        whole = None if "." in first_cell(column) else _whole(column)
        if whole is not None and not _is_code(column):
            return whole
        found = _cast(column, pa.float64()) if whole is None else None
        # Words for "missing" among large whole numbers make floats of them: they go below.
        if found is not None and not digits_lost(column, found):
            return found
    trimmed = pc.utf8_trim_whitespace(column)
    trimmed = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    if trimmed.null_count == len(trimmed):
        return trimmed
    words = pa.array(sorted(MISSING))
    numbers = pc.if_else(pc.is_in(pc.utf8_lower(trimmed), words), None, trimmed)
    if numbers.null_count == len(numbers):
        return trimmed if identifier else pa.chunked_array([pa.nulls(len(numbers), pa.float64())])
    found = _identifiers(numbers) if identifier else _numbers(numbers, comma)
    return trimmed if found is None else found


def first_cell(column: pa.ChunkedArray) -> str:
    """The first cell that is not empty; empty text where there is none."""
    for chunk in column.chunks:
        if chunk.null_count < len(chunk):
            return next(str(v) for v in chunk if v.is_valid)
    return ""


def _identifiers(texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Integers that are written as integers are; floats that integers have become."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = _whole(texts)
    if found is not None:
        same = pc.all(pc.equal(found.cast(pa.string()), texts)).as_py()
        return found if same else None
    # A program that had missing integers wrote them as floats: 1001.0, and nothing here and there.
    had_missing = texts.null_count and _all_match(texts, r"^[+-]?[0-9]+\.0$")
    if had_missing or _all_match(texts, _FLOATED):
        return _cast(texts, pa.float64())
    return None


def _numbers(texts: pa.ChunkedArray, comma: bool) -> pa.ChunkedArray | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.replace_substring_regex(texts, r"^\+([0-9])", r"\1")
    if _is_code(texts):
        return None
    for attempt in ("as it is", "fortran", "comma"):
        if attempt == "fortran":
            texts = pc.replace_substring_regex(texts, r"^([^dD]*[0-9.])[dD]([+-]?[0-9])", r"\1E\2")
        if attempt == "comma":
            if not comma:
                return None
            texts = pc.replace_substring(texts, ",", ".", max_replacements=1)
        found = _whole(texts)
        found = _cast(texts, pa.float64()) if found is None else found
        if found is not None:
            return found
    return None


def digits_lost(texts: pa.ChunkedArray, found: pa.ChunkedArray) -> bool:
    """Whether cells are whole numbers of which the column, as float64, has not the last digits."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(found.type) or pa.types.is_floating(texts.type):
        return False
    large = pc.greater_equal(pc.abs(found), 2.0**53)
    if not pc.any(large).as_py():
        return False
    written = (str(v).strip() for v in texts.filter(large))
    return any(_WHOLE.fullmatch(v) is not None and int(v) != int(float(v)) for v in written)


def _is_code(texts: pa.ChunkedArray) -> bool:
    """Whether whole numbers are codes: 0012345 like all others of one length, 0x1F."""
    import pyarrow.compute as pc

    lengths = pc.min_max(pc.binary_length(texts)).as_py()
    if lengths["min"] == lengths["max"] and (lengths["max"] or 0) >= 3:
        if pc.any(pc.starts_with(texts, "0")).as_py() and _all_match(texts, "^[0-9]+$"):
            return True
    return bool(pc.any(pc.match_substring_regex(texts, "^-?0[xX]")).as_py())


def _all_match(texts: pa.ChunkedArray, pattern: str) -> bool:
    import pyarrow.compute as pc

    return bool(pc.all(pc.match_substring_regex(texts, pattern)).as_py())


def _whole(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """A column as int64, or as uint64; None where neither holds all of its cells."""
    import pyarrow as pa

    found = _cast(column, pa.int64())
    return _cast(column, pa.uint64()) if found is None else found


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    import pyarrow as pa

    try:
        return column.cast(kind)
    except pa.ArrowInvalid:
        return None
