"""HDF5: tables as astropy and PyTables write them, and groups of columns of one length."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.table import Table

from .asked import Asked
from .said_of_columns import complete, said_in_yaml
from .source import Source
from .storage import decoded_texts, text_of
from .tables_in import TableHead, chosen_table

#: behind the name of a table: where astropy writes what it knows of its columns
ASTROPY = ".__table_column_meta__"


def read_table(source: Source, asked: Asked) -> Table:
    """The table of a file that is asked for, by its path in the file."""
    try:
        import h5py
    except ImportError:
        raise ValueError(
            "HDF5 needs the package h5py, which is not installed; install it, or convert the "
            "table to Parquet or FITS"
        ) from None
    with h5py.File(source.readable, "r") as file:
        found: dict[str, Any] = {}
        file.visititems(lambda name, item: found.update(_tables(name, item, h5py)))
        found.update(_tables("/", file, h5py))
        if not found:
            raise ValueError("it holds no table: neither a dataset of records nor columns")
        heads = [
            TableHead(number, name, list(columns))
            for number, (name, columns) in enumerate(found.items(), start=1)
        ]
        chosen = chosen_table(heads, asked)
        out = Table()
        for name, column in found[chosen.name].items():
            values = np.asarray(column())
            if values.dtype.kind == "O":
                values = np.array([text_of(v) for v in values.ravel()]).reshape(values.shape)
            out[name] = decoded_texts(values) if values.dtype.kind == "S" else values
            unit = _attribute(file, f"{chosen.name}/{name}", "unit")
            if unit:
                out[name].unit = unit
        header = f"{chosen.name}{ASTROPY}"
        if header in file:
            return complete(out, said_in_yaml(b"\n".join(file[header][()].tolist())))
        return out


def _attribute(file: Any, column: str, name: str) -> str:
    """What is said of a column of its own, as vaex does; "" for nothing."""
    try:
        entry = file[column]
    except (KeyError, ValueError):  # a field of a table of records
        return ""
    places = [entry, *(entry[key] for key in ("data",) if hasattr(entry, "keys") and key in entry)]
    return next((text_of(place.attrs[name]) for place in places if name in place.attrs), "")


def _tables(name: str, item: Any, h5py: Any) -> dict[str, Any]:
    """The columns of a table, as functions that read them; of what is none, nothing."""
    if isinstance(item, h5py.Dataset):
        names = item.dtype.names if item.ndim == 1 else None
        if not names:
            return {}
        return {name: {key: (lambda key=key: item[key]) for key in names}}
    if "__table_columns__" in name:
        return {}
    columns = {}
    for key, entry in item.items():
        if isinstance(entry, h5py.Group) and "data" in entry:  # a column of vaex
            entry = entry["data"]
        if isinstance(entry, h5py.Dataset) and entry.ndim >= 1 and not entry.dtype.names:
            columns[key] = entry
    if len(columns) < 2 or len({entry.shape[0] for entry in columns.values()}) > 1:
        return {}
    return {name: {key: (lambda entry=entry: entry[()]) for key, entry in columns.items()}}
