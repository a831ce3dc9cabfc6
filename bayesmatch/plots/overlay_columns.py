"""Columns of X-ray catalogues: position errors by their names, and which sources are secure."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.table import Table

from ..catalogs.closest import did_you_mean
from ..catalogs.errors import ErrorEllipse, sigma_from_radius
from ..catalogs.scalars import shown

#: circular errors by the names of their columns, and the share of sources within that radius
#: (None: 1 sigma per axis; 0.393: the radius is 1 sigma)
PER_AXIS = ("sigma", "pos_err", "poserr_axis", "sigma_pos", "pos_sigma")


RADII = {
    **{"r68": 0.68, "r90": 0.9, "r95": 0.95, "r98": 0.98, "pos_r98": 0.98},
    # 4XMM, eROSITA: sqrt(sigma_x^2 + sigma_y^2) = sqrt(2) sigma per axis, within which 1 - 1/e are
    **{"sc_poserr": 0.632120558829, "poserr": 0.632120558829, "radec_err": 0.632120558829},
}


#: of the Chandra Source Catalog: semi-axes (arcsec) at 95% and the position angle
ELLIPSE_95 = ("err_ellipse_r0", "err_ellipse_r1", "err_ellipse_ang")


SECURE, TRUE, FALSE = "secure", ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0", "")


def error_by_name(table: Table) -> Any:
    """The position error by the names of columns, 1 sigma per axis; None: no such column."""
    names = {name.lower(): name for name in table.colnames}
    if all(part in names for part in ELLIPSE_95):
        major, minor, angle = (names[part] for part in ELLIPSE_95)
        return ErrorEllipse(_sigma(table[major], 0.95), _sigma(table[minor], 0.95), angle)
    for column in PER_AXIS:
        if column in names:
            return names[column]
    for column, share in RADII.items():
        if column in names:
            return _sigma(table[names[column]], share)
    return None


def _sigma(column: Any, share: float) -> Any:
    """Of radii that hold a share of the sources; in the column's unit, else arcsec."""
    unit = column.unit
    sigma = sigma_from_radius(np.ma.filled(np.ma.asarray(column).astype(float), np.nan), share)
    return sigma if unit is None else sigma * unit


def flags(name: str, table: Table, column: str | None) -> np.ndarray:
    """1: secure, 0: not, -1: not known."""
    if column is None:
        column = next((c for c in table.colnames if c.lower() == SECURE), None)
        if column is None:
            return np.full(len(table), -1)
    if column not in table.colnames:
        raise ValueError(
            f"catalogue {name!r} has no column {shown(column)} that tells which sources are "
            f"secure (secure=, --also-secure on the command line)"
            f"{did_you_mean(column, table.colnames)}; it has "
            f"{', '.join(table.colnames)}"
        )
    absent = np.ma.getmaskarray(np.ma.asarray(table[column]))
    words = np.char.lower(np.char.strip(np.ma.getdata(table[column]).astype(str)))
    words = np.where(np.char.endswith(words, ".0"), np.char.rstrip(words, "0"), words)
    words = np.char.rstrip(words, ".")
    yes, no = np.isin(words, TRUE), np.isin(words, FALSE)
    odd = ~(yes | no | absent)
    if odd.any():
        row = int(np.argmax(odd))
        raise ValueError(
            f"catalogue {name!r}: column {column!r} has {shown(str(words[row]))} in row {row}; it "
            "must tell which sources are secure: true and false, or 1 and 0"
        )
    return np.where(absent, -1, yes.astype(int))
