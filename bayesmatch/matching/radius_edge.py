"""Whether an object is seen outside the radius of the match, by where it truly is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .._kernels.sums import rows_times
from ..catalogs.tails import Tails

#: true positions and objects are looked at up to so many errors from where they should be
SIGMAS = 6.0
#: points in the Gaussian of an object's error across the direction to it; steps of the table along
HERMITE, STEPS = 24, 80


@dataclass(frozen=True)
class Edge:
    """Whether an object is seen outside the radius, by the distance of its true position."""

    distance: np.ndarray
    """(m,) arcsec, ascending"""
    share: np.ndarray
    """(m,) probability of being seen outside, ascending to 1"""
    reach: float
    """arcsec: true positions nearer than that are hardly ever seen outside"""

    @classmethod
    def of(cls, tails: Tails, object_errors: Sequence[float], radius_arcsec: float) -> Edge:
        """For objects with these errors (sigma per axis, each as often) and tails."""
        parts = [
            (weight / len(object_errors), max(factor * sigma, 1e-9 * radius_arcsec))
            for weight, factor in tails.parts
            for sigma in object_errors
        ]
        steps = np.linspace(-SIGMAS, SIGMAS, STEPS + 1)
        around = [radius_arcsec + steps * sigma for _, sigma in parts]
        distance = np.unique(np.maximum(np.concatenate(around), 0.0))
        share = sum(
            weight * _seen_outside(distance, sigma, radius_arcsec) for weight, sigma in parts
        )
        largest = max(sigma for _, sigma in parts)
        return cls(distance, np.asarray(share), max(radius_arcsec - SIGMAS * largest, 0.0))

    def at(self, distance: np.ndarray) -> np.ndarray:
        """Probability of being seen outside, of true positions at some distances (arcsec)."""
        return np.asarray(np.interp(distance, self.distance, self.share))


def _seen_outside(distance: np.ndarray, sigma: float, radius: float) -> np.ndarray:
    """P(an object is seen beyond `radius`), true positions at `distance` (m,), circular errors."""
    from scipy.special import ndtr  # imported only where needed: it takes long

    across, weight = map(np.asarray, np.polynomial.hermite_e.hermegauss(HERMITE))
    half = np.sqrt(np.maximum(radius**2 - (sigma * across) ** 2, 0.0))
    within = ndtr((half - distance[:, None]) / sigma) - ndtr((-half - distance[:, None]) / sigma)
    return np.asarray(np.clip(1.0 - within @ (weight / weight.sum()), 0.0, 1.0))


def all_outside(variances: np.ndarray, weights: np.ndarray, edges: Sequence[Edge]) -> np.ndarray:
    """Probability that the counterparts in several catalogues are all seen outside, (n,).

    Parameters
    ----------
    variances : ndarray, shape (n, d)
        Of the sources' errors, arcsec^2, in each of some directions and parts of their tails.
    weights : ndarray, shape (d,)
        Of these, their sum 1.
    edges : sequence of Edge
        Of the catalogues.
    """
    distance = np.unique(np.concatenate([edge.distance for edge in edges]))
    share = np.prod([edge.at(distance) for edge in edges], axis=0)
    step, middle = np.diff(share), 0.5 * (distance[1:] + distance[:-1])
    total = np.full(len(variances), share[0])
    for rise, at in zip(step[step > 0.0].tolist(), middle[step > 0.0].tolist(), strict=True):
        total += rise * rows_times(np.exp(-0.5 * at**2 / np.maximum(variances, 1e-300)), weights)
    return total
