"""Detections around a primary that may be the same field object: links, and chains of links.

Two detections of different catalogues are linked when they lie within 5 sigma of each other, of
errors with tails those of the tails; a group of detections may be one object when every pair in it
is linked.  Chains of links make components, which have nothing to do with each other; a component
has at most :data:`LARGEST` detections, and where a chain is longer its weakest links are cut.
"""

from __future__ import annotations

import math

import numpy as np

from .bayes_factor import place as place_candidate
from .jit import jit
from .object_weights import LN_CHANCE, PLAIN, ln_bayes_of, ln_bayes_of_two, ln_weight, of_plane
from .sphere import offset
from .thin import adjugate_times, det_of_sum, half_axes, is_thin

#: squared distance, in units of the errors, up to which two detections are linked
REACH_2 = 25.0
#: the same along one axis, and a little more: what is farther away there needs no closer look
WIDE = REACH_2 * (1.0 + 1e-9)
#: up to so many detections all pairs are looked at; more are put in order first
FEW = 128
#: detections in a component: all its subsets are looked at
LARGEST = 12


@jit
def detections(i, n_other, start, p_ra, p_dec, ra, dec, apart, cov, circular, tails):
    """Catalogue (n,) and place (n, 6: x, y, xx, yy, xy, det) of the candidates of a primary.

    In its tangent plane, arcsec; circles need no turning.  With `tails` (n_other, 2: fraction,
    squared factor; or none) these stand behind, (n, 8).
    """
    first, last = start[i * n_other], start[(i + 1) * n_other]
    catalogue = np.empty(last - first, np.int64)
    plane = np.empty((last - first, PLAIN if len(tails) == 0 else PLAIN + 2))
    for k in range(n_other):
        for slot in range(start[i * n_other + k], start[i * n_other + k + 1]):
            c = slot - first
            catalogue[c] = k
            if circular:
                plane[c, 0], plane[c, 1] = offset(
                    p_ra[i], p_dec[i], ra[slot], dec[slot], apart[slot]
                )
                for q in range(PLAIN - 2):
                    plane[c, 2 + q] = cov[slot, q]
            else:
                place_candidate(slot, p_ra[i], p_dec[i], ra, dec, apart, cov, c, plane)
            if len(tails):
                plane[c, PLAIN:] = tails[k]
    return catalogue, plane


@jit
def distance_2(plane, a, b):
    """Squared distance of two detections in units of the errors of both."""
    x, y, a_xx, a_yy, a_xy, a_det = of_plane(plane, a)
    dx, dy, xx, yy, xy, det = of_plane(plane, b)
    dx, dy = dx - x, dy - y
    if is_thin(a_xx, a_yy, a_det) or is_thin(xx, yy, det):
        own, other = half_axes(a_xx, a_yy, a_xy, a_det), half_axes(xx, yy, xy, det)
        u, v = adjugate_times(own, dx, dy)[2], adjugate_times(other, dx, dy)[2]
        return (u + v) / det_of_sum(own, a_det, other, det)
    xx, yy, xy = a_xx + xx, a_yy + yy, a_xy + xy
    return (yy * dx * dx - 2.0 * xy * dx * dy + xx * dy * dy) / (xx * yy - xy * xy)


@jit
def for_links(plane):
    """The places by which detections are linked: errors with tails are as wide as these."""
    if plane.shape[1] == PLAIN:
        return plane
    wide = plane[:, :PLAIN].copy()
    for c in range(len(wide)):
        times = plane[c, PLAIN + 1] if plane[c, PLAIN] > 0.0 else 1.0
        wide[c, 2:5] *= times
        wide[c, 5] *= times * times
    return wide


@jit
def find_links(catalogue, plane):
    """Pairs (m, 2) of linked detections, the first of each being the one that comes first."""
    n = len(catalogue)
    if n > FEW:
        return swept_links(catalogue, plane)
    pair = np.empty((2 * n, 2), np.int64)
    m = 0
    for b in range(n):
        x, y, xx, yy = plane[b, 0], plane[b, 1], plane[b, 2], plane[b, 3]
        for a in range(b):
            if catalogue[a] == catalogue[b]:
                break  # they come catalogue by catalogue
            dx, dy = x - plane[a, 0], y - plane[a, 1]
            if (dx * dx > WIDE * (plane[a, 2] + xx)) | (dy * dy > WIDE * (plane[a, 3] + yy)):
                continue
            if not distance_2(plane, a, b) < REACH_2:
                continue
            if m == len(pair):
                pair = with_room(pair)
            pair[m, 0], pair[m, 1] = a, b
            m += 1
    return pair[:m]


@jit
def with_room(pair):
    """The pairs in an array that is twice as long."""
    longer = np.empty((2 * len(pair), 2), np.int64)
    longer[: len(pair)] = pair
    return longer


@jit
def swept_links(catalogue, plane):
    """The same, by a sweep along x and in its order."""
    n = len(catalogue)
    pair = np.empty((2 * n, 2), np.int64)
    m = 0
    order = np.argsort(plane[:, 0])
    widest = 0.0
    for c in range(n):
        widest = max(widest, plane[c, 2])
    for p in range(n):
        a = order[p]
        reach = math.sqrt(REACH_2 * (plane[a, 2] + widest)) * (1.0 + 1e-9)
        for q in range(p + 1, n):
            b = order[q]
            if plane[b, 0] - plane[a, 0] > reach:
                break
            if catalogue[a] == catalogue[b]:
                continue
            dy = plane[b, 1] - plane[a, 1]
            if dy * dy > WIDE * (plane[a, 3] + plane[b, 3]):
                continue
            if not distance_2(plane, a, b) < REACH_2:
                continue
            if m == len(pair):
                pair = with_room(pair)
            pair[m, 0], pair[m, 1] = min(a, b), max(a, b)
            m += 1
    return pair[:m]


@jit
def root_of(parent, c):
    """The detection that stands for the component of `c`; shortens the way there."""
    while parent[c] != c:
        parent[c] = parent[parent[c]]
        c = parent[c]
    return c


@jit
def joined(n, pair, order, largest, parent):
    """Join linked detections, in `order`, into components of at most `largest`: their size (n,)."""
    size = np.ones(n, np.int64)
    for c in range(n):
        parent[c] = c
    for q in order:
        a, b = root_of(parent, pair[q, 0]), root_of(parent, pair[q, 1])
        if a == b or size[a] + size[b] > largest:
            continue
        low, high = min(a, b), max(a, b)
        parent[high] = low
        size[low] += size[high]
    return size


@jit
def components(catalogue, plane, ln_relative):
    """Components of linked detections, and the links within them.

    Returns component (n,) and bit (n,) of each detection, the number of components, the links
    (m, 2) that are left and how many were cut.  `ln_relative` (patterns,) as in
    :func:`ln_weight`.
    """
    n = len(catalogue)
    wide = for_links(plane)
    pair = find_links(catalogue, wide)
    parent = np.empty(n, np.int64)
    size = joined(n, pair, np.arange(len(pair)), n, parent)
    cut = 0
    if n > LARGEST and len(pair) > 0 and size.max() > LARGEST:
        pair = swept_links(catalogue, wide)  # which of equals is cut, the order says
        strength = np.empty(len(pair))
        members, place = np.empty(2, np.int64), np.empty((6, 2))
        for q in range(len(pair)):
            members[0], members[1] = pair[q]
            strength[q] = ln_weight(members, 2, catalogue, plane, ln_relative, place)
            for c in members:
                strength[q] -= ln_relative[1 << catalogue[c]]
        joined(n, pair, np.argsort(-strength, kind="mergesort"), LARGEST, parent)
        kept = np.empty(len(pair), np.bool_)
        for q in range(len(pair)):
            kept[q] = root_of(parent, pair[q, 0]) == root_of(parent, pair[q, 1])
        cut = len(pair) - kept.sum()
        pair = pair[kept]
    label, bit = np.empty(n, np.int64), np.empty(n, np.int64)
    filled = np.zeros(n, np.int64)
    n_components = 0
    for c in range(n):
        root = root_of(parent, c)
        if root == c:  # the first of its component: roots are the lowest
            label[c] = n_components
            n_components += 1
        label[c] = label[root]
        bit[c] = filled[root]
        filled[root] += 1
    return label, bit, n_components, pair, cut


@jit
def groups(members, linked, catalogue, plane, ln_relative, ln_more, first, mask, weight):
    """All groups of a component that may be one object, by their first member.

    `members` (m,): its detections, bit by bit; `linked` (m,): those that each is linked to, as
    bits; `ln_more` (n,) is added to the weight of a detection by itself.  Fills `first` (m + 1,),
    and from there on their bits and ln weights.
    """
    m = len(members)
    if m == 2:
        groups_of_pair(members, catalogue, plane, ln_relative, ln_more, first, mask, weight)
        return
    chosen, allowed = np.empty(m * m + m, np.int64), np.empty(m * m + m, np.int64)
    some, place = np.empty(m, np.int64), np.empty((6, m))
    n = 0
    for low in range(m):
        first[low] = n
        chosen[0] = 1 << low
        allowed[0] = linked[low] >> (low + 1) << (low + 1)
        top = 1
        while top > 0:
            top -= 1
            now, rest = chosen[top], allowed[top]
            size, highest = 0, 0
            for b in range(m):
                if now >> b & 1:
                    some[size] = members[b]
                    size += 1
                    highest = b
            mask[n] = now
            weight[n] = ln_weight(some, size, catalogue, plane, ln_relative, place)
            if size == 1:
                weight[n] += ln_more[some[0]]
            n += weight[n] > -np.inf
            for b in range(highest + 1, m):
                if rest >> b & 1:
                    chosen[top], allowed[top] = now | 1 << b, rest & linked[b]
                    top += 1
    first[m] = n


@jit
def groups_of_pair(members, catalogue, plane, ln_relative, ln_more, first, mask, weight):
    """The same of two detections, which are linked: most components are such pairs."""
    a, b = members[0], members[1]
    in_a, in_b = 1 << catalogue[a], 1 << catalogue[b]
    first[0], n = 0, 0
    mask[n], weight[n] = 1, ln_relative[in_a] + ln_more[a]
    n += weight[n] > -np.inf
    both = ln_relative[in_a | in_b]
    if both > -np.inf:
        # Most groups are pairs without tails: these need no scratch.
        if plane.shape[1] == PLAIN:
            ln_bayes = ln_bayes_of_two(plane, a, b)
        else:
            ln_bayes = ln_bayes_of(members, 2, plane, np.empty((6, 2)))
        mask[n], weight[n] = 3, both + ln_bayes - LN_CHANCE
        n += weight[n] > -np.inf
    first[1] = n
    mask[n], weight[n] = 2, ln_relative[in_b] + ln_more[b]
    n += weight[n] > -np.inf
    first[2] = n
