"""Primaries that compete for the same objects: groups of them, and what goes in and comes out.

The nodes of a group are its primaries; an object that two of them may have links them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .bayes_factor import row_pattern
from .jit import jit
from .posterior import LN_10, best_rows, calibrated_group


class Links(NamedTuple):
    """Which node (a primary of a group) may have which object."""

    first: np.ndarray
    """(n_nodes + 1,) first link of each node, then the end"""
    object: np.ndarray
    """(n_links,) object, numbered over all groups"""
    object_first: np.ndarray
    """(n_objects + 1,)"""
    object_node: np.ndarray
    """(n_links,) node, by object"""


class Sets(NamedTuple):
    """Nodes that may be one source, and what the source may be."""

    of_node: np.ndarray
    """(n_nodes,) set, -1 = none"""
    first: np.ndarray
    """(n_sets + 1,) first member of each set, then the end"""
    node: np.ndarray
    """(n_members,) nodes"""
    same_first: np.ndarray
    """(n_sets + 1,) first identification of each set, then the end"""
    same_row: np.ndarray
    """(n_same, largest set) row of that identification for each member"""
    same_weight: np.ndarray
    """(n_same,) its ln weight, as a product over the members' own"""
    same_option: np.ndarray
    """(n_same,) work"""
    ln_together: np.ndarray
    """(n_sets,) out: ln of the probability of being one source"""


class Rows(NamedTuple):
    """Associations of the nodes."""

    primary: np.ndarray
    """(n_nodes,)"""
    first: np.ndarray
    """(n_primary + 1,)"""
    member: np.ndarray
    """(n_rows, n_other) slots"""
    slot_object: np.ndarray
    """(n_slots,) object where the slot is a link, else -1"""
    weight: np.ndarray
    """(n_rows,) ln weight, independent of all others"""
    option: np.ndarray
    """(n_rows,) work"""
    joint: np.ndarray
    """(n_rows,) out: ln of the joint probability"""


class Scratch(NamedTuple):
    """What belongs to one group at a time, by object and by set."""

    object_bit: np.ndarray
    """(n_objects,) -1 = not met yet"""
    object_last: np.ndarray
    """(n_objects,)"""
    set_bit: np.ndarray
    """(n_sets,) -1 = not met yet"""
    set_last: np.ndarray
    """(n_sets,)"""


@jit
def candidate_probabilities(i_first, i_last, first, member, p_match, least, out):
    """Add the probability of every association with more than `least` to its candidates.

    Of the primaries of a range.  ``member`` (n_rows, n_other) slots, -1 = none; ``out`` (n_slots,).
    """
    for row in range(first[i_first], first[i_last]):
        p = p_match[row] if p_match[row] > least else 0.0  # no branch: none to mispredict
        for k in range(member.shape[1]):
            if member[row, k] >= 0:
                out[member[row, k]] += p


@jit
def maybe_twice(values, met, out):
    """Which of some whole numbers may occur more than once (`out`); all that do are among them.

    Numbers that end in the same bits cannot be told apart; ``met`` (a power of two), empty at
    first, takes how often such were met.
    """
    mask = len(met) - 1
    for value in values:
        met[value & mask] = min(met[value & mask] + 1, 2)
    for k in range(len(values)):
        out[k] = met[values[k] & mask] == 2


@jit
def row_weights(primaries, first, member, ln_fraction, ln_like, weight):
    """Ln of fraction times likelihood of every row of some primaries, unnormalised."""
    for i in primaries:
        for row in range(first[i], first[i + 1]):
            weight[row] = ln_fraction[i, row_pattern(row, member)] + ln_like[row]


@jit
def visit(node, mark, stamp, queue, end):
    """Put a node that has not been seen at the end of the queue; the new end."""
    if stamp[node] == mark:
        return end
    stamp[node] = mark
    queue[end] = node
    return end + 1


@jit
def breadth_first(seed, mark, links, sets, stamp, claims, queue, begin):
    """All nodes that hang together with `seed`, near ones first, from queue[begin]; the end.

    ``stamp`` and ``claims`` have the mark of those nodes, and objects, that have been met.
    """
    queue[begin] = seed
    stamp[seed] = mark
    end = begin + 1
    at = begin
    while at < end:
        node = queue[at]
        at += 1
        for k in range(links.first[node], links.first[node + 1]):
            claimed = links.object[k]
            if claims[claimed] == mark:
                continue
            claims[claimed] = mark
            for q in range(links.object_first[claimed], links.object_first[claimed + 1]):
                end = visit(links.object_node[q], mark, stamp, queue, end)
        s = sets.of_node[node]
        if s >= 0:
            for q in range(sets.first[s], sets.first[s + 1]):
                end = visit(sets.node[q], mark, stamp, queue, end)
    return end


@jit
def ordered_groups(n_nodes, links, sets):
    """Nodes by group, each from one of its ends to the other, and where the groups begin.

    From end to end few objects are in use at a time.
    """
    order, first = np.empty(n_nodes, np.int64), [0]
    stamp, claims = np.full(n_nodes, -1), np.full(len(links.object_first) - 1, -1)
    begin = 0
    for seed in range(n_nodes):
        if stamp[seed] >= 0:
            continue
        end = breadth_first(seed, 2 * seed, links, sets, stamp, claims, order, begin)
        far = order[end - 1]
        breadth_first(far, 2 * seed + 1, links, sets, stamp, claims, order, begin)
        begin = end
        first.append(end)
    return order, np.array(first)


@jit
def share_out_rows(
    primaries, first, weight, joint, term_first, term, p_match, p_hostless, log10_odds
):
    """Probabilities of some primaries from their joint ln weights, `joint` (n_rows,).

    `term` gets log10 of the joint odds of each row over the independent ones, from `weight`.
    """
    for k in range(len(primaries)):
        i = primaries[k]
        begin, end = first[i], first[i + 1]
        for row in range(begin, end):
            gain = (joint[row] - joint[begin]) - (weight[row] - weight[begin])
            term[term_first[k] + row - begin] = gain / LN_10 if weight[row] > -np.inf else 0.0
        log10_odds[i] = calibrated_group(begin, end, joint[begin:end], p_match)
        p_hostless[i] = p_match[begin]


@jit
def best_of(primaries, first, member, p_i, p_match, best, second_p_i, marginal):
    """Best row, runner-up and marginals of some primaries."""
    for i in primaries:
        best_rows(i, i + 1, first, member, p_i, p_match, best, second_p_i, marginal)
