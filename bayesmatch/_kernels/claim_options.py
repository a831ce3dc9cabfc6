"""What primaries that compete for the same objects may do: see :mod:`.claims`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .jit import jit
from .ln_sums import ln_of, with_term

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
    """(n_options,) ln; of the largest that was put in, until all are"""
    total: np.ndarray
    """(n_options,) their sum in its units"""
    close: np.ndarray
    """(n,) bits that no later node asks for"""


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
def option_for(
    first, end, forbid, take, ln_weight, all_forbid, all_need, all_take, all_weight, all_total
):
    """Number of the option that takes these bits, with one more choice: `end` when it is new.

    It is among first to end.
    """
    o = end
    for known in range(first, end):
        if all_take[known] == take and all_forbid[known] == forbid and all_need[known] == 0:
            o = known
            break
    if o == end:
        all_forbid[o], all_take[o], all_need[o] = forbid, take, 0
        all_weight[o], all_total[o] = -np.inf, 0.0
    all_weight[o], all_total[o] = with_term(all_weight[o], all_total[o], ln_weight)
    return o


@jit
def options_of_rows(
    begin,
    end,
    first,
    flag,
    member,
    slot_object,
    bit,
    row_weight,
    row_option,
    all_forbid,
    all_need,
    all_take,
    all_weight,
    all_total,
):
    """Options of a node's rows, begin to end, from option `first` on; their end."""
    n = first
    for row in range(begin, end):
        bits = bits_of_row(row, member, slot_object, bit)
        o = option_for(
            first,
            n,
            bits | flag,
            bits,
            row_weight[row],
            all_forbid,
            all_need,
            all_take,
            all_weight,
            all_total,
        )
        row_option[row] = o
        n = max(n, o + 1)
    return n


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
    # Taken out once: each look into a tuple counts the owners of its arrays, which takes longer
    # than what is done with them.
    of_options = option.forbid, option.need, option.take, option.weight, option.total
    of_rows = rows.member, rows.slot_object, scratch.object_bit, rows.weight, rows.option
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
        n = options_of_rows(rows.first[i], rows.first[i + 1], n, flag, *of_rows, *of_options)
        if leads:
            for m in range(sets.same_first[s], sets.same_first[s + 1]):
                bits = flag
                for q in range(sets.first[s + 1] - sets.first[s]):
                    bits |= bits_of_row(
                        sets.same_row[m, q], rows.member, rows.slot_object, scratch.object_bit
                    )
                o = option_for(begin_of, n, bits, bits, sets.same_weight[m], *of_options)
                sets.same_option[m] = o
                n = max(n, o + 1)
        elif s >= 0:
            option.forbid[n], option.take[n], option.need[n] = 0, 0, flag
            option.weight[n], option.total[n] = 0.0, 1.0
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
    for o in range(n):
        option.weight[o] = ln_of(option.weight[o], option.total[o])
    return True
