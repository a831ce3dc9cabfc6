"""Tables of pyarrow and of astropy, one made from the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Column, MaskedColumn, Table

from .storage import native_values, parts_of

if TYPE_CHECKING:
    import pyarrow


def table_notes(schema: pyarrow.Schema) -> dict[str, str]:
    """EXTNAME and SKYAREA, where the key-value metadata of a Parquet file has them."""
    notes = {
        k.decode("utf-8", "replace").upper(): v.decode("utf-8", "replace")
        for k, v in (schema.metadata or {}).items()
    }
    return {key: notes[key] for key in ("EXTNAME", "SKYAREA") if key in notes}


def from_arrow(data: pyarrow.Table) -> Table:
    """An astropy Table from a pyarrow Table: nulls masked, units and descriptions kept."""
    out = Table()
    for field, column in zip(data.schema, data.columns, strict=True):
        notes = {k.decode(): v.decode() for k, v in (field.metadata or {}).items()}
        values, mask = arrow_values(column)
        kind = MaskedColumn if mask is not None else Column
        extra = {"mask": mask} if mask is not None else {}
        out[field.name] = kind(
            values, unit=notes.get("unit"), description=notes.get("description"), **extra
        )
    return out


def arrow_values(column: pyarrow.ChunkedArray) -> tuple[np.ndarray, np.ndarray | None]:
    """Values of an arrow column, and the mask of its nulls (None when it has none)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_fixed_size_list(column.type) and not column.null_count:
        values, mask = arrow_values(pc.list_flatten(column))
        shape = (len(column), column.type.list_size, *values.shape[1:])
        return values.reshape(shape), None if mask is None else mask.reshape(shape)
    mask = np.asarray(column.is_null()) if column.null_count else None
    if not (
        pa.types.is_floating(column.type)
        or pa.types.is_integer(column.type)
        or pa.types.is_boolean(column.type)
    ):  # text, dates, decimals, lists
        return np.array(["" if v is None else str(v) for v in column.to_pylist()], dtype=str), mask
    if mask is not None:
        column = pc.fill_null(column, pa.scalar(0).cast(column.type))
    return column.to_numpy(), mask


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
