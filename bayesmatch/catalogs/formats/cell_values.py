"""Cells of any kind as what every format holds: numbers, logical values and texts.

What is neither (arrays of different lengths, lists, mappings, tables in cells) becomes JSON text,
which :func:`json.loads` brings back; a single value of another kind (a date, a decimal, a complex
number) becomes the text that ``str`` makes of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from .storage import is_absent, missing, native_values, parts_of, text_of

#: most values in a cell that are written out as text: some ten kilobytes
MAX_CELL = 512
#: what is a cell by itself, though it has a length
_TEXTS = (str, bytes, np.str_, np.bytes_)


def plain_column(column: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Values of a column, (n, ...) of kinds i, u, f, b and U, and where they are missing.

    Texts have one dimension: cells with several are JSON.
    """
    values, mask = _parts(column)
    if values.dtype.kind in "iufb":
        return native_values(values), mask
    if values.dtype.kind == "S" or (values.dtype.kind == "U" and values.dtype.itemsize == 0):
        values = native_values(values) if values.dtype.kind == "S" else values.astype("U1")
    if values.dtype.kind == "U" and values.ndim == 1:
        return values, mask
    cells = [values[k] for k in range(len(values))]  # not tolist: dates would become integers
    gone: Any = None if mask is None else mask.reshape(len(values), -1).all(axis=1)
    as_json = values.ndim > 1 or values.dtype.kind == "V" or any(map(has_parts, cells))
    texts = [
        "" if is_absent(cell) or (gone is not None and gone[k]) else _text(cell, as_json)
        for k, cell in enumerate(cells)
    ]
    out = np.array(texts, dtype=str).reshape(len(values))
    return out, missing(out) | (False if gone is None else gone)


def _parts(column: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Values and mask; of a time or a position as astropy prints them."""
    for form in ("isot", "to_string"):
        if hasattr(column, form) and not hasattr(column, "dtype"):
            text = getattr(column, form)
            column = text() if callable(text) else text
            break
    values, mask = parts_of(column)
    if values.ndim == 0:  # of a mixin that numpy makes one object of
        cells = np.empty(len(column), object)
        cells[:] = [str(cell) for cell in column]
        return cells, None
    return values, mask


def has_parts(cell: Any) -> bool:
    """Whether a cell has several values in it."""
    if isinstance(cell, _TEXTS) or cell is None:
        return False
    if np.ndim(cell) == 0 and isinstance(cell, (np.generic, np.ndarray)):
        return bool(isinstance(cell, np.void))
    return hasattr(cell, "__len__") or isinstance(cell, (set, frozenset))


def _text(cell: Any, as_json: bool) -> str:
    if as_json:
        return json.dumps(_plain(cell))
    return text_of(cell)


def _plain(value: Any) -> Any:
    """What JSON can hold of a value."""
    if isinstance(value, bytes):
        return text_of(value)
    if isinstance(value, np.void) and value.dtype.names:
        return {name: _plain(value[name]) for name in value.dtype.names}
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        return value.item()
    if isinstance(value, np.ma.MaskedArray):
        return [None if v is np.ma.masked else _plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if hasattr(value, "columns") and hasattr(value, "__getitem__"):  # a table in a cell
        return {str(name): [_plain(v) for v in value[name]] for name in list(value.columns)}
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    if has_parts(value):
        return [_plain(v) for v in value]
    return None if is_absent(value) else str(value)


def cell_kind(column: Any) -> str:
    """What is in the cells that no format holds as it is, in words; "" if there is no such thing.

    Looks at no more than the types, and the lengths of what has one.
    """
    dtype = getattr(column, "dtype", None)
    if dtype is None:
        return ""
    if column.ndim > 1 and dtype.kind not in "iufb":
        return "arrays of texts or objects"
    if dtype.kind == "V":
        return "records"
    if dtype.kind == "c":
        return "complex numbers"
    if dtype.kind != "O" or column.ndim > 1:
        return ""
    kinds = set(map(type, parts_of(column)[0].tolist()))
    cells = [kind for kind in kinds if _holds_parts(kind)]
    if kinds == {np.ndarray}:
        return "arrays in its cells"
    return f"cells of type {', '.join(sorted(kind.__name__ for kind in cells))}" if cells else ""


def _holds_parts(kind: type) -> bool:
    return hasattr(kind, "__len__") and not issubclass(kind, _TEXTS)


def largest_cell(column: Any) -> int:
    """Number of values in the largest cell of a column whose cells have parts."""
    if column.dtype.kind != "O" or column.ndim > 1:
        return int(np.prod(column.shape[1:], dtype=np.int64))
    return max(
        (
            int(np.size(c)) if isinstance(c, np.ndarray) else _size(c)
            for c in parts_of(column)[0].tolist()
        ),
        default=0,
    )


def _size(cell: Any) -> int:
    if not has_parts(cell):
        return 1
    if hasattr(cell, "columns"):
        return len(cell) * max(1, len(cell.columns))
    parts = cell.values() if isinstance(cell, Mapping) else cell
    return sum(_size(part) for part in parts) if len(cell) <= MAX_CELL else len(cell)
