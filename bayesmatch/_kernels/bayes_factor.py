"""Natural log of the Bayes factor of an association against chance (Budavari & Szalay 2008).

Lengths are in arcsec; a factor of :data:`LN_SCALE` per extra member turns them into radians.
"""

from __future__ import annotations

import math

import numpy as np

from .circles import LN_SCALE, ln_bayes_circular, rows_of_pairs, rows_of_triples
from .jit import jit
from .sphere import convergence, offset, rotate_covariance
from .thin import is_thin, multiply


@jit
def ln_bayes_general(n, member):
    """Any 2x2 covariances: the exact integral over the true position, one member at a time.

    `member` (6, n or more): x, y, xx, yy, xy, det of each, arcsec.

    The product of the first members' Gaussians is a Gaussian (mean m, covariance M); the next
    member multiplies the integral by N(x - m; 0, C + M).  Against the closed form with sums of
    x^T P x this has no cancellation when one error is far smaller than the others.
    """
    mx, my = member[0, 0], member[1, 0]
    mxx, myy, mxy = member[2, 0], member[3, 0], member[4, 0]
    total = (n - 1) * LN_SCALE
    for a in range(1, n):
        xx, yy, xy = member[2, a], member[3, a], member[4, a]
        sxx, syy, sxy = xx + mxx, yy + myy, xy + mxy
        det = sxx * syy - sxy * sxy
        ixx, iyy, ixy = syy / det, sxx / det, -sxy / det
        dx, dy = member[0, a] - mx, member[1, a] - my
        ux, uy = ixx * dx + ixy * dy, ixy * dx + iyy * dy
        total -= 0.5 * (math.log(det) + dx * ux + dy * uy)
        # m += M S^-1 d;  M <- M S^-1 C, the covariance of the product
        mx += mxx * ux + mxy * uy
        my += mxy * ux + myy * uy
        gxx, gxy = mxx * ixx + mxy * ixy, mxx * ixy + mxy * iyy
        gyx, gyy = mxy * ixx + myy * ixy, mxy * ixy + myy * iyy
        mxx, myy, mxy = (
            gxx * xx + gxy * xy,
            gyx * xy + gyy * yy,
            0.5 * (gxx * xy + gxy * yy + gyx * xx + gyy * xy),
        )
    return total


@jit
def column_of(member, a):
    """The numbers of one member."""
    return member[0, a], member[1, a], member[2, a], member[3, a], member[4, a], member[5, a]


@jit
def ln_bayes_thin(n, member):
    """The same integral with the determinants known, for ellipses too thin for the sums above."""
    product = column_of(member, 0)
    total = (n - 1) * LN_SCALE
    for a in range(1, n):
        x, y, xx, yy, xy, det, cost = multiply(*column_of(member, a), *product)
        product = (x, y, xx, yy, xy, det)
        total -= 0.5 * cost
    return total


@jit
def candidate_plane(i_first, i_last, n_other, start, p_ra, p_dec, ra, dec, apart, cov, plane):
    """Candidates in their primary's tangent plane: (x, y, xx, yy, xy, det) per slot, arcsec.

    `cov` (xx, yy, xy, det) is along each source's own east and north, which turn against the
    primary's near the poles.
    """
    for i in range(i_first, i_last):
        for slot in range(start[i * n_other], start[(i + 1) * n_other]):
            place(slot, p_ra[i], p_dec[i], ra, dec, apart, cov, slot, plane)


@jit
def place(slot, p_ra, p_dec, ra, dec, apart, cov, at, plane):
    """One candidate of the primary at (p_ra, p_dec), as in :func:`candidate_plane`, at row `at`.

    To take the row would count the owners of the array, for which threads wait for each other.
    """
    plane[at, 0], plane[at, 1] = offset(p_ra, p_dec, ra[slot], dec[slot], apart[slot])
    turn = convergence(p_ra, p_dec, ra[slot], dec[slot])
    xx, yy, xy = rotate_covariance(cov[slot, 0], cov[slot, 1], cov[slot, 2], turn)
    plane[at, 2], plane[at, 3], plane[at, 4], plane[at, 5] = xx, yy, xy, cov[slot, 3]


@jit
def row_ln_bayes(
    row,
    member,
    with_primary,
    sigma_or_cov,
    slot_cov,
    plane,
    separation,
    between,
    circular,
    work,
    apart,
):
    """Ln B of one association, or of its members without the primary.

    `sigma_or_cov`: the primary's (xx, yy, xy, det); `slot_cov` the candidates' own (used when all
    errors are circular), `plane` theirs in the tangent plane (otherwise).
    """
    n = 0
    if with_primary:
        work[0, 0], work[1, 0] = 0.0, 0.0
        for c in range(4):
            work[2 + c, 0] = sigma_or_cov[c]
        n = 1
    column = 0
    for b in range(member.shape[1]):
        slot = member[row, b]
        if slot < 0:
            column += b
            continue
        if circular:
            work[2, n] = slot_cov[slot, 0]
            at = 0
            if with_primary:
                apart[0, n] = separation[slot]
                at = 1
            for a in range(b):
                if member[row, a] >= 0:
                    apart[at, n] = between[row, column + a]
                    at += 1
        else:
            for c in range(6):
                work[c, n] = plane[slot, c]
        column += b
        n += 1
    if circular:
        return ln_bayes_circular(n, work[2], apart)
    for a in range(n):
        if is_thin(work[2, a], work[3, a], work[5, a]):
            return ln_bayes_thin(n, work)
    return ln_bayes_general(n, work)


@jit
def ln_bayes_rows(
    i_first,
    i_last,
    first,
    p_cov,
    member,
    slot_cov,
    plane,
    separation,
    between,
    circular,
    unrelated_prior,
    known,
    known_best,
    ln_b,
    ln_b_corrected,
):
    """Ln B of every row of the primaries in the range, and ln B with unrelated associations.

    `unrelated_prior`: ln prior of the members of each membership pattern (bit b set: other
    catalogue b takes part) being one object of their own; empty to leave ``ln_b_corrected``
    equal to ``ln_b``.  A row that leaves out two or more catalogues gains the best such
    association of theirs around the same primary, when it is more likely than chance: the best
    among the rows, or ``known_best[known[i]]`` where a primary's rows are not all there.
    """
    n_other = member.shape[1]
    work = np.empty((6, n_other + 1))
    apart = np.empty((n_other + 1, n_other + 1))
    best = np.zeros(1 << n_other)
    for i in range(i_first, i_last):
        if circular and n_other == 1:
            rows_of_pairs(first[i], first[i + 1], member, p_cov[i, 0], slot_cov, separation, ln_b)
            for row in range(first[i], first[i + 1]):
                ln_b_corrected[row] = ln_b[row]
            continue
        best[:] = 0.0
        if circular and n_other == 2:
            prior = unrelated_prior[3] if len(unrelated_prior) > 0 and known[i] < 0 else -np.inf
            best[3] = rows_of_triples(
                first[i],
                first[i + 1],
                member,
                p_cov[i, 0],
                slot_cov,
                separation,
                between,
                prior,
                ln_b,
            )
            if len(unrelated_prior) > 0 and known[i] >= 0:
                best[:] = known_best[known[i]]
            for row in range(first[i], first[i + 1]):
                left_out = 3 - row_pattern(row, member)
                ln_b_corrected[row] = ln_b[row] + best[left_out]
            continue
        own_cov = p_cov[i]
        for row in range(first[i], first[i + 1]):
            ln_b[row] = row_ln_bayes(
                row,
                member,
                True,
                own_cov,
                slot_cov,
                plane,
                separation,
                between,
                circular,
                work,
                apart,
            )
            ln_b_corrected[row] = ln_b[row]
            pattern = row_pattern(row, member)
            # more than one bit: an association without the primary
            if len(unrelated_prior) > 0 and known[i] < 0 and pattern & (pattern - 1) != 0:
                own = row_ln_bayes(
                    row,
                    member,
                    False,
                    own_cov,
                    slot_cov,
                    plane,
                    separation,
                    between,
                    circular,
                    work,
                    apart,
                )
                best[pattern] = max(best[pattern], own + unrelated_prior[pattern])
        if len(unrelated_prior) == 0:
            continue
        if known[i] >= 0:
            best[:] = known_best[known[i]]
        else:
            best_of_subsets(best)
        for row in range(first[i], first[i + 1]):
            left_out = (1 << n_other) - 1 - row_pattern(row, member)
            ln_b_corrected[row] += best[left_out]


@jit
def best_of_subsets(best):
    """Replace the value of every set of catalogues by the best of its subsets: bit by bit."""
    for pattern in range(len(best)):
        bit = 1
        while bit <= pattern:
            if pattern & bit:
                best[pattern] = max(best[pattern], best[pattern ^ bit])
            bit <<= 1


@jit
def row_pattern(row, member):
    """Which other catalogues take part in a row, as bits."""
    pattern = 0
    for b in range(member.shape[1]):
        if member[row, b] >= 0:
            pattern |= 1 << b
    return pattern
