"""Are objects compared where they were at the same time."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from .finding import LOOK, OK, Finding
from .view import View

#: years between two catalogues of which none moves, from which on motions matter
APART = 0.5


def epochs(view: View) -> Iterator[Finding]:
    """A row for each other catalogue that has motions, or that one with motions is matched to.

    Value: years that its objects were moved over, or should have been, the median of the primaries.
    """
    primary = view.setting.primary
    for other in view.setting.others:
        name = f"epoch_{other.name}"
        if other.arrival is not None:
            years = _years(other.arrival.epoch, other.motions and other.motions.epoch)
            advice = f"{other.name} objects are where they were at the epoch of {primary.name}"
            yield Finding(name, years, math.nan, math.nan, math.nan, OK, advice)
            continue
        if other.said.pm is not None:
            lacking = primary if primary.epoch is None else other
            named = ", ".join(map(str, other.said.pm))
            advice = (
                f"{other.name} has proper motions ({named}), which are not "
                f"applied: the epoch of {lacking.name} is not known; give it (epoch=, --epoch "
                f"on the command line), or say pm=(0, 0) (--pm :0,0) for {other.name}"
            )
            yield Finding(name, math.nan, math.nan, math.nan, math.nan, LOOK, advice)
        elif primary.said.pm is not None:
            known = primary.epoch is not None and other.epoch is not None
            years = _years(primary.epoch, other.epoch) if known else math.nan
            if known and abs(years) < APART:
                continue
            advice = (
                f"{primary.name} has proper motions and {other.name} none: objects are moved to "
                f"the epoch of the first catalogue, so make {other.name} the first, or move "
                f"{primary.name} to the epoch of {other.name} before the match"
            )
            yield Finding(name, years, math.nan, math.nan, math.nan, LOOK, advice)


def _years(first: object, second: object) -> float:
    if first is None or second is None:
        return math.nan
    return float(np.nanmedian(np.asarray(first)) - np.nanmedian(np.asarray(second)))
