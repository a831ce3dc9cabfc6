"""All pairs of a source and a candidate: how probable, how far, and how far in sigma."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._kernels.sphere import offsets
from ...catalogs.formats.storage import parts_of
from ...matching.result import MatchResult
from ..explanation.inputs import all_input_rows
from ..published.inputs import source_of


@dataclass(frozen=True)
class Places:
    """Positions of some rows of a catalogue; NaN where the result does not know."""

    ra: np.ndarray
    """(n,) degrees"""
    dec: np.ndarray
    """(n,) degrees"""
    covariance: np.ndarray
    """(n, 3) east^2, north^2, east*north, arcsec^2"""

    @property
    def sigma(self) -> np.ndarray:
        """(n,) arcsec per axis: of an ellipse, that of the circle of its size."""
        xx, yy, xy = self.covariance.T
        return np.asarray(np.maximum(xx * yy - xy * xy, 0.0) ** 0.25)


@dataclass(frozen=True)
class Pairs:
    """Pairs of a primary and an object of one other catalogue, ordered by primary."""

    primary: np.ndarray
    """(m,) place of the primary among the sources"""
    row: np.ndarray
    """(m,) row of the object"""
    p: np.ndarray
    """(m,) probability that the object is the counterpart"""
    separation: np.ndarray
    """(m,) arcsec"""
    offset: np.ndarray
    """(m, 2) arcsec to the east and north; NaN: not known"""
    in_sigma: np.ndarray
    """(m,) separation over its error; NaN: not known"""


def numbers(column: Any) -> np.ndarray:
    """A column as floating-point numbers, NaN where it is masked."""
    values, mask = parts_of(column)
    found = np.array(values, np.float64)
    if mask is not None:
        found[mask] = np.nan
    return found


def places(result: MatchResult, k: int, rows: np.ndarray) -> Places:
    """Where rows (n,) of catalogue k are, the primary being 0."""
    if result._catalogs:
        known = result._catalogs[k]
        held = known.held(rows)
        return Places(known.ra[held], known.dec[held], known.covariance(held))
    nothing = np.full(len(rows), np.nan)
    unknown = Places(nothing, nothing, np.full((len(rows), 3), np.nan))
    found = all_input_rows(result, k) if len(rows) else None
    if found is None:
        return unknown
    listed, part = found
    at = np.minimum(np.searchsorted(listed, rows), max(len(listed) - 1, 0))
    if not np.array_equal(listed[at], rows):  # the file was changed: do without
        return unknown
    covariance = part.catalog.covariance(at) if part.error_known else unknown.covariance
    return Places(part.catalog.ra[at], part.catalog.dec[at], covariance)


def pairs_with(result: MatchResult, k: int, sources: Places) -> Pairs:
    """Every pair of a primary and a candidate of catalogue k (1: the first other one)."""
    table, names = result.associations, result.catalogue_names
    primary, row = source_of(result), np.asarray(table[names[k]], np.int64)
    there = row >= 0
    primary, row = primary[there], row[there]
    keys = np.stack([primary, row], axis=1)
    unique, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    p_match = np.asarray(table["p_match"], float)[there]
    p = np.bincount(inverse.ravel(), p_match, minlength=len(unique))
    separation = np.asarray(table[f"Separation_{names[0]}_{names[k]}"], float)[there][first]
    primary, row = unique[:, 0], unique[:, 1]
    rows, at = np.unique(row, return_inverse=True)
    objects = places(result, k, rows)
    offset = np.full((len(row), 2), np.nan)
    if len(row):
        positions = (sources.ra, sources.dec, objects.ra[at], objects.dec[at])
        offsets(primary, *positions, separation, offset)
    covariance = sources.covariance[primary] + objects.covariance[at]
    return Pairs(primary, row, p, separation, offset, _in_sigma(offset, covariance))


def _in_sigma(offset: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Mahalanobis distance of offsets (m, 2) with covariances (m, 3)."""
    (x, y), (xx, yy, xy) = offset.T, covariance.T
    determinant = xx * yy - xy * xy
    with np.errstate(divide="ignore", invalid="ignore"):
        square = (yy * x * x - 2.0 * xy * x * y + xx * y * y) / determinant
        return np.asarray(np.sqrt(np.where(determinant > 0, square, np.nan)))
