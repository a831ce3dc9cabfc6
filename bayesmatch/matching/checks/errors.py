"""Position errors: their size, their wings, and the frame; by score tests at the quoted errors."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from ..._kernels.sums import product, rows_times
from .around import Around
from .finding import LOOK, OK, SIGMA, SIGMA_COUNTS, WRONG, Finding, poisson_sigma, skipped
from .score import Step, mixture_share, newton_step
from .view import View

ERRORS = "position_errors"
#: ln of a factor of the errors that matters, and of one, two, that spoils the result
OFF, FAR_OFF = 0.05, 0.7
#: counterparts for every number that is judged by them
EACH = 5.0
#: factors of the errors that are tried, and their powers up to the fifth while they fit better
TRIED, POWERS = (0.6, 1.6), 5
#: shares of the radius within which close pairs are counted
INSIDE = (0.5, 0.25, 0.125, 0.0625)
#: share of the close pairs that the probabilities must explain
EXPLAINED = 0.5
#: factor of the errors in the wings, and their share that matters
WING, SHARE = 3.0, 0.02
#: shift over the field that matters, in units of sigma
SHIFT = 0.2


def scale_step(view: View) -> Step | None:
    """Ln of the factor by which the quoted errors are too small, from the candidates.

    The mean of d^2, the squared separation in sigma, is 2 for counterparts, or less by what the
    radius cuts off.
    """
    score = np.zeros(view.n)
    for part in view.around:
        off = part.distance2 * part.inverse_square - 2.0 + part.cut
        score += part.total(part.p * off, view.n)
    return newton_step(score[:, None], view.nuisance_scores)


def close_pairs(view: View) -> Finding | None:
    """Close pairs that no probability explains, as errors in a wrong unit leave; None: none.

    By which factor the errors are off, its value, :mod:`.other_unit` tells.
    """
    found = max((_excess(view, part) for part in view.around), key=lambda e: e[0])
    sigma, unexplained, chance, name = found
    if sigma <= SIGMA_COUNTS:
        return None
    return Finding(
        ERRORS,
        math.nan,
        1.0,
        math.nan,
        sigma,
        WRONG,
        f"{unexplained:.0f} sources with a close {name} object, beyond {chance:.1f} by chance, "
        "get no probability of it: the errors are far too small or too large, in another unit "
        "(arcsec are expected), or the frames are apart (fit_position_errors tells)",
    )


def position_errors(view: View, step: Step | None) -> Finding:
    """Factor by which the errors are off; `step` from :func:`scale_step`.

    A step is too short for errors that are far off: factors are tried as well.
    """
    if step is None or not enough(view, 2):
        return skipped(ERRORS, 1.0, "the errors cannot be judged from so few counterparts")
    ln, error = float(step.value[0]), math.sqrt(float(step.covariance[0, 0]))
    sigma, ln = abs(ln) / error, min(max(ln, -3.0), 3.0)
    factor, error = math.exp(ln), math.exp(ln) * error
    for first in TRIED:
        for power in range(1, POWERS + 1):
            tried = first**power
            gain = _gain(view, tried)
            if gain <= max(sigma, SIGMA):
                break
            factor, error, sigma = tried, abs(tried - 1.0) / gain, gain
    verdict = OK
    if sigma > SIGMA and abs(math.log(factor)) > OFF:
        verdict = WRONG if abs(math.log(factor)) > FAR_OFF else LOOK
    advice = "the separations are as the errors say"
    if verdict != OK:
        advice = (
            f"the separations are those of errors about {factor:.2f} times the quoted ones: "
            "bayesmatch.fit_position_errors, or errors='fit' (--fit-errors on the command line), "
            "finds what they are"
        )
    return Finding(ERRORS, factor, 1.0, error, sigma, verdict, advice)


def _gain(view: View, factor: float) -> float:
    """Sqrt of twice the gain in ln likelihood of errors that are all wider by a factor."""
    best = 0.0
    for part in view.around:
        if part.mixed:  # another width of one Gaussian explains what tails do
            continue
        gained = float(np.log1p(np.maximum(_wider(view, part, factor), -1.0 + 1e-12)).sum())
        best = max(best, math.sqrt(max(2.0 * gained, 0.0)))
    return best


def _wider(view: View, part: Around, factor: float) -> np.ndarray:
    """Likelihood of each primary with errors wider by a factor over that as they are, minus 1.

    Densities within the radius, beyond which wider ones have more.
    """
    inside = part.within / np.expm1(-0.5 * part.reach / factor**2)
    exponent = np.minimum(0.5 * part.distance2 * (1.0 - factor**-2), 100.0)
    ratio = inside * np.exp(exponent) / factor**2
    return part.total(part.p * (ratio - 1.0), view.n)


def _excess(view: View, part: Around) -> tuple[float, float, float, str]:
    """Primaries with a close candidate above chance that the probabilities leave unexplained.

    Chance is what the outer half of the radius shows, so that a wrong area does not count. Counted
    are primaries, not candidates: an object that is listed twice is not explained twice.
    """
    s, r, n = part.separation, part.radius, view.n
    outside = s > 0.5 * r
    field = max(float(np.count_nonzero(outside)) - float(part.p[outside].sum()), 0.0)
    worst, inside = (0.0, 0.0, 0.0, part.catalog.name), np.flatnonzero(~outside)
    for share in INSIDE:
        inside = inside[s[inside] <= share * r]
        with_one = float(np.count_nonzero(part.count(inside, n)))
        none = 1.0 - np.minimum(part.total(part.p, n, inside), 1.0)
        to_area = share**2 / 0.75
        by_chance = math.exp(-to_area * field / n)
        chance = n * (1.0 - by_chance)
        expected = n - float(none.sum()) * by_chance
        unexplained = with_one - expected
        if unexplained < (1.0 - EXPLAINED) * (with_one - chance):
            continue
        # The chance is itself a count, and shared by primaries whose circles overlap.
        sigma = poisson_sigma(with_one, expected, view.clumps * (1.0 + to_area))
        if sigma > worst[0]:
            worst = (sigma, unexplained, chance, part.catalog.name)
    return worst


def tails(view: View) -> Finding:
    """Share of the counterparts whose error is several times the quoted one; worst catalogue.

    Of each primary the likelihood with a share w is 1 + w s times that without, s the mean of the
    ratio of both densities (within the radius, beyond which wider ones have more) minus 1.
    """
    if all(part.mixed for part in view.around):
        return skipped("tails", 0.0, "the errors have tails, which the probabilities go by")
    if not enough(view, 2):
        return skipped("tails", 0.0, "too few counterparts to judge the wings by")
    value, error, sigma = 0.0, math.inf, 0.0
    for part in view.around:
        if part.mixed:
            continue
        found = mixture_share(_wider(view, part, WING))
        if found[2] >= sigma:
            value, error, sigma = found
    if not math.isfinite(error):
        return skipped("tails", 0.0, "too few counterparts to judge the wings by")
    verdict = LOOK if sigma > SIGMA and value > SHARE else OK
    advice = "no more counterparts lie far out than the errors say"
    if verdict == LOOK:
        advice = (
            f"about {min(value, 1.0):.0%} of the counterparts have errors some {WING:g} times the "
            "quoted ones: fit_position_errors(tails='auto'), or errors='fit' (--fit-errors on the "
            "command line), takes them along"
        )
    return Finding("tails", value, 0.0, error, sigma, verdict, advice)


def frame(view: View) -> Finding:
    """Shift, rotation and scale of the primaries' frame: rms over the field, arcsec.

    A shift alone is tried too: it shows in fewer sources than a matrix does.
    """
    place, pull = view.place, np.zeros((view.n, 2))
    for part in view.around:
        (e, n), (xx, yy, xy) = part.offset.T, part.covariance
        weight = part.p * part.inverse_square / part.determinant
        pull[:, 0] += part.total(weight * (yy * e - xy * n), view.n)
        pull[:, 1] += part.total(weight * (xx * n - xy * e), view.n)
    nuisance = view.nuisance_scores
    tried = [
        _moved(pull, place[:, :k], nuisance)
        for k in dict.fromkeys((1, place.shape[1]))
        if enough(view, 2 * k)
    ]
    found = [t for t in tried if t is not None]
    if not found:
        return skipped("frame", 0.0, "too few counterparts to judge the frame by")
    shift, error, sigma = max(found, key=lambda t: t[2])
    rms = float(np.sqrt((shift**2).sum(axis=1).mean()))
    typical = float(np.median(view.sigma))
    verdict = OK
    if sigma > SIGMA and rms > SHIFT * typical:
        verdict = WRONG if rms > typical else LOOK
    advice = "the frames agree"
    if verdict != OK:
        east, north = shift.mean(axis=0)
        advice = (
            f"the sources lie off by {rms:.2g} arcsec (rms; in the mean {east:+.2g} east, "
            f"{north:+.2g} north): fit_position_errors (bayesmatch errors on the command line) "
            "finds shift, rotation and scale"
        )
    return Finding("frame", rms, 0.0, error, sigma, verdict, advice)


def enough(view: View, parameters: int) -> bool:
    """Whether there are counterparts enough to judge so many numbers by."""
    return max(float(part.p.sum()) for part in view.around) >= EACH * parameters


def _moved(
    pull: np.ndarray, place: np.ndarray, nuisance: np.ndarray
) -> tuple[np.ndarray, float, float] | None:
    """Shift (s, 2) linear in the columns of `place` (s, c), error of its rms, and sigma."""
    scores = (pull[:, :, None] * place[:, None, :]).reshape(len(pull), -1)
    step = newton_step(scores, nuisance)
    if step is None:
        return None
    shift = rows_times(place, step.value.reshape(2, -1).T)
    c = place.shape[1]
    moment = np.zeros((2, c, 2, c))
    moment[0, :, 0] = moment[1, :, 1] = product(place, place) / len(place)
    error = math.sqrt(max(float(np.trace(moment.reshape(2 * c, 2 * c) @ step.covariance)), 0.0))
    tail = _beyond_chi2(step.chi2, scores.shape[1] // 2)
    sigma = -NormalDist().inv_cdf(max(0.5 * tail, 1e-300))
    return shift, error, sigma


def _beyond_chi2(chi2: float, pairs: int) -> float:
    """Chance of a larger chi^2 of so many pairs of numbers."""
    half = 0.5 * max(chi2, 0.0)
    return math.exp(-half) * sum(half**k / math.factorial(k) for k in range(pairs))
