"""What stays the same from step to step of the fit of field objects, worked out once.

Which detections are linked, which groups of them may be one object, and the Bayes factors of these
do not depend on how many objects are shared.  The exception are chains so long that their weakest
links are cut: which these are does, and their primaries are looked at anew in every step.
"""

from __future__ import annotations

import numpy as np

from .expected_objects import add_counterparts, expected_objects
from .field_links import LARGEST, components, detections, find_links, for_links, groups, joined
from .grid import grown
from .jit import jit
from .object_weights import LN_CHANCE, ln_bayes_of
from .shared_objects import (
    by_component,
    gains,
    linked_bits,
    new_scratch,
)
from .subsets import flow_down, ln_subsets


@jit
def room(array, n):
    """The array, made longer where it holds fewer than `n`."""
    return array if n <= len(array) else grown(array, 2 * n)


@jit
def is_cut(catalogue, plane):
    """Whether a chain of links among some detections is too long."""
    n = len(catalogue)
    if n <= LARGEST:
        return False
    pair = find_links(catalogue, for_links(plane))
    return joined(n, pair, np.arange(len(pair)), n, np.empty(n, np.int64)).max() > LARGEST


@jit
def prepare(which, n_other, start, p_ra, p_dec, ra, dec, apart, cov, circular, tails, inner):
    """Components and groups of the detections around the primaries `which`.

    Returns arrays: of the primaries (p + 1,) where their detections and their components begin,
    and (p,) whether something is cut there, with neither then; of the detections catalogue,
    component and bit; of the components where their subsets begin, within the primary and with the
    end for each, and where their list of first groups and their groups do; that list; of the
    groups detections as bits, pattern, number of detections, whether the object is `inside`, and ln
    of the Bayes factor.
    """
    scratch, neutral = new_scratch(), np.zeros(1 << n_other)
    members, place = np.empty(LARGEST, np.int64), np.empty((6, LARGEST))
    of_d, of_c = np.zeros((2, len(which) + 1), np.int64)
    cut = np.zeros(len(which), np.bool_)
    kind, label, bit = np.empty(64, np.int64), np.empty(64, np.int64), np.empty(64, np.int64)
    c_at, c_low, c_group = np.empty(64, np.int64), np.empty(64, np.int64), np.empty(64, np.int64)
    low, mask, pattern = np.empty(64, np.int64), np.empty(64, np.int64), np.empty(64, np.int64)
    size, inside, bayes = np.empty(64, np.int64), np.empty(64, np.bool_), np.empty(64)
    d, c, f, g = 0, 0, 0, 0
    for n in range(len(which)):
        i = which[n]
        catalogue, plane = detections(
            i, n_other, start, p_ra, p_dec, ra, dec, apart, cov, circular, tails
        )
        cut[n], nothing = is_cut(catalogue, plane), np.zeros(len(catalogue))
        n_here = 0
        if not cut[n]:
            own_label, own_bit, n_here, pair, _ = components(catalogue, plane, neutral)
            begin, part = by_component(own_label, n_here)
            linked = linked_bits(own_label, own_bit, pair)
            m = len(catalogue)
            kind, label, bit = room(kind, d + m), room(label, d + m), room(bit, d + m)
            kind[d : d + m], label[d : d + m], bit[d : d + m] = catalogue, own_label, own_bit
            d += m
        c_at = room(c_at, c + n + n_here + 1)
        c_low, c_group = room(c_low, c + n_here + 1), room(c_group, c + n_here + 1)
        c_at[c + n] = 0
        for own in range(n_here):
            some = part[begin[own] : begin[own + 1]]
            m = len(some)
            groups(some, linked[some], catalogue, plane, neutral, nothing, *scratch)
            first, some_mask, _ = scratch
            c_low[c], c_group[c] = f, g
            low = room(low, f + m + 1)
            low[f : f + m + 1] = first[: m + 1]
            f += m + 1
            more = g + first[m]
            mask, pattern, size = room(mask, more), room(pattern, more), room(size, more)
            inside, bayes = room(inside, more), room(bayes, more)
            for q in range(first[m]):
                mask[g] = some_mask[q]
                best, k = -1, 0
                pattern[g] = 0
                for b in range(m):
                    if some_mask[q] >> b & 1:
                        members[k] = some[b]
                        k += 1
                        pattern[g] |= 1 << catalogue[some[b]]
                        if best < 0 or plane[some[b], 5] < plane[best, 5]:
                            best = some[b]
                x, y = plane[best, 0], plane[best, 1]
                inside[g] = x * x + y * y < inner * inner
                size[g] = k
                bayes[g] = ln_bayes_of(members, k, plane, place) if k > 1 else 0.0
                g += 1
            c_at[c + n + 1] = c_at[c + n] + (1 << m)
            c += 1
        of_d[n + 1], of_c[n + 1] = d, c
        c_low[c], c_group[c] = f, g
    return (
        (of_d, of_c, cut),
        (kind, label, bit),
        (c_at, c_low, c_group),
        low,
        (mask, pattern, size, inside, bayes),
    )


@jit
def ln_tables(n, prepared, ln_relative, weight, ln_z):
    """Ln Z of all subsets of the components of a primary, and ln weights of its groups."""
    (_, of_c, _), _, (c_at, c_low, c_group), low, (mask, pattern, size, _, bayes) = prepared
    for c in range(of_c[n], of_c[n + 1]):
        g, end, at = c_group[c], c_group[c + 1], c_at[c + n]
        for q in range(g, end):
            weight[q] = ln_relative[pattern[q]]
            if size[q] > 1 and weight[q] > -np.inf:
                weight[q] = weight[q] + bayes[q] - (size[q] - 1) * LN_CHANCE
        m = c_low[c + 1] - c_low[c] - 1
        if m == 1:
            ln_z[at], ln_z[at + 1] = 0.0, weight[g]
        else:
            ln_subsets(m, c_low[c], low, g, mask, weight, at, ln_z)


@jit
def expected_prepared(which, prepared, around, by_primary, rows, ln_fraction, inner, count, hosts):
    """As :func:`expected_objects`, by what :func:`prepare` has worked out.

    `around` and `rows`: its arguments `start` to `tails` and `first` to `ln_evidence`;
    `by_primary`: `ln_relative` and `ln_density`.
    """
    (of_d, of_c, cut), (kind, label, bit), (c_at, c_low, c_group), low, group = prepared
    mask, pattern, _, inside, _ = group
    ln_relative, ln_density = by_primary
    first, member, ln_evidence = rows
    start = around[0]
    weight = np.empty(c_group[of_c[-1]])
    count[:] = 0.0
    hosts[:] = 0.0
    for n in range(len(which)):
        if cut[n]:
            one = slice(n, n + 1)
            expected_objects(
                which[one],
                *around,
                ln_relative[one],
                ln_density[one],
                *rows,
                ln_fraction[one],
                inner,
                count[one],
                hosts[one],
            )
            continue
        i = which[n]
        begin, end, base = first[i], first[i + 1], start[i * member.shape[1]]
        at = c_at[of_c[n] + n : of_c[n + 1] + n + 1]
        own = slice(of_d[n], of_d[n + 1])
        ln_z, flow = np.empty(at[-1]), np.zeros(at[-1])
        touched = np.zeros(len(at) - 1)
        ln_tables(n, prepared, ln_relative[n], weight, ln_z)
        gain = gains(kind[own], ln_density[n], label[own], bit[own], at, ln_z)
        add_counterparts(
            begin,
            end,
            member,
            base,
            ln_density[n],
            gain,
            (label[own], bit[own]),
            at,
            ln_z,
            ln_evidence,
            ln_fraction[n],
            flow,
            touched,
            hosts[n],
        )
        for c in range(of_c[n], of_c[n + 1]):
            a, b, q = at[c - of_c[n]], at[c - of_c[n] + 1], c_group[c]
            flow[b - 1] += max(0.0, 1.0 - touched[c - of_c[n]])
            if b - a > 2:
                m, of = c_low[c + 1] - c_low[c] - 1, (mask, weight, inside, pattern, n, count)
                flow_down(m, a, flow, ln_z, c_low[c], low, q, *of)
            elif inside[q]:
                count[n, pattern[q]] += flow[a + 1]
