"""Field objects that several catalogues have seen: sums over all ways to make objects.

S are the detections of the other catalogues around a primary, nu_T the density of field objects
seen in exactly the catalogues T, B_T the integral of the product of the Gaussians of its
detections.  Over the partitions of S into objects

    Z(S) = sum prod nu_T B_T / prod_{d in S} rho_k(d),

rho_k being the density of all field objects of catalogue k: Z = 1 where nothing is shared.  Counterparts M
leave the field S \\ M, so a row's likelihood against "no counterpart" is that with independent
catalogues times Z(S \\ M) / Z(S).  Z is a product over the components of linked detections, and
within one it follows from the object that the first detection belongs to:

    Z(s) = sum over groups D of s with its first detection: weight(D) Z(s \\ D).
"""

from __future__ import annotations

import math

import numpy as np

from .bayes_factor import row_pattern
from .field_links import LARGEST, components, detections, groups
from .jit import jit
from .posterior import log_sum


@jit
def ln_subsets(m, first, mask, weight, ln_z):
    """Ln Z of every subset of a component with `m` detections, (2^m,)."""
    ln_z[0] = 0.0
    low = 0
    for s in range(1, 1 << m):
        low = 0
        while not s >> low & 1:
            low += 1
        top, total = -np.inf, 0.0
        for q in range(first[low], first[low + 1]):
            if mask[q] & ~s:
                continue
            term = weight[q] + ln_z[s ^ mask[q]]
            if term <= top:
                total += math.exp(term - top)
            else:
                total = total * math.exp(top - term) + 1.0
                top = term
        ln_z[s] = top + math.log(total)


@jit
def by_component(label, n_components):
    """Detections of each component, in their order: CSR first (n_components + 1,) and member."""
    begin = np.zeros(n_components + 1, np.int64)
    for c in label:
        begin[c + 1] += 1
    for c in range(n_components):
        begin[c + 1] += begin[c]
    member, at = np.empty(len(label), np.int64), begin[:-1].copy()
    for d in range(len(label)):
        member[at[label[d]]] = d
        at[label[d]] += 1
    return begin, member


@jit
def linked_bits(label, bit, pair):
    """For every detection, those of its component that it is linked to, as bits."""
    linked = np.zeros(len(label), np.int64)
    for q in range(len(pair)):
        a, b = pair[q]
        linked[a] |= 1 << bit[b]
        linked[b] |= 1 << bit[a]
    return linked


@jit
def tables(catalogue, plane, ln_relative, scratch):
    """Ln Z of all subsets of all components of the detections around a primary.

    Returns their component and bit, the CSR of the components, the links as bits, where the table
    of each component begins, the tables, and the number of links cut.
    """
    label, bit, n_components, pair, cut = components(catalogue, plane, ln_relative)
    begin, member = by_component(label, n_components)
    linked = linked_bits(label, bit, pair)
    at = np.zeros(n_components + 1, np.int64)
    for c in range(n_components):
        at[c + 1] = at[c] + (1 << (begin[c + 1] - begin[c]))
    ln_z = np.empty(at[n_components])
    for c in range(n_components):
        some = member[begin[c] : begin[c + 1]]
        if len(some) == 1:
            ln_z[at[c]], ln_z[at[c] + 1] = 0.0, ln_relative[1 << catalogue[some[0]]]
            continue
        first, mask, weight = scratch
        groups(some, linked[some], catalogue, plane, ln_relative, first, mask, weight)
        ln_subsets(len(some), first, mask, weight, ln_z[at[c] : at[c + 1]])
    return label, bit, begin, member, linked, at, ln_z, cut


@jit
def new_scratch():
    """Room for the groups of a component: first, mask and weight."""
    return (
        np.empty(LARGEST + 1, np.int64),
        np.empty((1 << LARGEST) + 1, np.int64),
        np.empty((1 << LARGEST) + 1),
    )


@jit
def removed_with(b, row, member, base, label, bit):
    """What an association takes out of the component of its member b, as bits.

    0 where an earlier member is of the same component, so that each component comes once.
    """
    c = label[member[row, b] - base]
    removed = np.int64(0)
    for k in range(member.shape[1]):
        if member[row, k] >= 0 and label[member[row, k] - base] == c:
            if k < b:
                return np.int64(0)
            removed |= np.int64(1) << bit[member[row, k] - base]
    return removed


@jit
def without(row, member, base, label, bit, at, ln_z):
    """Ln of Z(S \\ M) / Z(S) for the members M of one association."""
    total = 0.0
    for b in range(member.shape[1]):
        if member[row, b] < 0:
            continue
        removed = removed_with(b, row, member, base, label, bit)
        if removed:
            everything = at[label[member[row, b] - base] + 1] - 1
            total += ln_z[everything - removed] - ln_z[everything]
    return total


@jit
def largest_gain(n_other, at, ln_z):
    """Ln of more than Z(S \\ M) / Z(S) can be for any members M."""
    n_components = len(at) - 1
    gain = np.empty(n_components)
    for c in range(n_components):
        gain[c] = max(0.0, ln_z[at[c] : at[c + 1]].max() - ln_z[at[c + 1] - 1])
    gain.sort()
    return gain[max(0, n_components - n_other) :].sum()


@jit
def shared_rows(
    i_first,
    i_last,
    start,
    p_ra,
    p_dec,
    ra,
    dec,
    apart,
    cov,
    circular,
    ln_relative,
    ln_density,
    first,
    member,
    ln_evidence,
    ln_like,
    ln_gain,
):
    """Ln likelihood of every row against "no counterpart"; returns the number of links cut.

    `ln_relative` (n, patterns) is ln nu_T / prod rho_k at each primary, `ln_density` (n, n_other)
    ln n_k+.  ``ln_gain`` (n,): ln of more than shared objects can raise any row by.
    """
    n_other = member.shape[1]
    scratch = new_scratch()
    cut = 0
    for i in range(i_first, i_last):
        catalogue, plane = detections(i, n_other, start, p_ra, p_dec, ra, dec, apart, cov, circular)
        label, bit, _, _, _, at, ln_z, n_cut = tables(catalogue, plane, ln_relative[i], scratch)
        cut += n_cut
        ln_gain[i] = largest_gain(n_other, at, ln_z)
        for row in range(first[i], first[i + 1]):
            total = ln_evidence[row]
            for b in range(n_other):
                if member[row, b] >= 0:
                    total -= ln_density[i, b]
            ln_like[row] = total + without(
                row, member, start[i * n_other], label, bit, at, ln_z
            )
    return cut


@jit
def flow_down(m, flow, ln_z, first, mask, weight, inside, pattern, count):
    """Expected number of objects of every pattern in a component.

    `flow` (2^m,): the probability that its field detections are that subset, which becomes that
    of meeting it on the way down; only groups that are `inside` count.
    """
    for s in range((1 << m) - 1, 0, -1):
        if flow[s] == 0.0:
            continue
        low = 0
        while not s >> low & 1:
            low += 1
        for q in range(first[low], first[low + 1]):
            if mask[q] & ~s:
                continue
            share = flow[s] * math.exp(weight[q] + ln_z[s ^ mask[q]] - ln_z[s])
            flow[s ^ mask[q]] += share
            if inside[q]:
                count[pattern[q]] += share


@jit
def expected_objects(
    which,
    start,
    p_ra,
    p_dec,
    ra,
    dec,
    apart,
    cov,
    circular,
    ln_relative,
    ln_density,
    first,
    member,
    ln_evidence,
    ln_fraction,
    inner,
    count,
    hosts,
):
    """One E step: field objects and counterparts by pattern, summed over the primaries `which`.

    ``ln_fraction`` (patterns,): ln of the shares of primaries with each set of counterparts.
    Objects count whose best-known detection lies closer to the primary than `inner` (arcsec), so
    that none lacks detections beyond the edge of the circle.
    """
    n_other = member.shape[1]
    scratch = new_scratch()
    inside, pattern = np.empty((1 << LARGEST) + 1, np.bool_), np.empty((1 << LARGEST) + 1, np.int64)
    count[:] = 0.0
    hosts[:] = 0.0
    for i in which:
        catalogue, plane = detections(i, n_other, start, p_ra, p_dec, ra, dec, apart, cov, circular)
        base = start[i * n_other]
        label, bit, begin, part, linked, at, ln_z, _ = tables(
            catalogue, plane, ln_relative[i], scratch
        )
        n_components = len(begin) - 1
        flow = np.zeros(len(ln_z))
        touched = np.zeros(n_components)
        ln_weight = np.empty(first[i + 1] - first[i])
        for row in range(first[i], first[i + 1]):
            total = ln_evidence[row] + ln_fraction[row_pattern(row, member)]
            for b in range(n_other):
                if member[row, b] >= 0:
                    total -= ln_density[i, b]
            ln_weight[row - first[i]] = total + without(row, member, base, label, bit, at, ln_z)
        ln_total = log_sum(ln_weight, 0, len(ln_weight))
        for row in range(first[i], first[i + 1]):
            p = math.exp(ln_weight[row - first[i]] - ln_total)
            hosts[row_pattern(row, member)] += p
            if p < 1e-12:
                continue
            for b in range(n_other):
                if member[row, b] < 0:
                    continue
                removed = removed_with(b, row, member, base, label, bit)
                if removed:
                    c = label[member[row, b] - base]
                    flow[at[c + 1] - 1 - removed] += p
                    touched[c] += p
        for c in range(n_components):
            flow[at[c + 1] - 1] += max(0.0, 1.0 - touched[c])
            some = part[begin[c] : begin[c + 1]]
            if len(some) == 1:
                x, y = plane[some[0], 0], plane[some[0], 1]
                if x * x + y * y < inner * inner:
                    count[1 << catalogue[some[0]]] += flow[at[c] + 1]
                continue
            group, mask, weight = scratch
            groups(some, linked[some], catalogue, plane, ln_relative[i], group, mask, weight)
            for q in range(group[len(some)]):
                best = -1
                pattern[q] = 0
                for b in range(len(some)):
                    if mask[q] >> b & 1:
                        pattern[q] |= 1 << catalogue[some[b]]
                        if best < 0 or plane[some[b], 5] < plane[best, 5]:
                            best = some[b]
                x, y = plane[best, 0], plane[best, 1]
                inside[q] = x * x + y * y < inner * inner
            flow_down(
                len(some),
                flow[at[c] : at[c + 1]],
                ln_z[at[c] : at[c + 1]],
                group,
                mask,
                weight,
                inside,
                pattern,
                count,
            )
