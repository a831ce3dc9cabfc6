"""What the walks through the combinations around a primary share: the field and one more member."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .bayes_factor import place
from .jit import jit
from .thin import is_thin, multiply


class Field(NamedTuple):
    """What surrounds the primaries, for the kernels here."""

    start: np.ndarray
    """(n_blocks + 1,) first slot of every block"""
    p_ra: np.ndarray
    """(n,) degrees, as all positions"""
    p_dec: np.ndarray
    """(n,)"""
    p_cov: np.ndarray
    """(n, 4) of the primaries: xx, yy, xy, det"""
    ra: np.ndarray
    """(n_slots,) of the candidates"""
    dec: np.ndarray
    """(n_slots,)"""
    cos_dec: np.ndarray
    """(n_slots,)"""
    cov: np.ndarray
    """(n_slots, 4) of the candidates"""
    separation: np.ndarray
    """(n_slots,) arcsec from the primary"""
    ln_ratio: np.ndarray
    """(n_slots,) ln of the product of the priors' ratios"""
    ln_density: np.ndarray
    """(n, n_other) ln n_k+ at each primary, for e"""
    ln_uniform: np.ndarray
    """(n_other,) ln n_k+ everywhere, for NWAY's weight"""
    ln_completeness: np.ndarray
    """(patterns,) sum of ln c_k over the members"""
    unrelated: np.ndarray
    """(patterns,) ln prior of the members being an object of their own; empty: not considered"""
    radius: float
    circular: bool


@jit
def candidates_of(field, i, n_other):
    """Candidates of a primary: (x, y, xx, yy, xy, det, ln |C| / 2) in its tangent plane, arcsec."""
    first, last = field.start[i * n_other], field.start[(i + 1) * n_other]
    plane = np.empty((last - first, 7))
    for c in range(len(plane)):
        place(
            first + c,
            field.p_ra[i],
            field.p_dec[i],
            field.ra,
            field.dec,
            field.separation,
            field.cov,
            c,
            plane,
        )
        det = plane[c, 5]
        if not is_thin(plane[c, 2], plane[c, 3], det):
            det = plane[c, 2] * plane[c, 3] - plane[c, 4] * plane[c, 4]
        plane[c, 6] = 0.5 * math.log(det)
    return plane


@jit
def join(before, after, member, gain):
    """State (x, y, xx, yy, xy, det, ln e) after one more member; `gain`: LN_SCALE and its terms."""
    if is_thin(before[2], before[3], before[5]) or is_thin(member[2], member[3], member[5]):
        join_thin(before, after, member, gain)
        return
    sxx, syy, sxy = member[2] + before[2], member[3] + before[3], member[4] + before[4]
    det = sxx * syy - sxy * sxy
    dx, dy = member[0] - before[0], member[1] - before[1]
    ux, uy = (syy * dx - sxy * dy) / det, (sxx * dy - sxy * dx) / det
    after[5] = before[5] / det * member[5]
    after[6] = before[6] + gain - 0.5 * (math.log(det) + dx * ux + dy * uy)
    # m += M S^-1 d;  M <- M S^-1 C, as in ln_bayes_general
    after[0] = before[0] + before[2] * ux + before[4] * uy
    after[1] = before[1] + before[4] * ux + before[3] * uy
    gxx = (before[2] * syy - before[4] * sxy) / det
    gxy = (before[4] * sxx - before[2] * sxy) / det
    gyx = (before[4] * syy - before[3] * sxy) / det
    gyy = (before[3] * sxx - before[4] * sxy) / det
    after[2] = gxx * member[2] + gxy * member[4]
    after[3] = gyx * member[4] + gyy * member[3]
    after[4] = 0.5 * (gxx * member[4] + gxy * member[3] + gyx * member[2] + gyy * member[4])


@jit
def join_thin(before, after, member, gain):
    """The same where an ellipse is too thin for the sums of :func:`join`."""
    x, y, xx, yy, xy, det, cost = multiply(
        member[0],
        member[1],
        member[2],
        member[3],
        member[4],
        member[5],
        before[0],
        before[1],
        before[2],
        before[3],
        before[4],
        before[5],
    )
    after[0], after[1] = x, y
    after[2], after[3], after[4], after[5] = xx, yy, xy, det
    after[6] = before[6] + gain - 0.5 * cost
