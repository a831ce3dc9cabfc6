"""The objects around one source: where they are, how uncertain, and how probable each is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from ..._kernels.sphere import convergence, offset, rotate_covariance
from ...catalogs.errors import ErrorProfile
from ...catalogs.tails import profile_with
from ...matching.result import MatchResult
from .inputs import input_catalog, number_of


@dataclass(frozen=True)
class Surroundings:
    """Candidates of one source, an entry per object; NaN where the result does not know."""

    catalogue: np.ndarray
    """(n,) which of the other catalogues, from 0"""
    row: np.ndarray
    """(n,) row in it"""
    rank: np.ndarray
    """(n,) rank of the most probable association that holds the object"""
    p: np.ndarray
    """(n,) probability that it is the counterpart: p_match over its associations"""
    separation: np.ndarray
    """(n,) arcsec"""
    offset: np.ndarray
    """(n, 2) arcsec to the east and north of the source"""
    covariance: np.ndarray
    """(n, 3) of the object's position: east^2, north^2, east*north, arcsec^2"""
    source_covariance: np.ndarray
    """(3,) of the source's position"""
    source: np.ndarray
    """(2,) right ascension and declination of the source, degrees"""
    profiles: tuple[ErrorProfile, ...]
    """how the errors of each catalogue are distributed, the primary's first"""

    @property
    def positions_known(self) -> bool:
        """Whether the position of every object is known."""
        return bool(np.isfinite(self.offset).all())


def surroundings(result: MatchResult, row: int, evidence: Table) -> Surroundings:
    """The objects in the associations of a primary.

    Parameters
    ----------
    result : MatchResult
        In memory, or from a file; from a file, positions are known where the input columns are in
        it, and errors where they were given as columns or numbers.
    row : int
        Row of the primary.
    evidence : Table
        From :func:`bayesmatch.diagnostics.explanation.evidence.evidence_table`.
    """
    primary, *others = result.catalogue_names
    p_match = np.asarray(evidence["p_match"], float)
    parts: list[tuple[np.ndarray, ...]] = []
    for k, name in enumerate(others):
        # The table is in order of rank, so the first row of an object is its best.
        rows, first, inverse = np.unique(
            np.asarray(evidence[name]), return_index=True, return_inverse=True
        )
        there = rows >= 0
        separation = np.asarray(evidence[f"Separation_{primary}_{name}"], float)
        parts.append(
            (
                np.full(there.sum(), k),
                rows[there],
                first[there],
                np.bincount(inverse, p_match)[there],
                separation[first[there]],
            )
        )
    catalogue, rows, rank, p, separation = (
        np.concatenate(part) for part in zip(*parts, strict=True)
    )
    number = number_of(result, row)
    source, source_covariance = _located(result, 0, np.array([number]), number)
    position, covariance = np.full((len(rows), 2), np.nan), np.full((len(rows), 3), np.nan)
    for k in range(len(others)):
        mine = catalogue == k
        if mine.any():
            position[mine], covariance[mine] = _located(result, k + 1, rows[mine], number)
    at, turned = np.empty((len(rows), 2)), np.empty((len(rows), 3))
    for n, (there, apart) in enumerate(zip(position, separation, strict=True)):
        at[n] = offset(*source[0], *there, apart)
        turned[n] = rotate_covariance(*covariance[n], convergence(*source[0], *there))
    profiles = tuple(profile_with(c.tails) for c in result.record.catalogues)
    return Surroundings(
        catalogue,
        rows,
        rank,
        p,
        separation,
        at,
        turned,
        source_covariance[0],
        source[0],
        profiles,
    )


def _located(
    result: MatchResult, k: int, rows: np.ndarray, primary_row: int
) -> tuple[np.ndarray, np.ndarray]:
    """Positions (n, 2) in degrees and covariances (n, 3) of rows of catalogue k; NaN: unknown."""
    if result._catalogs:
        known = result._catalogs[k]
        rows = known.held(rows)
        return np.column_stack([known.ra[rows], known.dec[rows]]), known.covariance(rows)
    nothing = np.full((len(rows), 3), np.nan)
    found = input_catalog(result, k, rows, primary_row)
    if found is None:
        return np.full((len(rows), 2), np.nan), nothing
    return (
        np.column_stack([found.catalog.ra, found.catalog.dec]),
        found.catalog.covariance() if found.error_known else nothing,
    )
