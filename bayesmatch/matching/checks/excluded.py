"""What associations that a prior excludes would weigh without it.

With a ratio of 0 their probability is 0, whatever it was before: it cannot be divided by the
ratio. What the positions and all other priors say of them stands beside no counterpart.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..._kernels.jit import balanced_ranges
from ..associations import Associations
from ..likelihoods import ln_likelihood
from ..table_columns import take
from .believed import unclaimed
from .view import View

LN_10 = np.log(10.0)
#: log10 ratio at or below which an association is excluded: a probability is too small for a double
EXCLUDED = -300.0
#: share of the counterparts that is told of
WORTH_TELLING = 0.02


def with_excluded(view: View, weight: np.ndarray, log10: np.ndarray, left_out: object) -> None:
    """Fill in the weights of excluded associations, as if the ratio were hardly above 0.

    Parameters
    ----------
    view : View
        A match.
    weight : ndarray, shape (q,)
        Of the associations looked at, without a prior; changed in place.
    log10 : ndarray, shape (q,)
        Its ratios for them; that of no counterpart is not asked for.
    left_out : (int, str) or str
        The prior, as the view lists it.
    """
    excluded = log10 <= EXCLUDED
    excluded[view.first] = False
    some = np.flatnonzero(excluded)
    if len(some) == 0:
        return
    of = np.searchsorted(view.first, some, side="right") - 1
    comparable = view.calibrated.p_hostless[view.sample[of]] > 0.0  # with no counterpart
    some, of = some[comparable], of[comparable]
    primary, rows = view.sample[of], view.rows[some]
    member = view.associations.member[rows]
    others = sum(_others(view, some, member, left_out), np.zeros(len(some)))
    ln_evidence = LN_10 * (view.log10_bayes[rows] + others)
    mean_ratio = view.setting.field.mean_ratio
    if mean_ratio is not None:
        counts = member >= 0
        if isinstance(left_out, tuple) and view.one_prior(left_out[0]):
            counts[:, left_out[0]] = False  # it goes with the prior
        ln_evidence -= np.where(counts, np.log(mean_ratio[primary]), 0.0).sum(axis=1)
    ln_like = _likelihood(view, primary, rows, ln_evidence)
    pattern = (member >= 0) @ (1 << np.arange(member.shape[1]))
    ln_like += view.fit.ln_within[primary, pattern] - view.fit.ln_within[primary, 0]
    # Others may have the objects: a claim that the prior has nothing to do with.
    free = np.prod([_free(view, k, member[:, k]) for k in range(member.shape[1])], axis=0)
    against_none = free * np.exp(np.minimum(ln_like, 700.0))
    weight[some] = view.calibrated.p_hostless[primary] * against_none


def said_of_excluded(view: View, k: int, name: str, weight: np.ndarray) -> str:
    """What share of the counterparts a prior excludes, to end an advice; empty: hardly any.

    `weight` (q,) of the associations looked at without it.
    """
    member = view.associations.member[view.rows, k]
    total = np.add.reduceat(weight, view.first)
    count = np.diff(view.first, append=len(view.rows))
    p = np.where(member >= 0, weight / np.repeat(np.maximum(total, 1e-300), count), 0.0)
    excluded = take(view.log10_ratios[k, name], member, 0.0) <= EXCLUDED
    share = float(p[excluded].sum()) / max(float(p.sum()), 1e-300)
    return f"; its ratios of 0 exclude {share:.0%} of them" if share >= WORTH_TELLING else ""


def _others(
    view: View, some: np.ndarray, member: np.ndarray, left_out: object
) -> Iterator[np.ndarray]:
    """Log10 ratios by all other priors, (m,) each, of `some` associations, over no counterpart."""
    for (k, name), log10 in view.log10_ratios.items():
        if (k, name) != left_out:
            yield take(log10, member[:, k], 0.0)
    for name, log10 in view.log10_combined.items():
        if name != left_out:
            yield relative_to_none(view, log10)[some]


def relative_to_none(view: View, log10: np.ndarray) -> np.ndarray:
    """(q,) ratios of the associations looked at over those of no counterpart."""
    own = np.maximum(log10[view.rows], EXCLUDED)
    count = np.diff(view.first, append=len(view.rows))
    out: np.ndarray = own - np.repeat(own[view.first], count)
    return out


def _likelihood(
    view: View, primary: np.ndarray, rows: np.ndarray, ln_evidence: np.ndarray
) -> np.ndarray:
    """Ln likelihood of some associations against no counterpart, (m,), as the match has it."""
    whole = view.associations
    first = np.searchsorted(primary, np.arange(len(whole.first)))
    member, between = whole.member[rows], whole.between[rows]
    few = Associations(first, member, between, balanced_ranges(first), whole.pruned)
    partly = view.fit.partly
    ln_like, *_ = ln_likelihood(view.setting, few, ln_evidence, partly)
    if partly is not None:
        ln_like = ln_like + partly.ln_factor(view.fit.ln_fraction)[rows]
    return ln_like


def _free(view: View, k: int, member: np.ndarray) -> np.ndarray:
    """Probability of each member, (m,), that it is not another primary's; 1 where it is absent."""
    part, has = view.around[k], np.flatnonzero(member >= 0)
    out = np.ones(len(member))
    if view.options.claims != "independent" and len(has):
        out[has] = unclaimed(view, part)[np.searchsorted(part.slot, member[has])]
    return out
