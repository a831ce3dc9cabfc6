"""The maximum of a position-error likelihood, and the covariance of the parameters there."""

from __future__ import annotations

import numpy as np

from .likelihood import ErrorLikelihood
from .model import FLOOR

#: where the search begins: scales and host fractions, all combined
SCALES, FRACTIONS = (0.3, 0.5, 0.8, 1.25, 2.0, 3.5), (0.1, 0.5, 0.9)
MAX_STEPS, NEWTON_AFTER = 100, 20
#: keeps steps finite in parameters that the data say nothing about
TINY = 1e-9
#: a floor^2 above this many of its standard errors is detected: fewer than 3% of estimates of a
#: floor of 0 are more than 3 of their errors from it
DETECTED = 2.25
#: standard deviation of sqrt(max(0, x)) for a standard normal x
SCATTER_AT_0 = 0.4795


def first_guess(problem: ErrorLikelihood) -> np.ndarray:
    """The most likely of a few starting points, with the offset where the candidates pile up."""
    best, best_value = np.zeros(problem.size), -np.inf
    for offset in (np.zeros(2), densest_offset(problem)):
        for scale in SCALES:
            for fraction in FRACTIONS:
                trial = np.zeros(problem.size)
                trial[0], trial[2:4] = np.log(scale), offset
                for k in range(len(problem.neighbours)):
                    trial[problem.logit(k).start] = np.log(fraction / (1 - fraction))
                value, _ = problem.scores(trial)
                if value > best_value:
                    best, best_value = trial, value
    return best


def densest_offset(problem: ErrorLikelihood) -> np.ndarray:
    """Peak of all candidates' offsets, smoothed with the median error."""
    from scipy.ndimage import gaussian_filter

    reach = problem.radius / 2
    sigma = float(np.median(problem.p_cov[:, :2])) ** 0.5
    n = int(np.clip(4 * reach / sigma, 8, 200))
    offsets = np.concatenate([mine.slots[:, :2] for mine in problem.neighbours])
    edges = np.linspace(-reach, reach, n + 1)
    image, _, _ = np.histogram2d(offsets[:, 0], offsets[:, 1], bins=(edges, edges))
    smooth = gaussian_filter(image, sigma / (edges[1] - edges[0]), mode="nearest")
    peak = np.array(np.unravel_index(smooth.argmax(), smooth.shape))
    center: np.ndarray = 0.95 * (edges[peak] + edges[peak + 1]) / 2
    return center


def maximise(
    problem: ErrorLikelihood, start: np.ndarray, free: np.ndarray
) -> tuple[np.ndarray, bool]:
    """Climb from `start` in the `free` parameters, the floor^2 never below 0.

    Steps of Berndt, Hall, Hall & Hausman (1974): the outer product of the scores in place of the
    second derivatives, which makes every step an ascent; where these are slow, Newton's.

    Returns
    -------
    parameters : ndarray
    converged : bool
    """
    at = start.copy()
    value, score = problem.scores(at)
    for iteration in range(MAX_STEPS):
        gradient = score.sum(axis=0) - problem.ridge * at
        matrix = expected = np.diag(problem.ridge + TINY) + outer(score)
        if iteration >= NEWTON_AFTER:
            observed = curvature(problem, at, free, 1e-3 / np.sqrt(np.diag(expected)))
            matrix = observed if positive(observed[np.ix_(free, free)]) else expected
        step = _step(matrix, gradient, free)
        if at[FLOOR] == 0 and step[FLOOR] <= 0:  # held at the boundary
            step = _step(matrix, gradient, free & (np.arange(problem.size) != FLOOR))
        gain = float(gradient @ step)
        if gain < 1e-7:
            return at, True
        reaches_zero = at[FLOOR] + step[FLOOR] < 0
        fraction = longest = at[FLOOR] / -step[FLOOR] if reaches_zero else 1.0
        while fraction > 1e-9 * longest:
            new = at + fraction * step
            if reaches_zero and fraction == longest:
                new[FLOOR] = 0.0
            if problem.allowed(new):
                found = problem.scores(new)
                if found[0] > value + 1e-4 * fraction * gain:
                    break
            fraction *= 0.5
        else:  # as good as rounding allows
            return at, gain < 1e-3
        at = new
        value, score = found
    return at, False


def _step(matrix: np.ndarray, gradient: np.ndarray, moving: np.ndarray) -> np.ndarray:
    step = np.zeros(len(gradient))
    step[moving] = np.linalg.solve(matrix[np.ix_(moving, moving)], gradient[moving])
    return step


def outer(score: np.ndarray) -> np.ndarray:
    """Sum over primaries of score score^T: the information, if the model is right."""
    total: np.ndarray = np.einsum("na,nb->ab", score, score)
    return total


def parameter_covariance(
    problem: ErrorLikelihood, parameters: np.ndarray, free: np.ndarray
) -> np.ndarray:
    """Covariance of the parameters at the maximum, 0 for those not `free`.

    From the curvature; with several other catalogues the sandwich H^-1 J H^-1, J the outer product
    of the primaries' scores, since the log likelihoods added share each primary's true error.
    """
    each = problem.scores(parameters)[1]
    score = outer(each)
    expected = score + np.diag(problem.ridge + TINY)
    both = np.ix_(free, free)
    observed = curvature(problem, parameters, free, 1e-3 / np.sqrt(np.diag(expected)))[both]
    # at the boundary, or with too few counterparts, the likelihood need not be concave
    inverse = np.linalg.inv(observed if positive(observed) else expected[both])
    # Of fewer sources than parameters the outer product knows nothing of some directions.
    if len(problem.neighbours) > 1 and np.count_nonzero(each.any(axis=1)) >= len(inverse):
        sandwich = inverse @ score[both] @ inverse
        if (np.diag(sandwich) > 0).all():  # else rounding
            inverse = sandwich
    covariance = np.zeros((problem.size, problem.size))
    covariance[both] = inverse
    return covariance


def curvature(
    problem: ErrorLikelihood, parameters: np.ndarray, free: np.ndarray, step: np.ndarray
) -> np.ndarray:
    """Minus the second derivatives by the `free` parameters, from differences of gradients."""
    matrix = np.zeros((problem.size, problem.size))
    for a in np.flatnonzero(free):
        h = np.zeros(problem.size)
        h[a] = step[a]
        matrix[a] = (problem.gradient(parameters - h) - problem.gradient(parameters + h)) / (
            2 * step[a]
        )
    return 0.5 * (matrix + matrix.T)


def positive(matrix: np.ndarray) -> bool:
    """Whether a symmetric matrix is positive definite."""
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


def without_floor(covariance: np.ndarray) -> np.ndarray:
    """Covariance of the other parameters when the floor is known."""
    with_floor = covariance[FLOOR]
    rest: np.ndarray = covariance - np.outer(with_floor, with_floor) / covariance[FLOOR, FLOOR]
    rest[FLOOR], rest[:, FLOOR] = 0.0, 0.0
    return rest


def floor_error(floor2: float, error: float) -> float:
    """Standard error of the floor (arcsec) from floor^2 and its own standard error (arcsec^2).

    The usual error / (2 floor) where a floor is detected. Where not, that would grow without
    bound towards 0: then it is the scatter of estimates of a floor that is 0, sqrt(max(0, x)) for
    x Gaussian about 0.
    """
    if not error > 0:
        return error
    if floor2 < DETECTED * error:
        at_0: float = SCATTER_AT_0 * error**0.5
        return at_0
    detected: float = 0.5 * error / floor2**0.5
    return detected
