"""Do counterparts look as much like field objects as their prior says: its ratios are too near 1.

A training sample whose labels are partly wrong gives r = (1 - w) r_true + w, w the share of wrong
labels: its mean over the field is 1, so that the mean tells nothing. The prior then expects
counterparts of the lowest ratios that are not there.
"""

from __future__ import annotations

import math

import numpy as np

from ..table_columns import take
from .around import Around
from .believed import unclaimed
from .density import OUTSIDE_SIGMA
from .sample import those_looked_at
from .score import regression
from .view import View

#: what is tried to take off the ratios
OFF = tuple(0.01 * 1.25**step for step in range(17))
#: of a ratio this is left at least: where it is lower than the share there may be counterparts
LEFT = 0.02
#: associations looked at, about: shares of counterparts take more of them than other checks
MAX_ROWS = 100_000
#: what the ratio is over the field counts as less by so many standard errors
CHANCE = 2.0
#: field objects needed
MIN_OBJECTS = 30.0


def share_like_field(view: View, k: int, name: str) -> tuple[float, float]:
    """Share of the counterparts that a prior takes to look like field objects and that do not.

    With w taken off, a ratio r is max(r - w, 0) over its mean over the field, 1 - E[min(r, w)], in
    which the share is E[min(r, w)]: w itself, where all ratios are above. No ratio gets negative,
    so that no more is found than the lowest hold. A learned ratio expects some such counterparts
    however many there are: of few sources that is no fault.

    Returns
    -------
    share : float
        That with which the sources are likeliest.
    sigma : float
        How far it is from 0, in standard errors: from the likelihood ratio.
    """
    part = view.around[k]
    field = field_weight(view, part)
    if field.sum() < MIN_OBJECTS or not view.one_prior(k):
        return 0.0, 0.0
    log10 = view.log10_ratios[k, name]
    around = 1.0 / _inverse(log10[part.slot], mean_ratios(view, k)[view.sample][part.i])
    inverse, taken, begin, host = _associations(view, k, log10)
    if len(begin) == 0:
        return 0.0, 0.0
    share, gain = 0.0, 0.0
    for off in OFF:
        lost = np.minimum((1.0 - LEFT) * around, off)
        mean = float(field @ lost) / float(field.sum())
        factor = np.maximum(1.0 - off * inverse, LEFT) / (1.0 - _at_least(mean, lost, field))
        score = np.add.reduceat(taken * (factor - 1.0), begin)
        # Some of it the host fraction explains.
        score -= host * regression(host[:, None], score)
        gained = float(np.log1p(np.maximum(score, LEFT - 1.0)).sum())
        if gained > gain:
            share, gain = mean, gained
    return share, math.sqrt(2.0 * gain)


def field_weight(view: View, part: Around) -> np.ndarray:
    """How much each candidate, (m,), counts as a field object of what a prior says.

    Near a source it is the prior itself that says which are field, and the counterparts of
    neighbours are none.
    """
    weight: np.ndarray = (1.0 - part.p) * unclaimed(view, part)
    away = part.separation > OUTSIDE_SIGMA * view.sigma[part.i]
    return weight * away if np.count_nonzero(away) >= MIN_OBJECTS else weight


def _at_least(mean: float, values: np.ndarray, weight: np.ndarray) -> float:
    """A weighted mean less what chance may have added: few objects hardly tell it.

    One more as far off as any can be, 0 or the largest, counts in its error.
    """
    off = max(mean, float(values.max()) - mean)
    noise = math.sqrt(float(((weight * (values - mean)) ** 2).sum()) + off * off)
    return max(mean - CHANCE * noise / float(weight.sum()), 0.0)


def _associations(
    view: View, k: int, log10: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of associations looked at: inverse ratio and probability (q,), 0 without this catalogue.

    Then where those of each primary begin, (s,), and the derivative of its ln likelihood by the
    host fraction's logit, (s,).
    """
    first = view.associations.first
    step = max(1, -(-int(first[-1]) // MAX_ROWS))
    looked = those_looked_at(view.setting)[::step]
    count = np.diff(first)[looked]
    begin = np.cumsum(count) - count
    rows = np.repeat(first[looked] - begin, count) + np.arange(count.sum())
    member = view.associations.member[rows, k]
    inverse = _inverse(take(log10, member, 0.0), np.repeat(mean_ratios(view, k)[looked], count))
    taken = np.where(member >= 0, view.calibrated.p_match[rows], 0.0)
    fitted = 1.0 - np.exp(view.fit.ln_within[looked, 0])
    host = 1.0 - view.calibrated.p_hostless[looked] - fitted
    if view.fit.inside is not None:
        host = host * view.fit.inside[looked]
    return inverse, taken, begin, host


def _inverse(log10: np.ndarray, mean_ratio: np.ndarray) -> np.ndarray:
    """Inverse ratios, those of the match itself: over their mean at the position."""
    return np.asarray(mean_ratio * 10.0 ** np.clip(-log10, -300.0, 300.0))


def mean_ratios(view: View, k: int) -> np.ndarray:
    """(n,) mean ratio of field objects around each primary that the match divides by."""
    mean = view.setting.field.mean_ratio
    return np.ones(len(view.setting.primary)) if mean is None else mean[:, k]
