"""How dense the field is: objects of the other catalogues that are nobody's counterpart.

What a chance neighbour is worth goes by the density of field objects at the primary.  A *field
model* says it; :class:`UniformField`, one density per catalogue everywhere, is the one that NWAY
has.  NWAY's own columns keep it whatever model the calibrated ones use (see
:mod:`bayesmatch.matching.patterns`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from .._kernels.sums import rows_times
from ..catalogs.area import FULL_SKY_DEG2
from ..catalogs.candidates import Candidates
from ..catalogs.held import HeldCatalog
from ..catalogs.positions import square_degrees
from ..catalogs.sky_box import SkyBox
from .field_objects import FieldObjects, field_rho

ARCSEC2_PER_DEG2 = 3600.0**2


@dataclass(frozen=True)
class FieldDensity:
    """Field objects of every other catalogue at every primary."""

    per_deg2: np.ndarray
    """(n_primary, n_other) objects per deg^2"""
    plus_one: np.ndarray
    """(n_primary, n_other) per deg^2, with one object more in the catalogue: the counterpart is
    one of it (N_k+ of Salvato et al. 2018, section 2)"""
    around: np.ndarray
    """(n_primary, n_other) objects per deg^2 some minutes of arc around, which do not depend on
    whether the primary itself lies in a hole or beyond an edge"""
    details: dict[str, Any]
    """how they were found: ``model`` and whatever else a record should have"""
    reach_arcsec: np.ndarray | None = None
    """(n_other,) where that is less than the radius of the match: no catalogue has looked farther
    from any primary; None: it has"""
    objects: FieldObjects | None = None
    """how many of them several catalogues have seen; None: the catalogues are independent, or that
    is still to be fitted"""
    mean_ratio: np.ndarray | None = None
    """(n_primary, n_other) mean over the field objects there of the product of the priors' ratios,
    which is divided out (:mod:`bayesmatch.matching.local_ratio`); None: 1"""
    seen: np.ndarray | None = None
    """(n_primary, n_other) bool: whether the catalogue has looked there, of several others as far
    as it is known (:mod:`bayesmatch.matching.seen_by_each`); None: all have"""
    chance: np.ndarray | None = None
    """(n_primary, n_other) probability that it has, of several others of which some are fields
    round a part of the sources, before counterparts are asked about; None: 1"""
    covered: np.ndarray | None = None
    """(n_primary,) bool: whether cells there say that some catalogue has looked; None: unknown"""
    others: np.ndarray | None = None
    """(n_primary, n_other) other primaries per deg^2 whose hosts are in the density still
    (:mod:`bayesmatch.matching.dense_primaries`); None: none are, or they stay in it"""
    cells: tuple[SkyBox, list[np.ndarray]] | None = None
    """cells around the primaries and (n_other,) maps of the counts in them, shape (rows, columns)
    each, while mean ratios and the host fraction are still to be found; None: nothing is"""

    @property
    def ln_full_sky(self) -> np.ndarray:
        """Ln n_k+, the number in the full sky at that density, (n_primary, n_other)."""
        return np.log(self.plus_one * FULL_SKY_DEG2)

    @property
    def log10_full_sky(self) -> np.ndarray:
        """Log10 n_k+, (n_primary, n_other), to the last digit that of a match record."""
        return np.log10(self.plus_one * FULL_SKY_DEG2)

    @property
    def log10_mean_ratio(self) -> np.ndarray | None:
        """Log10 of the mean ratios; None where there are none."""
        return None if self.mean_ratio is None else np.log10(self.mean_ratio)

    @property
    def ln_weighted(self) -> np.ndarray:
        """Ln n_k+ times the mean ratio there, (n_primary, n_other)."""
        return self.ln_full_sky + (0.0 if self.mean_ratio is None else np.log(self.mean_ratio))

    @property
    def rho(self) -> np.ndarray:
        """The density with one object more, per arcsec^2, where the catalogue has looked."""
        return field_rho(self._where_seen(self.plus_one))

    def around_of(self, other: int) -> np.ndarray:
        """:attr:`around` of one other catalogue, (n_primary,), 0 where it has not looked."""
        return self._where_seen(self.around)[:, other]

    def _where_seen(self, density: np.ndarray) -> np.ndarray:
        return density if self.seen is None else np.where(self.seen, density, 0.0)

    def per_arcsec2(self, other: int) -> np.ndarray:
        """The density with one object more of one other catalogue, per arcsec^2, (n_primary,)."""
        return self.plus_one[:, other] / 3600.0**2

    def expected(self, radius_arcsec: float) -> np.ndarray:
        """Field objects expected within a radius (arcsec), all other catalogues, (n_primary,).

        What several catalogues have seen is one object, where that is known.
        """
        radii = [radius_arcsec] * self.around.shape[1]
        if self.reach_arcsec is not None:
            radii = np.minimum(radii, self.reach_arcsec).tolist()
        areas = np.array([square_degrees(r) for r in radii])
        if self.objects is None:
            expected: np.ndarray = rows_times(self._where_seen(self.around), areas)
            return expected
        nu = self.objects.per_arcsec2(field_rho(self._where_seen(self.around))) * ARCSEC2_PER_DEG2
        bits = np.arange(nu.shape[1])[:, None] >> np.arange(len(areas)) & 1
        expected = rows_times(nu, (bits * areas).max(axis=1))
        return expected

    def scaled(self, share: np.ndarray) -> FieldDensity:
        """The densities of each other catalogue times a number, `share` (n_other,)."""
        per_deg2 = self.per_deg2 * share
        return replace(
            self,
            per_deg2=per_deg2,
            plus_one=per_deg2 + (self.plus_one - self.per_deg2),
            around=self.around * share,
        )

    def record(self, names: Sequence[str]) -> dict[str, Any]:
        """What ``meta`` keeps: the details, and the spread of the densities (deg^-2)."""
        by_catalogue = {
            name: {
                "mean": float(density.mean()),
                "smallest": float(density.min()),
                "largest": float(density.max()),
            }
            for name, density in zip(names, self.per_deg2.T, strict=True)
        }
        return {**self.details, "density_deg2": by_catalogue}


class FieldModel(Protocol):
    """What a field model must do; :class:`UniformField` shows how."""

    @property
    def counts_cells(self) -> bool:
        """Whether it needs all objects counted in cells, as scanned catalogues are read."""

    def at(
        self,
        primary: HeldCatalog,
        others: Sequence[HeldCatalog],
        candidates: Candidates,
        radius_arcsec: float,
        with_priors: Collection[str] = (),
        box: SkyBox | None = None,
    ) -> FieldDensity:
        """The density of each of the K - 1 others at each of the n primaries.

        `with_priors`: names of the catalogues with priors whose mean ratio over the field around a
        primary cannot be told; `box`: the cells around the primary, if they are at hand.
        """


@dataclass(frozen=True)
class GivenField:
    """The densities that another match of the same sources found."""

    density: FieldDensity
    counts_cells = False

    def at(self, primary: HeldCatalog, others: Sequence[HeldCatalog], *around: Any) -> FieldDensity:
        """Those densities."""
        return self.density


class UniformField:
    """One density per catalogue: its rows over its area."""

    counts_cells = False

    def at(self, primary: HeldCatalog, others: Sequence[HeldCatalog], *around: Any) -> FieldDensity:
        """The mean density of every other catalogue, the same at every primary."""
        n = len(primary)
        per_deg2 = np.array([c.density_deg2 for c in others])
        plus_one = np.array([c.plus_one_deg2 for c in others])
        mean = np.tile(per_deg2, (n, 1))
        return FieldDensity(mean, np.tile(plus_one, (n, 1)), mean, {"model": "uniform"})
