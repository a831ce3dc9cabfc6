"""Posterior probabilities of the associations of each primary, summed in log space.

The first row of a primary, where all others are absent, is its no-counterpart row H0.
"""

from __future__ import annotations

import math

import numpy as np

from .bayes_factor import row_pattern
from .jit import jit
from .ln_sums import NEGLIGIBLE, NOTHING, exp_of, log_sum

LN_10 = math.log(10.0)
#: ln weights beyond this are shared out against the largest, not their sum, whose logarithm would
#: be rounded by more than 1e-13
LARGE = 1e3
#: p_i this close (relative) to the group's maximum is a tie: what one ulp in a distance does
TIE = 1e-12
#: ln odds against any association whose exponential a double still holds
FAR = 700.0


@jit
def ln_odds_against(ln_prior):
    """Ln of (1 - prior) / prior, elementwise; -inf where the prior is 1."""
    out = np.empty(len(ln_prior))
    for n in range(len(ln_prior)):
        out[n] = math.log1p(-math.exp(ln_prior[n])) - ln_prior[n] if ln_prior[n] < 0 else -np.inf
    return out


@jit
def evidence_rows(i_first, i_last, first, member, ln_b, slot_ln_ratio, ln_evidence):
    """Ln of the Bayes factor times the prior ratios of the members of every row."""
    for row in range(first[i_first], first[i_last]):
        total = ln_b[row]
        for b in range(member.shape[1]):
            if member[row, b] >= 0:
                total += slot_ln_ratio[member[row, b]]
        ln_evidence[row] = total


@jit
def leave_out_unrelated(i_first, i_last, first, ln_b, ln_b_corrected, ln_evidence):
    """Take the factor for unrelated associations out of the evidence of every row."""
    for row in range(first[i_first], first[i_last]):
        ln_evidence[row] -= ln_b_corrected[row] - ln_b[row]


@jit
def share_out(values, first, last, ln_sum, share):
    """Exp of each value over their sum, whose ln is `ln_sum`; 0 where all are 0."""
    if abs(ln_sum) <= LARGE:
        for n in range(first, last):
            share[n] = exp_of(values[n] - ln_sum)
        return
    top = -np.inf
    for n in range(first, last):
        top = max(top, values[n])
    total = 0.0
    for n in range(first, last):
        share[n] = math.exp(values[n] - top) if top > -np.inf else 0.0
        total += share[n]
    for n in range(first, last):
        share[n] /= max(total, 1.0)  # the largest gives 1


@jit
def nway_rows(
    i_first,
    i_last,
    first,
    member,
    ln_prior,
    ln_b,
    ln_evidence,
    secondary_ratio,
    dist_post,
    p_single,
    p_i,
    match_flag,
    p_any,
):
    """p_any, p_i and match_flag as NWAY defines them (Salvato et al. 2018, equations 10-12).

    ``dist_post`` and ``p_single`` are 1 / (1 + (1 - prior) / (prior B)), equation (9).
    """
    odds, weight = ln_odds_against(ln_prior), np.empty(largest_group(i_first, i_last, first))
    for i in range(i_first, i_last):
        begin, end = first[i], first[i + 1]
        for row in range(begin, end):
            pattern = row_pattern(row, member)
            dist_post[row] = against_chance(odds[pattern], ln_b[row])
            p_single[row] = dist_post[row]
            if ln_evidence[row] != ln_b[row]:
                p_single[row] = against_chance(odds[pattern], ln_evidence[row])
            weight[row - begin] = ln_prior[pattern] + ln_evidence[row]
        p_any[i] = nway_group(begin, end, weight, secondary_ratio, p_i, match_flag)


@jit
def largest_group(i_first, i_last, first):
    """Rows of the primary of a range that has the most."""
    most = 0
    for i in range(i_first, i_last):
        most = max(most, first[i + 1] - first[i])
    return most


@jit
def against_chance(ln_odds_against, ln_evidence):
    """Posterior of one association against chance, equation (9); 1 where chance has no part."""
    if ln_odds_against == -np.inf:  # no counterpart, though a prior may exclude it
        return 1.0
    if ln_evidence - ln_odds_against < NOTHING:
        return 0.0
    return 1.0 / (1.0 + math.exp(ln_odds_against - ln_evidence))


@jit
def nway_group(begin, end, weight, secondary_ratio, p_i, match_flag):
    """p_any of one primary; fills p_i and match_flag of its rows, begin to end.

    `weight` (end - begin, or more) is ln of prior times evidence of each row, the no-counterpart
    row first.
    """
    some = log_sum(weight, 1, end - begin)
    top = 0.0
    p_i[begin] = 0.0
    match_flag[begin] = 0
    share_out(weight, 1, end - begin, some, p_i[begin:end])
    for row in range(begin + 1, end):
        top = max(top, p_i[row])
    for row in range(begin + 1, end):
        match_flag[row] = 0
        if p_i[row] > 0.0 and p_i[row] >= top * (1.0 - TIE):
            match_flag[row] = 1
        elif p_i[row] > secondary_ratio * top:
            match_flag[row] = 2
    return 1.0 / (1.0 + math.exp(weight[0] - some)) if some > -np.inf else 0.0


@jit
def members_density(ln_density, pattern):
    """Sum over the members of a pattern of ln n_k+, `ln_density` (n_other,) at one primary."""
    total = 0.0
    for b in range(len(ln_density)):
        if pattern >> b & 1:
            total += ln_density[b]
    return total


@jit
def independent_rows(i_first, i_last, first, member, ln_density, ln_evidence, ln_like):
    """Ln likelihood of every row over that of no counterpart, catalogues being independent.

    ``ln_density`` (n, n_other) is ln n_k+ at each primary; the likelihood of a row is its
    evidence over their product for its members, with no completeness (the fractions take its
    place).
    """
    alone = member.shape[1] == 1  # one other catalogue: no patterns to look up
    for i in range(i_first, i_last):
        for row in range(first[i], first[i + 1]):
            if alone:
                total = ln_density[i, 0] if member[row, 0] >= 0 else 0.0
            else:
                total = members_density(ln_density[i], row_pattern(row, member))
            ln_like[row] = ln_evidence[row] - total


@jit
def pattern_likelihood(i_first, i_last, first, member, ln_like, by_pattern):
    """Ln of the summed likelihood of each membership pattern around each primary, (n, patterns)."""
    n_patterns = by_pattern.shape[1]
    top = np.empty(n_patterns)
    for i in range(i_first, i_last):
        if n_patterns == 2:  # the first row, and all others
            by_pattern[i, 0] = ln_like[first[i]]
            by_pattern[i, 1] = log_sum(ln_like, first[i] + 1, first[i + 1])
            continue
        top[:] = -np.inf
        for row in range(first[i], first[i + 1]):
            pattern = row_pattern(row, member)
            top[pattern] = max(top[pattern], ln_like[row])
        by_pattern[i, :] = 0.0
        for row in range(first[i], first[i + 1]):
            pattern = row_pattern(row, member)
            if ln_like[row] > -np.inf and not ln_like[row] - top[pattern] < NEGLIGIBLE:
                by_pattern[i, pattern] += math.exp(ln_like[row] - top[pattern])
        for pattern in range(n_patterns):
            if top[pattern] > -np.inf:
                by_pattern[i, pattern] = math.log(by_pattern[i, pattern]) + top[pattern]
            else:
                by_pattern[i, pattern] = -np.inf


@jit
def calibrated_rows(
    i_first, i_last, first, member, ln_like, ln_fraction, p_match, p_hostless, log10_odds
):
    """Probability that exactly this association is true, from the fitted pattern fractions.

    ``ln_like`` (n_rows,) as :func:`independent_rows` has it, ``ln_fraction`` (n, patterns).
    """
    weight = np.empty(largest_group(i_first, i_last, first))
    for i in range(i_first, i_last):
        begin, end = first[i], first[i + 1]
        for row in range(begin, end):
            weight[row - begin] = ln_fraction[i, row_pattern(row, member)] + ln_like[row]
        log10_odds[i] = calibrated_group(begin, end, weight, p_match)
        p_hostless[i] = p_match[begin]


@jit
def calibrated_group(begin, end, weight, p_match):
    """Log10 odds of a counterpart of one primary; fills p_match of its rows, begin to end.

    `weight` (end - begin, or more) is ln of fraction times likelihood, the no-counterpart row
    first.
    """
    n = end - begin
    top = -np.inf
    for k in range(1, n):
        top = max(top, weight[k])
    if not (top > -np.inf and weight[0] - top < FAR):
        share_out(weight, 0, n, log_sum(weight, 0, n), p_match[begin:end])
        return (log_sum(weight, 1, n) - weight[0]) / LN_10
    # All in units of the likeliest association: one exponential of each.
    some, none = 0.0, math.exp(weight[0] - top)
    for k in range(1, n):
        p_match[begin + k] = exp_of(weight[k] - top)
        some += p_match[begin + k]
    p_match[begin] = none
    for row in range(begin, end):
        p_match[row] /= some + none
    return (top + math.log(some) - weight[0]) / LN_10


@jit
def best_rows(i_first, i_last, first, member, p_i, p_match, best, second_p_i, marginal):
    """Best row of each primary (-1: none), the runner-up's p_i, and p_match of its members.

    The best has the largest p_match, the first on ties; where all of them vanish, the largest p_i.
    """
    for i in range(i_first, i_last):
        begin, end = first[i] + 1, first[i + 1]
        best[i] = largest(p_match, begin, end)
        if best[i] < 0:
            best[i] = largest(p_i, begin, end)
        chosen, second = best[i], 0.0
        for row in range(begin, end):
            if row != chosen:
                second = max(second, p_i[row])
        second_p_i[i] = second
        for b in range(member.shape[1]):
            known, total = member[chosen, b] if chosen >= 0 else -1, 0.0
            if known >= 0:
                for row in range(begin, end):
                    if member[row, b] == known:
                        total += p_match[row]
            marginal[i, b] = total


@jit
def largest(p, begin, end):
    """Where the largest of some probabilities is, the first on ties; -1 where all are 0."""
    top = 0.0
    for row in range(begin, end):
        top = max(top, p[row])
    for row in range(begin, end):
        if p[row] > 0.0 and p[row] >= top * (1.0 - TIE):
            return row
    return -1
