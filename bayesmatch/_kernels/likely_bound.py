"""How many likely combinations there are at least, from the candidates alone.

Where hundreds of objects of each catalogue lie at one place, counting their combinations takes
minutes.  With C_0 of the primary, and x_c, C_c of the members,

    ln e >= sum over c of (ln of 2 ratio / n_k+ - ln |C_c| / 2 - x_c^T C_c^-1 x_c / 2)
            - (ln |C_0| + ln |W|) / 2,         |W| <= (tr W / 2)^2,   W = C_0^-1 + sum C_c^-1,

so that of candidates with large enough terms every combination is kept; and of two that are closer
to the primary than half the radius each is within the radius of the other.
"""

from __future__ import annotations

import math

import numpy as np

from .bayes_factor import LN_SCALE
from .combinations import candidates_of
from .jit import jit
from .likely import most_beyond, negligible
from .thin import is_thin

#: of half the radius: no rounding puts two candidates that are closer out of each other's
WITHIN = 1.0 - 1e-6


@jit
def likely_at_least(a, b, which, field, wide, ln_prune, ln_floor, shift):
    """At most as many as :func:`~.likely.count_likely` finds around the primaries ``which[a:b]``.

    Those with a member of every catalogue alone; the arguments are the same.
    """
    n_other = field.ln_density.shape[1]
    total = 0.0
    for n in range(a, b):
        i = which[n]
        most = np.full(2, most_beyond(i, field, candidates_of(field, i, n_other), n_other)[0])
        limit = negligible(most, ln_prune, ln_floor)[0] - shift[0]
        total += of_primary(i, wide, candidates_of(wide, i, n_other), limit, n_other)
    return total


@jit
def of_primary(i, field, plane, limit, n_other):
    """Combinations around a primary whose ln e is above `limit` for certain."""
    block = i * n_other
    base = field.start[block]
    xx, yy, det = field.p_cov[i, 0], field.p_cov[i, 1], field.p_cov[i, 3]
    if is_thin(xx, yy, det):
        return 0.0
    trace, best_of_all = (xx + yy) / det, 0.0
    term, best = np.full(len(plane), -np.inf), np.full(n_other, -np.inf)
    for k in range(n_other):
        largest = 0.0
        for c in range(field.start[block + k] - base, field.start[block + k + 1] - base):
            x, y, xx_c, yy_c, xy_c, det_c = plane[c, :6]
            near = field.separation[base + c] < 0.5 * WITHIN * field.radius
            if not near or is_thin(xx_c, yy_c, det_c):
                continue
            term[c] = LN_SCALE - field.ln_density[i, k] + field.ln_ratio[base + c] - plane[c, 6]
            term[c] -= 0.5 * (yy_c * x * x - 2.0 * xy_c * x * y + xx_c * y * y) / det_c
            best[k] = max(best[k], term[c])
            largest = max(largest, (xx_c + yy_c) / det_c)
        trace += largest
        best_of_all += best[k]
    room = best_of_all - 0.5 * math.log(det) - math.log(0.5 * trace) - limit
    if not 0.0 < room < np.inf:
        return 0.0
    number = 1.0
    for k in range(n_other):
        size = 0
        for c in range(field.start[block + k] - base, field.start[block + k + 1] - base):
            size += term[c] > best[k] - room / n_other
        number *= size
    return number
