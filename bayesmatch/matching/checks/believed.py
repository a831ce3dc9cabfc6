"""The probabilities as they would be with something else taken for granted."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..claim_groups import maybe_twice_of
from .around import Around
from .view import View


def each_once(view: View) -> View:
    """Probabilities less what another primary, whose best it is, has of the object.

    Where every primary is matched by itself, a neighbour's counterpart is taken for a field object,
    and does not look like one.
    """
    return replace(
        view, around=tuple(part.believed(part.p * unclaimed(view, part)) for part in view.around)
    )


def unclaimed(view: View, part: Around) -> np.ndarray:
    """Probability of each candidate, (m,), that it is not another primary's, whose best it is."""
    best = view.calibrated.best
    member = np.where(best < 0, -1, view.associations.member[best, part.k])
    owner = np.flatnonzero(member >= 0)
    row = view.setting.candidates.row[member[owner]]
    p = view.calibrated.marginal[owner, part.k]
    mine = view.setting.candidates.row[part.slot]
    left = np.ones(len(mine))
    # Few objects are both: the rest need not be put in order.
    both = maybe_twice_of(np.concatenate([row, mine]))
    some, seen = np.flatnonzero(both[: len(row)]), np.flatnonzero(both[len(row) :])
    order = some[np.lexsort((p[some], row[some]))]
    row, p, owner, mine = row[order], p[order], owner[order], mine[seen]
    at = np.searchsorted(row, mine, side="right") - 1  # of several the surest
    theirs = np.flatnonzero((at >= 0) & (len(row) > 0))
    theirs = theirs[row[at[theirs]] == mine[theirs]]
    theirs = theirs[owner[at[theirs]] != view.sample[part.i[seen[theirs]]]]
    left[seen[theirs]] -= p[at[theirs]]
    return np.clip(left, 0.0, 1.0)


def with_density(view: View, ratio: float | np.ndarray) -> View:
    """The probabilities as they are with a density `ratio`, one or (s,), times the one taken.

    Of two catalogues. The odds of a counterpart are divided by the ratio, and those of the host
    fraction multiplied by the factor that has the largest likelihood then.
    """
    hostless = np.clip(view.calibrated.p_hostless[view.sample], 1e-300, 1.0)
    fraction = np.clip(view.around[0].fraction, 1e-12, 1.0 - 1e-12)
    prior = np.log(fraction / (1.0 - fraction))
    ln_odds = np.log(np.maximum(1.0 - hostless, 1e-300) / hostless) - np.log(ratio)
    against = np.exp(np.minimum(-np.stack([ln_odds, prior]), 700.0))
    low, high = -6.0, 6.0
    for _ in range(24):
        middle = 0.5 * (low + high)
        seen, fitted = 1.0 / (1.0 + math.exp(-middle) * against)
        short = float((seen - fitted).sum()) > 0
        low, high = (middle, high) if short else (low, middle)
    host = 1.0 / (1.0 + np.exp(np.minimum(-(ln_odds + middle), 700.0)))
    factor = host / np.maximum(1.0 - hostless, 1e-300)
    part = view.around[0]
    fraction = 1.0 / (1.0 + np.exp(-(prior + middle)))
    changed = part.believed(np.minimum(part.p * factor[part.i], 1.0), fraction)
    return replace(view, around=(changed,))
