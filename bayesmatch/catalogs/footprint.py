"""Footprints: the rows of a catalogue that lie within the area it is said to cover."""

from __future__ import annotations

import copy

import numpy as np

from .area import contains
from .far import FarCatalog
from .held import HeldCatalog
from .scan.catalog import ScannedCatalog
from .scan.search import count_inside
from .warned import warn_user


def looked_at(other: HeldCatalog | ScannedCatalog | FarCatalog, primary: HeldCatalog) -> np.ndarray:
    """Whether a catalogue has looked where each primary is, (n,): all, unless its area is a MOC."""
    if other.moc is None:
        return np.ones(len(primary), bool)
    inside: np.ndarray = contains(other.moc, primary.ra, primary.dec)
    return inside


def within_footprint(
    catalog: HeldCatalog | ScannedCatalog | FarCatalog,
) -> HeldCatalog | ScannedCatalog | FarCatalog:
    """A catalogue without the rows outside its MOC; the same one where there is no such row.

    The others keep their numbers.

    Warns
    -----
    UserWarning
        With the number of rows left out.

    Raises
    ------
    ValueError
        If no row is inside.
    """
    if catalog.moc is None:
        return catalog
    if isinstance(catalog, FarCatalog):  # counted where its rows are found
        return catalog
    if isinstance(catalog, ScannedCatalog):
        out = copy.copy(catalog)
        out.n_inside = count_inside(catalog, catalog.moc)
        tell_left_out(catalog.name, len(catalog), len(catalog) - out.n_inside)
        return out
    inside = contains(catalog.moc, catalog.ra, catalog.dec)
    if inside.all():
        return catalog
    tell_left_out(catalog.name, len(catalog), int(np.count_nonzero(~inside)))
    return catalog.without(~inside)


def tell_left_out(name: str, n_rows: int, n_left_out: int) -> None:
    """Warn of the rows of a catalogue that are outside its MOC; raise if all of them are."""
    if n_left_out == n_rows:
        raise ValueError(
            f"catalogue {name!r}: no row is inside its area, a MOC; give the MOC of this "
            "catalogue, or its area in deg^2"
        )
    if n_left_out:
        warn_user(
            f"catalogue {name!r}: {n_left_out:,} of {n_rows:,} rows are outside its "
            "area, a MOC, and are left out"
        )
