"""Primaries that compete for objects, group by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._kernels import claim_groups as kernels
from .._kernels.claims import solve_groups
from .._kernels.jit import ranges, run_kernel
from .associations import Associations
from .calibrated import Calibrated
from .host_fraction import HostFraction
from .merged import SourceSets
from .setting import Setting

#: steps between states from one primary to the next, and states of a group, that are summed
MAX_STEPS, MAX_STATES = 1 << 15, 1 << 20
#: groups per piece of work
PIECE = 12


class JointWeights:
    """Weights of the rows, and joint ones where they are worked out."""

    def __init__(
        self,
        setting: Setting,
        associations: Associations,
        ln_like: np.ndarray,
        fit: HostFraction,
        calibrated: Calibrated,
        least: float,
    ) -> None:
        self.setting, self.associations, self.calibrated = setting, associations, calibrated
        self.ln_like, self.ln_prior = fit.of_rows(ln_like), fit.ln_within
        n_rows = len(ln_like)
        self.weight, self.joint = np.empty(n_rows), np.empty(n_rows)
        self.weighed = np.zeros(len(associations.first) - 1, bool)
        self.done = np.zeros(len(associations.first) - 1, bool)
        self.p_slot = self._marginal(least)

    def _marginal(self, least: float) -> np.ndarray:
        """Probability of every candidate, over the associations with `least`, (n_slots,)."""
        out = np.zeros(len(self.setting.candidates.row))
        a = self.associations
        of = a.first, a.member, self.calibrated.p_match, least, out
        # Every candidate has one primary: no two threads add to the same.
        run_kernel(kernels.candidate_probabilities, a.pieces, *of)
        return out

    def slot_primary(self, slots: np.ndarray) -> np.ndarray:
        """Primary of some candidates, (m,)."""
        candidates = self.setting.candidates
        block = np.searchsorted(candidates.start, slots, side="right") - 1
        return block // candidates.n_other

    def slot_object(self, slots: np.ndarray) -> np.ndarray:
        """The object of some candidates, numbered over all other catalogues, (m,)."""
        candidates = self.setting.candidates
        row: np.ndarray = candidates.row[slots]
        if candidates.n_other == 1:
            return row
        catalogue = (
            np.searchsorted(candidates.start, slots, side="right") - 1
        ) % candidates.n_other
        before = np.cumsum([0, *(len(c) for c in self.setting.others)])[:-1]
        numbered: np.ndarray = row + before[catalogue]
        return numbered

    def weigh(self, primaries: np.ndarray) -> None:
        """Fill in the weights of some primaries' rows."""
        new = primaries[~self.weighed[primaries]]
        a = self.associations
        kernels.row_weights(new, a.first, a.member, self.ln_prior, self.ln_like, self.weight)
        self.weighed[new] = True


@dataclass(frozen=True)
class Groups:
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
        cls, joint: JointWeights, sets: SourceSets, links: np.ndarray, todo: np.ndarray | None
    ) -> Groups:
        """Groups of the primaries `todo` (default: all), from candidates that link them."""
        claimed = joint.slot_object(links)
        shared = _met_twice(claimed)
        links, claimed = links[shared], claimed[shared]
        owner = joint.slot_primary(links)
        # How a group is gone through, and so whether it fits, is not to hang on the objects' order.
        likely = np.lexsort((-joint.p_slot[links], owner))
        links, owner = links[likely], owner[likely]
        _, number = np.unique(claimed[likely], return_inverse=True)
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
            len(primary), table, _kernel_sets(sets, primary, np.empty(0), np.empty(0))
        )
        return cls(first, order, primary, table, slot_object)

    def primaries_of(self, groups: np.ndarray) -> np.ndarray:
        """All primaries of some groups, a mask over them."""
        chosen: np.ndarray = self.primary[self.order[np.repeat(groups, np.diff(self.first))]]
        return chosen

    def solve(
        self, joint: JointWeights, sets: SourceSets, same_weight: np.ndarray, together: np.ndarray
    ) -> np.ndarray:
        """Fill in the joint ln probabilities of all groups that fit, (n_groups,) which did."""
        joint.weigh(self.primary)
        of, n_sets = joint.associations, len(sets.first) - 1
        solved = np.zeros(len(self.first) - 1, bool)
        n_objects = len(self.links.object_first) - 1
        table = _kernel_sets(sets, self.primary, same_weight, together)
        rows = kernels.Rows(
            self.primary,
            of.first,
            of.member,
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
        groups = self.first, self.order, self.links
        how = table, rows, scratch, limits, solved
        run_kernel(solve_groups, ranges(len(solved), PIECE), *groups, *how)
        return solved


def maybe_twice_of(values: np.ndarray) -> np.ndarray:
    """Which of some whole numbers (m,) may occur more than once: all that do, and few others."""
    found = np.empty(len(values), bool)
    # Sixteen places for each: few others are to be told apart.
    kernels.maybe_twice(values, np.zeros(1 << (16 * len(values)).bit_length(), np.uint8), found)
    return found


def _met_twice(values: np.ndarray) -> np.ndarray:
    """Where, rising, those of some numbers (m,) are that occur more than once: few of them."""
    found = np.flatnonzero(maybe_twice_of(values))
    those = values[found]
    ordered = np.sort(those)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(twice) == 0:
        return found[:0]
    at = np.minimum(np.searchsorted(twice, those), len(twice) - 1)
    met: np.ndarray = found[twice[at] == those]
    return met


def _kernel_sets(
    sets: SourceSets, primary: np.ndarray, same_weight: np.ndarray, together: np.ndarray
) -> kernels.Sets:
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
        same_weight,
        np.empty(len(same_weight), np.int64),
        together,
    )
