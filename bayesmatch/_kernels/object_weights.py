"""What a group of detections weighs as one field object: densities times Bayes factors.

Errors may have tails; then the Bayes factor is the exact mixture, as that of counterparts is (see
:mod:`bayesmatch.matching.error_tails`): each detection is in the tail of its errors or not.
"""

from __future__ import annotations

import math

import numpy as np

from .bayes_factor import LN_SCALE, ln_bayes_general, ln_bayes_thin
from .jit import jit
from .thin import is_thin, multiply

#: ln of a Bayes factor against chance over a density per arcsec^2, for every further member
LN_CHANCE = LN_SCALE + math.log(2.0 * math.pi)
#: columns of the places of detections without tails: x, y, xx, yy, xy, det.  Behind these stand
#: the tails' fraction and the square of their factor, where any catalogue has tails
PLAIN = 6


@jit
def ln_weight(members, m, catalogue, plane, ln_relative, place):
    """Ln of nu_T B_T / prod rho_k of the first `m` of the detections in `members` as one object.

    B_T is the integral of the product of their Gaussians over its position (arcsec^-2 for every
    member but one), ``ln_relative`` (patterns,) ln of nu_T / prod rho_k over the catalogues of T.
    `place` (6, n_other) is scratch.
    """
    pattern = 0
    for a in range(m):
        pattern |= 1 << catalogue[members[a]]
    total = ln_relative[pattern]
    if m == 1 or total == -np.inf:
        return total
    return total + ln_bayes_of(members, m, plane, place) - (m - 1) * LN_CHANCE


@jit
def ln_bayes_of(members, m, plane, place):
    """Ln of the Bayes factor of the first `m` of the detections in `members`."""
    if plane.shape[1] > PLAIN:
        return ln_bayes_with_tails(members, m, plane, place)
    if m == 2:
        return ln_bayes_of_two(plane, members[0], members[1])
    thin = False
    for a in range(m):
        for c in range(6):
            place[c, a] = plane[members[a], c]
        thin |= is_thin(place[2, a], place[3, a], place[5, a])
    if thin:
        return ln_bayes_thin(m, place)
    return ln_bayes_general(m, place)


@jit
def of_plane(plane, c):
    """The place of a detection: to take its row would count the owners of the array."""
    return plane[c, 0], plane[c, 1], plane[c, 2], plane[c, 3], plane[c, 4], plane[c, 5]


@jit
def ln_bayes_of_two(plane, a, b):
    """The same of two, of which most groups are: the operations of the others in their order."""
    x, y, a_xx, a_yy, a_xy, a_det = of_plane(plane, a)
    dx, dy, xx, yy, xy, det = of_plane(plane, b)
    if is_thin(a_xx, a_yy, a_det) or is_thin(xx, yy, det):
        cost = multiply(dx, dy, xx, yy, xy, det, x, y, a_xx, a_yy, a_xy, a_det)[6]
        return LN_SCALE - 0.5 * cost
    xx, yy, xy = xx + a_xx, yy + a_yy, xy + a_xy
    det = xx * yy - xy * xy
    ixx, iyy, ixy = yy / det, xx / det, -xy / det
    dx, dy = dx - x, dy - y
    ux, uy = ixx * dx + ixy * dy, ixy * dx + iyy * dy
    return LN_SCALE - 0.5 * (math.log(det) + dx * ux + dy * uy)


@jit
def ln_bayes_with_tails(members, m, plane, place):
    """The same of errors with tails: the sum over which of the detections are in theirs."""
    tails = 0
    for a in range(m):
        if plane[members[a], PLAIN] > 0.0:
            tails |= 1 << a
    total, inside = -np.inf, tails
    while True:
        ln_share, thin = 0.0, False
        for a in range(m):
            fraction, times = plane[members[a], PLAIN], 1.0
            if inside >> a & 1:
                ln_share, times = ln_share + math.log(fraction), plane[members[a], PLAIN + 1]
            else:
                ln_share += math.log1p(-fraction)
            for c in range(PLAIN):
                place[c, a] = plane[members[a], c]
            place[2:5, a] *= times
            place[5, a] *= times * times
            thin |= is_thin(place[2, a], place[3, a], place[5, a])
        if thin:
            ln_bayes = ln_bayes_thin(m, place)
        else:
            ln_bayes = ln_bayes_general(m, place)
        total = np.logaddexp(total, ln_share + ln_bayes)
        if inside == 0:
            return total
        inside = (inside - 1) & tails
