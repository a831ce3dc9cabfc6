"""The frame of a field: where sources stand in it, and what turning and stretching it does.

A matrix (arcsec per degree) times the position of a source relative to the field's centre is an
offset along the centre's axes.  At the source it points the same way when it is carried there along
the great circle, whatever the axes do meanwhile (at high declinations they turn).
"""

from __future__ import annotations

import numpy as np

from ...catalogs.places import positions_of, unit_vectors

#: a field wider than this (degrees from its centre) is no plane in which a frame turns
MAX_REACH_DEG = 20.0


def field_center(ra: np.ndarray, dec: np.ndarray) -> tuple[float, float] | None:
    """Centre of the positions (degrees); None where they do not make a field."""
    vectors = unit_vectors(ra, dec)
    mean = vectors.mean(axis=0)
    length = float(np.linalg.norm(mean))
    if length < 0.5 or (vectors @ mean).min() < length * np.cos(np.radians(MAX_REACH_DEG)):
        return None
    center_ra, center_dec = positions_of(mean[None])
    return float(center_ra[0]), float(center_dec[0])


def frame_design(ra: np.ndarray, dec: np.ndarray, center: tuple[float, float]) -> np.ndarray:
    """Offset east and north of each position by the elements of the matrix, (n, 2, 4).

    The elements are those of ((east by east, east by north), (north by east, north by north)).
    """
    at, axes = unit_vectors(ra, dec), _axes(ra, dec)
    origin, origin_axes = unit_vectors(*np.atleast_2d(center).T)[0], _axes(*np.atleast_2d(center).T)
    cosine = at @ origin
    ahead = at - cosine[:, None] * origin
    length = np.linalg.norm(ahead, axis=1)
    distance = np.degrees(np.arctan2(length, cosine)) / np.maximum(length, 1e-300)
    place = distance[:, None] * (ahead @ origin_axes[0].T)  # degrees east and north of the centre
    # parallel transport of the centre's axes a: a - (a . u) / (1 + u0 . u) (u0 + u)
    along = at @ origin_axes[0].T / (1.0 + cosine)[:, None]
    carried = origin_axes - along[:, :, None] * (origin + at)[:, None, :]
    turn = np.einsum("ncx,nax->nca", axes, carried)
    return np.concatenate(
        [turn[:, :, :1] * place[:, None], turn[:, :, 1:] * place[:, None]], axis=2
    )


def _axes(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Unit vectors to the east and north at positions in degrees, (n, 2, 3)."""
    ra, dec = np.radians(ra), np.radians(dec)
    east = np.column_stack([-np.sin(ra), np.cos(ra), np.zeros(len(ra))])
    north = np.column_stack([-np.sin(dec) * np.cos(ra), -np.sin(dec) * np.sin(ra), np.cos(dec)])
    return np.stack([east, north], axis=1)
