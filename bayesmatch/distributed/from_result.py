"""A result of :func:`bayesmatch.match` as an LSDB catalogue, to go on with on Dask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lsdb
import numpy as np
import pandas as pd
import pyarrow as pa
from astropy.table import Table

from ..catalogs.formats.storage import parts_of
from ..catalogs.scalars import number_within, whole_number
from ..diagnostics.explanation.inputs import all_input_rows
from ..diagnostics.published.core import catalogue
from ..matching.result import MatchResult
from ..matching.result_check import given_catalogs
from .arguments import check_rows

#: the smallest margin, arcsec: LSDB's own default
LEAST_MARGIN = 5.0
#: order of the smallest partitions, 3.4 arcmin; finer ones would take a map of a gigabyte
FINEST = 10


def from_result(
    result: MatchResult,
    rows: str = "sources",
    *,
    margin: float | None = None,
    partition_rows: int | None = None,
    catalogues: Sequence[Any] | None = None,
) -> Any:
    """A result as an LSDB catalogue at the positions of the primary.

    Parameters
    ----------
    result : MatchResult
        From :func:`bayesmatch.match` or :meth:`bayesmatch.MatchResult.read`.
    rows : {"sources", "associations"}, default "sources"
        A row per source, the table of :func:`bayesmatch.catalogue`; or one per association, with
        the input columns where they are at hand.
    margin : float, optional
        Of the margin cache, arcsec. Default: the radius of the match, and at least 5.
    partition_rows : int, optional
        Rows of a partition, about. Default: LSDB's.
    catalogues : sequence of Catalog, optional
        The catalogues that were matched, in their order, for a result whose file has not the input
        columns.

    Returns
    -------
    lsdb.Catalog
        Arrow types, missing values where the result has them. ``match_meta`` is the result's
        ``meta``. ``write_catalog`` writes it as HATS. LSDB holds it in memory until then: for up
        to some million rows.

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong, or the positions of the primary are not in the result.
    """
    if not isinstance(result, MatchResult):
        raise TypeError(f"from_result takes a MatchResult, got a {type(result).__name__}")
    check_rows(rows)
    record = result.record
    if partition_rows is not None:
        partition_rows = whole_number("partition_rows", partition_rows, 1)
    least = max(record.radius_arcsec, LEAST_MARGIN)
    margin = least if margin is None else number_within("margin", margin, 0.0, 36_000.0)
    if rows == "sources":
        table = catalogue(result, catalogues=catalogues)
    elif catalogues is not None or result._catalogs:
        table = result.with_inputs(catalogues)
    else:
        table = result.associations
    primary = record.primary.name
    ra, dec = _positions(result, np.asarray(table[primary]), catalogues)
    frame = frame_of(table)
    names = [_name_of(frame, *part) for part in (("ra", ra), ("dec", dec))]
    try:
        out = lsdb.from_dataframe(
            frame,
            ra_column=names[0],
            dec_column=names[1],
            catalog_name=f"{primary}_{rows}",
            partition_rows=partition_rows,
            highest_order=7 if partition_rows is None else FINEST,
            margin_threshold=margin,
        )
    except ValueError as error:
        if partition_rows is None or "single pixel" not in str(error):
            raise
        raise ValueError(
            f"partition_rows is {partition_rows}, and more rows than that lie in one HEALPix cell "
            f"of order {FINEST}; give a larger number, or None"
        ) from None
    out.match_meta = result.meta
    return out


def frame_of(table: Table) -> pd.DataFrame:
    """A table as a frame of Arrow types; arrays in cells are lists, masked values missing."""
    return pd.DataFrame({name: _arrow(table[name]) for name in table.colnames})


def _arrow(column: Any) -> pd.api.extensions.ExtensionArray:
    values, mask = parts_of(column)
    if values.ndim > 1:
        cells = values.astype(object)
        if mask is not None:
            cells[mask] = None
        made = pa.array(cells.tolist())
    else:
        made = pa.array(np.ascontiguousarray(values), mask=None if mask is None else mask.copy())
    return pd.array(made, dtype=pd.ArrowDtype(made.type))


def _positions(
    result: MatchResult, rows: np.ndarray, catalogues: Sequence[Any] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Positions (degrees) of some rows of the primary."""
    catalogs = result._catalogs if catalogues is None else given_catalogs(catalogues)
    if catalogs:
        at = catalogs[0].held(rows)
        return catalogs[0].ra[at], catalogs[0].dec[at]
    found = all_input_rows(result, 0)
    if found is None:
        raise ValueError(
            f"the positions of {result.catalogue_names[0]} are not in this result: match again "
            "without --no-inputs, write it with include_inputs=True, or give the catalogues that "
            "were matched as catalogues="
        )
    at = np.searchsorted(found[0], rows)
    return found[1].catalog.ra[at], found[1].catalog.dec[at]


def _name_of(frame: pd.DataFrame, name: str, degrees: np.ndarray) -> str:
    """The column that has these values, which is added where there is none."""
    for column in frame.columns:
        if pd.api.types.is_float_dtype(frame[column].dtype):
            values = frame[column].to_numpy(np.float64, na_value=np.nan)
            if np.array_equal(values, degrees):
                return str(column)
    new, number = name, 2
    while new in frame.columns:
        new, number = f"{name}_{number}", number + 1
    frame[new] = pd.array(degrees, dtype=pd.ArrowDtype(pa.float64()))
    return new
