"""How many counterparts look like field objects: the share that makes the match most likely."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .field_means import blended

if TYPE_CHECKING:
    from .learning_rounds import Rounds
    from .learning_view import MatchView

#: shares are tried in steps of this factor, from the most that it may be down to such a part of
#: that which was there while learning
STEP, MOST, LEAST = 2.0, 0.5, 0.01


def with_alike_fitted(found: Rounds, view: MatchView) -> Rounds:
    """What rounds found with as large a share that looks like field objects as is most likely."""
    if found.alike <= 0.0:
        return found
    best = found
    for factor in (STEP, 1.0 / STEP):
        alike = found.alike * factor
        while LEAST * found.alike < alike < MOST:
            p, ln_like = view.evidence(blended(found.tilted, alike))
            if ln_like.sum() <= best.ln_like.sum():
                break
            best = replace(found, alike=alike, p=p, ln_like=ln_like)
            alike *= factor
        if best is not found:
            break
    return best
