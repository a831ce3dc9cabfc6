"""The sky area of a catalogue, in deg^2, from what a user may give for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .scalars import as_number, shown
from .warned import warn_user

FULL_SKY_DEG2 = 4.0 * math.pi * (180.0 / math.pi) ** 2
#: a circle of 2 mas: no survey is smaller, and densities stay far from overflow
MIN_AREA_DEG2 = 1e-12
ESTIMATE_CAVEAT = (
    "this is an estimate: the area of the HEALPix cells that hold an object; holes smaller than a "
    "cell count as covered and the border is blurred by about half a cell"
)
REMEDY = (
    "give area= in deg^2 (or a Quantity, or a mocpy.MOC; --area on the command line), or write "
    "SKYAREA into the table's header; `bayesmatch area FILE` estimates it"
)


def area_deg2(area: Any, meta: Mapping, catalog: str) -> float:
    """Area in deg^2 from a number, a Quantity, a `mocpy.MOC`, or the header's SKYAREA."""
    source = "area"
    if area is None:
        source = "SKYAREA in the header"
        area = next((v for k, v in meta.items() if str(k).upper() == "SKYAREA"), None)
        if area is None:
            raise ValueError(f"catalogue {catalog!r} has no sky area: {REMEDY}")
    if hasattr(area, "sky_fraction"):
        value = as_number(area.sky_fraction) * FULL_SKY_DEG2
    elif hasattr(area, "unit"):
        try:
            value = as_number(area.to_value("deg2"))
        except Exception as error:
            raise ValueError(
                f"catalogue {catalog!r}: {source} is {shown(area)}, not convertible to "
                "deg^2; give it in deg^2"
            ) from error
    else:
        try:
            value = text_or_number(area)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"catalogue {catalog!r}: {source} is {shown(area)}; {REMEDY}"
            ) from error
    if 0 < value < MIN_AREA_DEG2:
        raise ValueError(
            f"catalogue {catalog!r}: {source} is {value:g} deg^2, less than {MIN_AREA_DEG2:g}; "
            "give it in deg^2"
        )
    if not (math.isfinite(value) and value > 0):
        raise ValueError(
            f"catalogue {catalog!r}: {source} is {value:g} deg^2, must be positive; {REMEDY}"
        )
    if value > FULL_SKY_DEG2 * (1 + 1e-6):
        raise ValueError(
            f"catalogue {catalog!r}: {source} is {value:g} deg^2, more than the whole "
            f"sky ({FULL_SKY_DEG2:.0f}); give it in deg^2"
        )
    return value


def moc_of(area: Any) -> Any:
    """The `mocpy.MOC` that an area is given as; None where it is none."""
    return area if hasattr(area, "sky_fraction") and hasattr(area, "contains_lonlat") else None


def contains(moc: Any, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Whether positions (degrees, (n,) each) are within a `mocpy.MOC`."""
    import astropy.units as u

    inside: np.ndarray = moc.contains_lonlat(ra * u.deg, dec * u.deg)
    return inside


def text_or_number(value: Any) -> float:
    """A number, or a text that says one, as headers do."""
    return float(value) if isinstance(value, str) else as_number(value)


def default_order(ra: np.ndarray, dec: np.ndarray) -> int:
    """Finest order whose occupied cells hold at least 12 objects on average.

    A covered cell is then empty by chance in 6 of a million cases, so holes are real.
    """
    for order in range(1, 13):
        if len(ra) / occupied_cells(ra, dec, order) < 12:
            return max(0, order - 1)
    return 12


def occupied_cells(ra: np.ndarray, dec: np.ndarray, order: int) -> int:
    """Number of HEALPix cells of an order that hold at least one position."""
    n_cells: int = round(estimate_area(ra, dec, order) / FULL_SKY_DEG2 * 12 * 4**order)
    return n_cells


def occupied_moc(ra: np.ndarray, dec: np.ndarray, order: int) -> Any:
    """The HEALPix cells of `order` that hold at least one position, a `mocpy.MOC`."""
    import astropy.units as u
    from mocpy import MOC

    return MOC.from_lonlat(ra * u.deg, dec * u.deg, max_norder=order)


def estimate_area(ra: np.ndarray, dec: np.ndarray, order: int) -> float:
    """Area in deg^2 of the HEALPix cells of `order` that hold at least one position."""
    return float(occupied_moc(ra, dec, order).sky_fraction) * FULL_SKY_DEG2


def coverage_of(ra: np.ndarray, dec: np.ndarray, order: int | None = None) -> Any:
    """The HEALPix cells of an order, or the best one, that hold a position, a `mocpy.MOC`."""
    if order is None:
        order = default_order(ra, dec)
    if not (isinstance(order, (int, np.integer)) and 0 <= order <= 29):
        raise ValueError(f"order is {shown(order)}: give a HEALPix order, 0 to 29")
    return occupied_moc(ra, dec, int(order))


def estimated_area(ra: np.ndarray, dec: np.ndarray, order: int | None = None) -> float:
    """Area (deg^2) of the HEALPix cells of an order, or the best one, that hold a position."""
    return float(coverage_of(ra, dec, order).sky_fraction) * FULL_SKY_DEG2


def area_given(area: Any, ra: np.ndarray, dec: np.ndarray, meta: Any, name: str) -> float:
    """Area in deg^2: as given, of the header, or "estimate"d from the positions, with a warning."""
    if not (isinstance(area, str) and area == "estimate"):
        return area_deg2(area, meta, name)
    deg2 = estimated_area(ra, dec)
    warn_user(f"catalogue {name!r}: area {deg2:.4g} deg^2; {ESTIMATE_CAVEAT}")
    return deg2
