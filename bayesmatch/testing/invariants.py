"""What every result of a match must keep, whatever the sky."""

from __future__ import annotations

import numpy as np

from ..matching.result import MatchResult
from .positions import POSITION_RULES
from .posterior import POSTERIOR_RULES
from .view import View, require, require_close


def check_invariants(result: MatchResult) -> None:
    """Check whether a result can be right: sums, formulas, order, and every pair once.

    From the tables and the record: the order of the rows, probabilities within 0 and 1 and their
    sums, flags, separations, NWAY's formulas for ``dist_post``, ``p_single``, ``p_any`` and
    ``p_i``, the best association, marginal probabilities, log odds, counts of candidates and
    claims. Where the catalogues are at hand (a result that was not read from a file): every
    separation, Bayes factor and association against brute force, of up to some millions of pairs.
    Associations left out on purpose (``min_p_i``, ``prune``) are allowed for.

    Parameters
    ----------
    result : MatchResult
        Of :func:`bayesmatch.match`; read from a file, too.

    Raises
    ------
    AssertionError
        If a rule is broken; begins with the rule's name, and tells row and values.
    """
    view = View.of(result)
    for rule in (*TABLE_RULES, *POSTERIOR_RULES, *POSITION_RULES):
        rule(view)


def order_of_rows(v: View) -> None:
    """By primary, then by members, absent first; one no-counterpart row each, the first."""
    numbers = np.asarray(v.sources[v.names[0]])
    ascending = np.diff(numbers, prepend=-1) > 0
    require("order of sources", ascending if v.record.primary.bad else numbers == np.arange(v.n))
    keys = np.column_stack([v.primary, v.member])
    step = np.diff(keys, axis=0)
    different = np.take_along_axis(step, (step != 0).argmax(axis=1)[:, None], axis=1)
    require("order of associations", different > 0)
    alone = np.asarray(~v.takes_part.any(axis=1))
    require(
        "one no-counterpart row per primary",
        np.array_equal(v.primary[alone], np.arange(v.n)),
    )
    require("the no-counterpart row comes first", alone[v.first[:-1]])


def probabilities(v: View) -> None:
    """All within 0 and 1."""
    source = ["p_any", "p_hostless", "p_i", "p_match", "second_p_i"]
    source += [f"p_{name}" for name in v.names[1:]]
    for table, names in (
        (v.associations, ("dist_post", "p_single", "p_any", "p_i", "p_match")),
        (v.sources, source),
    ):
        for name in names:
            p = table[name]
            require(f"{name} within 0 and 1", (p >= 0) & (p <= 1 + 1e-12))


def sums(v: View) -> None:
    """p_match and p_hostless to 1, p_i to 1 or 0."""
    alone = ~v.takes_part.any(axis=1)
    p_match, hostless = v.associations["p_match"], v.sources["p_hostless"]
    require_close("p_match of no counterpart is p_hostless", p_match[alone], hostless, rtol=1e-12)
    require("p_i of no counterpart is 0", v.associations["p_i"][alone] == 0)
    total, p_i = v.group_sum(p_match), v.group_sum(v.associations["p_i"])
    slack = 1e-9 + (v.record.pruned_bound or 0.0)
    if v.record.min_p_i == 0:
        require_close("sum of p_match with p_hostless is 1", total, 1.0, rtol=0, atol=slack)
        allowed = ~alone & (v.ln_ratio > -np.inf)
        some = v.group_sum(allowed) > 0
        right = np.isclose(p_i, 1.0, rtol=0, atol=slack) | (~some & (p_i == 0))
        require("sum of p_i is 1, or 0 without candidates", right)
    require("sum of p_match is at most 1", total <= 1 + slack)
    require("sum of p_i is at most 1", p_i <= 1 + slack)


def flags(v: View) -> None:
    """1 for the largest p_i, 2 for those comparable, 0 for the rest."""
    flag, p_i = v.associations["match_flag"], v.associations["p_i"]
    require("match_flag is 0, 1 or 2", (flag >= 0) & (flag <= 2))
    if not v.complete:
        return
    top = np.maximum.reduceat(p_i, v.first[:-1])[v.primary]
    best = (p_i > 0) & (p_i >= top * (1 - 1e-12))
    require("match_flag 1 is the largest p_i", (flag == 1) == best)
    ratio = v.record.secondary_ratio
    require("match_flag 2 is comparable", (flag == 2) == (~best & (p_i > ratio * top)))


def best_association(v: View) -> None:
    """What `sources` tells has the largest p_match, the first on ties, and the runner-up's p_i."""
    if not v.complete:
        return
    a, s = v.associations, v.sources
    best = largest(v, a["p_match"])
    best = np.where(best < 0, largest(v, a["p_i"]), best)  # where all p_match vanish
    none = best < 0
    for k, name in enumerate(v.names[1:]):
        expected = np.where(none, -1, v.member[best, k])
        require(f"{name} of the best association", s[name] == expected)
        same = (v.member[:, k] == expected[v.primary]) & (expected[v.primary] >= 0)
        require_close(
            f"p_{name} is the sum of p_match", s[f"p_{name}"], v.group_sum(same * a["p_match"])
        )
        column = f"Separation_{v.names[0]}_{name}"
        apart = np.where(expected < 0, np.nan, a[column][best])
        require_close(f"{column} of the best association", s[column], apart)
    for name in ("p_i", "p_match"):
        require_close(f"{name} of the best association", s[name], np.where(none, 0, a[name][best]))
    others = a["p_i"].copy()
    others[best[~none]] = 0.0
    require_close("second_p_i", s["second_p_i"], np.maximum.reduceat(others, v.first[:-1]))


def largest(v: View, p: np.ndarray) -> np.ndarray:
    """Row of the largest probability of a counterpart of each primary; -1 where all are 0."""
    p = np.where(v.takes_part.any(axis=1), p, 0.0)
    top = np.maximum.reduceat(p, v.first[:-1])[v.primary]
    at = np.flatnonzero((p > 0) & (p >= top * (1 - 1e-12)))
    owner, first = np.unique(v.primary[at], return_index=True)
    best = np.full(v.n, -1)
    best[owner] = at[first]
    return best


def counts(v: View) -> None:
    """Catalogues in each row, candidates and claims."""
    ncat = 1 + v.takes_part.sum(axis=1)
    require("ncat counts the members", v.associations["ncat"] == ncat)
    if v.complete:
        count = np.zeros(v.n, int)
        for k in range(v.member.shape[1]):
            here = v.takes_part[:, k]
            pairs = np.unique(np.column_stack([v.primary, v.member[:, k]])[here], axis=0)
            count += np.bincount(pairs[:, 0], minlength=v.n)
        require("n_candidates", v.sources["n_candidates"] == count)
    chosen = v.sources[v.names[1]]
    claims = [0 if row < 0 else np.count_nonzero(chosen == row) for row in chosen]
    require("n_claims", v.sources["n_claims"] == claims)


TABLE_RULES = (order_of_rows, probabilities, sums, flags, best_association, counts)
