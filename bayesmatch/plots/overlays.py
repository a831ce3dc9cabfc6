"""Other X-ray catalogues on a chart: their positions, errors, and which are secure."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from astropy.table import Table

from .._kernels.sphere import convergence, offset, rotate_covariance, separation
from ..catalogs.catalog import Catalog
from ..catalogs.errors import ErrorEllipse, sigma_from_radius
from ..catalogs.formats.registry import file_stem, read_table
from ..catalogs.names import as_name
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


@dataclass(frozen=True)
class Overlay:
    """An X-ray catalogue that charts show beside the source's own."""

    name: str
    """of the catalogue"""
    ids: np.ndarray
    """(n,) identifiers as text"""
    ra: np.ndarray
    """(n,) degrees"""
    dec: np.ndarray
    """(n,) degrees"""
    covariance: np.ndarray
    """(n, 3) of the positions: east^2, north^2, east*north, arcsec^2; NaN where not known"""
    secure: np.ndarray
    """(n,) 1: secure, 0: not, -1: not known"""

    def around(self, ra: float, dec: float, reach: float) -> tuple[Overlay, np.ndarray]:
        """The sources within a square about a position, with their offsets.

        Parameters
        ----------
        ra, dec : float
            The middle (degrees).
        reach : float
            From the middle to the edge, arcsec.

        Returns
        -------
        Overlay
            Those in it, their covariances turned to the middle.
        ndarray, shape (m, 2)
            Their offsets to the east and north, arcsec.
        """
        cosine = np.cos(np.radians([dec])).item()
        near = np.flatnonzero(np.abs(self.dec - dec) < 1.5 * reach / 3600)
        offsets, rows, turned = [], [], []
        for n in near:
            there = float(self.ra[n]), float(self.dec[n])
            apart = separation(ra, dec, cosine, *there, np.cos(np.radians(there[1])))
            if apart > 1.5 * reach:
                continue
            at = offset(ra, dec, *there, apart)
            if max(abs(at[0]), abs(at[1])) <= reach:
                rows.append(n)
                offsets.append(at)
                angle = convergence(ra, dec, *there)
                turned.append(rotate_covariance(*self.covariance[n], angle))
        some = replace(
            self,
            ids=self.ids[rows],
            ra=self.ra[rows],
            dec=self.dec[rows],
            covariance=np.array(turned).reshape(-1, 3),
            secure=self.secure[rows],
        )
        return some, np.array(offsets).reshape(-1, 2)


def read_overlay(
    table: Any, *, name: str | None = None, pos_err: Any = None, secure: str | None = None
) -> Overlay:
    """Read an X-ray catalogue whose sources charts are to show.

    Parameters
    ----------
    table : path, Catalog, Table, DataFrame or mapping
        Its rows; positions and identifiers are found as :class:`bayesmatch.Catalog` finds them.
    name : str, optional
        What the chart calls it. Default: that of the table or its file.
    pos_err : float, str, pair or ErrorEllipse, optional
        Position error as :class:`bayesmatch.Catalog` takes it. Default: a column that is known by
        its name: ``sigma``, ``pos_err`` (1 sigma per axis), ``r68``, ``r90``, ``r95``, ``r98``
        (radii), ``SC_POSERR``, ``POSERR``, ``RADEC_ERR`` (both axes together, as XMM-Newton and
        eROSITA have it), ``err_ellipse_r0``, ``_r1`` and ``_ang`` (95%, Chandra); none otherwise.
    secure : str, optional
        Column that tells which sources are secure: boolean, 0 and 1, or words. Default:
        ``secure``, where there is one.

    Returns
    -------
    Overlay
        Which :func:`finding_chart` and :func:`bayesmatch.explain` take as `also`.

    Raises
    ------
    ValueError, TypeError
        If it is no catalogue, or a column does not exist or holds something else.
    """
    path = table if isinstance(table, (str, os.PathLike)) else None
    if isinstance(table, Catalog):
        return _overlay(table, table.table, secure, known=True)
    if path is not None:
        table = read_table(path)
        if name is None:
            extname = str(table.meta.get("EXTNAME") or "").strip()
            name = as_name(extname or file_stem(path))
    name = name or "XRAY"
    named = Catalog(table, name=name, pos_err=1.0, area=1.0)
    error = _error(named.table) if pos_err is None else pos_err
    if error is None:
        return _overlay(named, named.table, secure, known=False)
    return _overlay(
        Catalog(named.table, name=name, pos_err=error, area=1.0), named.table, secure, known=True
    )


def as_overlays(given: Sequence[Any]) -> tuple[Overlay, ...]:
    """Each as an :class:`Overlay`."""
    return tuple(one if isinstance(one, Overlay) else read_overlay(one) for one in given)


def _overlay(catalog: Catalog, table: Table, secure: str | None, *, known: bool) -> Overlay:
    n = len(catalog.ra)
    covariance = catalog.covariance() if known else np.full((n, 3), np.nan)
    ids = (
        np.asarray(table[catalog.id_name]).astype(str)
        if catalog.id_name in table.colnames
        else (np.arange(n).astype(str))
    )
    return Overlay(
        catalog.name, ids, catalog.ra, catalog.dec, covariance, _flags(catalog.name, table, secure)
    )


def _error(table: Table) -> Any:
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


def _flags(name: str, table: Table, column: str | None) -> np.ndarray:
    """1: secure, 0: not, -1: not known."""
    if column is None:
        column = next((c for c in table.colnames if c.lower() == SECURE), None)
        if column is None:
            return np.full(len(table), -1)
    if column not in table.colnames:
        raise ValueError(
            f"catalogue {name!r} has no column {shown(column)} that tells which sources are "
            f"secure (secure=, --also-secure on the command line); it has "
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
            f"catalogue {name!r}: column {column!r} has {shown(words[row])} in row {row}; it must "
            "tell which sources are secure: true and false, or 1 and 0"
        )
    return np.where(absent, -1, yes.astype(int))
