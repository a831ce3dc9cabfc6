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
from .overlay_columns import error_by_name, flags


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
    if isinstance(table, Catalog):
        return _overlay(table, table.table, secure, known=True)
    unused: dict[str, Any] = {"pos_err": 1.0, "area": 1.0}
    if isinstance(table, (str, os.PathLike)):
        named = Catalog.read(table, name=name, **unused)
    else:
        named = Catalog(table, name=name or "XRAY", **unused)
    error = error_by_name(named.table) if pos_err is None else pos_err
    if error is None:
        return _overlay(named, named.table, secure, known=False)
    return _overlay(
        Catalog(named.table, name=named.name, pos_err=error, area=1.0),
        named.table,
        secure,
        known=True,
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
        catalog.name, ids, catalog.ra, catalog.dec, covariance, flags(catalog.name, table, secure)
    )
