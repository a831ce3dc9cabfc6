"""Schemas of the files of a data set: what is said of their columns, and where they agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..formats.said_of_columns import FRAME, NOTES, said_in_schema, with_notes
from .footers import bounds

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

#: of the metadata of a column
KEPT = tuple(key.encode() for key in (*NOTES, FRAME))


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Errors of what the metadata of a file say, as errors that name it."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Column types without their encodings, with what is said of them alone as notes."""
    import pyarrow as pa

    schema = with_notes(schema, said_in_schema(schema))

    return pa.schema(
        [
            pa.field(
                f.name,
                plain_type(f.type),
                metadata={k: v for k, v in (f.metadata or {}).items() if k in KEPT},
            )
            for f in schema
        ]
    )


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The type of a column's values, whatever way they are encoded."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    if pa.types.is_large_string(kind) or str(kind) == "string_view":
        return pa.string()
    if pa.types.is_large_binary(kind) or str(kind) == "binary_view":
        return pa.binary()
    return kind


def masks_in(footer: parquet.FileMetaData, schema: pa.Schema) -> dict[str, str]:
    """Columns that mask others in some row, by the latter: so astropy writes masked columns."""
    return {
        name: mask
        for name, mask in said_in_schema(schema).masks.items()
        if name in schema.names
        and mask in schema.names
        and (bounds(footer, mask)[:, 1] != 0).any()  # also where nothing is known
    }


def with_nulls(
    batch: pa.RecordBatch, masks: Mapping[str, str], columns: Sequence[str]
) -> pa.RecordBatch:
    """The columns of a batch, null where another one masks them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    out = batch.select(list(columns))
    for name, mask in masks.items():
        at = out.schema.get_field_index(name)
        values = out.column(at)
        nulls = pc.if_else(batch.column(mask), pa.scalar(None, values.type), values)
        out = out.set_column(at, out.schema.field(at), nulls)
    return out


def agreed(schema: pa.Schema, found: pa.Schema, path: Path, first: Path) -> pa.Schema:
    """The schema, completed by what another file has; an error where they differ."""
    import pyarrow as pa

    def differs(what: str) -> ValueError:
        return ValueError(
            f"{path}: {what}; all files of a data set need the same columns, so "
            "repair this one or leave it out"
        )

    absent = [n for n in schema.names if n not in found.names]
    extra = [n for n in found.names if n not in schema.names]
    if absent or extra:
        raise differs(
            f"it has no column {absent[0]!r}, which {first} has"
            if absent
            else f"it has a column {extra[0]!r}, which {first} has not"
        )
    for k, name in enumerate(schema.names):
        ours, theirs = schema.field(name), found.field(name)
        if pa.types.is_null(ours.type):  # a column without a single value has no type
            schema = schema.set(k, theirs)
        elif ours.type != theirs.type and not pa.types.is_null(theirs.type):
            raise differs(
                f"column {name!r} is of type {theirs.type}, in {first} of type {ours.type}"
            )
        units = [(f.metadata or {}).get(b"unit", b"").decode() for f in (ours, theirs)]
        if units[0] != units[1]:
            raise differs(
                f"column {name!r} has the unit {units[1] or '(none)'}, in {first} "
                f"{units[0] or '(none)'}"
            )
    return schema
