"""What a user has for a table, as an astropy Table that shares its data where it can."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from astropy.table import MaskedColumn, Table

from .scalars import shown


def as_table(table: Any, name: str) -> Table:
    """An astropy Table that shares the data of a Table, DataFrame or mapping where it can."""
    if isinstance(table, Table):
        return unmasked(table)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(table, pandas.DataFrame):
        return _from_pandas(table, name)
    if not isinstance(table, Mapping):
        raise TypeError(
            f"catalogue {name!r}: the table is a {type(table).__name__}; give an "
            "astropy Table, a pandas DataFrame or a mapping of column names to arrays"
        )
    columns = dict(table)
    check_names(columns, name)
    for key, values in columns.items():
        if pandas is not None and isinstance(values, pandas.Series):
            columns[key] = _from_pandas(values.to_frame("values"), name)["values"]
    try:
        return unmasked(Table(columns, copy=False))
    except Exception as error:  # of whatever was given
        text = " ".join(str(error).split())
        raise ValueError(
            f"catalogue {name!r}: the columns do not make a table ({text}); give "
            "arrays of one length"
        ) from error


def check_names(names: Iterable[Any], catalog: str) -> None:
    """Column names must be text."""
    for column in names:
        if not isinstance(column, str):
            raise TypeError(
                f"catalogue {catalog!r}: a column is called {shown(column)}; give columns names "
                "that are text"
            )


def unmasked(table: Table) -> Table:
    """The table with its columns of astropy's Masked class as the masked columns of tables."""
    masked = [
        n
        for n in table.colnames
        if hasattr(table[n], "unmasked") and type(table[n]).__name__ != "SkyCoord"
    ]
    if not masked:
        return table
    table = table.copy(copy_data=False)
    for name in masked:
        column, unit = table[name], getattr(table[name], "unit", None)
        data = np.asarray(getattr(column.unmasked, "value", column.unmasked))
        info = {} if column.info.meta is None else {"meta": column.info.meta}
        table.replace_column(name, MaskedColumn(data, mask=column.mask, unit=unit, **info))
    return table


def _from_pandas(frame: Any, name: str) -> Table:
    """Numeric columns without a copy; text and nullable columns as astropy converts them."""
    check_names((c for c in frame.columns if not isinstance(c, (int, np.integer))), name)
    frame = frame.rename(columns=str) if any(not isinstance(c, str) for c in frame) else frame
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ValueError(
            f"catalogue {name!r}: two columns of the DataFrame are called {twice!r}; rename one"
        )
    plain = {
        c: isinstance(frame[c].dtype, np.dtype) and frame[c].dtype.kind in "fiub"
        for c in frame.columns
    }
    converted = Table.from_pandas(frame[[c for c in frame.columns if not plain[c]]])
    return Table(
        [frame[c].to_numpy() if plain[c] else converted[str(c)] for c in frame.columns],
        names=[str(c) for c in frame.columns],
        copy=False,
    )
