"""Position errors that are fill values: 9999 beside errors of an arcsec was hardly measured.

A fill value is one of the numbers of :mod:`.sentinels`, in the unit of the column, that is much
larger than the other errors: errors of 99 among such of 60 are what they say. Negative ones are no
errors at all (:mod:`.bad_rows`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .bad_rows import DROP
from .errors import error_entries
from .held import HeldCatalog
from .scalars import shown_item
from .sentinels import SENTINELS, TOLERANCE
from .values import ColumnValues
from .warned import warn_user

#: times the median of the others
FAR = 10.0


def filled_errors(catalog: HeldCatalog, rows: np.ndarray) -> tuple[np.ndarray | None, str]:
    """Which of some rows have a fill value for an error, and the first of them in words.

    Parameters
    ----------
    catalog : HeldCatalog
        Its errors.
    rows : ndarray of int, shape (m,)
        Those that are matched: what the errors are compared with.

    Returns
    -------
    filled : ndarray of bool, shape (m,), or None
        None if there are none.
    text : str
        Empty if there are none.
    """
    filled: np.ndarray | None = None
    text = ""
    for what, values in _given(catalog, rows):
        found = _far_fill(values)
        if found is None:
            continue
        filled = found if filled is None else filled | found
        at = int(np.argmax(found))
        text = text or (
            f"catalogue {catalog.name!r}: {what} is {shown_item(values[at])} in "
            f"{catalog.row_text(int(rows[at]))}"
        )
    return filled, text


def warn_of_filled(rows: np.ndarray, text: str) -> None:
    """Warn of fill values, in these rows, that are taken for what they say."""
    more = len(np.unique(rows)) - 1
    others = f" (and {more:,} more row{'s' * (more > 1)})" if more else ""
    warn_user(
        f"{text}{others}, a number that is written where nothing was measured; it is taken for "
        f"what it says: correct such errors, or {DROP}"
    )


def _given(catalog: HeldCatalog, rows: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Numbers of errors of some rows as they stand in their columns, or as they were given."""
    named = ColumnValues(catalog.table, catalog.name)
    for k, entry in enumerate(error_entries(catalog.pos_err)[:2]):
        if isinstance(entry, str):
            column = named.named(entry).column
            yield f"column {column!r}", np.asarray(np.ma.getdata(catalog.table[column]))[rows]
        elif np.ndim(entry):
            yield "pos_err", np.round(np.sqrt(catalog.errors.covariance(rows)[:, k]), 9)


def _far_fill(values: np.ndarray) -> np.ndarray | None:
    """Which of some numbers are fill values far above the others; None: none is."""
    if len(values) == 0 or not np.fmax.reduce(values) > SENTINELS[0] - 0.5:
        return None
    is_fill = (np.abs(values[:, None] / np.array(SENTINELS) - 1.0) < TOLERANCE).any(axis=1)
    others = values[~is_fill & (values > 0.0)]
    if not is_fill.any() or len(others) == 0:
        return None
    is_fill &= values > FAR * np.median(others)
    return is_fill if is_fill.any() else None
