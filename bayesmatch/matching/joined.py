"""Input columns beside the associations: what they are called, and what becomes of each.

Two input columns can come to one name (``B_mag`` of a catalogue A and ``mag`` of A_B), or to that
of a column of the result (``any`` of a catalogue p). The second gets a number behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.table import Table

from ..catalogs.formats.cell_values import MAX_CELL, cell_kind, largest_cell
from ..catalogs.held import HeldCatalog
from .table_columns import input_column


@dataclass(frozen=True)
class JoinedColumn:
    """An input column, and its place in the associations."""

    catalogue: str
    column: str
    name: str
    """in the associations"""
    why: str = ""
    """what became of it, in words; "" where it is as it was"""
    left_out: bool = False

    @property
    def told(self) -> str:
        """What became of it, for a warning."""
        return f"column {self.column!r} of {self.catalogue} {self.why}"


def joined_columns(
    catalogs: Iterable[Any], tables: Iterable[Table], core: Sequence[str]
) -> list[JoinedColumn]:
    """The columns of catalogues that stand beside the associations, whose own are `core`.

    `tables` have the columns of each; of a catalogue, ``name`` and ``id_name`` are needed. The
    identifiers are there already.
    """
    taken, out = set(core), []
    for catalog, table in zip(catalogs, tables, strict=True):
        for column in table.colnames:
            if column == catalog.id_name:
                continue
            wanted = f"{catalog.name}_{column}"
            why, left_out = _fate(table[column])
            name = wanted if left_out else _free(wanted, taken)
            if not left_out:
                taken.add(name)
                if name != wanted:
                    clash = f"is called {name!r} ({wanted!r} is another column)"
                    why = f"{clash} and {why}" if why else clash
            out.append(JoinedColumn(catalog.name, column, name, why, left_out))
    return out


def _fate(column: Any) -> tuple[str, bool]:
    """What becomes of the values of a column, and whether it is left out."""
    if 0 in getattr(column, "shape", ())[1:]:
        return "is left out: its cells have no values", True
    kind = cell_kind(column)
    if not kind:
        return "", False
    if kind != "complex numbers" and (size := largest_cell(column)) > MAX_CELL:
        return f"is left out: {kind} with {size} values, more than {MAX_CELL}", True
    return f"is written as {'text' if kind == 'complex numbers' else 'JSON text'}: {kind}", False


def _free(name: str, taken: set[str]) -> str:
    number, new = 2, name
    while new in taken:
        new, number = f"{name}_{number}", number + 1
    return new


def known_columns(catalog: Any) -> Table:
    """A table with all columns of a catalogue: with its rows where they are at hand."""
    table: Table = catalog.table
    if isinstance(catalog, HeldCatalog):
        if hasattr(catalog, "scanned"):  # the candidates have the columns of the match
            table = catalog.scanned.table
        elif (far := getattr(catalog, "far", None)) is not None:
            table = far.table
        elif catalog.whole is not None:
            table = catalog.whole.table
    return table


def with_columns(
    table: Table, catalogs: Sequence[Any], core: Sequence[str]
) -> tuple[Table, list[JoinedColumn]]:
    """The columns `core` of the associations, and behind them those of every member.

    With what became of each.
    """
    out = Table({name: table[name] for name in core}, copy=False, meta=table.meta)
    absent = {catalog.name: np.asarray(out[catalog.name]) < 0 for catalog in catalogs}
    parts = {
        c.name: c.input_rows(np.where(absent[c.name], 0, np.asarray(out[c.name]))) for c in catalogs
    }
    # What a scanned catalogue has in its cells is known when they are read.
    tables = [parts[c.name] if len(known_columns(c)) == 0 else known_columns(c) for c in catalogs]
    listed = joined_columns(catalogs, tables, core)
    for joined in listed:
        if not joined.left_out:
            part = parts[joined.catalogue]
            out[joined.name] = input_column(part[joined.column], absent[joined.catalogue])
    return out, listed
