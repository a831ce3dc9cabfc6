"""Positions that belong to nothing: what a match finds there is chance.

Two ways to make them from a list of sources, both close to the sources, so that the density of
other catalogues and the exposure are what the sources have: a source goes to a random place
between itself and a near neighbour, or all go by the same small offset.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.spatial import cKDTree

from ...catalogs.catalog import Catalog
from ...catalogs.places import chord, positions_of, shifted_positions, unit_vectors

#: neighbours a source may be moved towards, at first
N_NEIGHBOURS = 8
#: after as many tries the source may be moved towards twice as many neighbours
TRIES, MAX_TRIES = 10, 100
#: neighbours looked up at once
MAX_LOOKUP = 4_000_000
#: shifts are longer than twice the radius by this: no object is a candidate before and after
SPACING = 2.01


def fake_positions(
    catalog: Catalog, radius: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A new place for every source, between itself and a random near neighbour.

    The neighbour is one of the eight nearest, or a farther one after ten tries without success, and
    the place uniform on the way to it.

    Parameters
    ----------
    catalog : Catalog
        The sources, at least two.
    radius : float
        No new place is closer than this to a source or another new place, arcsec.
    rng : numpy.random.Generator
        The same state gives the same places.

    Returns
    -------
    ra, dec : ndarray, shape (n,)
        Degrees, in the order of the sources.

    Raises
    ------
    ValueError
        If a source finds no place: the list is too crowded for the radius.
    """
    n = len(catalog)
    if n < 2:
        raise ValueError(
            f"catalogue {catalog.name!r} has one source; fake positions lie between "
            "neighbours and need two or more"
        )
    real = unit_vectors(catalog.ra, catalog.dec)
    sources, least = cKDTree(real), chord(radius)
    new, has_place = np.empty((n, 3)), np.zeros(n, bool)
    todo = np.arange(n)
    for attempt in range(MAX_TRIES):
        if attempt % TRIES == 0:
            k = min(N_NEIGHBOURS << attempt // TRIES, max(N_NEIGHBOURS, MAX_LOOKUP // len(todo)))
            near = sources.query(real[todo], min(k + 1, n))[1][:, 1:]
        neighbour = near[np.arange(len(todo)), rng.integers(near.shape[1], size=len(todo))]
        way = rng.random(len(todo))[:, None]
        place = (1 - way) * real[todo] + way * real[neighbour]
        length = np.linalg.norm(place, axis=1)[:, None]
        place = np.where(length > 1e-9, place / np.maximum(length, 1e-9), real[todo])  # antipodes
        free = sources.query(place)[0] >= least
        if has_place.any():
            free &= cKDTree(new[has_place]).query(place)[0] >= least
        at = np.flatnonzero(free)
        if len(at):  # of two new places too close together, the later source tries again
            free[at[cKDTree(place[at]).query_pairs(least, output_type="ndarray")[:, 1]]] = False
        new[todo[free]], has_place[todo[free]] = place[free], True
        todo, near = todo[~free], near[~free]
        if len(todo) == 0:
            return positions_of(new)
    raise ValueError(
        f"catalogue {catalog.name!r}: {len(todo)} of {n} sources found no place farther than "
        f"{radius:g} arcsec from all sources and other new places (row {todo[0]} is the first); "
        "the list is too crowded for this radius: use a smaller one, or fewer sources"
    )


def shifts(n: int, radius: float, rng: np.random.Generator) -> np.ndarray:
    """The n smallest offsets (n, 2) whose circles of `radius` meet neither each other nor 0.

    East and north, arcsec: points of a hexagonal lattice, which is turned at random.
    """
    along = np.arange(-math.isqrt(n) - 1, math.isqrt(n) + 2)
    lattice = (along[:, None] + along * np.exp(1j * math.pi / 3)).ravel()
    order = np.lexsort([np.angle(lattice), np.abs(lattice).round(6)])
    point = SPACING * radius * lattice[order][1 : n + 1] * np.exp(2j * math.pi * rng.random())
    return np.column_stack([point.real, point.imag])


def near_sources(catalog: Catalog, ra: np.ndarray, dec: np.ndarray, radius: float) -> np.ndarray:
    """Which positions are closer than `radius` arcsec to a source."""
    sources = cKDTree(unit_vectors(catalog.ra, catalog.dec))
    near: np.ndarray = sources.query(unit_vectors(ra, dec))[0] < chord(radius)
    return near


def realizations(
    primary: Catalog, radius: float, method: str, n: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Positions (ra, dec) of each of n realizations, and which are not beside a source."""
    if method == "fake":
        everywhere = np.ones(len(primary), bool)
        return [
            (*fake_positions(primary, radius, np.random.default_rng([seed, k])), everywhere)
            for k in range(n)
        ]
    places = []
    for east, north in shifts(n, radius, np.random.default_rng(seed)):
        ra, dec = shifted_positions(primary, east, north)
        places.append((ra, dec, ~near_sources(primary, ra, dec, radius)))
        if not places[-1][2].any():
            raise ValueError(
                f"catalogue {primary.name!r}: every source comes within {radius:g} "
                f"arcsec of a source when all are shifted by {east:.1f} arcsec to the "
                f"east and {north:.1f} to the north; use a smaller radius"
            )
    return places
