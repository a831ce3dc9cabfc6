"""The likely combinations around a primary that has too many to list them all.

Depth first through the other catalogues, each absent or one of its candidates.  The members so far
are a product of Gaussians: mean, covariance, and ln e, where e = B * prod(ratios) / prod n_k+ is
their evidence against chance.  A further member multiplies e by at most ``ratio / n_k+`` times
2 / sqrt|C| (its Gaussian at its peak), so a partial combination and everything that can follow it
sum to at most e * prod(1 + sum of those).  Where that is below `prune` of the primary's own total,
nothing below is looked at, and the bound is added to what was lost.

Rows count in two measures: e itself (the calibrated probabilities weigh it with fractions that are
not known yet) and NWAY's weight, e times the completeness and the factor U of the unrelated
associations.  A branch goes only if it is negligible in both.
"""

from __future__ import annotations

import math

import numpy as np

from .associations import fits, write_row
from .bayes_factor import LN_SCALE
from .combinations import candidates_of, join
from .jit import jit
from .ln_sums import log_sum
from .posterior import members_density
from .unrelated import best_unrelated

#: the calibrated fractions and what catalogues share, not known yet, may raise what is left out
#: against the total by this
FRACTIONS = math.log(1e-4)
#: a first, quick walk finds the total but for about this share
LOOSE = math.log(1e-3)
TOTAL, COUNT, FILL = 0, 1, 2


@jit
def most_beyond(i, field, plane, n_other):
    """Ln of the most by which members of catalogue k and those after it raise e, (n_other + 1,)."""
    block, suffix = i * n_other, np.zeros(n_other + 1)
    base = field.start[block]
    for k in range(n_other - 1, -1, -1):
        a, b = field.start[block + k] - base, field.start[block + k + 1] - base
        peak = np.zeros(b - a + 1)  # the first: absent
        peak[1:] = (
            LN_SCALE - field.ln_density[i, k] - plane[a:b, 6] + field.ln_ratio[base + a : base + b]
        )
        suffix[k] = suffix[k + 1] + log_sum(peak, 0, len(peak))
    return suffix


@jit
def walk(mode, i, field, plane, extra, limit, totals, row, last_row, lost, member, between):
    """Go through the likely combinations of primary `i`; returns the row after the last.

    `limit`: ln of the e and of the NWAY weight that is negligible.  TOTAL: returns 0 and leaves
    ln of the two totals in `lost`; COUNT adds to `lost` what was left out, in units of the
    totals in `totals`, and stops beyond `last_row`; FILL writes the rows.
    """
    n_other = int(round(math.log2(len(extra))))
    block = i * n_other
    base = field.start[block]
    suffix = most_beyond(i, field, plane, n_other)
    state = np.zeros((n_other + 1, 7))
    state[0, 2:6] = field.p_cov[i]
    pattern = np.zeros(n_other + 1, np.int64)
    choice = np.empty(n_other, np.int64)
    apart = np.empty((n_other, n_other))
    level = 0
    choice[0] = base - 2  # one before "absent", which is start - 1
    while level >= 0:
        choice[level] += 1
        slot = choice[level]
        if slot >= field.start[block + level + 1]:
            level -= 1
            continue
        present = slot >= field.start[block + level]
        if present:
            join(
                state[level],
                state[level + 1],
                plane[slot - base],
                LN_SCALE - field.ln_density[i, level] + field.ln_ratio[slot],
            )
            pattern[level + 1] = pattern[level] | 1 << level
        else:
            state[level + 1] = state[level]
            pattern[level + 1] = pattern[level]
        bound = state[level + 1, 6] + suffix[level + 1]
        weight = bound + extra[pattern[level + 1]]
        if pattern[level + 1] != 0 and bound <= limit[0] and weight <= limit[1]:
            if mode == COUNT and bound > -np.inf:
                lost[0] += math.exp(bound - totals[0])
                lost[1] += math.exp(weight - totals[1])
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
            mode == FILL,
            apart,
        ):
            continue
        if level < n_other - 1:
            level += 1
            choice[level] = field.start[block + level] - 2
            continue
        if mode == TOTAL:
            if pattern[n_other] != 0:
                lost[0] = np.logaddexp(lost[0], bound)
                lost[1] = np.logaddexp(lost[1], weight)
                limit[0], limit[1] = lost[0] + LOOSE, lost[1] + LOOSE
            continue
        if mode == FILL:
            write_row(row, block, field.start, choice, apart, member, between)
        row += 1
        if row > last_row:
            break
    return row


@jit
def count_likely(
    a, b, which, field, wide, shift, ln_prune, ln_floor, limit, count, unrelated, total, lost
):
    """Number of likely combinations of the primaries ``which[a:b]``; the sum may pass `limit`.

    `wide` and `shift`: `field` with errors as wide as their tails, which bound what is left out,
    and how much lower ln of the limits is then; `field` itself and 0 where no errors have tails.
    Also writes, per primary, ln U of every set of left-out catalogues, ln of the two totals (e
    and NWAY's weight, without the no-counterpart row) and what was left out in units of them.
    """
    n_other = int(round(math.log2(unrelated.shape[1])))
    nothing, no_between = np.empty((0, n_other), np.int64), np.empty((0, 0))
    found = 0
    for n in range(a, b):
        i = which[n]
        plane = candidates_of(field, i, n_other)
        unrelated[n] = 0.0
        if len(field.unrelated) > 0:
            best_unrelated(i, field, plane, unrelated[n])
        extra = weight_factor(field, i, unrelated[n])
        total[n] = -np.inf
        walk(
            TOTAL,
            i,
            field,
            plane,
            extra,
            np.full(2, -np.inf),
            total[n],
            0,
            0,
            total[n],
            nothing,
            no_between,
        )
        lost[n] = 0.0
        if shift[0] > 0:
            plane = candidates_of(wide, i, n_other)
        count[n] = walk(
            COUNT,
            i,
            wide,
            plane,
            extra,
            negligible(total[n], ln_prune, ln_floor) - shift,
            total[n],
            0,
            limit - found,
            lost[n],
            nothing,
            no_between,
        )
        lost[n] *= math.exp(shift[1])
        found += count[n]
        if found > limit:
            break
    return found


@jit
def fill_likely(
    a, b, which, field, wide, shift, ln_prune, ln_floor, unrelated, total, first, member, between
):
    """Write the rows that :func:`count_likely` counted."""
    n_other = member.shape[1]
    lost = np.empty(2)
    for n in range(a, b):
        i = which[n]
        plane = candidates_of(wide, i, n_other)
        walk(
            FILL,
            i,
            wide,
            plane,
            weight_factor(field, i, unrelated[n]),
            negligible(total[n], ln_prune, ln_floor) - shift,
            total[n],
            first[i],
            first[i + 1],
            lost,
            member,
            between,
        )


@jit
def negligible(total, ln_prune, ln_floor):
    """Ln of the e and of the NWAY weight below which a branch goes."""
    out = np.minimum(total + ln_prune, ln_floor)
    out[0] += FRACTIONS
    return out


@jit
def weight_factor(field, i, unrelated):
    """Ln of NWAY's weight over e for each pattern: completeness, density, and U of the left-out."""
    n_patterns = len(unrelated)
    out = np.empty(n_patterns)
    for pattern in range(n_patterns):
        out[pattern] = (
            field.ln_completeness[pattern]
            + unrelated[n_patterns - 1 - pattern]
            + members_density(field.ln_density[i] - field.ln_uniform, pattern)
        )
    return out
