"""Tables of pyarrow and of astropy, one made from the other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Column, MaskedColumn, Table

from ..scalars import plural
from .said_of_columns import FRAME, KEPT, said_in_schema
from .storage import native_values, parts_of, text_of

if TYPE_CHECKING:
    import pyarrow

#: columns that a note names
SHOWN = 8


def table_notes(schema: pyarrow.Schema) -> dict[str, str]:
    """EXTNAME and SKYAREA, where the metadata of a Parquet file have them."""
    notes = {
        k.decode("utf-8", "replace").upper(): v.decode("utf-8", "replace")
        for k, v in (schema.metadata or {}).items()
    }
    own = {key: notes[key] for key in KEPT if key in notes}
    return {**said_in_schema(schema).table, **own}


def is_nested(kind: pyarrow.DataType) -> bool:
    """Whether cells of a type hold something that no column of a Table does: lists, structs."""
    import pyarrow as pa

    if pa.types.is_fixed_size_list(kind):
        return is_nested(kind.value_type)
    return bool(pa.types.is_nested(kind)) and not pa.types.is_run_end_encoded(kind)


def flat_names(schema: pyarrow.Schema) -> list[str]:
    """Columns that a Table can hold: all but lists of any length, structs and maps."""
    return [field.name for field in schema if not is_nested(field.type)]


def left_out_note(schema: pyarrow.Schema) -> str:
    """What is said of columns that a Table cannot hold; empty where there are none."""
    nested = [f"{field.name} ({field.type})" for field in schema if is_nested(field.type)]
    if not nested:
        return ""
    some = ", ".join(nested[:SHOWN]) + (", ..." if len(nested) > SHOWN else "")
    columns = plural(len(nested), "column")
    return f"left out: {len(nested)} {columns} with lists or structures in the cells: {some}"


def index_note(schema: pyarrow.Schema) -> str:
    """What is said of an index of pandas that is no column: where it begins and ends is kept."""
    try:
        kept = json.loads((schema.metadata or {})[b"pandas"])["index_columns"]
        names = [k["name"] for k in kept if isinstance(k, dict) and k["name"]]
    except (KeyError, TypeError, ValueError):  # it is pandas' own
        return ""
    if not names:
        return ""
    return (
        f"its index {names[0]!r} is no column and is not read: to have it as identifiers, write "
        "the DataFrame with reset_index()"
    )


def notes_on(schema: pyarrow.Schema) -> list[str]:
    """What is said of columns and an index that are not read."""
    return [note for note in (left_out_note(schema), index_note(schema)) if note]


def from_arrow(data: pyarrow.Table, copy: bool = True) -> Table:
    """An astropy Table from a pyarrow Table: nulls masked, units and descriptions kept.

    Columns of lists of any length, structs and maps are left out (see :func:`left_out_note`).
    Without a `copy` those that Arrow has as plain numbers cannot be written to.
    """
    out = Table()
    for field, given in zip(data.schema, data.columns, strict=True):
        if is_nested(field.type):
            continue
        notes = {k.decode(): v.decode() for k, v in (field.metadata or {}).items()}
        values, mask = arrow_values(given)
        kind = MaskedColumn if mask is not None else Column
        extra = {"mask": mask} if mask is not None else {}
        column = kind(
            values,
            unit=notes.get("unit"),
            description=notes.get("description"),
            copy=copy,
            **extra,
        )
        out.add_column(column, name=field.name, copy=False)  # it is nobody else's
        if meta := {key: notes[key] for key in ("ucd", FRAME) if key in notes}:
            out[field.name].info.meta = meta
    return out


def arrow_values(column: pyarrow.ChunkedArray) -> tuple[np.ndarray, np.ndarray | None]:
    """Values of an arrow column, and the mask of its nulls (None when it has none)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_run_end_encoded(column.type):
        parts = [pc.run_end_decode(c) for c in column.chunks]
        column = pa.chunked_array(parts, column.type.value_type)
    if pa.types.is_dictionary(column.type):
        parts = [c.dictionary.take(c.indices) for c in map(_without_views, column.chunks)]
        kind = parts[0].type if parts else column.type.value_type
        column = pa.chunked_array(parts, kind)
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([c.storage for c in column.chunks], column.type.storage_type)
    if pa.types.is_fixed_size_list(column.type):
        return _array_values(column)
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan), np.ones(len(column), bool)
    if pa.types.is_decimal(column.type):
        column = _plain_numbers(column)
    if pa.types.is_float16(column.type):
        column = column.cast(pa.float32())
    mask = np.asarray(column.is_null()) if column.null_count else None
    if not (
        pa.types.is_floating(column.type)
        or pa.types.is_integer(column.type)
        or pa.types.is_boolean(column.type)
    ):
        return _texts(column), mask
    if mask is not None:
        column = pc.fill_null(column, pa.scalar(0).cast(column.type))
    return column.to_numpy(), mask


def _without_views(part: Any) -> Any:
    """A part of a dictionary column, whose values are of a type that Arrow can take from."""
    import pyarrow as pa

    if str(part.type.value_type).endswith("_view"):
        plain = part.dictionary.cast(pa.string() if "string" in str(part.type) else pa.binary())
        return pa.DictionaryArray.from_arrays(part.indices, plain)
    return part


def _array_values(
    column: pyarrow.ChunkedArray,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Those of a column with lists of one length: (n, length), masked where there is no list."""
    import pyarrow as pa

    rows = np.asarray(column.is_null()) if column.null_count else None
    size = column.type.list_size
    # Of the values below a null nothing is known, and slices keep those of the whole.
    parts = [c.values.slice(c.offset * size, len(c) * size) for c in column.chunks]
    values, mask = arrow_values(pa.chunked_array(parts, column.type.value_type))
    shape = (len(column), size, *values.shape[1:])
    values = values.reshape(shape)
    mask = None if mask is None else mask.reshape(shape)
    if rows is not None:
        below = np.broadcast_to(rows.reshape(-1, *[1] * (len(shape) - 1)), shape)
        mask = below if mask is None else mask | below
    return values, mask


def _plain_numbers(column: pyarrow.ChunkedArray) -> pyarrow.ChunkedArray:
    """Decimals as integers where they are whole and fit, else as the next float64."""
    import pyarrow as pa

    if column.type.scale <= 0:
        for kind in (pa.int64(), pa.uint64()):
            try:
                return column.cast(kind)
            except pa.ArrowInvalid:
                continue
        return column.cast(pa.string())
    return column.cast(pa.string()).cast(pa.float64())  # its own cast to float64 rounds twice


def _texts(column: pyarrow.ChunkedArray) -> np.ndarray:
    """Text, dates, and whatever else has one; nulls are empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return np.array(pc.fill_null(column, "").to_pylist(), dtype=str)
    if pa.types.is_fixed_size_binary(column.type):  # UUIDs, digests
        return np.array(["" if v is None else v.hex() for v in column.to_pylist()], dtype=str)
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        # Python has no nanoseconds.
        texts = column.cast(pa.timestamp("ns")).cast(pa.string()).to_pylist()
    else:
        texts = column.to_pylist()
    return np.array(["" if v is None else text_of(v) for v in texts], dtype=str)


def to_arrow(table: Table) -> pyarrow.Table:
    """A pyarrow Table from an astropy Table: masked values null, units and descriptions kept."""
    import pyarrow as pa

    arrays, fields = [], []
    for name, column in table.items():
        values, mask = parts_of(column)
        flat = np.ascontiguousarray(native_values(values)).ravel()
        array = pa.array(flat, mask=None if mask is None else mask.ravel())
        for size in values.shape[:0:-1]:
            array = pa.FixedSizeListArray.from_arrays(array, size)
        arrays.append(array)
        notes = {"unit": column.unit and column.unit.to_string(), "description": column.description}
        fields.append(pa.field(name, array.type, metadata={k: v for k, v in notes.items() if v}))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def astropy_notes(table: Table) -> dict[str, str]:
    """Metadata from which ``Table.read`` takes units and descriptions, as astropy writes them."""
    from astropy.table.meta import get_yaml_from_table

    shown = Table()
    notes = {}
    for name, column in table.items():
        values, _ = parts_of(column)
        values = native_values(values)
        shown[name] = Column(
            [],
            dtype=values.dtype,
            shape=values.shape[1:],
            unit=column.unit,
            description=column.description,
        )
        if values.dtype.kind == "U":  # astropy looks for it, or for the longest text
            notes[f"table::len::{name}"] = str(max(1, values.dtype.itemsize // 4))
    return {**notes, "table_meta_yaml": "\n".join(get_yaml_from_table(shown))}
