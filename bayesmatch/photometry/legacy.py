"""Magnitudes and colours from the fluxes of the DESI Legacy Imaging Surveys."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from numbers import Real
from typing import Any

import numpy as np
from astropy.table import Column, Table

from ..catalogs.scalars import as_number, shown
from .bands import check_bands
from .columns import PhotometricColumns
from .magnitudes import measured

#: m_AB - m_Vega of the WISE bands
VEGA_OFFSET = {"w1": 2.699, "w2": 3.339, "w3": 5.174, "w4": 6.620}
#: log10(Fx / F_band) = log10(Fx) + m_AB / 2.5 + this
X_TO_O_CONSTANT = 5.67
#: of the Legacy Survey, from blue to red
LEGACY_BANDS = ("g", "r", "z", "w1", "w2")
#: AB magnitude of one nanomaggy
NANOMAGGY_MAG = 22.5


def legacy_survey(
    table: Any,
    *,
    snr_min: float = 3.0,
    bands: Sequence[str] = LEGACY_BANDS,
    prefix: str = "",
    xray_flux: str | None = None,
) -> Table:
    """Reliable magnitudes and colours from DESI Legacy Imaging Surveys photometry.

    Parameters
    ----------
    table : astropy.table.Table, pandas.DataFrame or mapping of arrays
        For each band ``flux_<band>`` (nanomaggies), ``flux_ivar_<band>`` (nanomaggies^-2) and
        ``mw_transmission_<band>``; or ``dered_mag_<band>`` (AB). ``snr_<band>`` stands in for an
        absent ivar. Names are matched exactly, else in any case (``FLUX_G``); units on columns are
        honoured. It is not modified.
    snr_min : float, default 3
        A magnitude is reliable when abs(flux) sqrt(ivar) exceeds this.
    bands : sequence of str, default ("g", "r", "z", "w1", "w2")
        The bands, from blue to red.
    prefix : str, default ""
        What precedes each photometric column's name, like ``"ls_"``.
    xray_flux : str, optional
        Column of X-ray flux, erg/s/cm^2 (without `prefix`).

    Returns
    -------
    Table
        One row per row of `table`, NaN where there is no reliable value:

        * ``<band>``: dereddened AB magnitude, 22.5 - 2.5 log10(flux / mw_transmission), where flux
          and ivar are positive and finite and the S/N suffices;
        * ``<w>_vega``: Vega magnitude of the WISE bands (AB less 2.699, 3.339, 5.174, 6.620);
        * ``<a>-<b>``: colours of neighbouring bands, AB;
        * ``log_fx_<band>``, given `xray_flux`: log10(Fx) + 5.67 + m_AB / 2.5.

    Raises
    ------
    ValueError, TypeError
        If a column is absent, could be two, is not numeric, or has an impossible unit.

    Notes
    -----
    Where fluxes cannot give a magnitude (no ``flux`` or no ``mw_transmission`` column),
    ``dered_mag`` does; its S/N is then taken from flux and ivar if both are there, else from
    ``snr``, and with neither every measured magnitude is kept. 5.67 is the zero point of the r
    band; for other bands the constant is the same, so that their ratios are shifted by the
    difference of the zero points.

    References
    ----------
    Dey et al. 2019, AJ 157, 168 (the surveys); legacysurvey.org, "photometry" (Vega offsets).

    Examples
    --------
    >>> import bayesmatch as bm
    >>> t = {"flux_g": [100.0, -1.0], "flux_ivar_g": [1.0, 1.0], "mw_transmission_g": [1.0, 1.0]}
    >>> bm.photometry.legacy_survey(t, bands=["g"])["g"].tolist()
    [17.5, nan]
    """
    bands = check_bands(bands)
    if (
        not isinstance(snr_min, Real)
        or isinstance(snr_min, bool)
        or not 0 <= as_number(snr_min) < np.inf
    ):
        raise ValueError(
            f"snr_min is {shown(snr_min)}; give a number, 0 or more (3 for matching, 4 for "
            "training)"
        )
    source = PhotometricColumns(table, "legacy_survey")
    found = {band: _legacy_columns(source, prefix, band) for band in bands}
    fx_column = None if xray_flux is None else source.find(xray_flux)
    if xray_flux is not None and fx_column is None:
        raise ValueError(
            f"legacy_survey: the table has no column {shown(xray_flux)} (xray_flux); its "
            f"columns are {', '.join(source.names)}"
        )
    source.select(
        [c for of_band in found.values() for c in of_band.values()]
        + ([fx_column] if fx_column else [])
    )

    out: dict[str, Column] = {}
    for band in bands:
        out[band] = Column(
            _legacy_magnitude(source, found[band], snr_min),
            unit="mag",
            description=f"{band}, AB, dereddened, S/N > {snr_min:g}",
        )
    for band in bands:
        if band.lower() in VEGA_OFFSET:
            out[f"{band}_vega"] = Column(
                out[band].data - VEGA_OFFSET[band.lower()],
                unit="mag",
                description=f"{band}, Vega, dereddened",
            )
    for a, b in pairwise(bands):
        out[f"{a}-{b}"] = Column(
            out[a].data - out[b].data, unit="mag", description=f"colour {a} - {b}, AB, dereddened"
        )
    if fx_column:
        flux = source.numbers(fx_column, "erg / (s cm2)")
        log_flux = np.log10(np.where((flux > 0) & (flux < np.inf), flux, np.nan))
        for band in bands:
            out[f"log_fx_{band}"] = Column(
                log_flux + out[band].data / 2.5 + X_TO_O_CONSTANT,
                description=f"log10 Fx/F_{band} = log10 Fx + {band} / 2.5 + {X_TO_O_CONSTANT}",
            )
    return Table(out, copy=False)


def _legacy_columns(source: PhotometricColumns, prefix: str, band: str) -> dict[str, str]:
    """The columns that a band's magnitude is made of, by role; an error if they do not suffice."""
    roles = ("flux", "flux_ivar", "mw_transmission", "dered_mag", "snr")
    found = {role: source.find(f"{prefix}{role}_{band}") for role in roles}
    have = {role: column for role, column in found.items() if column is not None}
    absent = [
        f"{prefix}{role}_{band}"
        for role in roles[:3]
        if role not in have and not (role == "flux_ivar" and "snr" in have)
    ]
    if absent and "dered_mag" not in have:
        raise ValueError(
            f"legacy_survey: band {band!r} needs the column {', '.join(map(repr, absent))} (or "
            f"'{prefix}dered_mag_{band}'); the table's columns are "
            f"{', '.join(source.names) or 'none'}; add it, leave the band out with bands=, or say "
            "with prefix= what precedes the names"
        )
    return have


def _legacy_magnitude(
    source: PhotometricColumns, found: dict[str, str], snr_min: float
) -> np.ndarray:
    """Reliable dereddened AB magnitude of a band."""
    flux = source.numbers(found["flux"], "nmgy") if "flux" in found else None
    snr: np.ndarray | float = np.inf
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        if flux is not None and "flux_ivar" in found:
            ivar = source.numbers(found["flux_ivar"], "nmgy", power=-2)
            snr = flux * np.sqrt(np.where((ivar > 0) & (ivar < np.inf), ivar, np.nan))
        elif "snr" in found:
            snr = source.numbers(found["snr"])
        if flux is not None and "mw_transmission" in found:
            dereddened = flux / source.numbers(found["mw_transmission"])
            magnitude = NANOMAGGY_MAG - 2.5 * np.log10(dereddened)
        else:
            magnitude = source.numbers(found["dered_mag"])
        detected = (snr > snr_min) & (flux is None or flux > 0)
    return np.where(detected, measured(magnitude), np.nan)
