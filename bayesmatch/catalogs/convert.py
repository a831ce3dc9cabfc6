"""What a user has for a table, as an astropy Table that shares its data where it can."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from astropy.table import MaskedColumn, Table

from .formats.single import single_values
from .objects import without_objects
from .scalars import plural, shown
from .warned import warn_user


def as_table(table: Any, name: str) -> Table:
    """An astropy Table that shares the data of a Table, DataFrame or mapping where it can.

    Also of an Arrow table and of what gives one (polars' frames). Objects that are numbers or
    texts, None and NA among them, become columns of such.
    """
    if isinstance(table, Table):
        return plain(table)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(table, pandas.DataFrame):
        return plain(_from_pandas(table, name))
    if hasattr(table, "__arrow_c_stream__") and not isinstance(table, Mapping):
        return plain(_from_arrow(table, name))
    if not isinstance(table, Mapping):
        raise no_table(table, name)
    columns = dict(table)
    check_names(columns, name)
    if pandas is not None:
        _check_rows_agree(columns, pandas.Series, name)
    for key, values in columns.items():
        if pandas is not None and isinstance(values, pandas.Series):
            columns[key] = _from_pandas(values.to_frame("values"), name)["values"]
        elif hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__"):
            columns[key] = _from_arrow_column(values)
    try:
        return plain(Table(columns, copy=False))
    except Exception as error:  # of whatever was given
        text = " ".join(str(error).split())
        raise ValueError(
            f"catalogue {name!r}: the columns do not make a table ({text}); give "
            "arrays of one length"
        ) from error


def _check_rows_agree(columns: Mapping[str, Any], series: Any, name: str) -> None:
    """Raise a ValueError if Series of one length have their rows in different orders."""
    given = {key: values for key, values in columns.items() if isinstance(values, series)}
    first, *others = given or [""]
    for key in others:
        one, other = given[first].index, given[key].index
        if one is other or one.equals(other) or len(one) != len(other):
            continue  # those of different lengths make no table
        row = int(np.flatnonzero(np.asarray(one != other))[0])
        raise ValueError(
            f"catalogue {name!r}: columns {first!r} and {key!r} are pandas Series with different "
            f"indexes, {shown(one[row])} and {shown(other[row])} in row {row}: put them into one "
            "DataFrame, which brings their rows together, or give values without an index "
            "(.to_numpy())"
        )


def no_table(given: Any, name: str) -> TypeError:
    """The error where what was given for a table is none."""
    return TypeError(
        f"catalogue {name!r}: the table is a {type(given).__name__}; give an "
        "astropy Table, a pandas, polars or Arrow table or a mapping of column names to arrays"
    )


def plain(table: Table) -> Table:
    """The table with columns that can be read as numbers and texts as such."""
    return without_objects(single_values(unmasked(table)))


def _from_arrow(data: Any, name: str) -> Table:
    """A table of Arrow's, or of a library that hands out its data so."""
    import pyarrow as pa

    from .formats.arrow import from_arrow, notes_on

    try:
        found = data if isinstance(data, pa.Table) else pa.table(data)
    except pa.ArrowInvalid as error:
        if not hasattr(data, "columns"):  # a single column
            raise no_table(data, name) from None
        raise _not_of_arrow(data, name, error) from error
    check_names(found.schema.names, name)
    twice = next((n for n in found.schema.names if found.schema.names.count(n) > 1), None)
    if twice is not None:
        raise ValueError(
            f"catalogue {name!r}: two columns of the table are called {twice!r}; rename one"
        )
    for note in notes_on(found.schema):
        warn_user(f"catalogue {name!r}: {note}")
    return from_arrow(found)


def _not_of_arrow(data: Any, name: str, error: Exception) -> TypeError:
    """The error where a table's own library has types of columns that Arrow has not."""
    import pyarrow as pa

    for column in data.columns:
        try:
            pa.chunked_array(data[column])
        except pa.ArrowInvalid:
            return TypeError(
                f"catalogue {name!r}: column {shown(column)} is of type "
                f"{getattr(data[column], 'dtype', 'unknown')}, which Arrow has not; convert it or "
                "leave it out"
            )
    return TypeError(f"catalogue {name!r}: the table cannot be handed on by Arrow ({error})")


def _from_arrow_column(values: Any) -> Any:
    """A column of Arrow's, or of a library that hands out its data so."""
    import pyarrow as pa

    from .formats.arrow import from_arrow

    if not isinstance(values, (pa.Array, pa.ChunkedArray)):
        values = pa.chunked_array(values)
    table = from_arrow(pa.table({"values": values}))
    return table["values"] if table.colnames else values.to_pylist()


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
    frame = _with_index(frame)
    shared = {
        c: isinstance(frame[c].dtype, np.dtype) and frame[c].dtype.kind in "fiub"
        for c in frame.columns
    }
    nested = [c for c in frame.columns if getattr(frame[c].dtype, "name", "").startswith("nested<")]
    if nested:
        warn_user(
            f"catalogue {name!r}: left out: {len(nested)} {plural(len(nested), 'column')} with "
            f"tables in the cells: {', '.join(nested[:8])}"
        )
        frame = frame[[c for c in frame.columns if c not in nested]]
    converted = Table.from_pandas(frame[[c for c in frame.columns if not shared[c]]])
    return Table(
        [frame[c].to_numpy() if shared[c] else converted[str(c)] for c in frame.columns],
        names=[str(c) for c in frame.columns],
        copy=False,
    )


def _with_index(frame: Any) -> Any:
    """The frame with an index that has a name as its first column: often the identifiers."""
    names = [n for n in frame.index.names if isinstance(n, str)]
    if len(names) < frame.index.nlevels or any(n in frame.columns for n in names):
        return frame
    return frame.reset_index()
