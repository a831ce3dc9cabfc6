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
from typing import NamedTuple

import numpy as np

from .jit import jit

#: bits of a mask that are used
BITS = 62


class Options(NamedTuple):
    """What the nodes of a group may do, equal choices together."""

    first: np.ndarray
    """(n + 1,) first option of each node, then the end"""
    forbid: np.ndarray
    """(n_options,) bits that may not be in use"""
    need: np.ndarray
    """(n_options,) bits that have to be"""
    take: np.ndarray
    """(n_options,) bits in use from here on"""
    weight: np.ndarray
    """(n_options,) ln"""
    close: np.ndarray
    """(n,) bits that no later node asks for"""


@jit
def add(a, b):
    """Ln of exp(a) + exp(b)."""
    high, low = max(a, b), min(a, b)
    return high if low == -np.inf else high + math.log1p(math.exp(low - high))


@jit
def bits_of_row(row, member, slot_object, bit):
    """Mask of the linked objects of an association."""
    mask = np.uint64(0)
    for b in range(member.shape[1]):
        if member[row, b] >= 0 and slot_object[member[row, b]] >= 0:
            mask |= np.uint64(1) << np.uint64(bit[slot_object[member[row, b]]])
    return mask


@jit
def free_bit(used):
    """The lowest bit that is not set, -1: none."""
    for k in range(BITS):
        if not used >> np.uint64(k) & np.uint64(1):
            return k
    return -1


@jit
def open_links(node, links, bit, used):
    """Give every object of a node that has no bit yet a free one; the bits used, all: too many."""
    for k in range(links.first[node], links.first[node + 1]):
        claimed = links.object[k]
        if bit[claimed] < 0:
            free = free_bit(used)
            if free < 0:
                return ~np.uint64(0)
            bit[claimed] = free
            used |= np.uint64(1) << np.uint64(free)
    return used


@jit
def option_of(first, end, forbid, take, option):
    """Number of the option, among first to end, that takes these bits; `end` when it is new."""
    for o in range(first, end):
        if option.take[o] == take and option.forbid[o] == forbid and option.need[o] == 0:
            return o
    option.forbid[end], option.take[end], option.need[end] = forbid, take, 0
    option.weight[end] = -np.inf
    return end


@jit
def fill_options(begin, end, order, links, sets, rows, scratch, option):
    """What every node of a group may do, equal choices together; False when bits run out.

    `rows.option` and `sets.same_option` get the option of every row of the group's nodes and of
    every identification of its sets.
    """
    for t in range(begin, end):
        node = order[t]
        for k in range(links.first[node], links.first[node + 1]):
            scratch.object_last[links.object[k]] = t
        if sets.of_node[node] >= 0:
            scratch.set_last[sets.of_node[node]] = t
    used, n = np.uint64(0), 0
    for t in range(begin, end):
        node = order[t]
        i, s = rows.primary[node], sets.of_node[node]
        leads = s >= 0 and scratch.set_bit[s] < 0
        if leads:  # what the others of the set want is decided here, too
            for q in range(sets.first[s], sets.first[s + 1]):
                used = open_links(sets.node[q], links, scratch.object_bit, used)
            scratch.set_bit[s] = free_bit(used)
        used = open_links(node, links, scratch.object_bit, used)
        if used == ~np.uint64(0) or (leads and scratch.set_bit[s] < 0):
            return False
        flag = np.uint64(0)
        if s >= 0:
            flag = np.uint64(1) << np.uint64(scratch.set_bit[s])
            used |= flag
        option.first[t - begin] = begin_of = n
        for row in range(rows.first[i], rows.first[i + 1]):
            bits = bits_of_row(row, rows.member, rows.slot_object, scratch.object_bit)
            o = option_of(begin_of, n, bits | flag, bits, option)
            option.weight[o] = add(option.weight[o], rows.weight[row])
            rows.option[row] = o
            n = max(n, o + 1)
        if leads:
            for m in range(sets.same_first[s], sets.same_first[s + 1]):
                bits = flag
                for q in range(sets.first[s + 1] - sets.first[s]):
                    bits |= bits_of_row(
                        sets.same_row[m, q], rows.member, rows.slot_object, scratch.object_bit
                    )
                o = option_of(begin_of, n, bits, bits, option)
                option.weight[o] = add(option.weight[o], sets.same_weight[m])
                sets.same_option[m] = o
                n = max(n, o + 1)
        elif s >= 0:
            option.forbid[n], option.take[n], option.need[n] = 0, 0, flag
            option.weight[n] = 0.0
            n += 1
        close = np.uint64(0)
        for k in range(links.first[node], links.first[node + 1]):
            if scratch.object_last[links.object[k]] == t:
                close |= np.uint64(1) << np.uint64(scratch.object_bit[links.object[k]])
        if s >= 0 and scratch.set_last[s] == t:
            close |= flag
        option.close[t - begin] = close
        used &= ~close
    option.first[end - begin] = n
    return True


@jit
def allowed(state, o, option):
    """Whether an option is open in a state."""
    return state & option.forbid[o] == 0 and state & option.need[o] == option.need[o]


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
    for s in range(begin, end):
        for o in range(option.first[t], option.first[t + 1]):
            if allowed(masks[s], o, option):
                to = (masks[s] | option.take[o]) & ~option.close[t]
                at = slot_of(to, table, masks)
                if table[at] < 0:
                    if n == len(masks) or 2 * (n - end + 1) > len(table):
                        return -1
                    table[at] = n
                    masks[n] = to
                    values[n] = -np.inf
                    n += 1
                values[table[at]] = add(values[table[at]], values[s] + option.weight[o])
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
    for t in range(n - 1, -1, -1):
        begin, end = layer[t], layer[t + 1]
        table = table_for(layer[t + 2] - end)
        for s in range(end, layer[t + 2]):
            table[slot_of(masks[s], table, masks)] = s
        before = np.full(end - begin, -np.inf)
        for o in range(option.first[t], option.first[t + 1]):
            context[o] = -np.inf
            for s in range(begin, end):
                if allowed(masks[s], o, option):
                    to = (masks[s] | option.take[o]) & ~option.close[t]
                    rest = after[table[slot_of(to, table, masks)] - end]
                    context[o] = add(context[o], values[s] + rest - total)
                    before[s - begin] = add(before[s - begin], option.weight[o] + rest)
        after = before
    return True


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
            np.empty(end - begin, np.uint64),
        )
        solved[g] = fill_options(begin, end, order, links, sets, rows, scratch, option)
        context = np.empty(size)
        if solved[g]:
            solved[g] = solve_group(end - begin, option, context, limits[0], limits[1])
        if not solved[g]:
            continue
        for t in range(begin, end):
            i = rows.primary[order[t]]
            for row in range(rows.first[i], rows.first[i + 1]):
                rows.joint[row] = rows.weight[row] + context[rows.option[row]]
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
