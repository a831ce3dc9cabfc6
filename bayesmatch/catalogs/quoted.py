"""Position errors as a user gives them: a number, columns, a pair or an ellipse, checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import ErrorEllipse, ErrorKind, PositionErrorModel, error_entries, quoted_part
from .gaussian import GaussianErrors
from .values import ColumnValues


def read_errors(values: ColumnValues, pos_err: Any, n_rows: int) -> PositionErrorModel:
    """The errors that `pos_err` of :class:`bayesmatch.Catalog` stands for.

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
    parts = [_sigma(values, entry) for entry in entries[:2]]
    if isinstance(pos_err, ErrorEllipse):
        parts.append(_angle(values, pos_err.pa))
    record = [
        entry if isinstance(entry, str) else float(part) if part.ndim == 0 else None
        for entry, part in zip(entries, parts, strict=True)
    ]
    errors = GaussianErrors.of(parts, n_rows, record)
    return kind.model(errors) if isinstance(kind, ErrorKind) else errors


def _sigma(values: ColumnValues, given: Any) -> np.ndarray:
    sigma = values.number_or_column(given, "arcsec", "pos_err")
    bad = ~(np.isfinite(sigma) & (sigma > 0))
    if bad.any() and sigma.ndim:
        values.reject(
            given if isinstance(given, str) else "pos_err",
            bad,
            sigma,
            "position errors must be positive and finite (arcsec, 1 sigma per axis); "
            "remove those rows or set a floor",
        )
    if bad.any():
        raise ValueError(
            f"catalogue {values.catalog!r}: pos_err is {sigma:g}; a position error "
            "must be positive and finite (arcsec, 1 sigma per axis)"
        )
    return sigma


def _angle(values: ColumnValues, given: Any) -> np.ndarray:
    pa = values.number_or_column(given, "deg", "pa")
    angle = np.atleast_1d(pa)
    if not np.isfinite(angle).all():
        values.reject(
            given if isinstance(given, str) else "pa",
            ~np.isfinite(angle),
            angle,
            "position angles must be finite degrees; set them to 0 where the error is a circle",
        )
    return pa
