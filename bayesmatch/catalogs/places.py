"""Positions on the sphere: moved by an offset, as unit vectors, and back."""

from __future__ import annotations

import math

import numpy as np

from .catalog import Catalog

ARCSEC = math.radians(1 / 3600)


def shifted_positions(
    catalog: Catalog, east: float | np.ndarray, north: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Every source moved by an offset (arcsec; one, or (n,)) along a great circle."""
    ra, dec = np.radians(catalog.ra), np.radians(catalog.dec)
    to_east = np.column_stack([-np.sin(ra), np.cos(ra), np.zeros(len(ra))])
    to_north = np.column_stack([-np.sin(dec) * np.cos(ra), -np.sin(dec) * np.sin(ra), np.cos(dec)])
    distance = np.atleast_1d(np.hypot(east, north))[:, None]
    moved = np.atleast_1d(east)[:, None] * to_east + np.atleast_1d(north)[:, None] * to_north
    return positions_of(
        np.cos(distance * ARCSEC) * unit_vectors(catalog.ra, catalog.dec)
        + np.sin(distance * ARCSEC) * (moved / np.maximum(distance, 1e-300))
    )


def unit_vectors(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Positions in degrees as unit vectors (n, 3)."""
    ra, dec = np.radians(ra), np.radians(dec)
    out, cosine = np.empty((len(ra), 3)), np.cos(dec)
    out[:, 0], out[:, 1], out[:, 2] = cosine * np.cos(ra), cosine * np.sin(ra), np.sin(dec)
    return out


def positions_of(vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Right ascension and declination, degrees, of vectors (n, 3) of any length."""
    x, y, z = vector.T
    ra = np.mod(np.degrees(np.arctan2(y, x)), 360.0)
    return np.where(ra == 360.0, 0.0, ra), np.degrees(np.arctan2(z, np.hypot(x, y)))


def chord(radius: float) -> float:
    """Chord of an angle in arcsec, longer by more than rounding can take away."""
    return 2.0 * math.sin(min(radius * ARCSEC, math.pi) / 2.0) * (1.0 + 1e-9) + 1e-14
