"""How many field objects each set of catalogues has seen: the E step of an EM fit.

Which subset of a component's detections is field, the associations say, and given that the objects
follow from the recursion of :mod:`bayesmatch._kernels.shared_objects` in the other direction.
"""

from __future__ import annotations

import math

import numpy as np

from .bayes_factor import row_pattern
from .field_links import LARGEST, detections, groups
from .jit import jit
from .ln_sums import NEGLIGIBLE, log_sum
from .shared_objects import gains, new_scratch, removed_with, tables, weigh_rows
from .subsets import flow_down


@jit
def add_counterparts(
    begin,
    end,
    member,
    base,
    ln_density,
    gain,
    of,
    at,
    ln_z,
    ln_evidence,
    ln_fraction,
    flow,
    touched,
    hosts,
):
    """Add probabilities of a primary's rows to `hosts`, and to what is left of each component.

    That is `flow`, and `touched` (components,) the sum for each. Rows are `begin` to `end`; `of`:
    component and bit of each detection.
    """
    label, bit = of
    p_row = np.empty(end - begin)
    weigh_rows(begin, end, member, base, ln_density, gain, label, bit, at, ln_z, ln_evidence, p_row)
    for row in range(begin, end):
        p_row[row - begin] += ln_fraction[row_pattern(row, member)]
    ln_total = log_sum(p_row, 0, len(p_row))
    for row in range(begin, end):
        if p_row[row - begin] - ln_total < NEGLIGIBLE:
            continue
        p = math.exp(p_row[row - begin] - ln_total)
        hosts[row_pattern(row, member)] += p
        if p < 1e-12:
            continue
        for b in range(member.shape[1]):
            if member[row, b] < 0:
                continue
            removed = removed_with(b, row, member, base, label, bit)
            if removed:
                c = label[member[row, b] - base]
                flow[at[c + 1] - 1 - removed] += p
                touched[c] += p


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
    tails,
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
    """One E step: field objects and counterparts by pattern around the primaries `which`.

    That is `count` and `hosts`, (p, patterns). `ln_relative` and `ln_density` as for
    :func:`shared_rows`, of these primaries alone; so is `ln_fraction` (p, patterns): ln of the
    shares of primaries with each set of counterparts.
    Objects count whose best-known detection lies closer to the primary than `inner` (arcsec), so
    that none lacks detections beyond the edge of the circle.
    """
    n_other = member.shape[1]
    scratch = new_scratch()
    inside, pattern = np.empty((1 << LARGEST) + 1, np.bool_), np.empty((1 << LARGEST) + 1, np.int64)
    count[:] = 0.0
    hosts[:] = 0.0
    for n in range(len(which)):
        i = which[n]
        catalogue, plane = detections(
            i, n_other, start, p_ra, p_dec, ra, dec, apart, cov, circular, tails
        )
        base = start[i * n_other]
        nothing = np.zeros(len(catalogue))
        label, bit, begin, part, linked, at, ln_z, _ = tables(
            catalogue, plane, ln_relative[n], nothing, scratch
        )
        n_components = len(begin) - 1
        flow = np.zeros(len(ln_z))
        touched = np.zeros(n_components)
        density = ln_density[n]
        gain = gains(catalogue, density, label, bit, at, ln_z)
        add_counterparts(
            first[i],
            first[i + 1],
            member,
            base,
            density,
            gain,
            (label, bit),
            at,
            ln_z,
            ln_evidence,
            ln_fraction[n],
            flow,
            touched,
            hosts[n],
        )
        for c in range(n_components):
            flow[at[c + 1] - 1] += max(0.0, 1.0 - touched[c])
            some = part[begin[c] : begin[c + 1]]
            if len(some) == 1:
                x, y = plane[some[0], 0], plane[some[0], 1]
                if x * x + y * y < inner * inner:
                    count[n, 1 << catalogue[some[0]]] += flow[at[c] + 1]
                continue
            group, mask, weight = scratch
            groups(
                some, linked[some], catalogue, plane, ln_relative[n], nothing, group, mask, weight
            )
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
            of = 0, group, 0, mask, weight, inside, pattern, n, count
            flow_down(len(some), at[c], flow, ln_z, *of)
