"""Claims: an object is the counterpart of one primary at most.

Each primary by itself may give its best probability to an object that another one needs as well.
Jointly, the probability of identifications a_1, a_2, ... is proportional to the product of their
independent ones where no object occurs twice, and 0 otherwise.  Primaries that share objects form
groups, over which that is summed exactly (:mod:`bayesmatch._kernels.claims`).  Two entries of one
source may have the same object: they share its claim (:mod:`bayesmatch.matching.same_source`).

An object links the primaries that have it with a probability above :data:`LEAST`; a link left out
changes no probability by more than that.  A group in which too many objects are wanted at a time
loses those up to :data:`TINY`, then its weakest links until it fits, and it is told what
probability the strongest of them had.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from .._kernels import claim_groups as kernels
from ..catalogs.held import HeldCatalog
from .associations import Associations
from .calibrated import Calibrated
from .claim_groups import Groups, JointWeights
from .host_fraction import HostFraction
from .merged import SourceSets, no_sets, source_sets
from .posterior import Posterior
from .same_source import Duplicates, close_entries
from .setting import Setting
from .terms import ClaimTerms

#: probability of an object above which a primary competes for it
LEAST = 1e-9
#: the same in groups that are too large with all links: what is below is not told
TINY = 1e-4
#: a group that is too large leaves out links below so many times the probability before
CUT = 2.0
#: fewer entries do not tell how often chance puts two side by side
MIN_PRIMARIES = 30


@dataclass(frozen=True)
class Claims:
    """What claims changed, and what was found on the way."""

    calibrated: Calibrated
    """joint probabilities"""
    terms: ClaimTerms
    same_source: np.ndarray
    """(n_primary,) row of the first entry of the same source, -1 = none"""
    details: dict[str, Any]
    """groups and what was left out, in plain Python types"""


def independent(calibrated: Calibrated) -> Claims:
    """An object may be the counterpart of several primaries."""
    none = np.empty(0)
    terms = ClaimTerms(np.empty(0, np.int64), np.zeros(1, np.int64), none)
    same = np.full(len(calibrated.p_hostless), -1)
    return Claims(calibrated, terms, same, {"rule": "independent"})


def find_them(primary: HeldCatalog, duplicates: Duplicates | None) -> bool:
    """Whether there may be entries of one source, and it can be told; `duplicates` as known."""
    return len(primary) >= MIN_PRIMARIES and not (duplicates and duplicates.per_source == 0)


def find_sources(
    setting: Setting, associations: Associations, duplicates: Duplicates | None
) -> tuple[Duplicates, SourceSets]:
    """Entries of the primary that may be one source; `duplicates` None: fitted."""
    if not find_them(setting.primary, duplicates):
        return Duplicates(), no_sets()
    begun = setting.close or partial(
        close_entries, setting.primary, setting.radius_arcsec, duplicates
    )
    pairs, found = begun()
    return source_sets(setting, associations, pairs, found, fitted=duplicates is None)


def exclusive(
    setting: Setting,
    associations: Associations,
    ln_like: np.ndarray,
    post: Posterior,
    fit: HostFraction,
    calibrated: Calibrated,
    sets: SourceSets,
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
        Independent probabilities; those of the primaries that compete are replaced.
    sets : SourceSets
        Entries that may be one source.
    """
    limit = min(LEAST, TINY)
    joint = JointWeights(setting, associations, ln_like, fit, calibrated, 1e-3 * limit)
    joint.weigh(sets.primary)
    same_weight = sets.weights(joint.weight, fit.ln_within)
    together = np.full(len(sets.first) - 1, -np.inf)
    links = np.flatnonzero(joint.p_slot > limit)
    sizes, cut, largest_cut = [0], set(), 0.0
    todo = None
    while True:
        groups = Groups.of(joint, sets, links, todo)
        solved = groups.solve(joint, sets, same_weight, together)
        sizes += np.diff(groups.first)[solved].tolist()
        joint.done[groups.primaries_of(solved)] = True
        if solved.all() or limit > 1.0:
            break
        todo = np.sort(groups.primaries_of(~solved))
        limit = max(limit * CUT, TINY)
        links = links[np.isin(joint.slot_primary(links), todo)]
        weak = links[(joint.p_slot[links] > TINY) & (joint.p_slot[links] <= limit)]
        links = links[joint.p_slot[links] > limit]
        cut.update(joint.slot_primary(weak).tolist())
        largest_cut = max(largest_cut, float(joint.p_slot[weak].max(initial=0.0)))
    details = {
        "rule": "exclusive",
        "groups": len(sizes) - 1,
        "primaries": sum(sizes),
        "largest": max(sizes),
        "left_independent": len(cut),
        "largest_cut": largest_cut,
    }
    del groups, solved, links  # of ten million candidates 100 MB each
    joint.p_slot = np.empty(0)
    return _finished(joint, sets, np.exp(together), post, details)


def _finished(
    joint: JointWeights,
    sets: SourceSets,
    together: np.ndarray,
    post: Posterior,
    details: dict[str, Any],
) -> Claims:
    """Probabilities of the primaries that compete from their joint weights."""
    a, after = joint.associations, joint.calibrated
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
    kernels.best_of(
        primaries,
        a.first,
        a.member,
        post.p_i,
        after.p_match,
        after.best,
        after.second_p_i,
        after.marginal,
    )
    same = np.full(len(after.p_hostless), -1)
    for k in np.flatnonzero(together > 0.5):
        rows = np.sort(sets.primary[sets.first[k] : sets.first[k + 1]])
        same[rows[1:]] = rows[0]
    return Claims(after, ClaimTerms(primaries, first, log10), same, details)
