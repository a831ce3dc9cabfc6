"""The objects around one source: where they are, how uncertain, and how probable each is."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Table

from .._kernels.sphere import convergence, offset, rotate_covariance
from ..catalogs.catalog import Catalog
from ..catalogs.errors import ErrorEllipse

if TYPE_CHECKING:
    from ..result import MatchResult


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

    @property
    def placed(self) -> bool:
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
        From :func:`bayesmatch.explaining.evidence.evidence_table`.
    """
    primary, *others = result.catalogue_names
    p_match = np.asarray(evidence["p_match"], float)
    parts: list[tuple[np.ndarray, ...]] = []
    for k, name in enumerate(others):
        # The table is in order of rank, so the first row of an object is its best.
        rows, first, inverse = np.unique(np.asarray(evidence[name]), return_index=True,
                                         return_inverse=True)
        there = rows >= 0
        separation = np.asarray(evidence[f"Separation_{primary}_{name}"], float)
        parts.append((np.full(there.sum(), k), rows[there], first[there],
                      np.bincount(inverse, p_match)[there], separation[first[there]]))
    catalogue, rows, rank, p, separation = (np.concatenate(part)
                                            for part in zip(*parts, strict=True))
    source, source_covariance = _located(result, 0, np.array([row]), row)
    position, covariance = np.full((len(rows), 2), np.nan), np.full((len(rows), 3), np.nan)
    for k in range(len(others)):
        mine = catalogue == k
        if mine.any():
            position[mine], covariance[mine] = _located(result, k + 1, rows[mine], row)
    at, turned = np.empty((len(rows), 2)), np.empty((len(rows), 3))
    for n, (there, apart) in enumerate(zip(position, separation, strict=True)):
        at[n] = offset(*source[0], *there, apart)
        turned[n] = rotate_covariance(*covariance[n], convergence(*source[0], *there))
    return Surroundings(catalogue, rows, rank, p, separation, at, turned, source_covariance[0])


def _located(result: MatchResult, k: int, rows: np.ndarray, primary_row: int
             ) -> tuple[np.ndarray, np.ndarray]:
    """Positions (n, 2) in degrees and covariances (n, 3) of rows of catalogue k; NaN: unknown."""
    if result._catalogs:
        known = result._catalogs[k]
        rows = known.held(rows)
        return np.column_stack([known.ra[rows], known.dec[rows]]), known.covariance(rows)
    nowhere, nothing = np.full((len(rows), 2), np.nan), np.full((len(rows), 3), np.nan)
    record = result.meta["catalogues"][k]
    pos_err, error_columns = _recorded_error(record)
    table = _input_columns(result, record["name"], rows, primary_row,
                           [record["ra"], record["dec"], *error_columns])
    if not {record["ra"], record["dec"]} <= set(table.colnames):
        return nowhere, nothing
    has_error = pos_err is not None and set(error_columns) <= set(table.colnames)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # said where the match was made
        try:
            catalog = Catalog(table, name=record["name"], area=record["area_deg2"],
                              pos_err=pos_err if has_error else 1.0,
                              ra=record["ra"], dec=record["dec"])
        except (ValueError, TypeError):  # the file was changed: do without
            return nowhere, nothing
    return (np.column_stack([catalog.ra, catalog.dec]),
            catalog.covariance() if has_error else nothing)


def _recorded_error(record: dict[str, Any]) -> tuple[Any, list[str]]:
    """``pos_err`` of a catalogue as the meta data have it (None: not known), and its columns."""
    parts = record.get("pos_err")
    if not parts or None in parts:
        return None, []
    error = (parts[0] if len(parts) == 1 else tuple(parts) if len(parts) == 2
             else ErrorEllipse(*parts))
    return error, [part for part in parts if isinstance(part, str)]


def _input_columns(result: MatchResult, name: str, rows: np.ndarray, primary_row: int,
                   columns: list[str]) -> Table:
    """Input columns of rows of a catalogue, as far as the associations carry them."""
    table = result.associations
    mine = np.flatnonzero(np.asarray(table[result.catalogue_names[0]]) == primary_row)
    member, first = np.unique(np.asarray(table[name])[mine], return_index=True)
    at = mine[first[np.searchsorted(member, rows)]]
    return Table({column: table[f"{name}_{column}"][at] for column in dict.fromkeys(columns)
                  if f"{name}_{column}" in table.colnames})
