"""Which of several ratios a match believes: by the likelihood of sources not learned from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .field_means import blended
from .learning_rounds import Rounds

#: a ratio is believed from such a gain in ln likelihood, and so many of its standard errors
MIN_GAIN, MIN_SIGMA = 4.0, 2.0
#: larger shares of counterparts that look like field objects are tried in steps of this factor, up
#: to the most that it may be
ALIKE_STEP, ALIKE_MOST = 1.3, 0.5


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
        details = {"rounds": found.rounds, "strength": found.strength, "alike": found.alike}
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


def with_alike_fitted(
    choice: Choice, evidence: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
) -> Choice:
    """The choice with as large a share that looks like field objects as makes it most likely.

    Sums of functions cannot tell all that counterparts look like, and the rounds follow those that
    they can: of the others the ratio comes out too low, and with it the host fraction. The share
    that was there while learning is the least; a larger one is taken where sources that were not
    learned from gain by it (`evidence` as in :class:`~.learning_view.MatchView`).
    """
    if choice.rounds is None or choice.rounds.alike <= 0.0:
        return choice
    begin, best = choice.rounds.alike, choice
    alike = begin * ALIKE_STEP
    while alike < ALIKE_MOST:
        # Of a blend with 1 another one is a blend, too.
        ln_ratio = blended(choice.ln_ratio, (alike - begin) / (1.0 - begin))
        p, ln_like = evidence(ln_ratio)
        if ln_like.sum() <= best.ln_like.sum():
            break
        found = replace(choice.rounds, alike=alike, ln_ratio=ln_ratio, p=p, ln_like=ln_like)
        best = replace(
            choice,
            ln_ratio=ln_ratio,
            p=p,
            ln_like=ln_like,
            rounds=found,
            details={**choice.details, "alike": alike},
        )
        alike *= ALIKE_STEP
    return best
