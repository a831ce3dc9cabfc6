"""Candidates of one other catalogue around the primaries that the checks look at."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    number: np.ndarray
    """(s,) candidates of each sampled primary"""
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
    """(3, m) of the offset, arcsec^2: xx, yy, xy"""
    theirs: np.ndarray
    """(4, m) the candidate's own, and its determinant, arcsec^4"""
    radius: float
    """arcsec, within which there are objects: of the match, or less where a catalogue is cones"""
    tails: Tails
    """of the primaries' errors"""
    own: np.ndarray
    """(m,) squared error radius of the primary, arcsec^2"""
    fraction: np.ndarray
    """(s,) fitted fraction of such primaries with a counterpart in this catalogue"""

    def believed(self, p: np.ndarray, fraction: np.ndarray | None = None) -> Around:
        """With other probabilities; what does not hang on them is not worked out again."""
        out = replace(self, p=p, fraction=self.fraction if fraction is None else fraction)
        out.__dict__.update({k: v for k, v in self.__dict__.items() if k not in out.__dict__})
        return out

    def look_ahead(self) -> None:
        """Work out what most matches ask for."""
        for name in ("distance2", "inverse_square", "cut", "within"):
            getattr(self, name)

    @cached_property
    def determinant(self) -> np.ndarray:
        """(m,) of the covariance, arcsec^4."""
        xx, yy, xy = self.covariance
        det: np.ndarray = xx * yy - xy * xy
        return det

    @cached_property
    def distance2(self) -> np.ndarray:
        """(m,) squared separation in standard errors."""
        (e, n), (xx, yy, xy) = self.offset.T, self.covariance
        d2: np.ndarray = (yy * e * e - 2.0 * xy * e * n + xx * n * n) / self.determinant
        return d2

    @cached_property
    def reach(self) -> np.ndarray:
        """(m,) the squared radius in standard errors."""
        out: np.ndarray = self.radius**2 / np.sqrt(self.determinant)
        return out

    @cached_property
    def cut(self) -> np.ndarray:
        """(m,) by how much the radius makes the mean :attr:`distance2` of counterparts less."""
        out: np.ndarray = self.reach / np.expm1(np.minimum(0.5 * self.reach, 500.0))
        return out

    @cached_property
    def within(self) -> np.ndarray:
        """(m,) minus the share of the counterparts that is within the radius."""
        return np.expm1(-0.5 * self.reach)

    @property
    def mixed(self) -> bool:
        """Whether the errors of either catalogue have tails, which the probabilities go by."""
        return self.tails.fraction > 0 or self.catalog.tails.fraction > 0

    @cached_property
    def inverse_square(self) -> np.ndarray:
        """(m,) mean of 1 / f^2, f the factor by which the error of a counterpart there is wider.

        1 where no errors have tails. Widths are those of circles.
        """
        if not self.mixed:
            return np.ones(len(self.i))
        core = np.sqrt(self.determinant)
        own = np.minimum(self.own / core, 1.0)
        total, mean = np.zeros((2, len(self.i)))
        for share, factor in self.tails.parts:
            for other, wider in self.catalog.tails.parts:
                wide = own * factor**2 + (1.0 - own) * wider**2
                # Relative to the cores alone, whose weight may be nothing far out.
                exponent = np.minimum(0.5 * self.distance2 * (1.0 - 1.0 / wide), 700.0)
                weight = share * other / wide * np.exp(exponent)
                total += weight
                mean += weight / wide
        out: np.ndarray = mean / total
        return out

    def total(self, values: np.ndarray, n: int, some: np.ndarray | None = None) -> np.ndarray:
        """(n,) sums of `values` (m,) over each primary's candidates, or over `some` of all."""
        if some is None:
            return np.bincount(self.i, weights=values, minlength=n)
        return np.bincount(self.i[some], weights=values[some], minlength=n)

    def count(self, which: np.ndarray, n: int) -> np.ndarray:
        """(n,) how many candidates of each sampled primary."""
        return np.bincount(self.i[which], minlength=n).astype(np.float64)
