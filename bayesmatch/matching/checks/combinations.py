"""Do priors on whole combinations fit: chance combinations and true ones, the host fraction."""

from __future__ import annotations

import math

import numpy as np

from ..table_columns import take
from .density import OUTSIDE_SIGMA
from .excluded import EXCLUDED, relative_to_none, with_excluded
from .finding import LOOK, OK, SIGMA, WRONG, Finding
from .priors import FAR_MOVED, FAR_OFF, MIN_OBJECTS, MOVED, OFF, host_fraction_without
from .too_sure import CUT_LOG10
from .view import View


def combination_prior(view: View, name: str) -> Finding:
    """Mean ratio over chance combinations, mean inverse over true ones, the host fraction.

    As for priors of one catalogue, the ratio counts against that of no counterpart: p(x | one
    source) / p(x | chance) has the mean 1 over chance, and its inverse over what is one source.
    Chance is what has all of its members away from the source. Cut at 10, the means are at most 1.
    """
    relative = relative_to_none(view, view.log10_combined[name])
    log10 = np.clip(relative, -CUT_LOG10, CUT_LOG10)
    p = view.calibrated.p_match[view.rows].copy()
    p[view.first] = 0.0
    chance = np.where(_away(view), 1.0 - p, 0.0)
    chance[view.first] = 0.0
    field, true = (1.0, math.inf), (1.0, math.inf)
    if chance.sum() >= MIN_OBJECTS:
        field = _mean(view, 10.0**log10, chance)
    if p.sum() >= 1.0:
        true = _mean(view, 10.0**-log10, p)
    weight = view.calibrated.p_match[view.rows] / 10.0 ** np.clip(relative, EXCLUDED, -EXCLUDED)
    with_excluded(view, weight, view.log10_combined[name][view.rows], name)
    moved = host_fraction_without(view, weight)
    check, learn = f"prior_{name}", "it was made for other catalogues or sources; look at it again"
    far = []
    for value, error, expected, least, much, said in (
        (*field, 1.0, OFF, FAR_OFF, "gives chance combinations a mean ratio of {:.2f} or more"),
        (*true, 1.0, OFF, FAR_OFF, "gives counterparts a mean inverse ratio of {:.2f} or more"),
        (*moved, 0.0, MOVED, FAR_MOVED, "changes the host fraction: it is higher by {:+.3f}"),
    ):
        off = abs(value) if expected == 0.0 else value - expected
        if off > SIGMA * error and off > least:
            verdict = WRONG if off > much else LOOK
            wanted = "without it" if expected == 0.0 else "instead of 1"
            advice = f"prior {name} {said.format(value)} {wanted}: {learn}"
            sigma = off / max(error, 1e-300)
            far.append(Finding(check, value, expected, error, sigma, verdict, advice))
    if far:
        return min(far, key=lambda found: found.verdict != WRONG)
    value, error = field
    sigma = abs(value - 1.0) / error
    return Finding(check, value, 1.0, error, sigma, OK, f"prior {name} fits")


def _away(view: View) -> np.ndarray:
    """(q,) bool, all members are too far from the primary to be its counterparts."""
    member = view.associations.member[view.rows]
    count = np.diff(view.first, append=len(view.rows))
    least = OUTSIDE_SIGMA * np.repeat(view.sigma, count)
    separation = take(view.setting.candidates.separation, member.ravel(), np.inf)
    near = np.asarray(separation).reshape(member.shape) <= least[:, None]
    return np.asarray(~near.any(axis=1))


def _mean(view: View, values: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """A weighted mean over associations and its standard error, primaries being independent."""
    total = float(weight.sum())
    mean = float((weight * values).sum()) / total
    by_primary = np.add.reduceat(weight * (values - mean), view.first)
    # What few counterparts leave to chance: a value as far off as any can be.
    noise = float((by_primary**2).sum()) + 1.0
    return mean, math.sqrt(view.clumps * noise) / total
