"""Rows for the sources that a match has left out, in tables that are written.

They have the row, the identifier and, where inputs are joined, the columns of the source; all that
the match would have found is masked.  Reading a result takes them out again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from astropy.table import Column, Table

from ..catalogs.formats.storage import masked_column, parts_of
from ..catalogs.held import HeldCatalog
from .record import MatchRecord
from .result_check import check_inputs
from .table_columns import id_column, input_column

#: in the meta of a file: columns without missing values but in such rows, by table
KEPT = "kept_dropped"
#: a result column that is masked in no row of a source that was matched
ALWAYS = "p_any"


#: rows of sources that were left out, of the associations and of the sources, as a file had them
Kept = tuple[Table, Table]


def with_dropped(table: Table, primary: HeldCatalog, rows: np.ndarray) -> Table:
    """Associations or sources with a row for each source that was left out, by its row number."""
    name = primary.name
    whole, given = primary.whole or primary, {name: rows}
    for column in table.colnames:
        if column == f"{name}_{primary.id_name}":
            given[column] = id_column(name, whole.identifiers, rows, optional=True)
        elif column != name and column.removeprefix(f"{name}_") in whole.table.colnames:
            cells = whole.table[column.removeprefix(f"{name}_")][rows]
            given[column] = input_column(cells, np.zeros(len(rows), bool))
    return _among(table, name, given)


def _among(table: Table, name: str, given: Mapping[str, Any]) -> Table:
    """A table with new rows, by their number in column `name`; what is not given is masked."""
    rows = np.asarray(given[name])
    if len(rows) == 0:
        return table
    new = np.zeros(len(table) + len(rows), bool)
    new[np.searchsorted(np.asarray(table[name]), rows) + np.arange(len(rows))] = True
    out = {column: _stacked(table[column], given.get(column), new) for column in table.colnames}
    return Table(out, copy=False, meta=dict(table.meta))


def never_masked(table: Table) -> list[str]:
    """Columns that have no missing values but in such rows."""
    return [name for name in table.colnames if parts_of(table[name])[1] is None]


def without_dropped(table: Table, plain: Sequence[str]) -> tuple[Table, Table]:
    """The table without such rows, and these; `plain`: its :func:`never_masked` columns."""
    if ALWAYS not in table.colnames:
        return table, table[:0]
    mask = np.ma.getmaskarray(table[ALWAYS])
    if not mask.any():
        return table, table[:0]
    out = table[~mask]
    for name in set(plain) & set(out.colnames):
        column = out[name]
        values = np.ma.getdata(column)
        out[name] = Column(values, description=column.description, unit=column.unit)
    return out, table[mask]


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
    associations: Table,
    sources: Table,
    meta: dict[str, Any],
    catalogs: Sequence[HeldCatalog],
    kept: Kept | None,
    *,
    check: bool,
) -> tuple[Table, Table, dict[str, Any]]:
    """What is written where the sources that were left out are kept.

    They are those of the primary that are among the sources no more, or those that the file had
    (`kept`) from which the result was read. With `check` the catalogues have to be those matched.

    Raises
    ------
    ValueError
        If neither is at hand, or others are given.
    """
    tables = associations, sources
    meta = {**meta, KEPT: [never_masked(table) for table in tables]}
    if catalogs:
        if check:
            check_inputs(associations, MatchRecord.from_meta(meta), catalogs)
        primary = catalogs[0]
        rows = np.setdiff1d(np.arange(primary.n_listed), np.asarray(sources[primary.name]))
        return (*(with_dropped(table, primary, rows) for table in tables), meta)
    record = MatchRecord.from_meta(meta)
    primary_name = record.catalogues[0].name
    n_dropped = record.catalogues[0].rows - len(sources)
    if kept is None or len(kept[1]) != n_dropped:
        raise ValueError(
            "the sources that were left out are not at hand: this result was read from a file that "
            "has them not; give the catalogues as catalogues=, or write with keep_dropped=True "
            "(--keep-dropped on the command line) where the match is made"
        )
    return (
        *(
            _among(table, primary_name, dict(rows.items()))
            for table, rows in zip(tables, kept, strict=True)
        ),
        meta,
    )
