"""Names, numbers of rows and areas of LSDB catalogues as wholes."""

from __future__ import annotations

import re
from typing import Any

from ..catalogs.area import FULL_SKY_DEG2, area_deg2
from ..catalogs.warned import warn_user


def catalog_names(primary: Any, secondary: Any, *given: str | None) -> tuple[str, str]:
    """Names given, or those of the catalogues made identifiers."""
    first, second = (
        as_identifier(name or catalog.name)
        for name, catalog in zip(given, (primary, secondary), strict=True)
    )
    if primary is secondary and first == second:
        second = f"{first}_2"
    if first == second:
        raise ValueError(f"both catalogues are called {first!r}; give secondary_name=")
    return first, second


def as_identifier(name: str) -> str:
    """A name made an identifier."""
    name = re.sub(r"\W", "_", name, flags=re.ASCII)
    return name if name[:1].isalpha() else f"_{name}"


def count_rows(catalog: Any) -> int:
    """Rows of a catalogue; counted where it is the outcome of a selection."""
    try:
        return len(catalog)
    except ValueError:  # LSDB does not know after a query
        return int(catalog.map_partitions(len).compute().sum())


def sky_area(catalog: Any, given: Any, name: str) -> float:
    """Sky area given, or of the coverage map or else the partitions, deg^2."""
    if given is not None:
        return area_deg2(given, {}, name)
    moc = catalog.hc_structure.moc
    if moc is not None:
        return float(FULL_SKY_DEG2 * moc.sky_fraction)
    pixels = catalog.get_healpix_pixels()
    return float(sum(FULL_SKY_DEG2 / (12 << (2 * pixel.order)) for pixel in pixels))


def survey_area(catalog: Any, given: Any, name: str, option: str = "secondary_area") -> float:
    """Of a survey, which the density goes by: said where it is that of the coverage map."""
    if given is None and catalog.hc_structure.moc is None:
        raise ValueError(f"catalogue {name!r} has no coverage map; give {option}= (deg^2)")
    area = sky_area(catalog, given, name)
    if given is None:
        warn_user(
            f"catalogue {name!r}: area {area:.4g} deg^2 from its coverage map, whose cells "
            f"are coarse; give {option}= if you know it"
        )
    return area
