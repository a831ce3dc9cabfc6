"""The columns that a match on LSDB adds to those of the two catalogues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ..matching.record import MatchRecord
from ..matching.result import MatchResult
from ..matching.table_columns import later_columns, mean_ratio_column, take
from ..matching.tables import SAME_SOURCE

ROWS = ("associations", "sources")
#: types of which rows are taken on all threads
TAKEN = (np.int64, np.float64)


def partition_columns(
    rows: str, primary: str, secondary: str, priors: Sequence[str]
) -> dict[str, pa.DataType]:
    """Columns that a partition matched by itself has, and their types."""
    of_source = {
        "p_any": pa.float64(),
        "p_hostless": pa.float64(),
        "log10_odds_host": pa.float64(),
        "n_candidates": pa.int64(),
    }
    separation = {f"Separation_{primary}_{secondary}": pa.float64()}
    if rows == "sources":
        best = [f"p_{secondary}", "p_i", "p_match", "second_p_i"]
        return {**of_source, **separation, **dict.fromkeys(best, pa.float64())}
    biases = [f"bias_{secondary}_{prior}" for prior in priors]
    names = ["dist_bayesfactor", "dist_post", *biases, "p_single", "p_i", "p_match"]
    number = dict.fromkeys(names, pa.float64())
    return {**separation, "ncat": pa.int16(), **number, "match_flag": pa.int16(), **of_source}


def result_frame(
    result: MatchResult, rows: str, i: np.ndarray, some: np.ndarray | None = None
) -> pd.DataFrame:
    """Columns of a table of a result, then those of its sources; Arrow types.

    Parameters
    ----------
    result : MatchResult
        Of one other catalogue.
    rows : {"associations", "sources"}
        Which table.
    i : ndarray of int, shape (n,)
        Row in the table of sources, of each of the rows.
    some : ndarray of int, shape (n,), optional
        The rows, in their order; default: all.
    """
    sources = result.sources
    table = sources if rows == "sources" else result.associations
    record = MatchRecord.from_meta(result.meta)
    primary, other = record.primary.name, record.others[0].name
    listed = [prior for _, prior in record.prior_names]
    names = [
        *partition_columns(rows, primary, other, listed),
        *(n for n in table.colnames if n == "dist_bayesfactor_tails"),
        *later_columns(other),
        *(n for n in sources.colnames if n == mean_ratio_column(other)),
        "n_claims",
        f"n_claims_{other}",
    ]

    def column(name: str) -> Any:
        own, at = (table, some) if name in table.colnames else (sources, i)
        values = own.columns[name].data  # what a column says of itself is not asked for
        return values if at is None else _rows(values, at)

    columns = {name: _arrow(column(name)) for name in names}
    columns[SAME_SOURCE] = _first_entries(result, record)[i]
    return pd.DataFrame(columns)


def _rows(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Some rows of a column, masked or not."""
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.MaskedArray(_rows(values.data, at), mask=np.ma.getmaskarray(values)[at])
    return take(values, at, 0) if values.dtype.type in TAKEN else values[at]


def _arrow(column: Any) -> pd.api.extensions.ExtensionArray:
    """A column, masked or not, with missing values where it is masked."""
    mask = np.ma.getmaskarray(column) if isinstance(column, np.ma.MaskedArray) else None
    values = pa.array(np.ascontiguousarray(np.ma.getdata(column)), mask=mask)
    return pd.array(values, dtype=pd.ArrowDtype(values.type))


def _first_entries(result: MatchResult, record: MatchRecord) -> pd.api.extensions.ExtensionArray:
    """Identifiers of the first entries of the same sources: partitions know no row numbers."""
    first = np.asarray(result.sources[SAME_SOURCE])
    numbers = np.asarray(result.sources[record.primary.name])
    row = np.where(first < 0, -1, np.searchsorted(numbers, first))
    ids = np.asarray(result.sources[f"{record.primary.name}_{record.primary.id_name}"])
    return _arrow(np.ma.MaskedArray(ids[np.maximum(row, 0)], mask=row < 0))
