"""Thin error ellipses: determinants and products of Gaussians without cancellation.

A covariance is (xx, yy, xy), and |C| = xx yy - xy^2 loses as many digits as the square of its axis
ratio has.  Here a covariance has its determinant with it, (xx, yy, xy, det), known from its axes.
With C = sum l l^T over its two half axes l, nothing but squares is added up (Cauchy and Binet):

    |C + M| = |C| + |M| + sum (l x k)^2,        d^T (C + M)^-1 d = sum (l x d)^2 / |C + M|,
    (C^-1 + M^-1)^-1 = (|C| M + |M| C) / |C + M|.
"""

from __future__ import annotations

import math

from .jit import jit

#: |C| below this times (xx + yy)^2, an axis ratio above 1000: the plain formulas are off by 1e-10
THIN = 1e-6


@jit
def is_thin(xx, yy, det):
    """Whether the plain formulas would lose more digits of this covariance than is allowed."""
    return not det >= THIN * (xx + yy) * (xx + yy)


@jit
def half_axes(xx, yy, xy, det):
    """The half axes (x, y of the major, x, y of the minor) of a covariance."""
    difference, twice = xx - yy, 2.0 * xy
    length = math.hypot(difference, twice)
    if length == 0.0:
        return math.sqrt(xx), 0.0, 0.0, math.sqrt(yy)
    half = math.sqrt(0.5 * (1.0 + abs(difference) / length))  # the larger of cosine and sine
    other = 0.5 * abs(twice) / (length * half)
    c, s = (half, other) if difference >= 0.0 else (other, half)
    if twice < 0.0:
        s = -s
    major = math.sqrt(0.5 * (xx + yy + length))
    minor = math.sqrt(det) / major
    return major * c, major * s, -minor * s, minor * c


@jit
def adjugate_times(axes, dx, dy):
    """|C| C^-1 d, and d^T of it, a sum of squares."""
    ax, ay, bx, by = axes
    a, b = ax * dy - ay * dx, bx * dy - by * dx
    return -a * ay - b * by, a * ax + b * bx, a * a + b * b


@jit
def det_of_sum(axes, det, other_axes, other_det):
    """|C + M| from the half axes and determinants of both."""
    ax, ay, bx, by = axes
    cx, cy, dx, dy = other_axes
    return (
        det
        + other_det
        + (ax * cy - ay * cx) ** 2
        + (ax * dy - ay * dx) ** 2
        + (bx * cy - by * cx) ** 2
        + (bx * dy - by * dx) ** 2
    )


@jit
def multiply(x, y, xx, yy, xy, det, mx, my, mxx, myy, mxy, mdet):
    """Product of N(x; C) and N(m; M): its mean, covariance and det, and ln (|S| e^(d S^-1 d)).

    S = C + M, d = x - m.
    """
    own, mean = half_axes(xx, yy, xy, det), half_axes(mxx, myy, mxy, mdet)
    total = det_of_sum(own, det, mean, mdet)
    dx, dy = x - mx, y - my
    ux, uy, u = adjugate_times(own, dx, dy)
    vx, vy, v = adjugate_times(mean, dx, dy)
    # M S^-1 d = (M adj(C) d + |M| d) / |S|
    a, b = mean[0] * ux + mean[1] * uy, mean[2] * ux + mean[3] * uy
    cost = math.log(total) + (u + v) / total
    p, q = det / total, mdet / total
    return (
        mx + (mean[0] * a + mean[2] * b + mdet * dx) / total,
        my + (mean[1] * a + mean[3] * b + mdet * dy) / total,
        p * mxx + q * xx,
        p * myy + q * yy,
        p * mxy + q * xy,
        p * mdet,
        cost,
    )


@jit
def times(xx, yy, xy, det, x, y):
    """A symmetric positive matrix times a vector."""
    if not is_thin(xx, yy, det):
        return xx * x + xy * y, xy * x + yy * y
    ax, ay, bx, by = half_axes(xx, yy, xy, det)
    a, b = ax * x + ay * y, bx * x + by * y
    return ax * a + bx * b, ay * a + by * b
