"""Pairs of close sources."""

from __future__ import annotations

import numpy as np

from ..catalogs.candidates import pairs_within
from ..catalogs.catalog import Catalog

#: pairs of an X-ray source and an object that are held at once
MAX_PAIRS = 200_000_000

Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


def objects_around(precise: Catalog, rows: np.ndarray, survey: Catalog, radius: float) -> Pairs:
    """Pairs of some X-ray sources and the objects around them, by X-ray row, then object row."""
    places = positions(precise.ra[rows], precise.dec[rows], precise.name)
    i, j, separation = close_pairs(places, survey, radius)
    order = np.lexsort((j, i))
    return rows[i[order]], j[order], separation[order]


def close_pairs(first: Catalog, second: Catalog, radius: float) -> Pairs:
    """All pairs closer than a radius."""
    try:
        return pairs_within(first, second, radius, max_pairs=MAX_PAIRS, advance=lambda rows: None)
    except ValueError:
        raise ValueError(
            f"more than {MAX_PAIRS:,} pairs of {first.name!r} and {second.name!r} "
            f"within {radius:g} arcsec; use a smaller radius (annulus, exclude, "
            "duplicate_radius)"
        ) from None


def positions(ra: np.ndarray, dec: np.ndarray, name: str) -> Catalog:
    """Positions as a catalogue, for searches."""
    return Catalog({"RA": ra, "DEC": dec}, name=name, pos_err=1.0, area=1.0)
