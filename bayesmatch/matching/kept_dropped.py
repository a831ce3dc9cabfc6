"""Rows for the sources that a match has left out, in tables that are written.

They have the row, the identifier and, where inputs are joined, the columns of the source; all that
the match would have found is masked.  Reading a result takes them out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy.table import Column, Table

from ..catalogs.formats.storage import masked_column, parts_of
from ..catalogs.held import HeldCatalog
from .table_columns import id_column, input_column

#: in the meta of a file: columns without missing values but in such rows, by table
KEPT = "kept_dropped"
#: a result column that is masked in no row of a source that was matched
ALWAYS = "p_any"


def with_dropped(table: Table, primary: HeldCatalog) -> Table:
    """Associations or sources with a row for each source that was left out, by the row's number."""
    rows = np.sort(np.concatenate([primary.aside.position, primary.aside.error]))
    if len(rows) == 0 or primary.whole is None:
        return table
    name = primary.name
    at = np.searchsorted(np.asarray(table[name]), rows)
    new = np.zeros(len(table) + len(rows), bool)
    new[at + np.arange(len(rows))] = True
    whole, out = primary.whole, {}
    inputs = {f"{name}_{column}": column for column in whole.table.colnames}
    for column in table.colnames:
        old = table[column]
        known: Any = None
        if column == name:
            known = rows
        elif column == f"{name}_{primary.id_name}":
            known = id_column(whole, rows, optional=True)
        elif column in inputs:
            known = input_column(whole.table[inputs[column]][rows], np.zeros(len(rows), bool))
        out[column] = _stacked(old, known, new)
    return Table(out, copy=False, meta=dict(table.meta))


def never_masked(table: Table) -> list[str]:
    """Columns that have no missing values but in such rows."""
    return [name for name in table.colnames if parts_of(table[name])[1] is None]


def without_dropped(table: Table, plain: Sequence[str]) -> Table:
    """The table without such rows; `plain`: its :func:`never_masked` columns."""
    if ALWAYS not in table.colnames:
        return table
    mask = np.ma.getmaskarray(table[ALWAYS])
    if not mask.any():
        return table
    out = table[~mask]
    for name in set(plain) & set(out.colnames):
        column = out[name]
        values = np.ma.getdata(column)
        out[name] = Column(values, description=column.description, unit=column.unit)
    return out


def _stacked(old: Any, known: Any, new: np.ndarray) -> Any:
    """A column with values (None: masked ones) in the rows that are `new`."""
    values, mask = parts_of(old)
    known_values, known_mask = parts_of(old[:0] if known is None else known)
    kind = np.result_type(values.dtype, known_values.dtype)
    full = np.zeros((len(new), *values.shape[1:]), kind)
    absent = np.zeros(full.shape, bool)
    full[~new] = values
    absent[~new] = False if mask is None else mask
    if known is None:
        absent[new] = True
    else:
        full[new] = known_values
        absent[new] = False if known_mask is None else known_mask
    text = {"description": old.description, "unit": old.unit}
    if mask is None and not absent.any():
        return type(old)(full, **text)
    return masked_column(full, absent, **text)


def with_kept(
    associations: Table, sources: Table, meta: dict[str, Any], catalogs: Sequence[HeldCatalog]
) -> tuple[Table, Table, dict[str, Any]]:
    """What is written where the sources that were left out are kept."""
    if not catalogs:
        raise ValueError(
            "the primary is not at hand: this result was read from a file; write with "
            "keep_dropped=True where the match is made"
        )
    tables = associations, sources
    meta = {**meta, KEPT: [never_masked(table) for table in tables]}
    return with_dropped(associations, catalogs[0]), with_dropped(sources, catalogs[0]), meta
