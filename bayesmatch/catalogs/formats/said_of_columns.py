"""What the metadata of Parquet and HDF5 files say of their columns: units, masks, frames.

Astropy writes a YAML header like ECSV's (``table_meta_yaml``; in HDF5 a data set beside the
table), and the VO's convention for Parquet (VOParquet 1.0, an IVOA note) has a VOTable without
rows. Without them a right ascension in radians would be taken for degrees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import MaskedColumn, Table

if TYPE_CHECKING:
    import pyarrow

ASTROPY = b"table_meta_yaml"
VOPARQUET = b"IVOA.VOTable-Parquet.content"
#: of the meta data of a table, what a catalogue goes by
KEPT = ("EXTNAME", "SKYAREA")
#: what is said of a column: here, and in the metadata of Arrow's fields
NOTES = ("unit", "description", "ucd")
#: of a column's meta, where VOTables have theirs, too
FRAME = "coosys"
#: coordinates whose numbers are ICRS, to 0.02 arcsec
LIKE_ICRS = ("icrs", "fk5")


@dataclass(frozen=True)
class SaidOfColumns:
    """What is said of the columns of a file."""

    notes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """of a column: its unit, description, ucd, as far as they are given"""
    table: Mapping[str, str] = field(default_factory=dict)
    """EXTNAME and SKYAREA"""
    masks: Mapping[str, str] = field(default_factory=dict)
    """column of truth values that is the mask of a column, by the latter"""
    frames: Mapping[str, str] = field(default_factory=dict)
    """frame and equinox of a column of coordinates, where its numbers are not like those of ICRS"""


def said_in_schema(schema: pyarrow.Schema) -> SaidOfColumns:
    """What the metadata of a Parquet file say, in whichever of the two ways.

    Raises
    ------
    ValueError
        If there are such and they cannot be read: units might be lost.
    """
    metadata = schema.metadata or {}
    if ASTROPY in metadata:
        return said_in_yaml(metadata[ASTROPY])
    if VOPARQUET in metadata:
        return _said_in_votable(metadata[VOPARQUET])
    return SaidOfColumns()


@lru_cache(maxsize=16)  # the files of a data set say the same, and YAML takes its time
def said_in_yaml(text: bytes) -> SaidOfColumns:
    """What a header says that astropy wrote."""
    from astropy.table.meta import get_header_from_yaml

    try:
        header = get_header_from_yaml(text.decode("utf-8").splitlines())
        listed = {str(entry["name"]): entry for entry in header["datatype"]}
        meta = dict(header.get("meta") or {})
        masks, frames = _serialized(meta.get("__serialized_columns__") or {})
    except Exception as error:  # YAML has a kind of its own for each fault
        raise ValueError(
            f"its metadata of columns (table_meta_yaml) cannot be read "
            f"({' '.join(str(error).split())[:200]}), so units would be lost; write it again, or "
            "without them"
        ) from error
    return SaidOfColumns(
        {name: _plain(entry) for name, entry in listed.items()},
        {key: str(meta[key]) for key in KEPT if meta.get(key) is not None},
        masks,
        frames,
    )


def _plain(entry: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(entry[key]) for key in NOTES if entry.get(key)}


def _serialized(columns: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Masks and frames of columns that were taken apart when they were written."""
    masks, frames = {}, {}
    for name, parts in columns.items():
        mask, data = (_stored(parts.get(key), name) for key in ("mask", "data"))
        if mask:
            masks[data or name] = mask
        # A masked angle has its mask one level below.
        for part in ("ra", "dec", "lon", "lat", "value", "unmasked"):
            if isinstance(parts.get(part), Mapping) and "mask" in parts[part]:
                inner, _ = _serialized({f"{name}.{part}": parts[part]})
                masks |= inner
        frame = str(parts.get("frame", "")).lower()
        equinox = str(getattr(parts.get("equinox"), "jyear_str", "J2000.000"))
        if frame and (frame not in LIKE_ICRS or not equinox.startswith("J2000.0")):
            for part in ("ra", "dec"):
                stored = _stored(_value_of(parts.get(part)), "") or f"{name}.{part}"
                frames[stored] = f"{frame} {equinox}"
    return masks, frames


def _value_of(part: Any) -> Any:
    return part.get("value", part) if isinstance(part, Mapping) else part


def _stored(part: Any, otherwise: str) -> str:
    """The column that holds a part; "" where the part is none."""
    if part is None:
        return ""
    return str(part["name"]) if isinstance(part, Mapping) and "name" in part else otherwise


def _said_in_votable(text: bytes) -> SaidOfColumns:
    from xml.etree import ElementTree

    notes: dict[str, dict[str, str]] = {}
    try:
        if b"<!ENTITY" in text:
            raise ValueError("it defines entities")
        for element in ElementTree.fromstring(text).iter():
            if element.tag.rpartition("}")[2] != "FIELD":
                continue
            said = {key: element.get(key, "") for key in ("unit", "ucd")}
            words = [e.text or "" for e in element if e.tag.rpartition("}")[2] == "DESCRIPTION"]
            said["description"] = " ".join(" ".join(words).split())
            notes[element.get("name", "")] = {key: value for key, value in said.items() if value}
    except (ElementTree.ParseError, ValueError) as error:
        raise ValueError(
            f"the VOTable in its metadata cannot be read ({error}), so units would be lost; write "
            "it again, or without it"
        ) from error
    return SaidOfColumns(notes)


def with_notes(schema: pyarrow.Schema, said: SaidOfColumns) -> pyarrow.Schema:
    """A schema whose columns have units and descriptions, where none stand there already."""
    for k, column in enumerate(schema):
        notes = said.notes.get(column.name, {})
        notes = {
            **notes,
            **({FRAME: said.frames[column.name]} if column.name in said.frames else {}),
        }
        more = {
            key.encode(): notes[key].encode()
            for key in (*NOTES, FRAME)
            if key in notes and key.encode() not in (column.metadata or {})
        }
        if more:
            schema = schema.set(k, column.with_metadata({**(column.metadata or {}), **more}))
    return schema


def complete(table: Table, said: SaidOfColumns) -> Table:
    """A table with units, descriptions, UCDs, masks, frames and header as they are said."""
    for name in table.colnames:
        notes, column = said.notes.get(name, {}), table[name]
        if column.unit is None and "unit" in notes:
            column.unit = notes["unit"]
        column.description = column.description or notes.get("description")
        meta = {"ucd": notes["ucd"]} if "ucd" in notes else {}
        if name in said.frames:
            meta[FRAME] = said.frames[name]
        if meta:
            column.info.meta = {**(column.info.meta or {}), **meta}
    for name, mask in said.masks.items():
        if name in table.colnames and mask in table.colnames:
            table = _with_mask(table, name, np.asarray(table[mask], dtype=bool))
            table.remove_column(mask)
    table.meta.update({k: v for k, v in said.table.items() if k not in table.meta})
    return table


def _with_mask(table: Table, name: str, mask: np.ndarray) -> Table:
    old = table[name]
    absent = np.ma.getmaskarray(np.ma.asarray(old)) | mask.reshape(old.shape)
    if absent.any():
        new = MaskedColumn(np.ma.getdata(old), mask=absent, unit=old.unit)
        new.description, new.info.meta = old.description, old.info.meta
        table.replace_column(name, new)
    return table
