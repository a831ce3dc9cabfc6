"""Candidates of one other catalogue around the primaries that the checks look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...catalogs.held import HeldCatalog
from ...catalogs.tails import Tails


@dataclass(frozen=True)
class Around:
    """Candidates of one other catalogue around the sampled primaries, s of them."""

    catalog: HeldCatalog
    k: int
    """which of the other catalogues"""
    i: np.ndarray
    """(m,) sampled primary of each candidate, rising"""
    slot: np.ndarray
    """(m,) its slot"""
    separation: np.ndarray
    """(m,) arcsec"""
    p: np.ndarray
    """(m,) probability of being the counterpart"""
    offset: np.ndarray
    """(m, 2) arcsec to the east and north of the primary"""
    covariance: np.ndarray
    """(m, 3) of the offset, arcsec^2: xx, yy, xy"""
    radius: float
    """arcsec, within which there are objects: of the match, or less where a catalogue is cones"""
    tails: Tails
    """of the primaries' errors"""
    own: np.ndarray
    """(m,) squared error radius of the primary, arcsec^2"""
    fraction: np.ndarray
    """(s,) fitted fraction of such primaries with a counterpart in this catalogue"""

    @cached_property
    def determinant(self) -> np.ndarray:
        """(m,) of the covariance, arcsec^4."""
        xx, yy, xy = self.covariance.T
        det: np.ndarray = xx * yy - xy * xy
        return det

    @cached_property
    def distance2(self) -> np.ndarray:
        """(m,) squared separation in standard errors."""
        (e, n), (xx, yy, xy) = self.offset.T, self.covariance.T
        d2: np.ndarray = (yy * e * e - 2.0 * xy * e * n + xx * n * n) / self.determinant
        return d2

    @cached_property
    def inverse_square(self) -> np.ndarray:
        """(m,) mean of 1 / f^2, f the factor by which the error of a counterpart there is wider.

        1 where the primaries' errors have no tails.
        """
        wide, chance = self.tail
        out: np.ndarray = 1.0 - chance + chance / wide
        return out

    @cached_property
    def tail(self) -> tuple[np.ndarray, np.ndarray]:
        """(m,) each: f^2 in the tails that the errors have, and the chance to be in them."""
        if self.tails.fraction == 0:
            return np.ones(len(self.i)), np.zeros(len(self.i))
        both = np.sqrt(self.determinant)
        wide = 1.0 + (self.tails.factor**2 - 1.0) * np.minimum(self.own / both, 1.0)
        exponent = np.minimum(0.5 * self.distance2 * (1.0 - 1.0 / wide), 700.0)
        ratio = self.tails.fraction / (1.0 - self.tails.fraction) / wide * np.exp(exponent)
        return wide, ratio / (1.0 + ratio)

    def total(self, values: np.ndarray, n: int) -> np.ndarray:
        """(n,) sums over the candidates of each sampled primary."""
        return np.bincount(self.i, weights=values, minlength=n)

    def count(self, which: np.ndarray, n: int) -> np.ndarray:
        """(n,) how many candidates of each sampled primary."""
        return np.bincount(self.i[which], minlength=n).astype(np.float64)
