"""The best that can be known with three catalogues: an exact posterior that is told the truth.

A source's answer is no counterpart, an object of the first other catalogue, one of the second, or
one of each; the other detections around it are field objects, of one catalogue or of both.  Every
way of making objects out of them is summed, with the true densities and host fractions.  Slow, and
written to be checked by eye.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.spatial import cKDTree

from .conditions_scores import unit
from .real_skies import MEMBERSHIP, OTHER_SIGMA, Plan, RealSky

#: arcsec^2 per deg^2
ARCSEC2 = 3600.0**2
#: links are pursued to this many sigma, candidates to this many of the source's
LINK, REACH = 5.5, 6.0


def best_answers(plan: Plan, sky: RealSky) -> float:
    """Share of the sources whose most probable answer is the true one."""
    _, member = posterior(plan, sky)
    return float(np.mean(np.all(member == sky.truth, axis=1)))


def posterior(plan: Plan, sky: RealSky) -> tuple[np.ndarray, np.ndarray]:
    """P(no counterpart), (n,), and the members of the most probable answer, (n, 2), -1 = none."""
    if plan.second is None or plan.gradient != 1.0 or plan.host[0] != plan.host[1]:
        raise ValueError("the exact calculation is for three catalogues on a uniform sky")
    shared = plan.second[0] * plan.second[1]
    nu = np.array([plan.density - shared, plan.second[0] - shared, shared]) / ARCSEC2
    prior = np.array([1.0 - plan.host[0], *(plan.host[0] * np.array(MEMBERSHIP))])
    var = np.square(OTHER_SIGMA)
    near = [candidates(sky, k) for k in range(2)]
    p_none = np.empty(len(sky.source))
    member = np.empty((len(sky.source), 2), int)
    for p, sigma in enumerate(sky.primary["SIGMA"]):
        (rows_o, o), (rows_i, i) = near[0][p], near[1][p]
        weights, pairs = answers(o, i, sigma**2, var, nu, prior)
        best = int(np.argmax(weights))
        p_none[p] = weights[0] / weights.sum()
        s, t = pairs[best]
        member[p] = rows_o[s] if s >= 0 else -1, rows_i[t] if t >= 0 else -1
    return p_none, member


def candidates(sky: RealSky, k: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows of an other catalogue near every source, and their offsets (m, 2), arcsec."""
    x, table = sky.primary, sky.others[k]
    reach = REACH * np.hypot(x["SIGMA"], OTHER_SIGMA[k]) + LINK * np.hypot(*OTHER_SIGMA)
    hits = cKDTree(unit(table)).query_ball_point(unit(x), np.radians(reach / 3600.0))
    found = []
    for p, hit in enumerate(hits):
        rows = np.array(sorted(hit), int)
        east = (table["RA"][rows] - x["RA"][p]) * np.cos(np.radians(x["DEC"][p]))
        found.append((rows, 3600.0 * np.column_stack([east, table["DEC"][rows] - x["DEC"][p]])))
    return found


def answers(
    o: np.ndarray,
    i: np.ndarray,
    v: float,
    var: np.ndarray,
    nu: np.ndarray,
    prior: np.ndarray,
) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Weights of all answers of a source at the origin, and their members; the first: none."""
    n_o, n_i = len(o), len(i)
    apart = ((o[:, None] - i[None]) ** 2).sum(axis=2)
    link = nu[2] * normal(apart, var.sum()) / (nu[0] * nu[1])
    links = {
        s: {t: float(link[s, t]) for t in np.flatnonzero(apart[s] < LINK**2 * var.sum())}
        for s in range(n_o)
    }
    whole = ways(tuple(range(n_o)), frozenset(range(n_i)), links)

    def rest(s: int, t: int) -> float:
        """All ways to make field objects of the other detections, over those of all."""
        left = tuple(a for a in range(n_o) if a != s)
        return ways(left, frozenset(range(n_i)) - {t}, links) / whole

    pairs = [(-1, -1)]
    weights = [prior[0]]
    for s in range(n_o):
        pairs.append((s, -1))
        weights.append(prior[1] * normal(o[s] @ o[s], v + var[0]) / nu[0] * rest(s, -1))
    for t in range(n_i):
        pairs.append((-1, t))
        weights.append(prior[2] * normal(i[t] @ i[t], v + var[1]) / nu[1] * rest(-1, t))
    within = 1.0 / (1.0 / var).sum()
    for s, t in zip(*np.nonzero(apart < (LINK + 1.0) ** 2 * var.sum()), strict=True):
        mean = within * (o[s] / var[0] + i[t] / var[1])
        both = normal(apart[s, t], var.sum()) * normal(mean @ mean, v + within)
        pairs.append((int(s), int(t)))
        weights.append(prior[3] * both / (nu[0] * nu[1]) * rest(int(s), int(t)))
    return np.array(weights), pairs


def ways(
    first: Sequence[int], second: frozenset[int], links: Mapping[int, Mapping[int, float]]
) -> float:
    """Sum over all ways to join detections of the two catalogues in pairs or leave them single."""
    total = 1.0
    while first:
        s, first = first[0], first[1:]
        open_to = [t for t in links[s] if t in second]
        if not open_to:
            continue
        return total * (
            ways(first, second, links)
            + sum(links[s][t] * ways(first, second - {t}, links) for t in open_to)
        )
    return total


def normal(square: np.ndarray, variance: float) -> np.ndarray:
    """Density of a circular Gaussian at a squared distance, per arcsec^2."""
    return np.exp(-0.5 * square / variance) / (2.0 * np.pi * variance)
