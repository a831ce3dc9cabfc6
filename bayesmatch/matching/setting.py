"""What surrounds the primaries of a match, found once and read by every later stage."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..catalogs.candidates import Candidates
from ..catalogs.footprint import looked_at
from ..catalogs.held import HeldCatalog
from ..catalogs.sky_box import SkyBox
from .candidate_positions import CandidatePositions, candidate_positions
from .field import FieldDensity, FieldModel
from .patterns import PatternPriors, pattern_priors


@dataclass(frozen=True)
class Setting:
    """Catalogues, candidates and field of a match."""

    primary: HeldCatalog
    others: Sequence[HeldCatalog]
    """in memory; of a scanned catalogue the candidates"""
    candidates: Candidates
    positions: CandidatePositions
    nway: PatternPriors
    """NWAY's priors of the membership patterns"""
    field: FieldDensity
    """density of field objects that the calibrated probabilities go by"""
    radius_arcsec: float
    looked: np.ndarray
    """(n_primary, n_other) bool: whether the catalogue has looked there, as far as its MOC says"""

    @property
    def catalogs(self) -> tuple[HeldCatalog, ...]:
        """All catalogues, the primary first."""
        return (self.primary, *self.others)

    def bare(self) -> Setting:
        """The same without the maps of counts, which take memory."""
        return replace(self, field=replace(self.field, cells=None))


def make_setting(
    primary: HeldCatalog,
    others: Sequence[HeldCatalog],
    candidates: Candidates,
    field: FieldModel,
    completeness: Sequence[float],
    correct_unrelated: bool,
    radius_arcsec: float,
    with_priors: Collection[str],
    box: SkyBox | None = None,
) -> Setting:
    """Positions, errors and densities of the candidates found; `box`: if it is at hand."""
    return Setting(
        primary,
        others,
        candidates,
        candidate_positions(primary, others, candidates),
        pattern_priors(others, completeness, correct_unrelated),
        field.at(primary, others, candidates, radius_arcsec, with_priors, box),
        radius_arcsec,
        np.column_stack([looked_at(other, primary) for other in others]),
    )
