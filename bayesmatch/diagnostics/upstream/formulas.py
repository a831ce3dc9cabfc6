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


def carried(first: Sequence[np.ndarray], second: Sequence[np.ndarray], c: np.ndarray) -> np.ndarray:
    """Covariances (n, 3) along east and north at the second positions, along those at the first.

    xx, yy, xy; the axes turn by the convergence of the meridians (Napier's analogy).
    """
    (ra1, dec1), (ra2, dec2) = first, second
    half = np.radians(ra2 - ra1) / 2
    middle, apart = np.radians(dec1 + dec2) / 2, np.radians(dec2 - dec1) / 2
    angle = -2 * np.arctan2(np.sin(half) * np.sin(middle), np.cos(half) * np.cos(apart))
    k, s = np.cos(angle), np.sin(angle)
    xx, yy, xy = c.T
    return np.column_stack(
        [
            k**2 * xx + 2 * k * s * xy + s**2 * yy,
            s**2 * xx - 2 * k * s * xy + k**2 * yy,
            (k**2 - s**2) * xy + k * s * (yy - xx),
        ]
    )


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


def posterior(log10_prior: np.ndarray, log10_bayes: np.ndarray) -> np.ndarray:
    """Posterior (n,) of an association against chance."""
    with np.errstate(over="ignore", invalid="ignore"):
        prior = 10.0**log10_prior
        out = 1 / (1 + (1 - prior) * 10.0 ** (-log10_bayes - log10_prior))
    return np.where(log10_prior == 0, 1.0, out)
