"""Membership patterns: which other catalogues take part in an association, and NWAY's priors.

A pattern is a bit mask (bit b set: other catalogue b takes part); 0 is no counterpart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..catalogs.area import FULL_SKY_DEG2
from ..catalogs.held import HeldCatalog
from ..likelihood.nway import ln_full_sky, sum_over_members


@dataclass(frozen=True)
class PatternPriors:
    """Per membership pattern, natural logs (Salvato et al. 2018, section 2).

    NWAY's model: one density N / area per catalogue, whatever the field model.
    """

    completeness: np.ndarray
    """(patterns,) prod c_k over the members"""
    density: np.ndarray
    """(patterns,) prod n_k+ over the members"""
    unrelated: np.ndarray
    """(patterns,) n_a / prod n_k+ for the members without the primary, a the first of them;
    empty = off"""
    uniform: np.ndarray
    """(n_other,) n_k+ of each other catalogue"""

    @property
    def prior(self) -> np.ndarray:
        """Prod c_k / n_k+ over the members, (patterns,)."""
        prior: np.ndarray = self.completeness - self.density
        return prior


def pattern_priors(
    others: Sequence[HeldCatalog], completeness: Sequence[float], correct_unrelated: bool
) -> PatternPriors:
    """Prior of each membership pattern from densities scaled to the full sky."""
    n_own = np.array([c.density_deg2 * FULL_SKY_DEG2 for c in others])
    uniform = ln_full_sky([c.plus_one_deg2 for c in others])
    takes_part = np.arange(1 << len(others))[:, None] >> np.arange(len(others)) & 1
    density = sum_over_members(takes_part, uniform)
    unrelated = np.empty(0)
    if correct_unrelated and len(others) > 1:
        unrelated = np.log(n_own)[takes_part.argmax(axis=1)] - density
    return PatternPriors(
        sum_over_members(takes_part, np.log(completeness)), density, unrelated, uniform
    )


def pattern_labels(names: Sequence[str]) -> list[str]:
    """Names of the membership patterns: X, X+OPT, X+IRAC, X+OPT+IRAC, ..."""
    primary, *others = names
    return [
        "+".join([primary, *(name for k, name in enumerate(others) if bits >> k & 1)])
        for bits in range(1 << len(others))
    ]
