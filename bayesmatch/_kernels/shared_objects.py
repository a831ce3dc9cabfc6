"""Field objects that several catalogues have seen: sums over all ways to make objects.

S are the detections of the other catalogues around a primary, nu_T the density of field objects
seen in exactly the catalogues T, B_T the integral of the product of the Gaussians of its
detections.  Over the partitions of S into objects

    Z(S) = sum prod nu_T B_T / prod_{d in S} rho_k(d),

rho_k being the density of all field objects of catalogue k: Z = 1 where nothing is shared.
Counterparts M leave the field S - M, so a row's likelihood against "no counterpart" is that with
independent catalogues times Z(S - M) / Z(S).  Z is a product over the components of linked
detections, and within one it follows from the object that the first detection belongs to:

    Z(s) = sum over groups D of s with its first detection: weight(D) Z(s - D).
"""

from __future__ import annotations

import numpy as np

from .field_links import LARGEST, components, detections, groups
from .jit import jit
from .object_weights import PLAIN
from .subsets import ln_subsets, subsets_of_pair


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
        a, b = pair[q, 0], pair[q, 1]
        linked[a] |= 1 << bit[b]
        linked[b] |= 1 << bit[a]
    return linked


@jit
def tables(catalogue, plane, ln_relative, ln_more, scratch):
    """Ln Z of all subsets of all components of the detections around a primary.

    `ln_more` (n,) is added to the weight of each detection as an object by itself.

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
    first, mask, weight = scratch
    for c in range(n_components):
        one, size = member[begin[c]], begin[c + 1] - begin[c]
        if size == 1:
            ln_z[at[c]], ln_z[at[c] + 1] = 0.0, ln_relative[1 << catalogue[one]] + ln_more[one]
            continue
        if size == 2 and plane.shape[1] == PLAIN:
            other = member[begin[c] + 1]
            subsets_of_pair(one, other, catalogue, plane, ln_relative, ln_more, at[c], ln_z)
            continue
        some = member[begin[c] : begin[c + 1]]
        groups(some, linked[some], catalogue, plane, ln_relative, ln_more, first, mask, weight)
        ln_subsets(size, 0, first, 0, mask, weight, at[c], ln_z)
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
def gains(catalogue, ln_density, label, bit, at, ln_z):
    """Ln of Z(S - d) / Z(S) / n_k+ for every detection d of S, (n,)."""
    gain = np.empty(len(label))
    for d in range(len(label)):
        everything = at[label[d] + 1] - 1
        gain[d] = ln_z[everything - (np.int64(1) << bit[d])] - ln_z[everything]
        gain[d] -= ln_density[catalogue[d]]
    return gain


@jit
def weigh_rows(begin, end, member, base, density, gain, label, bit, at, ln_z, ln_evidence, out):
    """Evidence of a primary's rows, begin to end, times Z(S - M) / Z(S) / prod n_k+, in `out`.

    The latter is the sum of the members' `gain` where no two of them are of one component.
    """
    n_other = member.shape[1]
    if n_other == 2:  # the common case, without the loops
        pairs = begin, end, member, base, density, gain, label, bit, at, ln_z, ln_evidence, out
        weigh_pairs(*pairs)
        return
    for row in range(begin, end):
        total = ln_evidence[row]
        chained = False
        for b in range(n_other):
            if member[row, b] < 0:
                continue
            d = member[row, b] - base
            total += gain[d]
            for k in range(b):
                if member[row, k] >= 0:
                    chained |= label[member[row, k] - base] == label[d]
        if chained:
            total = ln_evidence[row] + against_chain(
                row, member, base, density, label, bit, at, ln_z
            )
        out[row - begin] = total


@jit
def weigh_pairs(begin, end, member, base, density, gain, label, bit, at, ln_z, ln_evidence, out):
    """:func:`weigh_rows` of two other catalogues."""
    for row in range(begin, end):
        first, second = member[row, 0], member[row, 1]
        total = ln_evidence[row]
        if first >= 0:
            total += gain[first - base]
        if second >= 0:
            total += gain[second - base]
            if first >= 0 and label[first - base] == label[second - base]:
                total = ln_evidence[row] + against_chain(
                    row, member, base, density, label, bit, at, ln_z
                )
        out[row - begin] = total


@jit
def against_chain(row, member, base, ln_density, label, bit, at, ln_z):
    """Ln of Z(S - M) / Z(S) / prod n_k+ for the members M of one association."""
    total = 0.0
    for b in range(member.shape[1]):
        if member[row, b] < 0:
            continue
        total -= ln_density[b]
        removed = removed_with(b, row, member, base, label, bit)
        if removed:
            everything = at[label[member[row, b] - base] + 1] - 1
            total += ln_z[everything - removed] - ln_z[everything]
    return total


@jit
def largest_gain(n_other, catalogue, begin, part, at, ln_z):
    """Ln of the most that Z(S - M) / Z(S) can be for any members M, one of each catalogue."""
    best = np.zeros(n_other + 1)  # by number of members, of the components so far
    for c in range(len(begin) - 1):
        some = part[begin[c] : begin[c + 1]]
        own = np.full(n_other + 1, -np.inf)
        everything = (1 << len(some)) - 1
        for removed in range(1, everything + 1):
            taken, size = 0, 0
            for b in range(len(some)):
                if removed >> b & 1:
                    k = 1 << catalogue[some[b]]
                    size = n_other + 1 if taken & k else size + 1
                    taken |= k
            if size <= n_other:
                gain = ln_z[at[c] + everything - removed] - ln_z[at[c] + everything]
                own[size] = max(own[size], gain)
        for size in range(n_other, 0, -1):
            for of_it in range(1, size + 1):
                best[size] = max(best[size], best[size - of_it] + own[of_it])
    return best.max()


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
    tails,
    ln_relative,
    ln_more,
    ln_density,
    first,
    member,
    ln_evidence,
    ln_like,
    ln_gain,
):
    """Ln likelihood of every row against "no counterpart"; returns the number of links cut.

    `ln_relative` (n, patterns) is ln nu_T / prod rho_k at each primary, `ln_more` (n_slots,) what
    is added to that of a detection by itself, `ln_density` (n, n_other) ln n_k+, `tails` as for
    :func:`detections`.  ``ln_gain`` (n,): where it is above 0, it takes ln of the most that shared
    objects raise any row by.
    """
    n_other = member.shape[1]
    scratch = new_scratch()
    cut = 0
    for i in range(i_first, i_last):
        if first[i] == first[i + 1]:  # not asked for
            continue
        catalogue, plane = detections(
            i, n_other, start, p_ra, p_dec, ra, dec, apart, cov, circular, tails
        )
        base = start[i * n_other]
        more = ln_more[base : base + len(catalogue)]
        label, bit, begin, part, _, at, ln_z, n_cut = tables(
            catalogue, plane, ln_relative[i], more, scratch
        )
        cut += n_cut
        if ln_gain[i] > 0.0:
            ln_gain[i] = largest_gain(n_other, catalogue, begin, part, at, ln_z)
        density = ln_density[i]
        gain = gains(catalogue, density, label, bit, at, ln_z)
        weigh_rows(
            first[i],
            first[i + 1],
            member,
            base,
            density,
            gain,
            label,
            bit,
            at,
            ln_z,
            ln_evidence,
            ln_like[first[i] : first[i + 1]],
        )
    return cut
