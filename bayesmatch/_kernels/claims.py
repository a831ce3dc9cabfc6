"""The joint posterior of primaries that compete for the same objects.

Primaries that may share an object form a *group*.  Its sum over all joint identifications in which
no object is used twice is done one primary after the other: a state is the set of the objects in
use that a later primary may want as well (a bit of a mask each), so that identifications which
differ in nothing else are summed.  Forward sums F, then backward sums G give every option o of
every primary t what the rest of the group leaves to it::

    context(t, o) = sum over states s with no object of o in use of F_t(s) G_t+1(s + o)
    p(t, o) = weight(t, o) context(t, o) / F_n

Primaries that may be the same source form a *set*.  The first of them in the group's order either
takes the set's identification, weighed for all its members, and raises the set's flag, a bit of the
state like an object; the others then follow.  Or all are sources of their own.

All sums are of logarithms: no probability saturates, however sure two primaries are of one object.
"""

from __future__ import annotations

import math

import numpy as np

from .claim_options import Options, fill_options
from .jit import jit
from .ln_sums import ln_of, with_term


@jit
def add(a, b):
    """Ln of exp(a) + exp(b)."""
    high, low = max(a, b), min(a, b)
    return high if low == -np.inf else high + math.log1p(math.exp(low - high))


@jit
def allowed(state, forbid, need):
    """Whether an option is open in a state."""
    return state & forbid == 0 and state & need == need


@jit
def slot_of(mask, table, masks):
    """Where a mask stands, or would stand, in a table of numbers of `masks`, -1 = empty."""
    size = np.uint64(len(table) - 1)
    at = (mask ^ mask >> np.uint64(7) ^ mask >> np.uint64(19) ^ mask >> np.uint64(37)) & size
    while table[at] >= 0 and masks[table[at]] != mask:
        at = (at + np.uint64(1)) & size
    return at


@jit
def table_for(n):
    """An empty table for so many masks: a power of two, at most half full."""
    size = 4
    while size < 2 * n:
        size *= 2
    return np.full(size, -1)


@jit
def next_layer(t, begin, end, masks, values, option, table):
    """States after node t, from those before it in begin to end; the end, -1 if there is no room.

    They are numbered as they are met: the same whatever runs beside.
    """
    n = end
    total = np.zeros(len(table))
    first, last, keep = option.first[t], option.first[t + 1], ~option.close[t]
    # Taken out once: each look into the tuple counts its arrays' owners, which takes ten times
    # as long as the step.
    forbid, need, take, weight = option.forbid, option.need, option.take, option.weight
    for s in range(begin, end):
        for o in range(first, last):
            if allowed(masks[s], forbid[o], need[o]):
                to = (masks[s] | take[o]) & keep
                at = slot_of(to, table, masks)
                if table[at] < 0:
                    if n == len(masks) or 2 * (n - end + 1) > len(table):
                        return -1
                    table[at] = n
                    masks[n] = to
                    values[n] = -np.inf
                    n += 1
                k, term = table[at], values[s] + weight[o]
                values[k], total[k - end] = with_term(values[k], total[k - end], term)
    for k in range(end, n):
        values[k] = ln_of(values[k], total[k - end])
    return n


@jit
def solve_group(n, option, context, max_steps, max_states):
    """Ln of the context of every option of a group, over the group's total; False: too large."""
    room = 1
    widest = 1
    for t in range(n):
        widest = min(widest * (option.first[t + 1] - option.first[t]), max_steps)
        room = min(room + widest, max_states)
    layer = np.zeros(n + 2, np.int64)
    layer[1] = 1
    masks, values = np.zeros(room, np.uint64), np.zeros(room)
    for t in range(n):
        n_options = option.first[t + 1] - option.first[t]
        steps = (layer[t + 1] - layer[t]) * n_options
        if steps > max_steps:
            return False
        table = table_for(steps)
        layer[t + 2] = next_layer(t, layer[t], layer[t + 1], masks, values, option, table)
        if layer[t + 2] < 0:
            return False
    total = values[layer[n]]  # of the only state that is left, nothing in use
    if not np.isfinite(total):
        return False
    after = np.zeros(1)
    forbid, need, take, weight = option.forbid, option.need, option.take, option.weight
    for t in range(n - 1, -1, -1):
        begin, end = layer[t], layer[t + 1]
        table = table_for(layer[t + 2] - end)
        for s in range(end, layer[t + 2]):
            table[slot_of(masks[s], table, masks)] = s
        before, sums = np.full(end - begin, -np.inf), np.zeros(end - begin)
        keep = ~option.close[t]
        for o in range(option.first[t], option.first[t + 1]):
            top, some = -np.inf, 0.0
            for s in range(begin, end):
                if allowed(masks[s], forbid[o], need[o]):
                    to = (masks[s] | take[o]) & keep
                    rest = after[table[slot_of(to, table, masks)] - end]
                    top, some = with_term(top, some, values[s] + rest - total)
                    k, term = s - begin, weight[o] + rest
                    before[k], sums[k] = with_term(before[k], sums[k], term)
            context[o] = ln_of(top, some)
        for k in range(end - begin):
            before[k] = ln_of(before[k], sums[k])
        after = before
    return True


@jit
def in_context(begin, end, weight, option, context, joint):
    """The joint ln probability of some rows, begin to end."""
    for row in range(begin, end):
        joint[row] = weight[row] + context[option[row]]


@jit
def solve_groups(g_first, g_last, group_first, order, links, sets, rows, scratch, limits, solved):
    """The joint ln probability of every row of some groups into `rows.joint`.

    And into `sets.ln_together` that of every set being one source.  `limits`: largest number of
    steps from one node to the next, of states of a group.
    """
    for g in range(g_first, g_last):
        begin, end = group_first[g], group_first[g + 1]
        size = 0
        for t in range(begin, end):
            i, s = rows.primary[order[t]], sets.of_node[order[t]]
            size += 1 + rows.first[i + 1] - rows.first[i]
            if s >= 0:
                size += sets.same_first[s + 1] - sets.same_first[s]
        option = Options(
            np.empty(end - begin + 1, np.int64),
            np.empty(size, np.uint64),
            np.empty(size, np.uint64),
            np.empty(size, np.uint64),
            np.empty(size),
            np.empty(size),
            np.empty(end - begin, np.uint64),
        )
        solved[g] = fill_options(begin, end, order, links, sets, rows, scratch, option)
        context = np.empty(size)
        if solved[g]:
            solved[g] = solve_group(end - begin, option, context, limits[0], limits[1])
        if not solved[g]:
            continue
        of_rows = rows.weight, rows.option, context, rows.joint
        for t in range(begin, end):
            i = rows.primary[order[t]]
            in_context(rows.first[i], rows.first[i + 1], *of_rows)
        for t in range(begin, end):
            s = sets.of_node[order[t]]
            if s < 0 or sets.node[sets.first[s]] != order[t]:
                continue
            for m in range(sets.same_first[s], sets.same_first[s + 1]):
                ln_p = sets.same_weight[m] + context[sets.same_option[m]]
                sets.ln_together[s] = add(sets.ln_together[s], ln_p)
                for q in range(sets.first[s + 1] - sets.first[s]):
                    row = sets.same_row[m, q]
                    rows.joint[row] = add(rows.joint[row], ln_p)
