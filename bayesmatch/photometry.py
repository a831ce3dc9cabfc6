"""Magnitudes and colours: what a photometric prior looks at, computed from a survey's columns.

:class:`Features` turns any magnitude columns into numbers with NaN for what was not measured;
:func:`legacy_survey` turns the fluxes of the DESI Legacy Imaging Surveys into such columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from numbers import Real
from typing import Any

import numpy as np
from astropy.table import Column, Table

from .convert import as_table
from .storage import parts_of

__all__ = ["Features", "legacy_survey"]

#: magnitudes outside these (exclusive) mean "not measured": -99, -999, 99, 999 and infinities
MAG_RANGE = (-99.0, 90.0)
#: m_AB - m_Vega of the WISE bands
VEGA_OFFSET = {"w1": 2.699, "w2": 3.339, "w3": 5.174, "w4": 6.620}
#: log10(Fx / F_band) = log10(Fx) + m_AB / 2.5 + this
X_TO_O_CONSTANT = 5.67
LEGACY_BANDS = ("g", "r", "z", "w1", "w2")
#: AB magnitude of one nanomaggy
NANOMAGGY_MAG = 22.5


class Features:
    """Magnitudes and colours to be computed from the magnitude columns of a table.

    Parameters
    ----------
    bands : sequence of str
        Names of the bands, from blue to red, like ``("g", "r", "z")``.
    colors : {"adjacent", "all", "none"}, None or sequence, default "adjacent"
        Colours of neighbours in `bands` (g-r, r-z), of every pair, none, or those listed, as
        pairs ``("g", "z")`` or text ``"g-z"``.
    mag : str, default "{band}"
        Name of a band's magnitude column, like ``"dered_mag_{band}"``.

    Attributes
    ----------
    bands : tuple of str
        The bands.
    colors : tuple of (str, str)
        The colours, each the first band minus the second.
    names : tuple of str
        Names of the features: the bands, then the colours as ``"g-r"``.
    columns : tuple of str
        Column of each band.

    Raises
    ------
    ValueError, TypeError
        If there are no bands, a band, colour or column comes twice, or a colour is of a band that
        is not there.

    Examples
    --------
    >>> import bayesmatch as bm
    >>> features = bm.photometry.Features(["g", "r", "z"])
    >>> features.names
    ('g', 'r', 'z', 'g-r', 'r-z')
    >>> features.compute({"g": [21.0], "r": [20.5], "z": [-99.0]})
    array([[21. , 20.5,  nan,  0.5,  nan]])
    """

    def __init__(self, bands: Sequence[str], *, colors: Any = "adjacent", mag: str = "{band}"
                 ) -> None:
        self.bands = check_bands(bands)
        self.colors = _check_colors(colors, self.bands)
        self.mag = mag
        self.columns = _mag_columns(mag, self.bands)
        self.names = (*self.bands, *(f"{a}-{b}" for a, b in self.colors))
        _refuse_twice("feature", self.names)

    def __repr__(self) -> str:
        return f"Features({list(self.bands)}, colors={list(self.colors)}, mag={self.mag!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Features):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    def compute(self, table: Any) -> np.ndarray:
        """Compute every feature of every row.

        Parameters
        ----------
        table : astropy.table.Table, pandas.DataFrame or mapping of arrays
            Holds :attr:`columns`; it is not modified.

        Returns
        -------
        ndarray of float64, shape (n, len(names))
            NaN where a band is missing: masked, NaN, infinite, -99 and below, or 90 and above.

        Raises
        ------
        ValueError, TypeError
            If a column is absent or does not hold one number per row.
        """
        source = _Columns(table, "photometry")
        absent = [c for c in self.columns if c not in source.names]
        if absent:
            raise ValueError(f"photometry: the table has no column {', '.join(map(repr, absent))}; "
                             f"its columns are {', '.join(source.names) or 'none'}; rename "
                             f"them, or give their pattern with mag= (it is {self.mag!r})")
        source.select(self.columns)
        magnitude = {band: measured(source.numbers(column))
                     for band, column in zip(self.bands, self.columns, strict=True)}
        return np.column_stack([*magnitude.values(),
                                *(magnitude[a] - magnitude[b] for a, b in self.colors)])

    def missing(self, table: Any) -> np.ndarray:
        """Which bands of which rows are missing: bool, shape (n, len(bands))."""
        return np.isnan(self.compute(table)[:, : len(self.bands)])

    def to_dict(self) -> dict[str, Any]:
        """All of it in types that JSON has."""
        return {"bands": list(self.bands), "colors": [list(pair) for pair in self.colors],
                "mag": self.mag}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Features:
        """The features that :meth:`to_dict` wrote down.

        Raises
        ------
        ValueError, TypeError
            If `record` is not such a dictionary.
        """
        if not isinstance(record, Mapping) or set(record) != {"bands", "colors", "mag"}:
            raise ValueError(f"{record!r} does not describe features: it must have bands, colors "
                             "and mag, as Features.to_dict() gives")
        return cls(record["bands"], colors=record["colors"], mag=record["mag"])


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
    if not isinstance(snr_min, Real) or isinstance(snr_min, bool) or not 0 <= snr_min < np.inf:
        raise ValueError(f"snr_min is {snr_min!r}; give a number, 0 or more (3 for matching, 4 for "
                         "training)")
    source = _Columns(table, "legacy_survey")
    found = {band: _legacy_columns(source, prefix, band) for band in bands}
    fx_column = None if xray_flux is None else source.find(xray_flux)
    if xray_flux is not None and fx_column is None:
        raise ValueError(f"legacy_survey: the table has no column {xray_flux!r} (xray_flux); its "
                         f"columns are {', '.join(source.names)}")
    source.select([c for of_band in found.values() for c in of_band.values()]
                  + ([fx_column] if fx_column else []))

    out: dict[str, Column] = {}
    for band in bands:
        out[band] = Column(_legacy_magnitude(source, found[band], snr_min), unit="mag",
                           description=f"{band}, AB, dereddened, S/N > {snr_min:g}")
    for band in bands:
        if band.lower() in VEGA_OFFSET:
            out[f"{band}_vega"] = Column(out[band].data - VEGA_OFFSET[band.lower()], unit="mag",
                                         description=f"{band}, Vega, dereddened")
    for a, b in pairwise(bands):
        out[f"{a}-{b}"] = Column(out[a].data - out[b].data, unit="mag",
                                 description=f"colour {a} - {b}, AB, dereddened")
    if fx_column:
        flux = source.numbers(fx_column, "erg / (s cm2)")
        log_flux = np.log10(np.where((flux > 0) & (flux < np.inf), flux, np.nan))
        for band in bands:
            out[f"log_fx_{band}"] = Column(
                log_flux + out[band].data / 2.5 + X_TO_O_CONSTANT,
                description=f"log10 Fx/F_{band} = log10 Fx + {band} / 2.5 + {X_TO_O_CONSTANT}")
    return Table(out, copy=False)


def measured(magnitude: np.ndarray) -> np.ndarray:
    """Magnitudes with NaN for the values that stand for "not measured"."""
    low, high = MAG_RANGE
    return np.where((magnitude > low) & (magnitude < high), magnitude, np.nan)


def check_bands(bands: Any) -> tuple[str, ...]:
    """Names of bands as a tuple: at least one, none twice."""
    if isinstance(bands, (str, bytes)) or not isinstance(bands, (Sequence, np.ndarray)):
        raise TypeError(f"bands is {bands!r}; give a sequence of names, like ['g', 'r', 'z']")
    for band in bands:
        if not isinstance(band, str) or not band.strip():
            raise TypeError(f"bands: {band!r} is not the name of a band; give texts like 'g'")
    if len(bands) == 0:
        raise ValueError("bands is empty; name at least one band, like ['g', 'r', 'z']")
    _refuse_twice("band", bands)
    return tuple(str(band) for band in bands)


def _refuse_twice(what: str, names: Any) -> None:
    twice = next((n for k, n in enumerate(names) if n in names[:k]), None)
    if twice is not None:
        raise ValueError(f"{what} {twice!r} comes twice in {', '.join(names)}; name each once")


def _mag_columns(mag: Any, bands: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(mag, str):
        raise TypeError(f"mag is {mag!r}; give the pattern of the magnitude columns' names, like "
                        "'dered_mag_{band}'")
    try:
        columns = tuple(mag.format(band=band) for band in bands)
    except (KeyError, IndexError, ValueError, AttributeError):
        raise ValueError(f"mag is {mag!r}; the band's place in the column's name is written "
                         "{band}, like 'dered_mag_{band}'") from None
    if len(set(columns)) < len(columns):
        raise ValueError(f"mag is {mag!r}, which gives every band the column {columns[0]!r}; put "
                         "{band} where the band's name goes")
    return columns


def _check_colors(colors: Any, bands: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    if colors is None or isinstance(colors, str):
        if colors not in (None, "none", "adjacent", "all"):
            raise ValueError(f"colors is {colors!r}; give 'adjacent', 'all', 'none', or a list of "
                             "colours like [('g', 'z')] or ['g-z']")
        pairs = {"adjacent": pairwise(bands), "all": combinations(bands, 2)}
        return tuple(pairs.get(colors or "none", ()))
    if not isinstance(colors, Sequence):
        raise TypeError(f"colors is {colors!r}; give 'adjacent', 'all', 'none', or a list of "
                        "colours like [('g', 'z')] or ['g-z']")
    # The name of a band may itself contain a minus sign.
    named = {f"{a}-{b}": (a, b) for a in bands for b in bands if a != b}
    listed = []
    for color in colors:
        pair = named.get(color) if isinstance(color, str) else color
        if not (isinstance(pair, Sequence) and len(pair) == 2 and tuple(pair) in named.values()):
            raise ValueError(f"colors: {color!r} is not a colour of two of the bands "
                             f"{', '.join(bands)}; give it as ('g', 'r') or 'g-r', or add the band")
        listed.append((pair[0], pair[1]))
    _refuse_twice("colour", [f"{a}-{b}" for a, b in listed])
    return tuple(listed)


def _legacy_columns(source: _Columns, prefix: str, band: str) -> dict[str, str]:
    """The columns that a band's magnitude is made of, by role; an error if they do not suffice."""
    roles = ("flux", "flux_ivar", "mw_transmission", "dered_mag", "snr")
    found = {role: source.find(f"{prefix}{role}_{band}") for role in roles}
    have = {role: column for role, column in found.items() if column is not None}
    absent = [f"{prefix}{role}_{band}" for role in roles[:3]
              if role not in have and not (role == "flux_ivar" and "snr" in have)]
    if absent and "dered_mag" not in have:
        raise ValueError(
            f"legacy_survey: band {band!r} needs the column {', '.join(map(repr, absent))} (or "
            f"'{prefix}dered_mag_{band}'); the table's columns are "
            f"{', '.join(source.names) or 'none'}; add it, leave the band out with bands=, or say "
            "with prefix= what precedes the names")
    return have


def _legacy_magnitude(source: _Columns, found: dict[str, str], snr_min: float) -> np.ndarray:
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


class _Columns:
    """Columns of whatever a user has for a table, found by name and read as float64."""

    def __init__(self, table: Any, what: str) -> None:
        self.table, self.what = table, what
        self.names = [str(n) for n in (table if isinstance(table, Mapping)
                                       else getattr(table, "columns", ()))]
        if not self.names:
            as_table(table, what)  # which says so if this is no table at all

    def find(self, name: str) -> str | None:
        """The column of this name, else the one that has it in another case, else None."""
        if name in self.names:
            return name
        alike = [n for n in self.names if n.lower() == name.lower()]
        if len(alike) > 1:
            raise ValueError(f"{self.what}: {' and '.join(map(repr, alike))} could both be the "
                             f"column {name!r}; rename or remove one")
        return alike[0] if alike else None

    def select(self, columns: Sequence[str]) -> None:
        """Make a table of some columns; the others may be anything."""
        columns = list(dict.fromkeys(columns))
        if isinstance(self.table, Mapping):
            self.table = {column: self.table[column] for column in columns}
        elif not isinstance(self.table, Table):
            self.table = self.table[columns]
        self.table = as_table(self.table, self.what)

    def numbers(self, column: str, unit: str = "", power: int = 1) -> np.ndarray:
        """A column as float64 in `unit` to a power (if it has a unit), NaN where masked."""
        values, mask = parts_of(self.table[column])
        if values.dtype.kind not in "fiu" or values.ndim != 1:
            what = f"of type {values.dtype}" if values.ndim == 1 else f"of shape {values.shape}"
            example = f" ({values[0]!s})" if values.ndim == 1 and len(values) else ""
            raise TypeError(f"{self.what}: column {column!r} is {what}{example}; it must hold one "
                            "number per row: convert it, or give another column")
        out = values.astype(np.float64)
        if mask is not None:
            out[mask] = np.nan
        have = getattr(self.table[column], "unit", None)
        if unit and have is not None and str(have) not in ("", unit):
            out *= self._unit_factor(have, unit, power, column)
        return out

    def _unit_factor(self, have: Any, unit: str, power: int, column: str) -> float:
        import astropy.units as u

        try:
            base = u.Unit(str(have).replace("nanomaggies", "nmgy")) ** (1 / power)
            return float(base.to(unit, equivalencies=u.zero_point_flux(3631 * u.Jy)) ** power)
        except (u.UnitConversionError, ValueError, TypeError):
            wanted = unit if power == 1 else f"{unit}^{power}"
            raise ValueError(f"{self.what}: column {column!r} has unit {have!s}, which is not "
                             f"convertible to {wanted}; correct the unit") from None
