"""What NWAY 4.x computes, restated from measurements, to prove where a number is from.

Arrays keep the precision that they are given in: NWAY's command line works on single-precision
separations, and on positions as the files have them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: arcsec in a radian
ARCSEC = 3600 * 180 / np.pi


def separation(ra1: np.ndarray, dec1: np.ndarray, ra2: np.ndarray, dec2: np.ndarray) -> np.ndarray:
    """Distances (arcsec, (n,)) of positions (degrees, (n,)), by Vincenty's formula."""
    a, d1, b, d2 = (v / 180 * np.pi for v in (ra1, dec1, ra2, dec2))
    sin_l, cos_l = np.sin(b - a), np.cos(b - a)
    s1, s2, c1, c2 = np.sin(d1), np.sin(d2), np.cos(d1), np.cos(d2)
    across = np.hypot(c2 * sin_l, c1 * s2 - s1 * c2 * cos_l)
    degrees: np.ndarray = np.arctan2(across, s1 * s2 + c1 * c2 * cos_l) * 180 / np.pi
    return degrees * 60 * 60


def offsets(
    ra1: np.ndarray, dec1: np.ndarray, ra2: np.ndarray, dec2: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """East and north offset (arcsec, (n,)) of the second from the first position (degrees)."""
    a, d1, b, d2 = (np.radians(np.asarray(v, np.float64)) for v in (ra1, dec1, ra2, dec2))
    cos_l = np.cos(b - a)
    lon = np.arctan2(
        np.cos(d2) * np.sin(b - a), np.cos(d1) * np.cos(d2) * cos_l + np.sin(d1) * np.sin(d2)
    )
    lat = np.arcsin(np.cos(d1) * np.sin(d2) - np.sin(d1) * np.cos(d2) * cos_l)
    return lon * ARCSEC, lat * ARCSEC


def log10_circles(
    psi: dict[tuple[int, int], np.ndarray], sigma: Sequence[np.ndarray]
) -> np.ndarray:
    """Log10 of the Bayes factor (n,) of circular errors (Budavari & Szalay 2008, equation 18).

    Parameters
    ----------
    psi : dict of ndarray, shape (n,)
        Separations, arcsec, by pair of positions in `sigma`.
    sigma : sequence of ndarray, shape (n,)
        Errors, arcsec.
    """
    w = [np.asarray(s, np.float64) ** -2.0 for s in sigma]
    total = np.sum(w, axis=0)
    q = sum(w[i] * w[j] * d**2 for (i, j), d in psi.items())
    m = len(w) - 1
    ln = m * (np.log(2) + 2 * np.log(ARCSEC)) + np.sum(np.log(w), axis=0) - np.log(total)
    return np.asarray((ln - q / 2 / total) * np.log10(np.e))


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


def posterior(log10_prior: np.ndarray, log10_bayes: np.ndarray) -> np.ndarray:
    """Posterior (n,) of an association against chance."""
    with np.errstate(over="ignore", invalid="ignore"):
        prior = 10.0**log10_prior
        out = 1 / (1 + (1 - prior) * 10.0 ** (-log10_bayes - log10_prior))
    return np.where(log10_prior == 0, 1.0, out)
