"""Position errors as a user gives them: a number, columns, a pair or an ellipse, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .bad_rows import Faults, NoFaults
from .errors import ErrorEllipse, ErrorKind, PositionErrorModel, error_entries, quoted_part
from .gaussian import GaussianErrors
from .said import given_as
from .values import ColumnValues

#: position errors that are taken (arcsec), and how thin an ellipse may be: within these the Bayes
#: factor holds to 1e-9 dex
MIN_SIGMA, MAX_SIGMA, MAX_AXIS_RATIO = 1e-6, 1e7, 1e6
ALLOWED = f"from {MIN_SIGMA:g} to {MAX_SIGMA:g}"


def read_errors(
    values: ColumnValues, pos_err: Any, n_rows: int, faults: Faults | None = None
) -> PositionErrorModel:
    """The errors that `pos_err` of :class:`bayesmatch.Catalog` stands for.

    Rows whose error is none are noted in `faults`, where it is given.

    Raises
    ------
    ValueError, TypeError
        If one is not positive and finite, of the wrong kind, or in a column that does not exist.
    """
    kind, pos_err = pos_err, quoted_part(pos_err)
    entries = error_entries(pos_err)
    if isinstance(pos_err, (tuple, list)) and len(pos_err) != 2:
        raise ValueError(
            f"catalogue {values.catalog!r}: pos_err has {len(pos_err)} parts; give "
            "one error, a pair (sigma_ra_cosdec, sigma_dec), or an "
            "ErrorEllipse(major, minor, pa)"
        )
    faults = NoFaults() if faults is None else faults
    pair = len(entries) == 2
    parts = [
        _sigma(replace(values, is_east=pair and k == 0), entry, faults)
        for k, entry in enumerate(entries[:2])
    ]
    if isinstance(pos_err, ErrorEllipse):
        parts.append(_angle(values, pos_err.pa, faults))
    if len(parts) > 1:
        first, second = (faults.filled(part, 1.0) for part in parts[:2])
        _check_ratio(values, entries, first, second, faults)
    parts = [*(faults.filled(p, 1.0) for p in parts[:2]), *(faults.filled(p, 0) for p in parts[2:])]
    record = [
        given_as(entry, values.named(entry))
        if isinstance(entry, str)
        else float(part)
        if part.ndim == 0
        else None
        for entry, part in zip(entries, parts, strict=True)
    ]
    errors = GaussianErrors.of(parts, n_rows, record)
    return kind.model(errors) if isinstance(kind, ErrorKind) else errors


def _sigma(values: ColumnValues, given: Any, faults: Faults) -> np.ndarray:
    sigma = values.number_or_column(given, "arcsec", "pos_err")
    bad = ~((sigma >= MIN_SIGMA) & (sigma <= MAX_SIGMA))
    if bad.any() and sigma.ndim:
        remedy = "give one number for all rows" if bad.all() else "remove those rows or set a floor"
        column, shown = "pos_err", sigma
        if isinstance(given, str):  # as they stand there, whatever their unit
            column = values.named(given).column
            shown = np.ma.getdata(values.table[column])
        faults.take(
            values,
            column,
            bad,
            shown,
            "position errors must be positive and finite (arcsec, 1 sigma per axis), "
            f"{ALLOWED}; {remedy}",
        )
    elif bad.any():
        raise ValueError(
            f"catalogue {values.catalog!r}: pos_err is {sigma:g}; a position error "
            f"must be positive and finite (arcsec, 1 sigma per axis), {ALLOWED}"
        )
    return sigma


def _check_ratio(
    values: ColumnValues,
    entries: Sequence[Any],
    first: np.ndarray,
    second: np.ndarray,
    faults: Faults,
) -> None:
    """Refuse ellipses too thin for double precision."""
    ratio = np.maximum(first, second) / np.minimum(first, second)
    bad = np.atleast_1d(ratio > MAX_AXIS_RATIO * (1.0 + 1e-9))  # rounding
    if bad.any():
        one, two = (given if isinstance(given, str) else "pos_err" for given in entries[:2])
        row = int(np.flatnonzero(bad)[0])
        where = f" in {values.row_text(row)}" if ratio.ndim else ""
        text = (
            f"catalogue {values.catalog!r}: the axes of the position error ({one}, {two}) differ "
            f"by a factor {np.atleast_1d(ratio)[row]:.3g}{where}, at most {MAX_AXIS_RATIO:g} can "
            "be computed with; set a floor on the smaller one"
        )
        faults.note(text, bad, per_row=ratio.ndim > 0)


def _angle(values: ColumnValues, given: Any, faults: Faults) -> np.ndarray:
    pa = values.number_or_column(given, "deg", "pa")
    angle = np.atleast_1d(pa)
    if not np.isfinite(angle).all():
        faults.take(
            values,
            given if isinstance(given, str) else "pa",
            ~np.isfinite(angle),
            angle,
            "position angles must be finite degrees; set them to 0 where the error is a circle",
        )
    return pa
