"""Columns of one value per row that come as arrays of length one, and those of no value."""

from __future__ import annotations

from astropy.table import Table

from .asked import Asked


def single_values(table: Table) -> Table:
    """The table with columns of shape (n, 1) as columns of (n,); VOTables say ``arraysize="1"``.

    The table given is not changed.
    """
    names = [n for n in table.colnames if getattr(table[n], "shape", ())[1:] == (1,)]
    if not names:
        return table
    table = table.copy(copy_data=False)
    for name in names:
        column = table[name]
        info = {key: getattr(column.info, key) for key in ("meta", "description")}
        table.replace_column(name, column[:, 0])
        for key, value in info.items():
            setattr(table[name].info, key, value)
    return table


def without_empty(table: Table, asked: Asked) -> Table:
    """The table without columns whose cells have no room for a value: FITS' 0E and 0A."""
    names = [n for n in table.colnames if 0 in getattr(table[n], "shape", ())[1:]]
    if names:
        asked.notes.append(f"columns without room for a value are left out: {', '.join(names)}")
        table.remove_columns(names)
    return table
