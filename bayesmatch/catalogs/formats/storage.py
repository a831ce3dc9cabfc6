"""Columns in files: a form that every format can hold, and the notes that bring the column back.

In a column that may have missing values, an empty text and a NaN are missing ones: FITS has no
other way to write them.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from astropy.table import Column, MaskedColumn, Table

#: types FITS or VOTable lack, or that leave them no value for "missing", and what holds them
_WIDER = {"b1": "i2", "i1": "i2", "u1": "i2", "u2": "i4", "u4": "i8"}
_NULL: Any = None
#: what to do with bytes that are no UTF-8
LATIN_1 = "bayesmatch-latin-1"
#: in the note of a column whose texts are written as JSON strings (see :mod:`.escaped`)
ESCAPED = "escaped"
#: in the note of a column that a file has under another name
WRITTEN = "written_as"
_FILL: dict[str, Callable[[Any], Any]] = {
    "i": lambda t: np.iinfo(t).min,
    "u": lambda t: np.iinfo(t).max,
    "b": lambda t: False,
    "f": lambda t: np.nan,
    "U": lambda t: "",
    "S": lambda t: b"",
}


def parts_of(column: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Plain values of any column of a Table, and its mask (None without one)."""
    mask = getattr(column, "mask", None)
    values = np.asarray(np.ma.getdata(getattr(column, "unmasked", column)))
    return values, None if mask is None else np.broadcast_to(np.asarray(mask), values.shape)


def masked_column(
    values: np.ndarray,
    mask: np.ndarray,
    description: str | None = None,
    unit: Any = None,
    *,
    copy: bool = True,
) -> MaskedColumn:
    """A masked column whose fill value cannot be taken for data; without `copy`, of these values.

    What is not there is written over.
    """
    fill = _free_fill(values, mask)
    values = np.array(values) if copy else values
    np.copyto(values, fill, where=mask)
    values = trimmed(values)
    return MaskedColumn(values, mask=mask, description=description, unit=unit, fill_value=fill)


def fill_of(dtype: np.dtype) -> Any:
    """What stands for a missing value of a type, unless it is one of the values."""
    return _FILL[dtype.kind](dtype)


def _free_fill(values: np.ndarray, mask: np.ndarray) -> Any:
    """What stands where a value is missing: of integers one that is no value of the column."""
    fill = fill_of(values.dtype)
    same = values == fill if values.dtype.kind in "iu" else np.zeros(1, bool)
    if not same.any() or not (same & ~mask).any():
        return fill
    taken = np.unique(values[~mask])
    ends = taken if fill == taken[0] else taken[::-1]
    step = 1 if fill == taken[0] else -1
    at = int(np.argmax(np.append(np.diff(ends.astype(object)) != step, True)))
    free = int(ends[at]) + step
    limits = np.iinfo(values.dtype)
    return free if limits.min <= free <= limits.max else fill  # else each number is a value


def trimmed(values: np.ndarray) -> np.ndarray:
    """Text no wider than its longest: the width must not tell of rows that are not there."""
    if values.dtype.kind != "U":
        return values
    return values.astype(f"U{max(1, np.char.str_len(values).max(initial=1))}")


def decoded_texts(values: np.ndarray) -> np.ndarray:
    """Bytes as text: UTF-8, and what is not as Latin-1, so that different ones stay different."""
    out: np.ndarray = np.char.decode(values, "utf-8", LATIN_1)
    return out


def text_of(cell: Any) -> str:
    """One value as text, bytes as :func:`decoded_texts` has them."""
    return cell.decode("utf-8", LATIN_1) if isinstance(cell, bytes) else str(cell)


def _latin_1(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error(LATIN_1, _latin_1)


def native_values(values: np.ndarray) -> np.ndarray:
    """Numbers in the machine's byte order, or text: bytes decoded, anything else written out."""
    if values.dtype.kind == "S":
        return decoded_texts(values)
    if values.dtype.kind == "f" and values.dtype.itemsize not in (4, 8):
        return values.astype(np.float32 if values.dtype.itemsize < 4 else np.float64)
    if values.dtype.kind in "iufbU":
        return values.astype(values.dtype.newbyteorder("="), copy=False)
    text = ["" if is_absent(v) else str(v) for v in values.ravel()]
    return np.array(text, dtype=str).reshape(values.shape)


def is_absent(value: Any) -> bool:
    """Whether an entry is none: None, masked, NaN or pandas' NA, which equal nothing."""
    if value is None or value is np.ma.masked:
        return True
    if isinstance(value, np.ndarray) and value.ndim:
        return False
    try:
        return bool(value != value)
    except Exception:  # NA has no truth value, and tables have many
        return np.ndim(value) == 0


def missing(values: np.ndarray) -> np.ndarray:
    """Where values are NaN or empty text."""
    if values.dtype.kind == "f":
        nan: np.ndarray = np.isnan(values)
        return nan
    return values == "" if values.dtype.kind == "U" else np.zeros(values.shape, bool)


def stands_for_missing(values: np.ndarray) -> np.ndarray:
    """Where integers are the one that is set aside for missing ones in columns with such."""
    if values.dtype.kind not in "iu":
        return np.zeros(values.shape, bool)
    aside: np.ndarray = values == fill_of(values.dtype)
    return aside


def column_notes(table: Table) -> list[dict[str, Any]]:
    """What to remember of each column, in plain Python types."""
    return [
        {
            "name": name,
            "dtype": column.dtype.str,
            "shape": list(column.shape[1:]),
            "unit": column.unit.to_string() if column.unit is not None else "",
            "description": " ".join((column.description or "").split()),
            "masked": isinstance(column, MaskedColumn),
        }
        for name, column in table.items()
    ]


def storable(table: Table) -> Table:
    """The table with types that FITS and VOTable have."""
    out = Table(table, copy=False)
    for name, column in table.items():
        values, mask = parts_of(column)
        code = values.dtype.str[1:]
        wider = _WIDER.get(code, code)
        if code == "u8":
            wider = "i8" if np.all(values[..., mask is None or ~mask] < 2**63) else "U20"
        if mask is not None and values.ndim > 1 and values.dtype.kind in "iub":
            wider = "f8"  # a VOTable's arrays have no null but NaN
        if wider == code or (mask is None and code in ("b1", "u1")):
            continue
        values = values.astype(wider)
        out[name] = (
            Column(values, unit=column.unit)
            if mask is None
            else masked_column(values, mask, unit=column.unit)
        )
        out[name].description = column.description
    return out


def as_json_text(table: Table) -> Table:
    """The table with arrays in cells written as JSON text."""
    out = Table(table, copy=False)
    for name, column in table.items():
        if column.ndim > 1:
            values, mask = parts_of(column)
            cells = np.where(mask, _NULL, values).tolist() if mask is not None else values.tolist()
            out[name] = [json.dumps(cell) for cell in cells]
    return out


def restored(table: Table, notes: Sequence[dict[str, Any]]) -> Table:
    """The table as it was before a format changed names, types, masks and descriptions."""
    columns: dict[str, Column] = {}
    for found, note in zip(table.itercols(), notes, strict=True):
        values, mask = _as_noted(*parts_of(found), np.dtype(note["dtype"]), note["shape"])
        if note.get(ESCAPED):
            texts = [json.loads(text) if text else "" for text in values.tolist()]
            values = np.array(texts, dtype=str)
        text: dict[str, Any] = {
            "description": note["description"] or None,
            "unit": note["unit"] or None,
        }
        if note["masked"]:
            columns[note["name"]] = masked_column(values, mask | missing(values), **text)
        else:
            columns[note["name"]] = Column(values, **text)
    return Table(columns, copy=False)


def _as_noted(
    values: np.ndarray, mask: np.ndarray | None, dtype: np.dtype, shape: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    if mask is None:
        mask = np.zeros(values.shape, bool)
    if shape and values.ndim == 1:  # JSON text
        cells = np.array([json.loads(v) for v in values], dtype=object)
        mask = np.equal(cells, _NULL)
        values = np.where(mask, fill_of(dtype), cells)
    elif values.dtype.kind == "O":
        values = native_values(np.where(mask, _NULL, values))
    elif values.dtype.kind == "S":
        values = native_values(values)
    if dtype.kind == "U":
        return values.astype(str), mask
    if values.dtype.kind == "U":  # an integer that FITS and VOTable have no type for
        mask = mask | (values == "")
        values = np.where(mask, "0", values)
    elif values.dtype.kind == "f" and dtype.kind != "f":  # an array with nulls
        mask = mask | np.isnan(values)
        values = np.where(mask, 0, values)
    if dtype.kind == "f":
        values = np.where(mask, np.nan, values)
    return values.astype(dtype.newbyteorder("=")).reshape(-1, *shape), mask.reshape(-1, *shape)
