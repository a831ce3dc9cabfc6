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
def rank(value, thresholds, low, per_unit, start):
    """How many of the ascending `thresholds` (t,), t > 0, lie below `value`.

    Those of earlier buckets do, those of later ones do not; the few of its own are compared.
    """
    bucket = bucket_of(value, low, per_unit)
    below, end = start[bucket], start[bucket + 1]
    while below < end:
        middle = (below + end) // 2
        if thresholds[middle] < value:
            below = middle + 1
        else:
            end = middle
    return below


@jit
def rank_features(x, thresholds, first, columns, missing, zero, buckets, ranks):
    """Ranks (c, n) of features (n, F), for each way to treat what is missing.

    Thresholds of feature f are ``thresholds[first[f]:first[f + 1]]``, its ways
    ``columns[f]:columns[f + 1]``: where `missing` or `zero` (c,) says so a row goes left, or right,
    at every threshold; else a missing value is 0. `buckets`: what :func:`bucket_starts` fills.
    """
    low, per_unit, start = buckets
    for f in range(x.shape[1]):
        if columns[f] == columns[f + 1]:
            continue
        own, own_start = thresholds[first[f] : first[f + 1]], start[f]
        n_own = len(own)
        rank_of_zero = rank(0.0, own, low[f], per_unit[f], own_start)
        for r in range(len(x)):
            value = x[r, f]
            is_missing = math.isnan(value)
            is_zero = is_missing or abs(value) <= ZERO
            found = rank_of_zero
            if not is_zero:
                found = rank(value, own, low[f], per_unit[f], own_start)
            for c in range(columns[f], columns[f + 1]):
                side = missing[c] if is_missing else (zero[c] if is_zero else AS_IT_IS)
                here = 0 if side == LEFT else n_own
                ranks[c, r] = found if side == AS_IT_IS else here


@jit
def sum_trees(
    ranks, nodes, column, cut, keep, leaf_value, everything, multiplier, shift, bits, out
):
    """Add the leaf value of each row in each tree to `out` (n,), tree by tree.

    Ranks are (c, n); nodes of tree t are ``nodes[t]:nodes[t + 1]`` of `column`, `cut` and `keep`: a
    row of rank above `cut` keeps the bits `keep`, any other `everything`. Leaf values (T, w) are in
    the order of ``bit * multiplier >> shift``, which numbers single bits (de Bruijn). `bits` (n,)
    is room to work in.
    """
    n = len(out)
    for t in range(len(nodes) - 1):
        for r in range(n):
            bits[r] = everything
        for node in range(nodes[t], nodes[t + 1]):
            own, level, kept = ranks[column[node]], cut[node], keep[node]
            for r in range(n):
                bits[r] &= kept if own[r] > level else everything
        for r in range(n):
            bits[r] = (bits[r] & (~bits[r] + 1)) * multiplier  # the lowest bit, hashed
        value = leaf_value[t]
        for r in range(n):
            out[r] += value[bits[r] >> shift]


@jit
def forest_sums(x, start, stop, ways, trees, models, out):
    """Sums `out` (M, n) of the trees of M models, for rows `start` to `stop` of `x` (n, F).

    `ways` are the arguments of :func:`rank_features` after `x`, `trees` those of :func:`sum_trees`
    after `ranks`; trees of model m are ``models[m]:models[m + 1]``.
    """
    thresholds, first, columns, missing, zero = ways
    nodes, column, cut, keep, leaf_value, everything, multiplier, shift = trees
    n_features = x.shape[1]
    low, per_unit = np.zeros(n_features), np.zeros(n_features)
    buckets = low, per_unit, np.empty((n_features, BUCKETS + 1), np.int16)
    bucket_starts(thresholds, first, *buckets)
    ranks = np.empty((len(missing), BLOCK), np.int16)
    bits = np.empty(BLOCK, keep.dtype)
    for a in range(start, stop, BLOCK):
        b = min(a + BLOCK, stop)
        rank_features(x[a:b], thresholds, first, columns, missing, zero, buckets, ranks)
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
