"""What a prior that learns in rounds sees of the match that it is used in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..catalogs.field_sample import FieldSample
from ..catalogs.held import HeldCatalog


@dataclass(frozen=True, eq=False)
class MatchView:
    """Candidates of one catalogue, and what the match says of them with any ratio."""

    primary: HeldCatalog
    catalog: HeldCatalog
    """the catalogue that the prior is for; of a scanned one the candidates"""
    source: np.ndarray
    """(m,) row of the primary of each candidate"""
    row: np.ndarray
    """(m,) its row in `catalog`"""
    near: np.ndarray
    """(m,) bool: so near that it may be the counterpart; it is no field object"""
    sample: FieldSample
    """rows of the catalogue around the primaries, candidates among them"""
    evidence: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    """from ln ratios (m,) to the probability of each candidate (m,) to be the counterpart, and the
    ln marginal likelihood of each primary (n,)"""
