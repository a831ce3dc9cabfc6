"""Claims: an object is the counterpart of one primary at most.

Each primary by itself may give its best probability to an object that another one needs as well.
Jointly, the probability of identifications a_1, a_2, ... is proportional to the product of their
independent ones where no object occurs twice, and 0 otherwise.  Primaries that share objects form
groups, over which that is summed exactly (:mod:`bayesmatch._kernels.claims`).  Two entries of one
source may have the same object: they share its claim (:mod:`bayesmatch.matching.same_source`).

An object links the primaries that have it with a probability above :data:`TINY`; a link left out
changes no probability by more than that.  A group in which too many objects are wanted at a time
loses its weakest links until it fits, and it is told what probability the strongest of them had.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._kernels import claims as kernels
from .associations import Associations
from .calibrated import Calibrated, choose_best
from .claim_groups import Groups, JointWeights
from .host_fraction import HostFraction
from .merged import SourceSets, no_sets, source_sets
from .posterior import Posterior
from .same_source import ClosePairs, Duplicates, close_pairs, find_duplicates
from .setting import Setting

LN_10 = np.log(10.0)
#: probability of an object above which a primary competes for it
TINY = 1e-4
#: a group that is too large leaves out links below so many times the probability before
CUT = 2.0
#: fewer entries do not tell how often chance puts two side by side
MIN_PRIMARIES = 30


@dataclass(frozen=True)
class ClaimTerms:
    """What claims change in the odds of associations against no counterpart."""

    primary: np.ndarray
    """(m,) primaries that compete for an object, ascending"""
    first: np.ndarray
    """(m + 1,) where the values of each begin, then the end"""
    log10: np.ndarray
    """log10 of the joint odds over the independent ones, all rows of these primaries"""

    def added_to(self, ln_like: np.ndarray, first: np.ndarray) -> np.ndarray:
        """The likelihood of every association given what others claim, (n_rows,).

        `ln_like` (n_rows,) of each primary by itself, `first` (n_primary + 1,) its rows.
        """
        out = ln_like.copy()
        count = np.diff(self.first)
        row = np.repeat(first[self.primary] - self.first[:-1], count) + np.arange(len(self.log10))
        out[row] += LN_10 * self.log10
        return out

    def of(self, i: int) -> np.ndarray | None:
        """Of the rows of a primary; None where nobody competes with it."""
        at = int(np.searchsorted(self.primary, i))
        if at == len(self.primary) or self.primary[at] != i:
            return None
        return self.log10[self.first[at] : self.first[at + 1]]


@dataclass(frozen=True)
class Claims:
    """What claims changed, and what was found on the way."""

    calibrated: Calibrated
    """joint probabilities"""
    terms: ClaimTerms
    same_source: np.ndarray
    """(n_primary,) row of the first entry of the same source, -1 = none"""
    duplicates: Duplicates
    details: dict[str, Any]
    """groups and what was left out, in plain Python types"""


def independent(calibrated: Calibrated) -> Claims:
    """An object may be the counterpart of several primaries."""
    none = np.empty(0)
    terms = ClaimTerms(np.empty(0, np.int64), np.zeros(1, np.int64), none)
    same = np.full(len(calibrated.p_hostless), -1)
    return Claims(calibrated, terms, same, Duplicates(), {"rule": "independent"})


def exclusive(
    setting: Setting,
    associations: Associations,
    ln_like: np.ndarray,
    post: Posterior,
    fit: HostFraction,
    calibrated: Calibrated,
    duplicates: Duplicates | None = None,
) -> Claims:
    """Joint probabilities of all primaries.

    Parameters
    ----------
    setting, associations, post
        Of the match.
    ln_like : ndarray, shape (n_rows,)
        Ln likelihood of every association against no counterpart.
    fit : HostFraction
        Fractions of the membership patterns.
    calibrated : Calibrated
        Independent probabilities.
    duplicates : Duplicates, optional
        How many entries there are per source; default: fitted.
    """
    n = len(calibrated.p_hostless)
    pairs, found = None, duplicates or Duplicates()
    if n >= MIN_PRIMARIES and (duplicates is None or duplicates.per_source > 0):
        pairs = close_pairs(setting.primary, setting.radius_arcsec)
        found = find_duplicates(pairs) if duplicates is None else duplicates
    joint = JointWeights(setting, associations, ln_like, fit, calibrated, 1e-3 * TINY)
    sets = _sets(joint, pairs, found)
    links = np.flatnonzero(joint.p_slot > TINY)
    details: dict[str, Any] = {"rule": "exclusive", "groups": 0, "primaries": 0, "largest": 0}
    together = np.full(len(sets.first) - 1, -np.inf)
    todo, limit, cut, largest_cut = None, TINY, set(), 0.0
    while True:
        group = Groups.of(joint, sets, links, todo)
        solved = group.solve(joint, sets, together)
        size = np.diff(group.first)[solved]
        details["groups"] += len(size)
        details["primaries"] += int(size.sum())
        details["largest"] = max(details["largest"], int(size.max(initial=0)))
        joint.done[group.primaries_of(solved)] = True
        if solved.all() or limit > 1.0:
            break
        todo = np.sort(group.primaries_of(~solved))
        limit *= CUT
        links = links[np.isin(joint.slot_primary(links), todo)]
        weak = joint.p_slot[links] <= limit
        if weak.any():
            cut.update(joint.slot_primary(links[weak]).tolist())
            largest_cut = max(largest_cut, float(joint.p_slot[links[weak]].max()))
        links = links[~weak]
    details.update(left_independent=len(cut), largest_cut=largest_cut)
    return _finished(joint, sets, np.exp(together), post, found, details)


def _sets(joint: JointWeights, pairs: ClosePairs | None, found: Duplicates) -> SourceSets:
    """Primaries that may be one source."""
    if pairs is None or found.per_source == 0:
        return no_sets()
    joint.weigh(np.unique(np.concatenate([pairs.first, pairs.second])))
    return source_sets(
        joint.setting, joint.associations, joint.weight, joint.ln_fraction, pairs, found
    )


def _finished(
    joint: JointWeights,
    sets: SourceSets,
    together: np.ndarray,
    post: Posterior,
    found: Duplicates,
    details: dict[str, Any],
) -> Claims:
    """Probabilities of the primaries that compete from their joint weights."""
    a, before = joint.associations, joint.calibrated
    after = Calibrated(
        before.p_match.copy(),
        before.p_hostless.copy(),
        before.log10_odds.copy(),
        before.best.copy(),
        before.second_p_i.copy(),
        before.marginal.copy(),
    )
    primaries = np.flatnonzero(joint.done)
    count = a.first[primaries + 1] - a.first[primaries]
    first = np.concatenate([[0], np.cumsum(count)])
    log10 = np.empty(first[-1])
    kernels.share_out_rows(
        primaries,
        a.first,
        joint.weight,
        joint.joint,
        first,
        log10,
        after.p_match,
        after.p_hostless,
        after.log10_odds,
    )
    choose_best(a, post, after, [(int(i), int(i) + 1) for i in primaries])
    same = np.full(len(before.p_hostless), -1)
    for k in np.flatnonzero(together > 0.5):
        rows = np.sort(sets.primary[sets.first[k] : sets.first[k + 1]])
        same[rows[1:]] = rows[0]
    details["duplicates"] = {
        "per_source": found.per_source,
        "spread": found.spread,
        "primaries": int(np.count_nonzero(same >= 0)),
    }
    return Claims(after, ClaimTerms(primaries, first, log10), same, found, details)
