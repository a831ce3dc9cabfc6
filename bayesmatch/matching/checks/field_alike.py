"""Do counterparts look as much like field objects as their prior says: its ratios are too near 1.

A training sample whose labels are partly wrong gives r = (1 - w) r_true + w, w the share of wrong
labels: its mean over the field is 1, so that the mean tells nothing. The prior then expects
counterparts of the lowest ratios that are not there.
"""

from __future__ import annotations

import numpy as np

from ..table_columns import take
from .score import mixture_share, regression
from .view import View

#: inverse ratios are cut here: what the lowest ratios say hangs on few objects
CUT = 10.0
#: associations looked at, about: shares of counterparts take more of them than other checks
MAX_ROWS = 100_000
#: field objects needed
MIN_OBJECTS = 30.0


def share_like_field(view: View, k: int, name: str) -> tuple[float, float]:
    """Share of the counterparts that a prior takes to look like field objects and that do not.

    With g = min(1 / r, CUT) and E its mean over counterparts as the prior has it, which is that of
    r g over the field, the ratio r (1 + t (1 - g / E)) has the mean 1 over the field, too, and no
    negative values for small t. The likelihood of each primary is linear in t, so that a sum over
    its candidates tells it for any t.

    Returns
    -------
    share : float
        w = t / (1 + t) of the likeliest t, from 0 to where ratios would be negative.
    sigma : float
        How far it is from 0, in standard errors: from the likelihood ratio.
    """
    part = view.around[k]
    field = 1.0 - part.p
    if field.sum() < MIN_OBJECTS or sum(other == k for other, _ in view.log10_ratios) != 1:
        return 0.0, 0.0
    log10 = view.log10_ratios[k, name]
    inverse = _inverse(log10[part.slot], _mean_ratios(view, k)[view.sample][part.i])
    expected = float((field * np.minimum(1.0, CUT / inverse)).sum() / field.sum())
    score, host = _scores(view, k, log10, expected)
    score = score - host * regression(host[:, None], score)
    t, _, sigma = mixture_share(score, min(-1.0, float(score.min(initial=0.0))))
    return t / (1.0 + t), sigma


def _scores(
    view: View, k: int, log10: np.ndarray, expected: float
) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of ln likelihood by t and by the host fraction's logit, (s,) of primaries."""
    first = view.associations.first
    step = max(1, -(-int(first[-1]) // MAX_ROWS))
    looked = np.flatnonzero(view.setting.looked.all(axis=1))[::step]
    count = np.diff(first)[looked]
    begin = np.cumsum(count) - count
    rows = np.repeat(first[looked] - begin, count) + np.arange(count.sum())
    member = view.associations.member[rows, k]
    inverse = _inverse(take(log10, member, 0.0), np.repeat(_mean_ratios(view, k)[looked], count))
    taken = np.where(member >= 0, view.calibrated.p_match[rows], 0.0)
    own = taken * (1.0 - np.minimum(inverse, CUT) / expected)
    fitted = 1.0 - np.exp(view.fit.ln_within[looked, 0])
    host = 1.0 - view.calibrated.p_hostless[looked] - fitted
    host = host if view.fit.inside is None else host * view.fit.inside[looked]
    return np.add.reduceat(own, begin) if len(own) else np.zeros(0), host


def _inverse(log10: np.ndarray, mean_ratio: np.ndarray) -> np.ndarray:
    """Inverse ratios, those of the match itself: over their mean at the position."""
    return np.asarray(mean_ratio * 10.0 ** np.clip(-log10, -300.0, 300.0))


def _mean_ratios(view: View, k: int) -> np.ndarray:
    """(n,) mean ratio of field objects around each primary that the match divides by."""
    mean = view.setting.field.mean_ratio
    return np.ones(len(view.setting.primary)) if mean is None else mean[:, k]
