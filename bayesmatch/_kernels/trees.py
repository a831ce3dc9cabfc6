"""Sums of decision trees, without walking them.

A test that sends a row to the right rules out every leaf on its left. Leaves are bits, counted
from the left, and each node holds the bits that such a row keeps; of the bits left after all nodes
of a tree, in any order, the lowest is the leaf where a walk would end (QuickScorer: Lucchese et
al. 2015, SIGIR, p. 73). Feature values become their rank among all thresholds first, so that the
inner loop is integers over many rows, which the compiler turns into vector instructions.
"""

from __future__ import annotations

import math

import numpy as np

from .jit import jit

#: rows that are worked on together: their ranks and bits stay in the nearest cache
BLOCK = 512
#: values up to this are zero (LightGBM's 1e-35f)
ZERO = float(np.float32(1e-35))
#: what a rank is where the value is missing, or zero
AS_IT_IS, LEFT, RIGHT = 0, 1, 2
#: of equal width, from the least threshold of a feature to the largest
BUCKETS = 1024


@jit
def bucket_of(value, low, per_unit):
    """The bucket that a value falls into, of `BUCKETS`: larger values never into an earlier one."""
    place = (value - low) * per_unit
    if not place > 0.0:  # also where it is not a number: every threshold falls there then
        return 0
    return int(min(place, BUCKETS - 1.0))


@jit
def bucket_starts(thresholds, first, low, per_unit, start):
    """How many thresholds of each feature are in the buckets before each, `start` (F, BUCKETS + 1).

    And where its first bucket begins (F,), and how many there are per unit (F,).
    """
    for f in range(len(first) - 1):
        own = thresholds[first[f] : first[f + 1]]
        if len(own) == 0:
            continue
        low[f] = own[0]
        extent = own[-1] - own[0]
        per_unit[f] = BUCKETS / extent if extent > 0.0 else 0.0
        start[f] = 0
        for threshold in own:
            start[f, bucket_of(threshold, low[f], per_unit[f]) + 1] += 1
        for bucket in range(BUCKETS):
            start[f, bucket + 1] += start[f, bucket]


@jit
def rank(value, thresholds, below, half):
    """How many of the ascending `thresholds` lie below `value`.

    `below` of them do, and less than ``2 * half`` more, a power of two, or 0: none. After the last
    comes infinity, so that what is compared may lie beyond. Without branches: which way a value
    goes cannot be foreseen.
    """
    while half > 0:
        below += half if thresholds[below + half - 1] < value else 0
        half >>= 1
    return below


@jit
def bordered(thresholds, first, start, padded, half):
    """What :func:`rank` takes: thresholds with as many infinities after those of each feature.

    Those of feature f are ``padded[2 * first[f]:2 * first[f + 1]]``; `half` (F,).
    """
    padded[:] = np.inf
    for f in range(len(first) - 1):
        a, b = first[f], first[f + 1]
        padded[2 * a : a + b] = thresholds[a:b]
        most = 0
        for bucket in range(BUCKETS if b > a else 0):
            most = max(most, start[f, bucket + 1] - start[f, bucket])
        half[f] = 0
        while most > 0:
            half[f] = max(1, 2 * half[f])
            most >>= 1


@jit
def side_rank(side, n, as_it_is):
    """The rank that sends a row to a side at every one of `n` thresholds."""
    if side == AS_IT_IS:
        return as_it_is
    return 0 if side == LEFT else n


@jit
def rank_features(x, a, b, first, columns, missing, zero, buckets, search, ranks):
    """Ranks (c, b - a) of rows a to b of features (F, n), for each way to treat what is missing.

    Ways of feature f are ``columns[f]:columns[f + 1]``: where `missing` or `zero` (c,) says so a
    row goes left, or right, at every threshold; else a missing value is 0. `buckets`: what
    :func:`bucket_starts` fills, `search`: what :func:`bordered` does.
    """
    low, per_unit, start = buckets
    padded, half = search
    n = b - a
    found = np.empty(n, np.int32)
    for f in range(len(x)):
        if columns[f] == columns[f + 1]:
            continue
        values, own_start = x[f][a:b], start[f]
        own, own_half = padded[2 * first[f] : 2 * first[f + 1]], half[f]
        own_low, own_per_unit = low[f], per_unit[f]
        for r in range(n):
            found[r] = bucket_of(values[r], own_low, own_per_unit)
        for r in range(n):
            found[r] = rank(values[r], own, own_start[found[r]], own_half)
        n_own = first[f + 1] - first[f]
        in_bucket = own_start[bucket_of(0.0, own_low, own_per_unit)]
        as_zero = rank(0.0, own, in_bucket, own_half)
        for c in range(columns[f], columns[f + 1]):
            if_missing = side_rank(missing[c], n_own, as_zero)
            if_zero = side_rank(zero[c], n_own, as_zero)
            out = ranks[c]
            for r in range(n):
                here = if_zero if abs(values[r]) <= ZERO else found[r]
                out[r] = if_missing if math.isnan(values[r]) else here


@jit
def sum_trees(
    ranks, nodes, column, cut, keep, leaf_value, everything, multiplier, shift, bits, out
):
    """Add the leaf value of each row in each tree to `out` (n,), tree by tree.

    Ranks are (c, n); nodes of tree t, an even number, are ``nodes[t]:nodes[t + 1]`` of `column`,
    `cut` and `keep`: a row of rank above `cut` keeps the bits `keep`, any other `everything`. They
    are taken two at a time, which saves half of the visits to `bits`. Leaf values (T, w) are in
    the order of ``bit * multiplier >> shift``, which numbers single bits (de Bruijn). `bits` (n,)
    is room to work in.
    """
    n = len(out)
    for t in range(len(nodes) - 1):
        for r in range(n):
            bits[r] = everything
        for node in range(nodes[t], nodes[t + 1], 2):
            one, level, kept = ranks[column[node]], cut[node], keep[node]
            other, its_level, its_kept = ranks[column[node + 1]], cut[node + 1], keep[node + 1]
            for r in range(n):
                bits[r] &= (kept if one[r] > level else everything) & (
                    its_kept if other[r] > its_level else everything
                )
        for r in range(n):
            bits[r] = (bits[r] & (~bits[r] + 1)) * multiplier  # the lowest bit, hashed
        value = leaf_value[t]
        for r in range(n):
            out[r] += value[bits[r] >> shift]


@jit
def forest_sums(x, start, stop, ways, trees, models, out):
    """Sums `out` (M, n) of the trees of M models, for rows `start` to `stop` of `x` (F, n).

    `ways` are thresholds and the arguments of :func:`rank_features` from `first` on, `trees` those
    of :func:`sum_trees` after `ranks`; trees of model m are ``models[m]:models[m + 1]``.
    """
    thresholds, first, columns, missing, zero = ways
    nodes, column, cut, keep, leaf_value, everything, multiplier, shift = trees
    n_features = len(x)
    low, per_unit = np.zeros(n_features), np.zeros(n_features)
    buckets = low, per_unit, np.empty((n_features, BUCKETS + 1), np.int16)
    bucket_starts(thresholds, first, *buckets)
    search = np.empty(2 * len(thresholds)), np.empty(n_features, np.int64)
    bordered(thresholds, first, buckets[2], *search)
    ranks = np.empty((len(missing), BLOCK), np.int16)
    bits = np.empty(BLOCK, keep.dtype)
    for a in range(start, stop, BLOCK):
        b = min(a + BLOCK, stop)
        rank_features(x, a, b, first, columns, missing, zero, buckets, search, ranks)
        for m in range(len(models) - 1):
            i, j = models[m], models[m + 1]
            sum_trees(
                ranks,
                nodes[i : j + 1],
                column,
                cut,
                keep,
                leaf_value[i:j],
                everything,
                multiplier,
                shift,
                bits,
                out[m, a:b],
            )
