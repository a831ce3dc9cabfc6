"""Do the priors fit the field: is a field object as likely by them as by the field itself."""

from __future__ import annotations

import math

import numpy as np

from ..._kernels.sums import rows_times
from ..table_columns import take
from .excluded import EXCLUDED, said_of_excluded, with_excluded
from .field_alike import MIN_OBJECTS, field_weight, share_like_field
from .finding import LOOK, OK, SIGMA, WRONG, Finding, skipped
from .score import regression
from .too_sure import CUT_LOG10, without_it
from .view import View

#: excess of the mean ratio, and change of the host fraction, that matter or spoil
OFF, FAR_OFF, MOVED, FAR_MOVED = 0.15, 0.7, 0.03, 0.1
#: what to do about a prior
RELEARN = (
    "learn it from this field or, if it was learned here, look at its plot and leave out the "
    "features that do not fit"
)
#: share of the counterparts that look like field objects by the prior alone
ALIKE, FAR_ALIKE = 0.05, 0.25


def prior(view: View, k: int, name: str) -> Finding:
    """Mean ratio over field objects, which is 1; the host fraction without this prior; its labels.

    The ratio p(x | counterpart) / p(x | field) has the mean 1 over the field whatever x is, and its
    inverse over the counterparts. Both have long wings, in which a few objects decide the mean: cut
    at 10, the means are at most 1. Without the prior the probabilities are less sure, and
    their mean is the same. By these, too, the counterparts' mean inverse is 1: a prior that is too
    sure of itself takes none for a counterpart that does not look like one (:mod:`.too_sure`).
    Labels that were wrong change none of these, only the share of the counterparts that look like
    field objects (:mod:`.field_alike`).
    """
    other = view.setting.others[k].name
    check = f"prior_{other}_{name}"
    field, counterparts = _means(view, k, name)
    weight = _weight_without(view, k, name)
    counterparts = max(counterparts, without_it(view, k, name, weight), key=_excess)
    mean, error = _over_the_field(view, k)
    if field is None:  # or hardly a counterpart
        if not math.isfinite(error):
            return skipped(check, 1.0, "no field objects around the sources")
        field = 1.0, math.inf
    moved, alike = host_fraction_without(view, weight), share_like_field(view, k, name)
    fires, far = [], []
    for value, noise, least, much in (
        (field[0] - 1.0, field[1], OFF, FAR_OFF),
        (counterparts[0] - 1.0, counterparts[1], OFF, FAR_OFF),
        (abs(moved[0]), moved[1], MOVED, FAR_MOVED),
        (abs(math.log(mean)), error / mean, OFF, FAR_OFF),
        (alike[0], alike[0] / max(alike[1], 1e-9), ALIKE, FAR_ALIKE),
    ):
        fires.append(value > SIGMA * noise and value > least)
        far.append(fires[-1] and value > much)
    excluded = said_of_excluded(view, k, name, weight) if any(fires[1:3]) else ""
    verdict = WRONG if any(far) else LOOK if any(fires) else OK
    advice = f"prior {name} fits {other}"
    value, expected = field[0], 1.0
    if fires[0]:
        error = field[1]
        advice = (
            f"prior {name} gives field objects of {other} a mean ratio of {field[0]:.2f} or more "
            f"instead of 1: it was made for another field or catalogue; {RELEARN}"
        )
    elif fires[1]:
        value, error = counterparts
        advice = (
            f"prior {name} gives counterparts in {other} a mean inverse ratio of {value:.2f} or "
            f"more instead of 1: it does not fit the sources of this match; {RELEARN}{excluded}"
        )
    elif fires[2]:
        (value, error), expected = moved, 0.0
        advice = (
            f"without prior {name} the host fraction is higher by {value:+.3f}: it does not fit "
            f"the counterparts in {other}; {RELEARN}{excluded}"
        )
    elif fires[3]:
        value, expected = mean, 1.0
        advice = (
            f"prior {name} gives field objects of {other} a mean ratio of {mean:.2f} instead of 1: "
            f"it was made for another field or catalogue; {RELEARN}"
        )
    elif fires[4]:
        value, error, expected = alike[0], alike[0] / alike[1], 0.0
        advice = (
            f"prior {name} has {value:.0%} more of the counterparts in {other} look like field "
            "objects than do: labels of its training sample were wrong, or it was made for other "
            f"sources; {RELEARN}"
        )
    else:
        value, error = field if math.isfinite(field[1]) else (mean, error)
    sigma = abs(value - expected) / error if error > 0 else 0.0
    return Finding(check, value, expected, error, sigma, verdict, advice)


def _over_the_field(view: View, k: int) -> tuple[float, float]:
    """Mean ratio over a sample of the field, and its error, where only one prior acts on it."""
    scales = view.setting.field.details.get("scales", {})
    told = scales.get(view.setting.others[k].name, {}).get("mean_ratio")
    if not view.one_prior(k) or told is None or not told["mean_over_objects"] > 0:
        return 1.0, math.inf
    return float(told["mean_over_objects"]), float(told["mean_error"])


def _means(view: View, k: int, name: str) -> tuple[tuple[float, float] | None, tuple[float, float]]:
    """Mean ratio over field objects, mean inverse over counterparts, each cut, with errors."""
    part = view.around[k]
    log10 = np.clip(view.log10_ratios[k, name][part.slot], -CUT_LOG10, CUT_LOG10)
    ratio = 10.0**log10
    weight = field_weight(view, part)
    if weight.sum() < MIN_OBJECTS or part.p.sum() < 1.0:
        return None, (1.0, math.inf)
    return _mean(view, k, ratio, weight), _mean(view, k, 1.0 / ratio, part.p)


def _mean(view: View, k: int, values: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """A weighted mean over candidates and its standard error, primaries being independent."""
    total = float(weight.sum())
    mean = float((weight * values).sum()) / total
    by_primary = view.around[k].total(weight * (values - mean), view.n)
    # What few counterparts leave to chance: a value as far off as any can be.
    noise = float((by_primary**2).sum()) + 1.0
    return mean, math.sqrt(view.clumps * noise) / total


def _excess(mean: tuple[float, float]) -> float:
    """How far a mean is above 1, in its standard errors."""
    return (mean[0] - 1.0) / mean[1]


def _weight_without(view: View, k: int, name: str) -> np.ndarray:
    """(q,) weights of the associations looked at when a prior is left out."""
    member = view.associations.member[view.rows, k]
    log10 = take(view.log10_ratios[k, name], member, 0.0)
    ratio = 10.0 ** np.clip(log10, EXCLUDED, -EXCLUDED)
    weight = view.calibrated.p_match[view.rows] / ratio
    mean_ratio = view.setting.field.mean_ratio
    if mean_ratio is not None and view.one_prior(k):
        count = np.diff(view.first, append=len(view.rows))
        own = np.repeat(mean_ratio[view.sample, k], count)
        weight = np.where(member >= 0, weight * own, weight)
    weight[view.first] = view.calibrated.p_hostless[view.sample]
    with_excluded(view, weight, log10, (k, name))
    return np.asarray(weight)


def host_fraction_without(view: View, weight: np.ndarray) -> tuple[float, float]:
    """Change of the mean host probability, and its standard error, with other odds.

    `weight` (q,) is the probability of each association looked at over the ratio to be left out.
    """
    weight[view.first] = view.calibrated.p_hostless[view.sample]
    total = np.add.reduceat(weight, view.first)
    hostless = np.divide(weight[view.first], total, out=np.ones(view.n), where=total > 0)
    fraction = 1.0 - np.exp(view.fit.ln_within[view.sample, 0])
    # The fit has brought the mean of the other to the fraction: that direction is no evidence.
    scores = view.host_scores
    own = (1.0 - hostless) - fraction
    with_it = (1.0 - view.calibrated.p_hostless[view.sample]) - fraction
    directions = np.column_stack([with_it, scores])
    residual = own - rows_times(directions, regression(directions, own))
    moved = float((own - with_it).mean())
    return moved, math.sqrt(float((residual**2).sum())) / view.n
