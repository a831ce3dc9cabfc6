"""Catalogues without their bad rows, as what they are in a match or a sample."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np

from .bad_rows import DROP, ERROR, POSITION, lacking
from .filled_errors import filled_errors, warn_of_filled
from .quoted import read_errors
from .values import ColumnValues
from .warned import warn_user

#: what may become of the bad rows of a primary
BAD_ROWS = ("strict", "drop")
#: rows that a warning names
NAMED = 5


def checked_primary(primary: Any, bad_rows: str) -> Any:
    """The primary without its bad rows; the same one where it has none.

    Raises
    ------
    ValueError
        If it has some, and `bad_rows` is "strict"; if identifiers are missing or repeated.

    Warns
    -----
    UserWarning
        With the numbers of the rows left out.
    """
    if bad_rows == "strict" and not primary.aside.told:
        if len(primary.aside.position):
            raise ValueError(
                f"{primary.aside.fault}; every source of the first catalogue needs a position "
                f"in finite degrees (0 to 360, -90 to 90): remove or repair those rows, or {DROP}"
            )
        if primary.bad_errors is not None:
            raise ValueError(f"{primary.error_fault}, or {DROP}")
    kept = with_good_rows(_without_filled(primary, bad_rows))
    kept.check_primary_ids()
    return kept


def _without_filled(catalog: Any, bad_rows: str) -> Any:
    """The catalogue with rows whose error is a fill value counted as bad, or warned of."""
    filled, text = filled_errors(catalog, np.arange(len(catalog)))
    if filled is None or catalog.aside.told:
        return catalog
    if bad_rows == "strict":
        warn_of_filled(np.flatnonzero(filled), text)
        return catalog
    out = copy.copy(catalog)
    out.bad_errors = filled if catalog.bad_errors is None else filled | catalog.bad_errors
    out.error_fault = catalog.error_fault or text
    return out


def with_good_rows(catalog: Any) -> Any:
    """A catalogue without its bad rows; says which are left out, if it has not been said."""
    if catalog.bad_errors is None and (len(catalog.aside) == 0 or catalog.aside.told):
        return catalog
    kept = catalog.with_good_errors()
    if len(kept) == 0:
        raise ValueError(f"{catalog.error_fault}; no row is left")
    for reason, rows in ((POSITION, kept.aside.position), (ERROR, kept.aside.error)):
        if len(rows):
            _tell(kept, reason, rows)
    return _marked(kept)


def with_positions(catalog: Any, bad_rows: str = "strict") -> Any:
    """The same catalogue; says which rows are left out because they have no position.

    With `bad_rows` "drop" its candidates without a position error will be, too.
    """
    rows = catalog.aside.position
    if len(rows) and not catalog.aside.told:
        _tell(catalog, POSITION, rows)
        catalog = _marked(catalog)
    if bad_rows == "drop" and not catalog.lenient:
        catalog = copy.copy(catalog)
        catalog.lenient = True
    return catalog


def refuse_errors(catalog: Any, rows: np.ndarray) -> NoReturn:
    """Raise a ValueError for the first of some rows whose position error is none."""
    values = ColumnValues(
        catalog.table[rows], catalog.name, lambda k: str(catalog.row_text(int(rows[k])))
    )
    try:
        read_errors(values, catalog.pos_err, len(rows))
    except ValueError as error:
        raise ValueError(f"{error}, or {DROP}") from None
    except TypeError:  # errors given row by row, of all rows
        pass
    raise ValueError(f"{catalog.error_fault}, or {DROP}")


def _tell(catalog: Any, reason: str, rows: np.ndarray) -> None:
    said = lacking(catalog.name, len(rows), f"of {catalog.n_listed:,} rows", reason)
    beyond = catalog.aside.beyond if reason == POSITION else ""
    warn_user(f"{said} ({named(rows)}{beyond and f'; {beyond}'})")


def _marked(catalog: Any) -> Any:
    """The same catalogue, of which has been told what it lacks."""
    out = copy.copy(catalog)
    out.aside = replace(catalog.aside, told=True)
    return out


def named(rows: np.ndarray) -> str:
    """The first rows by number."""
    more = f" and {len(rows) - NAMED:,} more" if len(rows) > NAMED else ""
    return f"row{'s' * (len(rows) > 1)} {', '.join(map(str, rows[:NAMED].tolist()))}{more}"
