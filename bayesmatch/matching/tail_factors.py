"""How wide the tails of the errors are, per candidate; and a Gaussian above the mixture."""

from __future__ import annotations

import numpy as np

from ..catalogs.tails import Tails
from .setting import Setting


def catalogue_tails(setting: Setting) -> dict[int, Tails]:
    """The tails of the catalogues that have any, by their number, the primary's 0."""
    return {k: c.tails for k, c in enumerate(setting.catalogs) if c.tails.fraction > 0}


def slot_factors(setting: Setting, factor: dict[int, float]) -> np.ndarray:
    """The factor of every candidate, (n_slots,), from those by number of catalogue; else 1."""
    by_slot = np.ones(len(setting.candidates.row))
    for k in range(len(setting.others)):
        if k + 1 in factor:
            by_slot[setting.candidates.of_catalogue(k)[0]] = factor[k + 1]
    return by_slot


def widened(covariance: np.ndarray, factor: float | np.ndarray) -> np.ndarray:
    """Covariances with determinant (n, 4) of sigmas times a factor (one, or (n,))."""
    square = np.square(np.broadcast_to(factor, len(covariance)))[:, None]
    wider: np.ndarray = covariance * np.hstack([square, square, square, square**2])
    return wider


def ceiling(tails: Tails) -> float:
    """The c with (1 - w) N(C) + w N(k^2 C) <= c N(k^2 C) everywhere: N(C) <= k^2 N(k^2 C)."""
    return (1.0 - tails.fraction) * tails.factor**2 + tails.fraction
