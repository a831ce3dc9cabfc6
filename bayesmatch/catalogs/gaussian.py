"""Gaussian position errors: a circle, two axes, or an ellipse per source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .said import Given, about


class GaussianProfile:
    """How separations are distributed in units of the per-axis sigma: the Rayleigh distribution.

    One of :class:`bayesmatch.catalogs.errors.ErrorProfile`.
    """

    def quantile(self, containment: Any) -> Any:
        """Radius, in sigma, within which a fraction of the separations lies."""
        return np.sqrt(-2.0 * np.log1p(-np.asarray(containment, np.float64)))

    def density(self, x: Any) -> Any:
        """Probability density of a separation of `x` sigma."""
        return x * np.exp(-0.5 * x**2)

    def beyond(self, x: Any) -> Any:
        """Fraction of the separations beyond `x` sigma."""
        return np.exp(-0.5 * x**2)


#: the profile of errors about which nothing else is known
GAUSSIAN = GaussianProfile()


@dataclass(frozen=True, eq=False)
class GaussianErrors(GaussianProfile):
    """Gaussian errors of the rows of a catalogue.

    One of :class:`bayesmatch.catalogs.errors.PositionErrorModel`. Made by :meth:`of`.
    """

    parts: tuple[np.ndarray, ...]
    """sigma; or sigma east and north; or major, minor (arcsec) and position angle (degrees): each
    of shape () where it is the same for all rows, or (n,)"""
    n_rows: int
    record: list[Any]
    """what was given for each part: a column name, a number, or None for values per row"""

    @classmethod
    def of(cls, parts: Sequence[np.ndarray], n_rows: int, record: Sequence[Any]) -> GaussianErrors:
        """Errors of parts; an ellipse with a = b is a circle, exactly."""
        circle = len(parts) == 1 or bool(np.all(parts[0] == parts[1]))
        return cls(tuple(parts[:1] if circle else parts), n_rows, list(record))

    @property
    def circular(self) -> bool:
        """Whether all errors are circles."""
        return len(self.parts) == 1

    @property
    def alike(self) -> bool:
        """Whether all rows have the same."""
        return all(part.ndim == 0 for part in self.parts)

    def covariance(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Covariance of some rows (default all): (m, 3) of east^2, north^2, east*north, arcsec^2.

        Along the source's own east and north.
        """
        parts = self._parts(rows)
        return (circular_covariance, axes_covariance, ellipse_covariance)[len(parts) - 1](*parts)

    def determinant(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Determinant of those covariances, (m,), arcsec^4: exact however thin an ellipse is."""
        parts = self._parts(rows)
        area: np.ndarray = parts[0] * parts[0 if self.circular else 1]
        return area**2

    def _parts(self, rows: np.ndarray | None) -> list[np.ndarray]:
        """The parts of some rows, (m,) each."""
        n = self.n_rows if rows is None else len(rows)
        return [
            np.broadcast_to(part if part.ndim == 0 or rows is None else part[rows], (n,))
            for part in self.parts
        ]

    def subset(self, rows: np.ndarray) -> GaussianErrors:
        """Errors of some rows."""
        return GaussianErrors(
            tuple(part[rows] if part.ndim else part for part in self.parts), len(rows), self.record
        )

    def scaled(self, scale: float | np.ndarray, floor: float) -> GaussianErrors:
        """Every sigma times `scale` (one, or (n,)), `floor` (arcsec per axis) in quadrature."""
        sigma = [np.hypot(scale * part, floor) for part in self.parts[:2]]
        record = [g.in_arcsec() if isinstance(g, Given) else g for g in self.record]
        for k, given in enumerate(record[:2]):
            if not isinstance(given, str):
                record[k] = _plain(sigma[0 if self.circular else k])
        if self.circular and record[2:] == [None]:  # a circle has no angles
            record[2] = 0.0
        return GaussianErrors.of([*sigma, *self.parts[2:]], self.n_rows, record)

    def columns(self) -> Mapping[str, np.ndarray]:
        """What stands for the errors (arcsec, (n,)) in the columns they were given in: sigmas.

        Or the radii that hold the fraction of the sources that is said of a column.
        """
        return {
            about(given).column: np.broadcast_to(
                self.parts[0 if self.circular else k] * about(given).sigmas, (self.n_rows,)
            )
            for k, given in enumerate(self.record[:2])
            if isinstance(given, str)
        }


def _plain(part: np.ndarray) -> float | None:
    return float(part) if np.ndim(part) == 0 else None


def circular_covariance(sigma: np.ndarray) -> np.ndarray:
    """Covariance of circular errors: columns (east^2, north^2, east*north)."""
    variance = sigma * sigma
    return np.column_stack([variance, variance, np.zeros_like(variance)])


def axes_covariance(sigma_east: np.ndarray, sigma_north: np.ndarray) -> np.ndarray:
    """Covariance of errors along right ascension (times cos dec) and declination."""
    return np.column_stack([sigma_east**2, sigma_north**2, np.zeros_like(sigma_east)])


def ellipse_covariance(major: np.ndarray, minor: np.ndarray, pa_deg: np.ndarray) -> np.ndarray:
    """Covariance of an ellipse with its major axis at `pa_deg` east of north."""
    s, c = np.sin(np.radians(pa_deg)), np.cos(np.radians(pa_deg))
    a, b = major**2, minor**2
    east, north = a * s * s + b * c * c, a * c * c + b * s * s
    # An ellipse with a = b is a circle, exactly: the sums above round.
    return np.column_stack([np.where(a == b, a, east), np.where(a == b, a, north), (a - b) * s * c])
