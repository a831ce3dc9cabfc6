"""Columns of one value per row that come as arrays of length one."""

from __future__ import annotations

from astropy.table import Table


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
