"""How many counterparts look like field objects: as many as the match lets expect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .field_means import blended

if TYPE_CHECKING:
    from .learning_rounds import Rounds
    from .learning_view import MatchView

#: shares are looked at in steps of this factor, from such a part of that which was there while
#: learning to the most that it may be, or to where they are as unlikely as this (in ln)
STEP, LEAST, MOST, UNLIKELY = 2.0, 1.0 / 64.0, 0.5, 6.0
#: of what is expected beforehand, a gamma distribution that is highest at the share of learning
SHAPE = 2.0


def with_alike_fitted(found: Rounds, view: MatchView) -> Rounds:
    """What rounds found with the share that is to be expected of those that look like the field.

    The mean over all shares, each weighted by how likely it makes sources that were not learned
    from, and how far from that of learning.  The most likely one is too small where sources are
    few, and so was the host fraction, by 0.02 of 300 sources with errors x1.6: functions cannot
    tell all that their counterparts look like, and the likelihood hardly tells how many these are.
    """
    if found.alike <= 0.0:
        return found
    shares, ln_like = [], []
    alike = found.alike * LEAST
    while alike < MOST:
        shares.append(alike)
        ln_like.append(float(view.evidence(blended(found.tilted, alike))[1].sum()))
        if ln_like[-1] < max(ln_like) - UNLIKELY:
            break
        alike *= STEP
    x = np.array([0.0, *shares])
    weight = np.exp(np.array([ln_like[0], *ln_like]) - max(ln_like))
    weight *= (x / found.alike * np.exp(1.0 - x / found.alike)) ** SHAPE  # expected beforehand
    weight *= np.diff(x, prepend=0.0) + np.diff(x, append=x[-1])  # the trapezoidal rule
    alike = float(weight @ x / weight.sum())
    p, own = view.evidence(blended(found.tilted, alike))
    return replace(found, alike=alike, p=p, ln_like=own)
