"""How much of a model the data earn: tails of the errors, and a frame that is turned or stretched.

Forward selection by the log likelihood.  The thresholds are those that chance exceeds in fewer than
2% of skies without.  For the four parameters of a frame that follows from the likelihood ratio's
distribution; by tails, 2 of 260 simulated skies without any gained more than 3.5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...catalogs.scalars import shown
from .likelihood import ErrorLikelihood
from .maximum import TINY, maximise, outer
from .model import FLOOR, N_CORE, ErrorModel

#: ln likelihood that tails and a frame must gain, for each other catalogue
TAILS_GAIN, FRAME_GAIN = 3.5, 9.0
#: with fewer counterparts the ratios do not follow their distribution, and nothing is earned
MIN_COUNTERPARTS = 50.0
#: where tails begin: fraction, factor and scale of the core against that without tails
FRACTIONS, FACTORS, SCALES = (0.03, 0.1, 0.25), (2.0, 4.0, 8.0), (1.0, 0.8, 0.6)
#: a floor^2 above this share of the scaled errors may stand for what is to be found
MOST = 0.5
#: where a frame begins: arcsec of turn at the border of the field, in units of the median error
TURNS = (-3.0, -1.5, -0.5, 0.0, 0.5, 1.5, 3.0)


@dataclass(frozen=True)
class Request:
    """What a fit is to find beside scale, floor and offset."""

    tails: str | bool = "auto"
    frame: str = "auto"
    covariates: tuple[str, ...] = ()

    @classmethod
    def checked(cls, tails: Any, frame: Any, covariates: Any) -> Request:
        """As given to :func:`bayesmatch.fit_position_errors`.

        Raises
        ------
        ValueError, TypeError
            If one is not what it may be.
        """
        if not (
            isinstance(tails, (bool, np.bool_)) or (isinstance(tails, str) and tails == "auto")
        ):
            raise ValueError(f"tails is {shown(tails)}; give 'auto', True or False")
        if not isinstance(frame, str) or frame not in ("auto", "offset", "affine"):
            raise ValueError(f"frame is {shown(frame)}; give 'auto', 'offset' or 'affine'")
        names = covariates
        if not isinstance(names, (list, tuple)) or not all(isinstance(n, str) for n in names):
            raise TypeError(
                f"covariates is {shown(covariates)}; give a list of columns of the primary"
            )
        if len(set(names)) < len(names):
            raise ValueError(f"covariates is {shown(covariates)}; give each column once")
        return cls(tails if isinstance(tails, str) else bool(tails), frame, tuple(names))


@dataclass(frozen=True)
class Fitted:
    """A model at its maximum."""

    problem: ErrorLikelihood
    parameters: np.ndarray
    """(size,) those of the model, then those of the host fractions"""
    free: np.ndarray
    """(size,) parameters that were fitted"""
    converged: bool

    @property
    def value(self) -> float:
        """The log likelihood."""
        return self.problem.scores(self.parameters)[0]

    @property
    def model(self) -> ErrorModel:
        """Its parameters' meaning."""
        return self.problem.model

    def with_model(self, model: ErrorModel) -> Fitted:
        """The best fit of a model that has this one's parameters and more, or fewer."""
        problem = self.problem.with_model(model)
        carried_on, free = carried(self, problem)
        found = []
        for start in (carried_on, *_without_floor(carried_on, free, problem.p_cov)):
            trials = [start, *_trials(self, problem, start)]
            values = [problem.scores(t)[0] if problem.allowed(t) else -np.inf for t in trials]
            found.append(maximise(problem, trials[int(np.argmax(values))], free))
        fits = [Fitted(problem, parameters, free, converged) for parameters, converged in found]
        return max(fits, key=lambda fit: fit.value)


def carried(fitted: Fitted, problem: ErrorLikelihood) -> tuple[np.ndarray, np.ndarray]:
    """A fit's parameters, and which are free, where another model of the same data has them."""
    old, new = fitted.model, problem.model
    at = np.zeros(problem.size)
    free = np.ones(problem.size, bool)
    pairs = [
        (slice(0, N_CORE), slice(0, N_CORE)),
        (old.matrix, new.matrix),
        (old.slopes, new.slopes),
        (slice(old.size, None), slice(new.size, None)),
    ]
    if old.tails and new.tails:
        pairs.append((slice(N_CORE, N_CORE + 2), slice(N_CORE, N_CORE + 2)))
    for a, b in pairs:
        if len(fitted.parameters[a]) == len(at[b]):
            at[b], free[b] = fitted.parameters[a], fitted.free[a]
    return at, free


def _without_floor(start: np.ndarray, free: np.ndarray, p_cov: np.ndarray) -> list[np.ndarray]:
    """The same with a scale in place of a floor that is most of the errors; none if it is not.

    A model without a frame or slopes takes what these explain for a floor, beside which scale and
    slopes matter no more, and there the search would end.
    """
    quoted = float(np.mean(p_cov[:, :2]))
    scaled = np.exp(2.0 * start[0]) * quoted
    if not free[FLOOR] or start[FLOOR] <= MOST * scaled:
        return []
    out = start.copy()
    out[0], out[FLOOR] = 0.5 * np.log((scaled + start[FLOOR]) / quoted), 0.0
    return [out]


def _trials(fitted: Fitted, problem: ErrorLikelihood, start: np.ndarray) -> list[np.ndarray]:
    """Where the search for what is new in a model may begin."""
    trials = []
    old, new = fitted.model, problem.model
    if new.tails and not old.tails:
        for fraction in FRACTIONS:
            for factor in FACTORS:
                for scale in SCALES:
                    trial = start.copy()
                    trial[0] += np.log(scale)
                    trial[N_CORE : N_CORE + 2] = new.tail_parameters(fraction, factor)
                    trials.append(trial)
    if new.frame is not None and old.frame is None:
        # how far a turn by 1 arcsec per degree moves the sources
        moved = np.hypot(*np.einsum("nca,a->cn", new.frame, [0.0, -1.0, 1.0, 0.0])).max()
        unit = float(np.median(problem.p_cov[:, :2])) ** 0.5 / max(float(moved), 1e-12)
        for turn in TURNS:
            for stretch in TURNS:
                trial = start.copy()
                trial[new.matrix] = unit * np.array([stretch, -turn, turn, stretch])
                trials.append(trial)
    return trials


def select(
    base: Fitted, frame: np.ndarray | None, request: Request
) -> tuple[Fitted, Fitted | None]:
    """The model that was asked for, or that the data earn.

    Parameters
    ----------
    base : Fitted
        Without tails and frame; with covariates if there are any.
    frame : ndarray, shape (n, 2, 4), or None
        For models with a frame; None: not for this field.
    request : Request

    Returns
    -------
    best : Fitted
    with_tails : Fitted or None
        With tails, whether they are in the best or not; None: not tried.
    """
    n_other = len(base.problem.neighbours)
    counterparts = sum(base.problem.shares(base.parameters, k)[0].sum() for k in range(n_other))
    auto = counterparts >= MIN_COUNTERPARTS

    def earned(more: Fitted, less: Fitted, gain: float, asked: bool) -> bool:
        return asked or (auto and more.value - less.value > gain * n_other)

    def widened(fitted: Fitted, **change: Any) -> Fitted:
        return fitted.with_model(replace(fitted.model, **change))

    best = base
    try_frame = frame is not None and (
        request.frame == "affine" or (auto and request.frame == "auto")
    )
    # Where one circle stands for all errors, their spread would pass for tails.
    try_tails = request.tails is True or (auto and request.tails == "auto" and base.free[FLOOR])
    frame_asked, tails_asked = request.frame == "affine", request.tails is True
    if try_frame:
        framed = widened(base, frame=frame)
        if earned(framed, base, FRAME_GAIN, frame_asked):
            best = framed
    with_tails = None
    if try_tails:
        with_tails = widened(best, tails=True)
        if earned(with_tails, best, TAILS_GAIN, tails_asked):
            best = with_tails
    if best.model.tails and try_frame and not frame_asked:
        # with tails, a frame may have become worth it, or worth nothing
        alone = widened(best, frame=None) if best.model.frame is not None else best
        framed = widened(best, frame=frame) if best.model.frame is None else best
        best = framed if earned(framed, alone, FRAME_GAIN, False) else alone
    return best, with_tails


def frame_errors(best: Fitted, frame: np.ndarray | None) -> np.ndarray:
    """Standard errors (2, 2) of the elements of a frame's matrix that is 0; NaN without a frame."""
    if frame is None:
        return np.full((2, 2), np.nan)
    problem = best.problem.with_model(replace(best.model, frame=frame))
    at, free = carried(best, problem)
    score = problem.scores(at)[1]
    information = (outer(score) + np.diag(problem.ridge + TINY))[np.ix_(free, free)]
    error = np.zeros(problem.size)
    error[free] = np.sqrt(np.diag(np.linalg.inv(information)))
    return error[problem.model.matrix].reshape(2, 2)
