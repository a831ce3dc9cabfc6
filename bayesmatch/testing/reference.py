"""Slow twins of the kernels: plain NumPy and math, straight from the formulas, nothing of ours."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

ARCSEC = math.pi / 180 / 3600
FULL_SKY_DEG2 = 4 * math.pi * (180 / math.pi) ** 2


def unit(ra: Any, dec: Any) -> np.ndarray:
    """Unit vectors (..., 3) of positions in degrees."""
    ra, dec = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)


def axes(ra: float, dec: float) -> np.ndarray:
    """Unit vectors to the east and to the north at a position in degrees, (2, 3)."""
    a, d = math.radians(ra), math.radians(dec)
    return np.array(
        [
            [-math.sin(a), math.cos(a), 0.0],
            [-math.sin(d) * math.cos(a), -math.sin(d) * math.sin(a), math.cos(d)],
        ]
    )


def chord_separation(ra_1: Any, dec_1: Any, ra_2: Any, dec_2: Any) -> Any:
    """Arcsec, from the chord: better than the cross product for small angles."""
    chord = np.linalg.norm(unit(ra_1, dec_1) - unit(ra_2, dec_2), axis=-1)
    return 2 * np.arcsin(np.minimum(chord / 2, 1.0)) / ARCSEC


def pairs(
    ra_1: np.ndarray, dec_1: np.ndarray, ra_2: np.ndarray, dec_2: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All (i, j) closer than radius, by comparing everything with everything."""
    s = chord_separation(ra_1[:, None], dec_1[:, None], ra_2[None, :], dec_2[None, :])
    i, j = np.nonzero(s < radius)
    return i, j, s[i, j]


def associations(primary: Any, others: Sequence[Any], radius: float) -> list[tuple[int, ...]]:
    """Rows (i, j2, j3, ...) in order, -1 for absent; positions as (ra, dec) arrays."""
    catalogs = [primary, *others]
    apart = {
        (a, b): chord_separation(
            catalogs[a][0][:, None], catalogs[a][1][:, None], catalogs[b][0], catalogs[b][1]
        )
        for a, b in itertools.combinations(range(len(catalogs)), 2)
    }
    rows: list[tuple[int, ...]] = [(i,) for i in range(len(primary[0]))]
    for b in range(1, len(catalogs)):
        rows = [
            (*row, j)
            for row in rows
            for j in range(-1, len(catalogs[b][0]))
            if j < 0 or all(k < 0 or apart[a, b][k, j] < radius for a, k in enumerate(row))
        ]
    return rows


def covariance(parts: Sequence[Any], n: int) -> np.ndarray:
    """Covariances (n, 2, 2), east and north, of errors in the parts in which they are given.

    One part is a circle, two are along east and north, three an ellipse: sigma along its major and
    minor axis and the position angle of the major axis in degrees, from north through east.
    """
    given = [np.broadcast_to(np.asarray(part, float), (n,)) for part in parts]
    angle = np.radians(given[2]) if len(given) == 3 else np.full(n, math.pi / 2)
    along = np.stack([np.sin(angle), np.cos(angle)], axis=-1)
    across = np.stack([np.cos(angle), -np.sin(angle)], axis=-1)
    second = given[0] if len(given) == 1 else given[1]
    out: np.ndarray = (given[0] ** 2)[:, None, None] * along[:, :, None] * along[:, None, :]
    out = out + (second**2)[:, None, None] * across[:, :, None] * across[:, None, :]
    return out


def in_plane(
    ra_0: float, dec_0: float, ra: float, dec: float, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Offset (2,) in arcsec and covariance (2, 2) in the tangent plane at position 0.

    The offset has the true distance along the great circle, and the covariance, given along the
    source's own east and north, turns with the smallest rotation that brings it to position 0.
    """
    at_0, at_1 = unit(ra_0, dec_0), unit(ra, dec)
    plane = axes(ra_0, dec_0)
    flat = plane @ (at_1 - at_0)
    length = math.hypot(*flat)
    distance = float(chord_separation(ra_0, dec_0, ra, dec))
    offset = flat * (distance / length) if length > 0 else np.zeros(2)
    middle = at_0 + at_1
    carry = np.eye(3) - np.outer(middle, middle) / (1 + at_0 @ at_1) + 2 * np.outer(at_0, at_1)
    turn = plane @ carry @ axes(ra, dec).T
    return offset, turn @ np.asarray(covariance) @ turn.T


def ln_bayes_circular(sigma: Any, apart: Any) -> float:
    """DESIGN section 5, circular errors: sigma (m,) and separations (m, m) in arcsec."""
    w = 1 / (np.asarray(sigma) * ARCSEC) ** 2
    exponent = sum(
        w[a] * w[b] * (apart[a][b] * ARCSEC) ** 2
        for a, b in itertools.combinations(range(len(w)), 2)
    )
    return float(
        (len(w) - 1) * math.log(2) + np.log(w).sum() - math.log(w.sum()) - exponent / (2 * w.sum())
    )


def ln_bayes_general(x: Any, covariance: Any) -> float:
    """DESIGN section 5, general errors: offsets (m, 2) and covariances (m, 2, 2), arcsec.

    In extended precision where the machine has it, from the most precise member: the difference of
    the two quadratic forms cancels badly where errors are very different.
    """
    x, c = np.asarray(x, np.longdouble) * ARCSEC, np.asarray(covariance, np.longdouble) * ARCSEC**2
    det = c[:, 0, 0] * c[:, 1, 1] - c[:, 0, 1] * c[:, 1, 0]
    x = x - x[np.argmin(det)]
    p = np.empty_like(c)
    p[:, 0, 0], p[:, 1, 1] = c[:, 1, 1] / det, c[:, 0, 0] / det
    p[:, 0, 1], p[:, 1, 0] = -c[:, 0, 1] / det, -c[:, 1, 0] / det
    w, h = p.sum(axis=0), np.einsum("mij,mj->i", p, x)
    det_w = w[0, 0] * w[1, 1] - w[0, 1] * w[1, 0]
    solved = np.array([w[1, 1] * h[0] - w[0, 1] * h[1], w[0, 0] * h[1] - w[1, 0] * h[0]]) / det_w
    quadratic = np.einsum("mi,mij,mj->", x, p, x) - h @ solved
    return float(
        (len(x) - 1) * np.log(np.longdouble(2))
        - (np.log(det).sum() + np.log(det_w)) / 2
        - quadratic / 2
    )


def ln_prior(
    counts: Sequence[float],
    areas: Sequence[float],
    completeness: Sequence[float],
    members: Sequence[bool],
) -> float:
    """NWAY's prior of one association: numbers for every catalogue, the primary first."""
    total = 0.0
    for k in range(1, len(counts)):
        if members[k]:
            total += math.log(completeness[k - 1])
            total -= math.log((counts[k] + 1) / areas[k] * FULL_SKY_DEG2)
    return total


def nway_posterior(
    ln_b: Any, ln_prior: Any, log10_ratio: Any, secondary_ratio: float = 0.5
) -> tuple[float, np.ndarray, list[int], np.ndarray, np.ndarray]:
    """p_any, p_i, flags, dist_post, p_single of one primary's rows, the first being H0."""
    ln_e = np.asarray(ln_b) + np.asarray(log10_ratio) * math.log(10)
    with np.errstate(divide="ignore", over="ignore"):
        weight = np.exp(ln_e + ln_prior - np.max(ln_e + ln_prior))
        some = weight[1:].sum()
        p_i = np.concatenate([[0], weight[1:] / some]) if some > 0 else np.zeros(len(weight))
        flags = [
            0
            if p == 0
            else 1
            if p >= p_i.max() * (1 - 1e-12)
            else 2 * bool(p > secondary_ratio * p_i.max())
            for p in p_i
        ]

        def against_chance(ln_evidence: np.ndarray) -> np.ndarray:
            prior = np.exp(ln_prior)
            return np.asarray(1 / (1 + (1 - prior) / (prior * np.exp(ln_evidence))))

        return (
            float(1 - weight[0] / weight.sum()),
            p_i,
            flags,
            against_chance(np.asarray(ln_b)),
            against_chance(ln_e),
        )


def calibrated(
    ln_evidence: Any, pattern: Any, ln_density: Any, fraction: Any, beyond: Any = 0.0
) -> np.ndarray:
    """p_match of one primary's rows, from the fractions of the membership patterns.

    `beyond`: of each pattern but the first the probability that it lies outside the radius; what
    does, has no row but the first.
    """
    fraction = np.asarray(fraction)
    weight = fraction[pattern] * np.exp(np.asarray(ln_evidence) - ln_density[pattern])
    weight[0] += (fraction[1:] * beyond).sum()
    return np.asarray(weight / weight.sum())


def joint(
    weights: Sequence[Any], members: Sequence[Sequence[frozenset]], same: Sequence[Any] = ()
) -> tuple[list[np.ndarray], list[float]]:
    """Joint probabilities of primaries that compete, over all identifications one by one.

    Parameters
    ----------
    weights : sequence of ndarray
        Of every primary's associations, each primary by itself, unnormalised.
    members : sequence of sequence of frozenset
        Their objects.
    same : sequence of (primaries, {rows: weight}), optional
        Sets of primaries that may be one source: with one row for each of them, the same objects
        all, and the weight of that as a product over their own.

    Returns
    -------
    p : list of ndarray
        Of every primary's associations.
    together : list of float
        Of every set.
    """
    p = [np.zeros(len(w)) for w in weights]
    together, total = np.zeros(len(same)), 0.0
    for one in itertools.product([False, True], repeat=len(same)):
        sets = [s for s, whether in zip(same, one, strict=True) if whether]
        inside = {i for primaries, _ in sets for i in primaries}
        alone = [i for i in range(len(weights)) if i not in inside]
        choices = [list(rows.items()) for _, rows in sets] + [
            [((row,), weights[i][row]) for row in range(len(weights[i]))] for i in alone
        ]
        owners = [primaries for primaries, _ in sets] + [(i,) for i in alone]
        for chosen in itertools.product(*choices):
            used = [members[o[0]][rows[0]] for o, (rows, _) in zip(owners, chosen, strict=True)]
            if len(frozenset().union(*used)) < sum(map(len, used)):
                continue
            weight = math.prod(w for _, w in chosen)
            total += weight
            together += weight * np.array(one)
            for o, (rows, _) in zip(owners, chosen, strict=True):
                for i, row in zip(o, rows, strict=True):
                    p[i][row] += weight
    return [x / total for x in p], list(together / total)
