"""Sums over all ways to make objects of the detections of a component: see :mod:`.shared_objects`.

Arrays are passed whole, with where a component's part begins: to take the part would count the
owners of the array, for which threads wait for each other.
"""

from __future__ import annotations

import math

import numpy as np

from .jit import jit
from .ln_sums import ln_of, with_term
from .object_weights import LN_CHANCE, ln_bayes_of_two


@jit
def ln_subsets(m, low_at, first, group_at, mask, weight, begin, ln_z):
    """Ln Z of every subset of a component with `m` detections, 2^m from `begin` on.

    `first`, from `low_at` on, says where the groups with each detection as their first begin among
    `mask` and `weight`, from `group_at` on.
    """
    ln_z[begin] = 0.0
    low = 0
    for s in range(1, 1 << m):
        low = 0
        while not s >> low & 1:
            low += 1
        top, total = -np.inf, 0.0
        for q in range(group_at + first[low_at + low], group_at + first[low_at + low + 1]):
            if not (mask[q] & ~s or weight[q] == -np.inf):
                top, total = with_term(top, total, weight[q] + ln_z[begin + (s ^ mask[q])])
        ln_z[begin + s] = ln_of(top, total)


@jit
def subsets_of_pair(a, b, catalogue, plane, ln_relative, ln_more, begin, ln_z):
    """The same of two detections without tails, which are linked, from `begin` on: most are such.

    Without the arrays that groups take.
    """
    in_a, in_b = 1 << catalogue[a], 1 << catalogue[b]
    first, second = ln_relative[in_a] + ln_more[a], ln_relative[in_b] + ln_more[b]
    ln_z[begin], ln_z[begin + 1], ln_z[begin + 2] = 0.0, first, second
    top, total = with_term(-np.inf, 0.0, first + second)
    both = ln_relative[in_a | in_b]
    if both > -np.inf:
        both = both + ln_bayes_of_two(plane, a, b) - LN_CHANCE
        top, total = with_term(top, total, both)
    ln_z[begin + 3] = ln_of(top, total)


@jit
def flow_down(
    m, begin, flow, ln_z, low_at, first, group_at, mask, weight, inside, pattern, n, count
):
    """Expected number of objects of every pattern in a component, added to ``count[n]``.

    `flow`, 2^m from `begin` on: the probability that its field detections are that subset, which
    becomes that of meeting it on the way down; only groups that are `inside` count.
    """
    for s in range((1 << m) - 1, 0, -1):
        here = flow[begin + s]
        if here == 0.0:
            continue
        low = 0
        while not s >> low & 1:
            low += 1
        for q in range(group_at + first[low_at + low], group_at + first[low_at + low + 1]):
            if mask[q] & ~s:
                continue
            rest = begin + (s ^ mask[q])
            share = here * math.exp(weight[q] + ln_z[rest] - ln_z[begin + s])
            flow[rest] += share
            if inside[q]:
                count[n, pattern[q]] += share
