"""Slow twins of the kernels: plain NumPy and math, straight from the formulas, nothing of ours."""

from __future__ import annotations

import itertools
import math

import numpy as np

ARCSEC = math.pi / 180 / 3600


def unit(ra, dec):
    """Unit vectors of positions in degrees."""
    ra, dec = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)


def chord_separation(ra_1, dec_1, ra_2, dec_2):
    """Arcsec, from the chord: better than the cross product for small angles."""
    chord = np.linalg.norm(unit(ra_1, dec_1) - unit(ra_2, dec_2), axis=-1)
    return 2 * np.arcsin(chord / 2) / ARCSEC


def pairs(ra_1, dec_1, ra_2, dec_2, radius):
    """All (i, j) closer than radius, by comparing everything with everything."""
    s = chord_separation(ra_1[:, None], dec_1[:, None], ra_2[None, :], dec_2[None, :])
    i, j = np.nonzero(s < radius)
    return i, j, s[i, j]


def associations(primary, others, radius):
    """Rows (i, j2, j3, ...) in order, -1 for absent; positions as (ra, dec) arrays."""
    rows = []
    for i in range(len(primary[0])):
        near = [
            [-1]
            + [
                j
                for j in range(len(o[0]))
                if chord_separation(primary[0][i], primary[1][i], o[0][j], o[1][j]) < radius
            ]
            for o in others
        ]
        for combination in itertools.product(*near):
            members = [
                (o[0][j], o[1][j]) for o, j in zip(others, combination, strict=True) if j >= 0
            ]
            if all(
                chord_separation(*a, *b) < radius for a, b in itertools.combinations(members, 2)
            ):
                rows.append((i, *combination))
    return rows


def ln_bayes_circular(sigma, apart):
    """DESIGN section 5, circular errors: sigma (m,) and separations (m, m) in arcsec."""
    w = 1 / (np.asarray(sigma) * ARCSEC) ** 2
    exponent = sum(
        w[a] * w[b] * (apart[a][b] * ARCSEC) ** 2
        for a, b in itertools.combinations(range(len(w)), 2)
    )
    return (
        (len(w) - 1) * math.log(2) + np.log(w).sum() - math.log(w.sum()) - exponent / (2 * w.sum())
    )


def ln_bayes_general(x, covariance):
    """DESIGN section 5, general errors: offsets (m, 2) and covariances (m, 2, 2), arcsec."""
    x, c = np.asarray(x) * ARCSEC, np.asarray(covariance) * ARCSEC**2
    p = np.linalg.inv(c)
    w = p.sum(axis=0)
    h = np.einsum("mij,mj->i", p, x)
    quadratic = np.einsum("mi,mij,mj->", x, p, x) - h @ np.linalg.solve(w, h)
    return (
        (len(x) - 1) * math.log(2)
        - (np.log(np.linalg.det(c)).sum() + math.log(np.linalg.det(w))) / 2
        - quadratic / 2
    )


def nway_posterior(ln_b, ln_prior, log10_ratio, secondary_ratio=0.5):
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
            else 2 * (p > secondary_ratio * p_i.max())
            for p in p_i
        ]

        def against_chance(ln_evidence):
            prior = np.exp(ln_prior)
            return 1 / (1 + (1 - prior) / (prior * np.exp(ln_evidence)))

        return (
            1 - weight[0] / weight.sum(),
            p_i,
            flags,
            against_chance(np.asarray(ln_b)),
            against_chance(ln_e),
        )


def calibrated(ln_evidence, pattern, ln_density, fraction):
    """p_match of one primary's rows, from the fractions of the membership patterns."""
    weight = np.asarray(fraction)[pattern] * np.exp(np.asarray(ln_evidence) - ln_density[pattern])
    return weight / weight.sum()
