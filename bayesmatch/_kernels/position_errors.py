"""Marginal likelihood of a position-error model, its gradient, and each candidate's share of it.

A true counterpart lies at d ~ N(mu, V) from its primary, V = s^2 C_primary + t I + C_candidate;
the model is (ln s, t, mu_east, mu_north), t the square of the floor.  Lengths are arcsec.

Errors with tails are a sum of such Gaussians, its *parts*: rows of (share, f, g, slope), each with
V = f^2 (s^2 C_primary + t I) + g^2 C_candidate and the derivative of ln share by the tail fraction.
Without tails there is one, (1, 1, 1, 0).
"""

from __future__ import annotations

import math

import numpy as np

from .jit import jit
from .thin import det_of_sum, half_axes, is_thin, times

LN_2_PI = math.log(2.0 * math.pi)
#: beyond this many widest sigma squared, fewer than exp(-25) of the counterparts are missed
NEGLIGIBLE = 50.0


@jit
def inverse_covariance(model, p_cov, c_xx, c_yy, c_xy, c_det):
    """(xx, yy, xy) of V^-1, and |V|."""
    s2 = math.exp(2.0 * model[0])
    xx = s2 * p_cov[0] + model[1] + c_xx
    yy = s2 * p_cov[1] + model[1] + c_yy
    xy = s2 * p_cov[2] + c_xy
    det = xx * yy - xy * xy
    if is_thin(xx, yy, det):
        p_xx, p_yy, p_xy, p_det = s2 * p_cov[0], s2 * p_cov[1], s2 * p_cov[2], s2 * s2 * p_cov[3]
        det = det_of_sum(
            half_axes(p_xx, p_yy, p_xy, p_det), p_det, half_axes(c_xx, c_yy, c_xy, c_det), c_det
        )
        det += model[1] * (p_xx + p_yy + c_xx + c_yy + model[1])
    return yy / det, xx / det, -xy / det, det


@jit
def candidate_density(model, p_cov, slot, gradient):
    """N(d; mu, V) of one candidate ``slot`` = (x, y, xx, yy, xy, det); `gradient` of its logarithm.

    With e = d - mu, v = V^-1 e and a covariance that grows by A:
    d ln N = (v^T A v - tr(V^-1 A)) / 2.
    """
    ixx, iyy, ixy, det = inverse_covariance(model, p_cov, slot[2], slot[3], slot[4], slot[5])
    ex, ey = slot[0] - model[2], slot[1] - model[3]
    vx, vy = times(ixx, iyy, ixy, 1.0 / det, ex, ey)
    s2 = math.exp(2.0 * model[0])
    gradient[0] = s2 * (
        p_cov[0] * (vx * vx - ixx) + p_cov[1] * (vy * vy - iyy) + 2.0 * p_cov[2] * (vx * vy - ixy)
    )
    gradient[1] = 0.5 * (vx * vx + vy * vy - ixx - iyy)
    gradient[2], gradient[3] = vx, vy
    return math.exp(-0.5 * (ex * vx + ey * vy) - LN_2_PI - 0.5 * math.log(det))


@jit
def missed_beyond(model, p_cov, c_var, radius, circle, gradient):
    """Probability of a counterpart beyond `radius`, and the gradient of it.

    The mean over directions u (rows of `circle`) of exp(-a r^2 / 2) / (a sqrt|V|), where
    a = u^T V^-1 u and r is the distance from mu to the search circle along u.
    """
    gradient[:4] = 0.0
    ixx, iyy, ixy, det = inverse_covariance(model, p_cov, c_var, c_var, 0.0, c_var * c_var)
    mx, my = model[2], model[3]
    inside = radius * radius - mx * mx - my * my
    trace = ixx + iyy
    spread = math.sqrt((ixx - iyy) ** 2 + 4.0 * ixy * ixy)
    least = 0.5 * (trace - spread)
    if is_thin(ixx, iyy, 1.0 / det):
        least = 2.0 / (det * (trace + spread))
    if least * (radius - math.hypot(mx, my)) ** 2 > NEGLIGIBLE:
        return 0.0
    s2 = math.exp(2.0 * model[0])
    tr_p = ixx * p_cov[0] + iyy * p_cov[1] + 2.0 * ixy * p_cov[2]
    total = 0.0
    for k in range(len(circle)):
        ux, uy = circle[k, 0], circle[k, 1]
        vx, vy = times(ixx, iyy, ixy, 1.0 / det, ux, uy)
        a = ux * vx + uy * vy
        along = mx * ux + my * uy
        root = math.sqrt(along * along + inside)
        r = root - along
        term = math.exp(-0.5 * a * r * r) / (a * math.sqrt(det) * len(circle))
        total += term
        by_a = -1.0 / a - 0.5 * r * r  # d ln term / d a; a falls by v^T A v
        gradient[0] += (
            term
            * s2
            * (
                -tr_p
                - 2.0 * by_a * (p_cov[0] * vx * vx + p_cov[1] * vy * vy + 2.0 * p_cov[2] * vx * vy)
            )
        )
        gradient[1] += term * (-0.5 * trace - by_a * (vx * vx + vy * vy))
        gradient[2] -= term * a * r * ((along * ux - mx) / root - ux)
        gradient[3] -= term * a * r * ((along * uy - my) / root - uy)
    return total


@jit
def host_odds(z, beta):
    """Probability of having a counterpart and of having none: a logit in z."""
    eta = 0.0
    for q in range(len(z)):
        eta += z[q] * beta[q]
    return 1.0 / (1.0 + math.exp(-eta)), 1.0 / (1.0 + math.exp(eta))


@jit
def widened_model(model, part, wider):
    """The model of one part: sigmas of the primary times its factor."""
    factor = part[1]
    wider[0] = model[0] + math.log(factor)
    wider[1] = factor * factor * model[1]
    wider[2], wider[3] = model[2], model[3]


@jit
def widened_slot(slot, part, wider):
    """The candidate of one part: its sigmas times its factor."""
    square = part[2] * part[2]
    wider[0], wider[1] = slot[0], slot[1]
    for c in range(2, 5):
        wider[c] = square * slot[c]
    wider[5] = square * square * slot[5]


@jit
def add_slopes(weight, model, part, gradient, score):
    """Add `weight` times what a part's `gradient` makes of the primary's parameters.

    `score`: of ln s, t, the offset (2), the tail fraction and ln of the tail factor.
    """
    square = part[1] * part[1]
    score[0] += weight * gradient[0]
    score[1] += weight * (square * gradient[1])
    score[2] += weight * gradient[2]
    score[3] += weight * gradient[3]
    if part[1] != 1.0:
        score[5] += weight * (gradient[0] + 2.0 * square * model[1] * gradient[1])


@jit
def mixture_scores(
    i_first,
    i_last,
    start,
    slots,
    ratio,
    covered,
    p_cov,
    z,
    models,
    parts,
    beta,
    c_var,
    radius,
    circle,
    value,
    score,
):
    """Per primary: ln L = ln(h0 + h1 (missed + sum_j ratio_j N_j)), and its gradient.

    0 for a primary that is not ``covered`` by the catalogue: it could not have a candidate.

    ``slots`` (x, y, xx, yy, xy, det) of the candidates and ``ratio``, their prior ratio over the
    field density; ``models`` (n, 4), each primary's; ``beta`` the logit's coefficients; ``c_var`` a
    typical variance of candidates, for those not seen.  ``score`` (n, 6 + Q): by the primary's
    model, tail fraction and ln tail factor, by ``beta``.
    """
    gradient, wide, wide_slot = np.empty(4), np.empty(4), np.empty(6)
    for i in range(i_first, i_last):
        value[i] = 0.0
        score[i] = 0.0
        if not covered[i]:
            continue
        h1, h0 = host_odds(z[i], beta)
        like = 0.0
        for part in parts:
            widened_model(models[i], part, wide)
            missed = missed_beyond(
                wide, p_cov[i], part[2] * part[2] * c_var, radius, circle, gradient
            )
            like += part[0] * missed
            add_slopes(part[0], models[i], part, gradient, score[i])
            score[i, 4] += part[0] * missed * part[3]
        for j in range(start[i], start[i + 1]):
            for part in parts:
                widened_model(models[i], part, wide)
                widened_slot(slots[j], part, wide_slot)
                density = part[0] * ratio[j]
                density *= candidate_density(wide, p_cov[i], wide_slot, gradient)
                like += density
                add_slopes(density, models[i], part, gradient, score[i])
                score[i, 4] += density * part[3]
        total = h0 + h1 * like
        value[i] = math.log(total)
        for a in range(6):
            score[i, a] *= h1 / total
        for q in range(len(beta)):
            score[i, 6 + q] = h0 * h1 * (like - 1.0) / total * z[i, q]


@jit
def candidate_shares(
    i_first,
    i_last,
    start,
    slots,
    ratio,
    covered,
    p_cov,
    z,
    models,
    parts,
    beta,
    c_var,
    radius,
    circle,
    share,
    distance,
):
    """Per candidate: probability of being the counterpart, and |V^-1/2 (d - mu)| of the core."""
    gradient, wide, wide_slot = np.empty(4), np.empty(4), np.empty(6)
    for i in range(i_first, i_last):
        h1, h0 = host_odds(z[i], beta)
        missed = 0.0
        for part in parts:
            widened_model(models[i], part, wide)
            missed += part[0] * missed_beyond(
                wide, p_cov[i], part[2] * part[2] * c_var, radius, circle, gradient
            )
        total = h0 + h1 * missed
        for j in range(start[i], start[i + 1]):
            share[j] = 0.0
            for part in parts:
                widened_model(models[i], part, wide)
                widened_slot(slots[j], part, wide_slot)
                density = candidate_density(wide, p_cov[i], wide_slot, gradient)
                share[j] += h1 * (part[0] * ratio[j]) * density
            total += share[j]
            distance[j] = scaled_distance(models[i], p_cov[i], slots[j])
        for j in range(start[i], start[i + 1]):
            share[j] /= total


@jit
def scaled_distance(model, p_cov, slot):
    """|V^-1/2 (d - mu)| of a candidate."""
    ixx, iyy, ixy, det = inverse_covariance(model, p_cov, slot[2], slot[3], slot[4], slot[5])
    ex, ey = slot[0] - model[2], slot[1] - model[3]
    if is_thin(ixx, iyy, 1.0 / det):
        vx, vy = times(ixx, iyy, ixy, 1.0 / det, ex, ey)
        return math.sqrt(max(0.0, ex * vx + ey * vy))
    return math.sqrt(ixx * ex * ex + iyy * ey * ey + 2.0 * ixy * ex * ey)
