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
    ln_beside: np.ndarray
    """(k,) ln ratio of the catalogue's other priors for the rows of the sample, 0 without any; for
    candidates it is in the evidence"""
    evidence: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    """from ln ratios (m,) to the probability of each candidate (m,) to be the counterpart, and the
    ln marginal likelihood of each primary (n,)"""

    @property
    def field_weight(self) -> np.ndarray:
        """(k,) how much each row of the sample counts, 1 on average: by the other priors' ratio."""
        top = self.ln_beside.max(initial=-np.inf)
        if not np.isfinite(top):  # none, or all of them are excluded
            return np.ones(len(self.ln_beside))
        ratio = np.exp(self.ln_beside - top)
        weight: np.ndarray = ratio / ratio.mean()
        return weight
