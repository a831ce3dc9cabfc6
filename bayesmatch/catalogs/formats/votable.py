"""VOTable: the XML tables of the Virtual Observatory."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table

from .asked import Asked
from .coosys import note_frames
from .external import refuse_external_data
from .interface import RECORD_KEY, Format, Record, one_file
from .source import Source
from .storage import parts_of, storable
from .tables_in import TableHead, chosen_table
from .votable_fields import (
    header_notes,
    redeclare,
    unwrap_descriptions,
    without_identifiers,
    without_odd_units,
    without_single_characters,
)


def read_table(source: Source, asked: Asked) -> Table:
    """The table of a file that is asked for."""
    from astropy.io.votable import parse

    refuse_external_data(source)
    document = parse(source.readable)
    tables = list(document.iter_tables())
    if not tables:
        raise ValueError(_why_no_table(document))
    heads = [
        TableHead(
            number,
            table.name or table.ID or "",
            [field.name or field.ID for field in table.fields],
            {field.name or field.ID: field.ucd for field in table.fields if field.ucd},
        )
        for number, table in enumerate(tables, start=1)
    ]
    chosen = chosen_table(heads, asked)
    element = tables[chosen.number - 1]
    table = note_frames(document, element, element.to_table(use_names_over_ids=True))
    table.meta.update(header_notes(element))
    status = _query_status(document)
    for value, why in (("OVERFLOW", "at its limit"), ("ERROR", "with an error")):
        if value in status:
            asked.notes.append(
                f"the server ended it after {len(table):,} rows {why} (QUERY_STATUS {value}"
                f"{status[value] and f': {status[value]}'}): rows are missing; get it whole, or in "
                "pieces ('bayesmatch fetch' does)"
            )
    return table


def _query_status(document: Any) -> dict[str, str]:
    """What a server said of its answer, and in words: OK, ERROR, or OVERFLOW behind a table."""
    return {
        str(info.value).upper(): " ".join((info.content or "").split())
        for resource in document.resources
        for info in (*resource.infos, *(i for table in resource.tables for i in table.infos))
        if info.name == "QUERY_STATUS"
    }


def _why_no_table(document: Any) -> str:
    """What a server says where there is no table."""
    said = _query_status(document).get("ERROR")
    if said is None:
        return "it holds no table"
    return f"it holds no table but the error of a server{said and f': {said}'}"


def write_table(table: Table, path: Path) -> None:
    """Write one table."""
    from astropy.io.votable import from_table

    document = from_table(_with_room(Table(table, copy=False)))
    _with_null_logicals(table, document.get_first_table())
    without_single_characters(document.get_first_table())
    document.to_xml(str(path))


def _with_null_logicals(table: Table, element: Any) -> None:
    """Declare logicals of which some are missing as such: the bits of astropy are all there."""
    for name, field in zip(table.colnames, element.fields, strict=True):
        values, mask = parts_of(table[name])
        if values.dtype.kind == "b" and mask is not None and mask.any():
            redeclare(field, datatype="boolean")


def write_tables(paths: list[Path], tables: dict[str, Table], record: Record) -> None:
    """Write tables and the record, as an INFO, into one resource."""
    from astropy.io.votable import tree, writeto

    votable = tree.VOTableFile(version="1.4")
    resource = tree.Resource(type="results")
    votable.resources.append(resource)
    resource.infos.append(tree.Info(name=RECORD_KEY, value=json.dumps(record)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # non-ASCII units and the like
        for name, table in tables.items():
            bare = without_odd_units(_with_room(storable(table)))
            bare.meta = {}
            element = tree.TableElement.from_table(votable, bare)
            element.name = name
            without_identifiers(element)
            without_single_characters(element)
            resource.tables.append(element)
        writeto(votable, str(paths[0]), tabledata_format="binary2")
    unwrap_descriptions(paths[0])


def read_tables(paths: list[Path], names: Sequence[str]) -> tuple[list[Table], Record]:
    """The tables of these names, and the record."""
    from astropy.io.votable import parse

    refuse_external_data(Source(paths[0]))
    resource = parse(paths[0]).resources[0]
    tables = {t.name: t.to_table(use_names_over_ids=True) for t in resource.tables}
    record = json.loads(next(i.value for i in resource.infos if i.name == RECORD_KEY))
    return [tables[name] for name in names], record


def _with_room(table: Table) -> Table:
    """The table with texts as wide as they are in UTF-16, where some characters take two places.

    The columns of the table given are replaced, not changed.
    """
    for name in table.colnames:
        column = table[name]
        if column.dtype.kind == "U" and column.size:
            codes = np.ascontiguousarray(parts_of(column)[0]).view(np.uint32)
            per_cell = codes.reshape(column.size, -1)
            pairs = np.count_nonzero(per_cell > 0xFFFF, axis=1)
            if pairs.any():
                length = np.char.str_len(parts_of(column)[0]).ravel() + pairs
                table.replace_column(name, column.astype(f"U{length.max()}"))
    return table


VOTABLE = Format(
    "votable",
    (".vot", ".votable", ".xml"),
    read_table,
    write_table,
    one_file,
    write_tables,
    read_tables,
)
