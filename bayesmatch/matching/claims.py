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
from .._kernels import posterior
from .._kernels.jit import ranges, run_ranges
from .associations import Associations
from .calibrated import Calibrated
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
#: steps between states from one primary to the next, and states of a group, that are summed
MAX_STEPS, MAX_STATES = 1 << 15, 1 << 20
#: groups per piece of work
PIECE = 256
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
    pairs = duplicates_pairs = None
    if n >= MIN_PRIMARIES and (duplicates is None or duplicates.per_source > 0):
        pairs = close_pairs(setting.primary, setting.radius_arcsec)
        duplicates_pairs = find_duplicates(pairs) if duplicates is None else duplicates
    found = duplicates_pairs or Duplicates()
    joint = _Joint(setting, associations, ln_like, fit, calibrated)
    sets = _sets(joint, pairs, found)
    links = _linked(joint, TINY)
    details: dict[str, Any] = {"groups": 0, "primaries": 0, "largest": 0}
    together = np.full(len(sets.first) - 1, -np.inf)
    todo, limit, cut, largest_cut = None, TINY, set(), 0.0
    while True:
        group = _Groups.of(joint, sets, links, todo)
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


class _Joint:
    """Weights of the rows, and joint ones where they are worked out."""

    def __init__(
        self,
        setting: Setting,
        associations: Associations,
        ln_like: np.ndarray,
        fit: HostFraction,
        calibrated: Calibrated,
    ) -> None:
        self.setting, self.associations, self.calibrated = setting, associations, calibrated
        self.ln_like, self.ln_fraction = ln_like, fit.ln_fraction
        n_rows = len(ln_like)
        self.weight, self.joint = np.empty(n_rows), np.empty(n_rows)
        self.weighed = np.zeros(len(associations.first) - 1, bool)
        self.done = np.zeros(len(associations.first) - 1, bool)
        self.p_slot = self._marginal()

    def _marginal(self) -> np.ndarray:
        """Probability of every candidate, over all associations that have it, (n_slots,)."""
        member, p = self.associations.member, self.calibrated.p_match
        out = np.zeros(len(self.setting.candidates.row))
        rows = np.flatnonzero(p > 1e-3 * TINY)
        for k in range(member.shape[1]):
            slot = member[rows, k]
            has = slot >= 0
            out += np.bincount(slot[has], p[rows[has]], len(out))
        return out

    def slot_primary(self, slots: np.ndarray) -> np.ndarray:
        """Primary of some candidates, (m,)."""
        candidates = self.setting.candidates
        block = np.searchsorted(candidates.start, slots, side="right") - 1
        return block // candidates.n_other

    def slot_object(self, slots: np.ndarray) -> np.ndarray:
        """The object of some candidates, numbered over all other catalogues, (m,)."""
        candidates = self.setting.candidates
        catalogue = (np.searchsorted(candidates.start, slots, side="right") - 1) % candidates.n_other
        before = np.cumsum([0, *(len(c) for c in self.setting.others)])[:-1]
        numbered: np.ndarray = candidates.row[slots] + before[catalogue]
        return numbered

    def weigh(self, primaries: np.ndarray) -> None:
        """Fill in the weights of some primaries' rows."""
        new = primaries[~self.weighed[primaries]]
        a = self.associations
        kernels.row_weights(new, a.first, a.member, self.ln_fraction, self.ln_like, self.weight)
        self.weighed[new] = True


def _sets(joint: _Joint, pairs: ClosePairs | None, found: Duplicates) -> SourceSets:
    """Primaries that may be one source."""
    if pairs is None or found.per_source == 0:
        return no_sets()
    joint.weigh(np.unique(np.concatenate([pairs.first, pairs.second])))
    return source_sets(
        joint.setting, joint.associations, joint.weight, joint.ln_fraction, pairs, found
    )


def _linked(joint: _Joint, limit: float) -> np.ndarray:
    """Candidates that a primary has with more than `limit`, in order."""
    linked: np.ndarray = np.flatnonzero(joint.p_slot > limit)
    return linked


@dataclass(frozen=True)
class _Groups:
    """Primaries that compete, group by group."""

    first: np.ndarray
    """(n_groups + 1,) first place in `order` of each group, then the end"""
    order: np.ndarray
    """(n_nodes,) nodes"""
    primary: np.ndarray
    """(n_nodes,) the primary of each node"""
    links: kernels.Links
    slot_object: np.ndarray
    """(n_slots,)"""

    @classmethod
    def of(
        cls, joint: _Joint, sets: SourceSets, links: np.ndarray, todo: np.ndarray | None
    ) -> _Groups:
        """Groups of the primaries `todo` (default: all), from candidates that link them."""
        which, number, count = np.unique(
            joint.slot_object(links), return_inverse=True, return_counts=True
        )
        shared = count[number] > 1
        links = links[shared]
        _, number = np.unique(number[shared], return_inverse=True)
        owner = joint.slot_primary(links)
        members = sets.primary if todo is None else sets.primary[np.isin(sets.primary, todo)]
        primary = np.union1d(owner, members)
        node = np.searchsorted(primary, owner)
        n_objects = int(number.max(initial=-1)) + 1
        by_object = np.argsort(number, kind="stable")
        slot_object = np.full(len(joint.p_slot), -1)
        slot_object[links] = number
        table = kernels.Links(
            np.searchsorted(node, np.arange(len(primary) + 1)),
            number,
            np.searchsorted(number[by_object], np.arange(n_objects + 1)),
            node[by_object],
        )
        order, first = kernels.ordered_groups(
            len(primary), table, _kernel_sets(sets, primary, np.empty(0))
        )
        return cls(first, order, primary, table, slot_object)

    def primaries_of(self, groups: np.ndarray) -> np.ndarray:
        """All primaries of some groups, a mask over them."""
        chosen: np.ndarray = self.primary[self.order[np.repeat(groups, np.diff(self.first))]]
        return chosen

    def solve(self, joint: _Joint, sets: SourceSets, together: np.ndarray) -> np.ndarray:
        """Fill in the joint ln probabilities of all groups that fit, (n_groups,) which did."""
        joint.weigh(self.primary)
        a, n_sets = joint.associations, len(sets.first) - 1
        solved = np.zeros(len(self.first) - 1, bool)
        n_objects = len(self.links.object_first) - 1
        table = _kernel_sets(sets, self.primary, together)
        rows = kernels.Rows(
            self.primary,
            a.first,
            a.member,
            self.slot_object,
            joint.weight,
            np.empty(len(joint.weight), np.int32),
            joint.joint,
        )
        scratch = kernels.Scratch(
            np.full(n_objects, -1),
            np.empty(n_objects, np.int64),
            np.full(n_sets, -1),
            np.empty(n_sets, np.int64),
        )
        limits = np.array([MAX_STEPS, MAX_STATES])
        list(
            run_ranges(
                lambda f, l: kernels.solve_groups(
                    f, l, self.first, self.order, self.links, table, rows, scratch, limits, solved
                ),
                ranges(len(solved), PIECE),
            )
        )
        return solved


def _kernel_sets(sets: SourceSets, primary: np.ndarray, together: np.ndarray) -> kernels.Sets:
    """Sets by node; those whose members are not among the nodes have none."""
    node = np.searchsorted(primary, sets.primary)
    here = np.zeros(len(node), bool)
    if len(primary):
        here = primary[np.minimum(node, len(primary) - 1)] == sets.primary
    of_node = np.full(len(primary), -1)
    of_node[node[here]] = np.repeat(np.arange(len(sets.first) - 1), np.diff(sets.first))[here]
    return kernels.Sets(
        of_node,
        sets.first,
        node,
        sets.same_first,
        sets.same_row,
        sets.same_weight,
        np.empty(len(sets.same_weight), np.int64),
        together,
    )


def _finished(
    joint: _Joint,
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
        primaries, a.first, joint.weight, joint.joint, first, log10,
        after.p_match, after.p_hostless, after.log10_odds,
    )
    for i in primaries:
        posterior.best_rows(
            i, i + 1, a.first, a.member, post.p_i, after.p_match, post.match_flag,
            after.best, after.second_p_i, after.marginal,
        )
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
