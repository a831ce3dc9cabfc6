"""What a mock sky is made of, checked."""

from __future__ import annotations

from typing import Any

from ..catalogs.area import area_deg2
from ..catalogs.scalars import dimensions, number_or_nan, number_within, shown, whole_number

#: the least flux of sources too faint for a list, and the most objects of any kind
FLUX_FAINTEST, MAX_OBJECTS = 1e-18, 200_000_000


def check_size(
    n_primary: Any, area: Any, density: Any, sigma_scale: Any
) -> tuple[int, float, float, float]:
    """Number of sources, area (deg^2), density (per deg^2) and factor on the errors."""
    if not all(number_or_nan(v) > 0 for v in (n_primary, area, density, sigma_scale)):
        raise ValueError("n_primary, area, density and sigma_scale must be positive numbers")
    n_primary = whole_number("n_primary", n_primary, 1, MAX_OBJECTS)
    area = area_deg2(area, {}, "mock sky")
    density = number_within("density", density, 0.0, MAX_OBJECTS / area, open_low=True)
    return n_primary, area, density, number_within("sigma_scale", sigma_scale, 1e-3, 1e3)


def check_center(center: Any) -> tuple[float, float]:
    """RA and Dec, degrees."""
    if dimensions(center) != 1 or len(center) != 2:
        raise ValueError(f"center is {shown(center)}; give RA and Dec in degrees, like (161, 58)")
    return (
        number_within("RA of center", center[0], -360.0, 720.0),
        number_within("Dec of center", center[1], -90.0, 90.0),
    )


def check_flux_faint(flux_faint: Any, limit: float) -> float | None:
    """Lowest flux of the sources below the list's limit; None: there are none."""
    if flux_faint is None:
        return None
    flux = number_or_nan(flux_faint)
    if not FLUX_FAINTEST <= flux < limit:
        raise ValueError(
            f"flux_faint is {shown(flux_faint)}; give a flux from {FLUX_FAINTEST:g} to below "
            f"{limit:g} erg/s/cm^2, or None"
        )
    return flux
