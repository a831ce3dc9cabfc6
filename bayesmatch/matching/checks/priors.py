"""Do the priors fit the field: is a field object as likely by them as by the field itself."""

from __future__ import annotations

import math

import numpy as np

from ..table_columns import take
from .density import OUTSIDE_SIGMA
from .finding import LOOK, OK, SIGMA, WRONG, Finding, skipped
from .score import host_scores
from .view import View

LN_10 = math.log(10.0)
#: mean ratio off by this factor (ln), and change of the host fraction, that matter or spoil
OFF, FAR_OFF, MOVED, FAR_MOVED = 0.15, 0.7, 0.03, 0.1


def prior(view: View, k: int, name: str) -> Finding:
    """Mean ratio over field objects, which is 1, and the host fraction without this prior.

    The ratio p(x | counterpart) / p(x | field) has the mean 1 over the field whatever x is. Without
    the prior the probabilities are less sure, and their mean is the same.
    """
    other = view.setting.others[k].name
    check = f"prior_{other}_{name}"
    mean, error = _field_mean(view, k, name)
    moved, moved_error = _without(view, k, name)
    by_mean = abs(mean - 1.0) / error if error > 0 else 0.0
    by_fraction = abs(moved) / moved_error if moved_error > 0 else 0.0
    off = abs(math.log(max(mean, 1e-9)))
    mean_fires = by_mean > SIGMA and off > OFF
    fraction_fires = by_fraction > SIGMA and abs(moved) > MOVED
    if not math.isfinite(mean):
        return skipped(check, 1.0, "no field objects around the sources")
    verdict = OK
    if mean_fires or fraction_fires:
        wrong = (mean_fires and off > FAR_OFF) or (fraction_fires and abs(moved) > FAR_MOVED)
        verdict = WRONG if wrong else LOOK
    advice = f"prior {name} fits the field of {other}"
    if mean_fires:
        advice = (
            f"prior {name} gives field objects of {other} a mean ratio of {mean:.2f} instead of 1: "
            "it was made for another field or catalogue; learn it from this one"
        )
    elif fraction_fires:
        advice = (
            f"without prior {name} the host fraction is {moved:+.2f} higher: it does not fit the "
            f"counterparts in {other}; learn it from this field"
        )
    sigma = by_mean if mean_fires or not fraction_fires else by_fraction
    return Finding(check, mean, 1.0, error, sigma, verdict, advice)


def _field_mean(view: View, k: int, name: str) -> tuple[float, float]:
    """Mean ratio over objects that are no counterparts, and its standard error."""
    part = view.around[k]
    ratio = 10.0 ** np.clip(view.log10_ratios[k, name][part.slot], -300.0, 300.0)
    # Near a source it is the prior itself that says which are field objects.
    away = part.separation > OUTSIDE_SIGMA * view.sigma[part.i]
    weight = (1.0 - part.p) * (away if np.count_nonzero(away) >= 30 else 1.0)
    total = float(weight.sum())
    if total < 10.0:
        return math.nan, 0.0
    mean = float((weight * ratio).sum()) / total
    by_primary = part.total(weight * (ratio - mean), view.n)
    return mean, math.sqrt(view.clumps * float((by_primary**2).sum())) / total


def _without(view: View, k: int, name: str) -> tuple[float, float]:
    """Change of the mean host probability when a prior is left out, and its standard error."""
    member = view.associations.member[view.rows]
    pattern = (member >= 0) @ (1 << np.arange(member.shape[1]))
    i = np.repeat(np.arange(view.n), np.diff(view.first, append=len(view.rows)))
    ratio = LN_10 * take(view.log10_ratios[k, name], member[:, k], 0.0)
    with np.errstate(invalid="ignore"):  # a ratio of 0 stays excluded
        ln = view.ln_like[view.rows] - ratio
    ln = np.where(np.isnan(ln), -np.inf, ln) + view.fit.ln_fraction[view.sample[i], pattern]
    top = np.maximum.reduceat(ln, view.first)
    weight = np.exp(ln - top[i])
    hostless = weight[view.first] / np.add.reduceat(weight, view.first)
    fraction = 1.0 - np.exp(view.fit.ln_fraction[view.sample, 0])
    # The fit has brought the mean of the other to the fraction: that direction is no evidence.
    scores = host_scores(view)
    own = (1.0 - hostless) - fraction
    with_it = (1.0 - view.calibrated.p_hostless[view.sample]) - fraction
    directions = np.column_stack([with_it, scores])
    residual = own - directions @ np.linalg.lstsq(directions, own, rcond=None)[0]
    moved = float((own - with_it).mean())
    return moved, math.sqrt(float((residual**2).sum())) / view.n
