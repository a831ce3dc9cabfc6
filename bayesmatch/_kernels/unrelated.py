"""The best association without the primary, for every set of catalogues left out."""

from __future__ import annotations

import math

import numpy as np

from .associations import fits
from .bayes_factor import LN_SCALE, ln_bayes_circular
from .combinations import join
from .jit import jit


@jit
def best_unrelated(i, field, plane, best):
    """Ln U of every set of left-out catalogues: their best association without the primary.

    It is 0 where none is more likely than chance.  Branches that cannot beat what is known for
    their members alone end early.
    """
    n_other = int(round(math.log2(len(best))))
    block = i * n_other
    base = field.start[block]
    best[:] = 0.0
    suffix = np.zeros(n_other + 1)
    for k in range(n_other - 1, -1, -1):
        top = 0.0
        for slot in range(field.start[block + k], field.start[block + k + 1]):
            top = max(top, LN_SCALE - field.ln_uniform[k] - plane[slot - base, 6])
        suffix[k] = suffix[k + 1] + top
    state = np.zeros((n_other + 1, 7))
    pattern = np.zeros(n_other + 1, np.int64)
    choice = np.empty(n_other, np.int64)
    apart, members = np.empty((n_other, n_other)), np.empty((n_other, n_other))
    variance = np.empty(n_other)
    level = 0
    choice[0] = base - 2
    while level >= 0:
        choice[level] += 1
        slot = choice[level]
        if slot >= field.start[block + level + 1]:
            level -= 1
            continue
        present = slot >= field.start[block + level]
        pattern[level + 1] = pattern[level] | 1 << level if present else pattern[level]
        if not present:
            state[level + 1] = state[level]
        elif pattern[level] == 0:  # the first member
            state[level + 1, :6] = plane[slot - base, :6]
            state[level + 1, 6] = field.unrelated[1 << level]
        else:
            join(
                state[level],
                state[level + 1],
                plane[slot - base],
                LN_SCALE - field.ln_uniform[level],
            )
        so_far = pattern[level + 1]
        # The slack covers what the plane distorts; the result comes from exact separations.
        if state[level + 1, 6] + suffix[level + 1] <= best[so_far] - 1e-3:
            continue
        if present and not fits(
            slot,
            level,
            choice,
            block,
            field.start,
            field.ra,
            field.dec,
            field.cos_dec,
            field.radius,
            True,
            apart,
        ):
            continue
        if level < n_other - 1:
            level += 1
            choice[level] = field.start[block + level] - 2
            continue
        if so_far & (so_far - 1) == 0:  # fewer than two members
            continue
        value = state[n_other, 6]
        if field.circular:
            n = 0
            for b in range(n_other):
                if choice[b] >= field.start[block + b]:
                    variance[n] = field.cov[choice[b], 0]
                    at = 0
                    for a in range(b):
                        if choice[a] >= field.start[block + a]:
                            members[at, n] = apart[a, b]
                            at += 1
                    n += 1
            value = ln_bayes_circular(n, variance, members) + field.unrelated[so_far]
        if value > best[so_far]:
            for larger in range(so_far, len(best)):
                if larger & so_far == so_far:
                    best[larger] = max(best[larger], value)
