"""The field of a catalogue that is matched with itself, every pair of which is there once.

Half of what is around a source comes before it and is no candidate: so is half of the field, as
half of the counterparts.  The density itself is that of all objects but the source.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..catalogs.candidates import Candidates
from ..catalogs.held import HeldCatalog
from ..catalogs.itself import not_itself
from ..catalogs.sky_box import SkyBox
from .field import FieldDensity, FieldModel, GivenField

#: of the density around, where nothing is to follow from an empty circle
NOTHING = 1e-9


@dataclass(frozen=True)
class PairsField:
    """A field model that sees all neighbours, for a match that has each pair once."""

    model: FieldModel
    neighbours: Candidates

    @property
    def counts_cells(self) -> bool:
        """Whether it needs all objects counted in cells."""
        return self.model.counts_cells

    def at(
        self,
        primary: HeldCatalog,
        others: Sequence[HeldCatalog],
        candidates: Candidates,
        radius_arcsec: float,
        with_priors: Collection[str] = (),
        box: SkyBox | None = None,
    ) -> FieldDensity:
        """The density of each of the K - 1 others at each of the n primaries."""
        whole = self.model.at(primary, others, self.neighbours, radius_arcsec, with_priors, box)
        # The counterparts of other sources, which a local model takes out, are of the field here.
        scales = whole.details.get("scales", {})
        hosts = np.array([min(scales.get(o.name, {}).get("hosts", 0.0), 0.9) for o in others])
        itself = np.array([other.itself for other in others])
        whole = whole.scaled(np.where(itself, 1.0 / (1.0 - hosts), 1.0))
        half = whole.scaled(np.where(itself, 0.5, 1.0))
        if len(others) > 1:
            return half
        # A source at the end of the list has nothing around that could be its candidate, and is
        # not outside the footprint for that: of what is expected around it nothing follows.
        return replace(half, around=NOTHING * whole.around)


def pairs_field(
    model: FieldModel,
    primary: HeldCatalog,
    others: Sequence[HeldCatalog],
    candidates: Candidates,
) -> FieldModel:
    """The model; for pairs, where one of the others is the primary itself."""
    if isinstance(model, GivenField) or not any(other.itself for other in others):
        return model
    return PairsField(model, not_itself(primary, others, candidates))
