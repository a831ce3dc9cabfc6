"""What a source that is listed twice may be: its identifications, weighed by all its entries.

The positions of the entries are put together to one, X, with the covariance V.  An association M of
the source then has the likelihood of one entry's own with the Bayes factor B(X, M) in place of
B(x_1, M): exactly that of all positions with M over that of all positions alone.  Where the errors
of the entries have a part 1 - s^2 in common, V is (sum V_i^-1)^-1 (1 + (m - 1) (1 - s^2)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..catalogs.segments import segments
from ..likelihood import ln_bayes_factor
from .associations import Associations
from .candidate_positions import tangent_planes
from .same_source import ClosePairs, Duplicates
from .set_sizes import ln_sizes_of, parted, parts_of
from .setting import Setting

#: pairs less probable than this, by their positions, are taken for two sources
MIN_LN_ODDS = np.log(0.25)


@dataclass(frozen=True)
class SourceSets:
    """Primaries that may be one source, and its possible identifications."""

    first: np.ndarray
    """(n_sets + 1,) first member of each set, then the end"""
    primary: np.ndarray
    """(n_members,) the best known position of each set first"""
    same_first: np.ndarray
    """(n_sets + 1,) first identification of each set, then the end"""
    same_row: np.ndarray
    """(n_same, largest set) row of that association for each member, -1 beyond the set"""
    ln_factor: np.ndarray
    """(n_same,) ln of the odds of being one source, and of what all positions add to the first"""
    pattern: np.ndarray
    """(n_same,) membership pattern"""

    def weights(self, weight: np.ndarray, ln_prior: np.ndarray) -> np.ndarray:
        """Ln of the weight of every identification, (n_same,).

        Comparable with the product of the members' own, `weight` (n_rows,) in ln; `ln_prior`
        (n_primary, n_patterns) of the rows: the set has the mean of its members.
        """
        if len(self.primary) == 0:
            return np.empty(0)
        size, lead = np.diff(self.first), self.primary[self.first[:-1]]
        mean = np.add.reduceat(ln_prior[self.primary], self.first[:-1]) / size[:, None]
        # -inf where a catalogue has not looked, but no row is of such a pattern
        of_lead = ln_prior[lead]
        own = np.subtract(mean, of_lead, out=np.zeros_like(mean), where=of_lead > -np.inf)
        of_set = np.repeat(np.arange(len(size)), np.diff(self.same_first))
        out: np.ndarray = weight[self.same_row[:, 0]] + self.ln_factor + own[of_set, self.pattern]
        return out


def no_sets() -> SourceSets:
    """Of a list without duplicates."""
    zero, none = np.zeros(1, np.int64), np.empty(0, np.int64)
    return SourceSets(zero, none, zero, np.empty((0, 1), np.int64), np.empty(0), none)


def source_sets(
    setting: Setting,
    associations: Associations,
    pairs: ClosePairs,
    found: Duplicates,
    fitted: bool,
) -> tuple[Duplicates, SourceSets]:
    """The sets: primaries all pairs of which are likely to be one source; and what they go by.

    Parameters
    ----------
    setting, associations
        Of the match.
    pairs, found
        Close primaries, and how many are one source.
    fitted : bool
        Whether `found` was fitted to these primaries: how many sets are large is found then, too.
    """
    ln_odds = pairs.ln_odds(found)
    members = _grouped(pairs, ln_odds)
    if not members:
        return found, no_sets()
    together = _together(setting, pairs, ln_odds, members, found)
    size = np.array([len(m) for m in members])
    parts = parts_of(pairs, ln_odds, members)
    if fitted:
        sizes = ln_sizes_of(together.ln_odds, size, parts, ln_odds, pairs.n_entries)
        found = replace(found, ln_sizes=tuple(sizes.tolist()))
    if parts:
        members = parted(members, together.ln_odds + found.of_size(size), parts, found)
        together = _together(setting, pairs, ln_odds, members, found)
        size = np.array([len(m) for m in members])
    first = np.concatenate([[0], np.cumsum(size)])
    primary = np.concatenate(members)
    same_set, same_row = _shared_rows(setting, associations, first, primary)
    takes_part = associations.member[same_row[:, 0]] >= 0
    pattern = takes_part @ (1 << np.arange(takes_part.shape[1]))
    gain = _ln_gain(setting, associations, together, same_set, same_row, pattern)
    same_first = np.searchsorted(same_set, np.arange(len(members) + 1))
    ln_factor = gain + (together.ln_odds + found.of_size(size))[same_set]
    return found, SourceSets(first, primary, same_first, same_row, ln_factor, pattern)


def _grouped(pairs: ClosePairs, ln_odds: np.ndarray) -> list[np.ndarray]:
    """Sets in which every pair is likely, the likeliest pairs first; the best known first."""
    likely = np.flatnonzero(ln_odds > MIN_LN_ODDS)
    likely = likely[np.lexsort((pairs.second[likely], pairs.first[likely], -ln_odds[likely]))]
    ordered = list(zip(pairs.first[likely].tolist(), pairs.second[likely].tolist(), strict=True))
    linked = set(ordered)
    of: dict[int, list[int]] = {}
    for i, j in ordered:
        a, b = of.setdefault(i, [i]), of.setdefault(j, [j])
        if a is b or not all((x, y) in linked or (y, x) in linked for x in a for y in b):
            continue
        a.extend(b)
        for y in b:
            of[y] = a
    sets = [s for i, s in of.items() if len(s) > 1 and s[0] == i]
    # The first of a pair is the one whose position is known better: the best is nobody's second.
    return [np.array(_best_first(s, linked)) for s in sorted(sets)]


def _best_first(members: list[int], linked: set[tuple[int, int]]) -> list[int]:
    return sorted(members, key=lambda x: sum((y, x) in linked for y in members))


@dataclass(frozen=True)
class _Together:
    """All positions of each set put to one, in the tangent plane of its first."""

    offset: np.ndarray
    """(n_sets, 2) arcsec"""
    covariance: np.ndarray
    """(n_sets, 2, 2) arcsec^2"""
    of_first: np.ndarray
    """(n_sets, 2, 2) arcsec^2, of the first alone"""
    ln_odds: np.ndarray
    """(n_sets,) of being one source against as many sources as there are members"""


def _together(
    setting: Setting,
    pairs: ClosePairs,
    ln_odds: np.ndarray,
    members: Sequence[np.ndarray],
    found: Duplicates,
) -> _Together:
    n = len(members)
    out = _Together(np.empty((n, 2)), np.empty((n, 2, 2)), np.empty((n, 2, 2)), np.empty(n))
    size = np.array([len(m) for m in members])
    n_primary = len(setting.primary)
    key = pairs.first * n_primary + pairs.second
    for m in np.unique(size).tolist():
        at = np.flatnonzero(size == m)
        primary = np.array([members[k] for k in at.tolist()])  # (sets of this size, m)
        pair = np.searchsorted(key, primary[:, :1] * n_primary + primary[:, 1:])
        offset = np.zeros((len(at), m, 2))
        offset[:, 1:] = pairs.offset[pair]
        flat = setting.primary.covariance(primary.ravel())
        covariance = flat[:, [0, 2, 2, 1]].reshape(len(at), m, 2, 2)
        weight = np.linalg.inv(covariance)
        v = np.linalg.inv(weight.sum(axis=1))
        out.offset[at] = np.einsum("nij,nkjl,nkl->ni", v, weight, offset)
        out.covariance[at] = v * (1.0 + (m - 1) * (1.0 - found.spread))
        out.of_first[at] = covariance[:, 0]
        out.ln_odds[at] = ln_odds[pair].sum(axis=1)
        if m > 2:
            # Each pair has the first's position as if it were another's: all together instead.
            scaled = covariance * found.spread
            out.ln_odds[at] += ln_bayes_factor(offset, scaled)
            for k in range(1, m):
                out.ln_odds[at] -= ln_bayes_factor(offset[:, [0, k]], scaled[:, [0, k]])
    return out


def _shared_rows(
    setting: Setting, associations: Associations, first: np.ndarray, primary: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Associations that all members of a set have: (n_same,) set and (n_same, largest) rows.

    Others have an object outside the radius of one entry, and next to no chance.
    """
    n_sets, size = len(first) - 1, np.diff(first)
    begin, end = associations.first[primary], associations.first[primary + 1]
    count = end - begin
    row = segments(begin, count)
    of = np.repeat(np.arange(len(primary)), count)  # the member
    which = np.repeat(np.arange(n_sets), size)[of]
    slot = associations.member[row]
    objects, there = np.full(slot.shape, -1), slot >= 0
    objects[there] = setting.candidates.row[slot[there]]  # there may be no candidate at all
    keys = (of, *objects.T[::-1], which)
    order = np.lexsort(keys)
    row, which, objects = row[order], which[order], objects[order]
    new = np.ones(len(row), bool)
    new[1:] = (which[1:] != which[:-1]) | np.any(objects[1:] != objects[:-1], axis=1)
    at = np.flatnonzero(new)
    complete = np.diff(np.append(at, len(row))) == size[which[at]]
    at = at[complete]
    same_row = np.full((len(at), size.max()), -1)
    for q in range(size.max()):
        has = size[which[at]] > q
        same_row[has, q] = row[at[has] + q]
    return which[at], same_row


def _ln_gain(
    setting: Setting,
    associations: Associations,
    together: _Together,
    same_set: np.ndarray,
    same_row: np.ndarray,
    pattern: np.ndarray,
) -> np.ndarray:
    """Ln B(X, M) - ln B(x_1, M) of every shared association, x_1 the set's first, (n_same,)."""
    leads = [(int(i), int(i) + 1) for i in np.unique(associations.primary_of(same_row[:, 0]))]
    plane = tangent_planes(setting.primary, setting.candidates, setting.positions, leads)
    slot = associations.member[same_row[:, 0]]
    out = np.zeros(len(slot))
    for p in np.unique(pattern[pattern > 0]):
        at = np.flatnonzero(pattern == p)
        here = plane[slot[at][:, slot[at[0]] >= 0]]  # (n, members, 6)
        cov = here[:, :, [2, 4, 4, 3]].reshape(*here.shape[:2], 2, 2)
        of = same_set[at]
        for sign, x, v in (
            (1.0, together.offset[of], together.covariance[of]),
            (-1.0, np.zeros((len(of), 2)), together.of_first[of]),
        ):
            offsets = np.concatenate([x[:, None], here[:, :, :2]], axis=1)
            out[at] += sign * ln_bayes_factor(offsets, np.concatenate([v[:, None], cov], axis=1))
    return out
