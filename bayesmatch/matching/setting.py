"""What surrounds the primaries of a match, found once and read by every later stage."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from .._kernels.jit import begin
from ..catalogs.candidates import Candidates
from ..catalogs.footprint import looked_at
from ..catalogs.held import HeldCatalog
from ..catalogs.sky_box import SkyBox
from .candidate_positions import CandidatePositions, candidate_positions
from .field import FieldDensity, FieldModel
from .patterns import PatternPriors, pattern_priors
from .same_source import CloseEntries


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
    find_field: Callable[[], FieldDensity]
    """gives :attr:`field`"""
    radius_arcsec: float
    looked: np.ndarray
    """(n_primary, n_other) bool: whether the catalogue has looked there, as far as its MOC says"""
    close: Callable[[], CloseEntries] | None = None
    """gives the primaries that may be one source, where that was begun; None: not yet"""

    @property
    def field(self) -> FieldDensity:
        """Density of field objects that the calibrated probabilities go by; it may be waited for.

        A local one is found while other threads get NWAY's posterior, which has its own.
        """
        return self.find_field()

    def with_field(self, change: Callable[[FieldDensity], FieldDensity]) -> Setting:
        """The same with another field, made of this one when it is asked for."""
        return replace(self, find_field=_once(lambda: change(self.field)))

    @property
    def catalogs(self) -> tuple[HeldCatalog, ...]:
        """All catalogues, the primary first."""
        return (self.primary, *self.others)

    def bare(self) -> Setting:
        """The same without what is of no use any more and takes memory, as the maps of counts."""
        return self.with_field(lambda field: replace(field, cells=None, others=None))


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
    around = primary, others, candidates, radius_arcsec, with_priors, box
    find = partial(field.at, *around)
    beside = field.counts_cells and box is not None and box.looks_ahead(others)
    find_field = _once(begin(find) if beside else find)
    positions = candidate_positions(primary, others, candidates)
    if not beside:
        find_field()
    return Setting(
        primary,
        others,
        candidates,
        positions,
        pattern_priors(others, completeness, correct_unrelated),
        find_field,
        radius_arcsec,
        np.column_stack([looked_at(other, primary) for other in others]),
    )


def _once(function: Callable[[], FieldDensity]) -> Callable[[], FieldDensity]:
    """What gives the function's value, and keeps that alone, when it has been asked for."""
    to_do, done = [function], list[FieldDensity]()

    def value() -> FieldDensity:
        if not done:
            done.append(to_do[0]())
            to_do.clear()
        return done[0]

    return value
