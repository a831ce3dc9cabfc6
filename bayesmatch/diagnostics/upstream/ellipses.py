"""NWAY's approximation of elliptical errors, restated from measurements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .formulas import log10_circles


def ellipse_parts(parts: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """NWAY's sigma of both axes and their correlation, of one, two or three error columns."""
    if len(parts) < 3:
        return parts[0], parts[-1], np.zeros(len(parts[0]))
    major, minor, phi = parts[0], parts[1], (parts[2] - 90) / 180 * np.pi
    s, c = np.sin(phi), np.cos(phi)
    x = (major**2 * s**2 + minor**2 * c**2) ** 0.5
    y = (major**2 * c**2 + minor**2 * s**2) ** 0.5
    return x, y, c * s * (major**2 - minor**2) / (x * y)


def log10_ellipses(
    offset: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]],
    errors: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
) -> np.ndarray:
    """NWAY's Bayes factor of elliptical errors: circles, at separations scaled along each pair.

    The circle of an ellipse has the mean of its two variances. A separation is scaled by the root
    of the circles' variance over that along the pair, which is what NWAY has since 4.5.
    """
    circle = [((x**2 + y**2) / 2) ** 0.5 for x, y, _ in errors]
    psi = {}
    for (i, j), (east, north) in offset.items():
        d = (east**2 + north**2) ** 0.5
        with np.errstate(invalid="ignore"):
            u, v = np.where(d == 0, 2**-0.5, east / d), np.where(d == 0, 2**-0.5, north / d)
        along = [_variance_along(errors[k], u, v) for k in (i, j)]
        ratio = (circle[i] ** 2 + circle[j] ** 2) / (along[0] + along[1])
        psi[i, j] = d * ratio**-0.5
    return log10_circles(psi, circle)


def _variance_along(
    error: tuple[np.ndarray, np.ndarray, np.ndarray], u: np.ndarray, v: np.ndarray
) -> np.ndarray:
    """One over the precision along a direction (u, v), arcsec^2."""
    x, y, rho = (np.asarray(part, np.float64) for part in error)
    return np.asarray((1 - rho**2) / ((u / x) ** 2 + (v / y) ** 2 - 2 * rho * u * v / (x * y)))
