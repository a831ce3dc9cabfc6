"""What a user has for a table, as an astropy Table that shares its data where it can."""

from __future__ import annotations

import numbers
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from astropy.table import Table


def as_table(table: Any, name: str) -> Table:
    """An astropy Table that shares the data of a Table, DataFrame or mapping where it can."""
    if isinstance(table, Table):
        return table
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(table, pandas.DataFrame):
        return _from_pandas(table, name)
    if not isinstance(table, Mapping):
        raise TypeError(
            f"catalogue {name!r}: the table is a {type(table).__name__}; give an "
            "astropy Table, a pandas DataFrame or a mapping of column names to arrays"
        )
    columns = dict(table)
    _check_column_names(columns, name, (str,))
    for key, values in columns.items():
        if pandas is not None and isinstance(values, pandas.Series):
            columns[key] = _from_pandas(values.to_frame("values"), name)["values"]
    try:
        return Table(columns, copy=False)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"catalogue {name!r}: the columns do not make a table ({error}); give "
            "arrays of one length"
        ) from error


def _check_column_names(names: Iterable[Any], catalog: str, kinds: tuple[type, ...]) -> None:
    """Raise a TypeError unless all names are text (pandas: or numbers, which become text)."""
    for given in names:
        if not isinstance(given, kinds) or given != given:
            raise TypeError(
                f"catalogue {catalog!r}: a column is called {given!r}, a {type(given).__name__}; "
                "give columns names that are text"
            )


def _from_pandas(frame: Any, name: str) -> Table:
    """Numeric columns without a copy; text and nullable columns as astropy converts them."""
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ValueError(
            f"catalogue {name!r}: two columns of the DataFrame are called {twice!r}; rename one"
        )
    _check_column_names(frame.columns, name, (str, numbers.Real))
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
