"""A table as one format holds it: columns that it cannot hold renamed, as text, or left out."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.table import Column, Table

from ..warned import warn_user
from .cell_values import cell_kind, plain_column
from .holds import changes
from .storage import masked_column, parts_of


def held_table(table: Table, kind: str) -> Table:
    """The table as a format of that name has it; the one given if that can be.

    Warns
    -----
    UserWarning
        What became of which column.
    """
    out, told = table, []
    for name in table.colnames:
        column = table[name]
        if 0 in getattr(column, "shape", ())[1:]:
            told.append(f"column {name!r} is left out: its cells have no values")
            out = out.copy(copy_data=False)
            out.remove_column(name)
            continue
        plain = getattr(getattr(column, "dtype", None), "kind", "O") in "iufbSU"
        if plain or (kind == "fits" and _is_ragged(column)):
            continue
        values, mask = plain_column(column)
        info = {"description": column.info.description, "unit": column.info.unit}
        out = out.copy(copy_data=False)
        out.replace_column(
            name,
            Column(values, **info)
            if mask is None or not mask.any()
            else masked_column(values, mask, **info),
        )
        if what := cell_kind(column):
            told.append(f"column {name!r} is written as text: {what}")
    renamed = changes(kind, out.colnames)
    if renamed:
        out = out.copy(copy_data=False)
        names = [renamed.get(name, name) for name in out.colnames]
        out = Table(list(out.itercols()), names=names, meta=out.meta, copy=False)
        told += [f"column {name!r} is called {new!r}" for name, new in renamed.items()]
    if told:
        warn_user(f"the {kind} file: {'; '.join(told)}")
    return out


def _is_ragged(column: Any) -> bool:
    """Whether it has arrays of numbers of one type, of any length: FITS holds these."""
    values, mask = parts_of(column)
    if values.dtype.kind != "O" or values.ndim != 1 or (mask is not None and mask.any()):
        return False
    kinds = {
        cell.dtype if isinstance(cell, np.ndarray) and cell.ndim == 1 else None
        for cell in values.tolist()
    }
    return len(kinds) == 1 and all(dtype is not None and dtype.kind in "iuf" for dtype in kinds)
