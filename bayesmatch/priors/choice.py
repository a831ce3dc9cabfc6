"""Which of several ratios a match believes: by the likelihood of sources not learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .learning_rounds import Rounds

#: a ratio is believed from such a gain in ln likelihood, and so many of its standard errors
MIN_GAIN, MIN_SIGMA = 4.0, 2.0


@dataclass(frozen=True, eq=False)
class Choice:
    """A ratio for every candidate, and how likely it makes the match."""

    what: str
    ln_ratio: np.ndarray
    """(m,)"""
    p: np.ndarray
    """(m,)"""
    ln_like: np.ndarray
    """(n,)"""
    rounds: Rounds | None = None
    """of a learned one"""
    models: tuple[str, ...] = ()
    """of each fold, in LightGBM's text format"""
    uses_start: bool = False
    """whether it is that of a prior learned elsewhere, put right or as it is"""
    details: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def smooth(cls, found: Rounds) -> Choice:
        """That of smooth functions."""
        details = {
            name: getattr(found, name) for name in ("rounds", "converged", "strength", "alike")
        }
        what = f"smooth, held back by {found.strength:g}"
        return cls(what, found.ln_ratio, found.p, found.ln_like, found, details=details)


def best_choice(choices: Sequence[Choice]) -> Choice:
    """The one with the highest likelihood; the first unless it gains beyond doubt."""
    first = choices[0]
    best = max(choices, key=lambda choice: float(choice.ln_like.sum()))
    gain = best.ln_like - first.ln_like
    if gain.sum() < max(MIN_GAIN, MIN_SIGMA * float((gain * gain).sum()) ** 0.5):
        return first
    return best
