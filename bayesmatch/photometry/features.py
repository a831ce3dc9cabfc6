"""Magnitudes and colours of any bands, from their magnitude columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..catalogs.closest import did_you_mean
from ..catalogs.scalars import shown
from .bands import check_bands, check_colors, mag_columns, refuse_twice
from .columns import PhotometricColumns
from .magnitudes import measured


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

    def __init__(
        self, bands: Sequence[str], *, colors: Any = "adjacent", mag: str = "{band}"
    ) -> None:
        self.bands = check_bands(bands)
        self.colors = check_colors(colors, self.bands)
        self.mag = mag
        self.columns = mag_columns(mag, self.bands)
        self.names = (*self.bands, *(f"{a}-{b}" for a, b in self.colors))
        refuse_twice("feature", self.names)

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
            Holds ``columns``; it is not modified.

        Returns
        -------
        ndarray of float64, shape (n, len(names))
            NaN where a band is missing: masked, NaN, infinite, -99 and below, or 90 and above.

        Raises
        ------
        ValueError, TypeError
            If a column is absent or does not hold one number per row.
        """
        source = PhotometricColumns(table, "photometry")
        absent = [c for c in self.columns if c not in source.names]
        if absent:
            raise ValueError(
                f"photometry: the table has no column {', '.join(map(repr, absent))}"
                f"{did_you_mean(absent[0], source.names)}; "
                f"its columns are {', '.join(source.names) or 'none'}; rename "
                f"them, or give their pattern with mag= (it is {self.mag!r}; --mag on the command "
                "line)"
            )
        source.select(self.columns)
        place = {band: number for number, band in enumerate(self.bands)}
        values = [measured(source.numbers(column)) for column in self.columns]
        # Feature by feature, as they are made and read: row by row takes three times as long.
        out = np.empty((len(self.names), len(values[0])))
        out[: len(values)] = values
        for number, (a, b) in enumerate(self.colors, len(values)):
            np.subtract(values[place[a]], values[place[b]], out=out[number])
        return out.T

    def missing(self, table: Any) -> np.ndarray:
        """Which bands of which rows are missing: bool, shape (n, len(bands))."""
        missing: np.ndarray = np.isnan(self.compute(table)[:, : len(self.bands)])
        return missing

    def to_dict(self) -> dict[str, Any]:
        """All of it in types that JSON has."""
        return {
            "bands": list(self.bands),
            "colors": [list(pair) for pair in self.colors],
            "mag": self.mag,
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Features:
        """The features that :meth:`to_dict` wrote down.

        Raises
        ------
        ValueError, TypeError
            If `record` is not such a dictionary.
        """
        if not isinstance(record, Mapping) or set(record) != {"bands", "colors", "mag"}:
            raise ValueError(
                f"{shown(record)} does not describe features: it must have bands, colors "
                "and mag, as Features.to_dict() gives"
            )
        bands = record["bands"]
        if not isinstance(bands, (list, tuple)):
            raise TypeError(f"bands is a {type(bands).__name__}; it must be a list of names")
        return cls(bands, colors=record["colors"], mag=record["mag"])
