"""What a source that is listed twice may be: its identifications, weighed by all its entries.

The positions of the entries are put together to one, X, with the covariance V.  An association M of
the source then has the likelihood of one entry's own with the Bayes factor B(X, M) in place of
B(x_1, M): exactly that of all positions with M over that of all positions alone.  Where the errors
of the entries have a part 1 - s^2 in common, V is (sum V_i^-1)^-1 (1 + (m - 1) (1 - s^2)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..likelihood import ln_bayes_factor
from .associations import Associations
from .candidate_positions import tangent_planes
from .same_source import ClosePairs, Duplicates
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
    same_weight: np.ndarray
    """(n_same,) ln of its weight, comparable with the product of the members' own weights"""


def no_sets() -> SourceSets:
    """Of a list without duplicates."""
    zero, none = np.zeros(1, np.int64), np.empty(0, np.int64)
    return SourceSets(zero, none, zero, np.empty((0, 1), np.int64), np.empty(0))


def source_sets(
    setting: Setting,
    associations: Associations,
    weight: np.ndarray,
    ln_fraction: np.ndarray,
    pairs: ClosePairs,
    found: Duplicates,
) -> SourceSets:
    """The sets, from pairs all of which are likely to be one source.

    Parameters
    ----------
    setting, associations
        Of the match.
    weight : ndarray, shape (n_rows,)
        Ln weight of every association, each primary by itself.
    ln_fraction : ndarray, shape (n_primary, n_patterns)
        Of the host fraction.
    pairs, found
        Close primaries, and how many are one source.
    """
    members = _grouped(pairs, pairs.ln_odds(found))
    if not members:
        return no_sets()
    first = np.concatenate([[0], np.cumsum([len(m) for m in members])])
    primary = np.concatenate(members)
    where = _positions(setting, pairs, members)
    ln_odds = _ln_odds(pairs, where, members, found)
    same_set, same_row = _shared_rows(setting, associations, first, primary)
    gain = _ln_gain(setting, associations, where, same_set, same_row, found)
    lead = same_row[:, 0]
    takes_part = associations.member[lead] >= 0
    pattern = takes_part @ (1 << np.arange(takes_part.shape[1]))
    own = np.array([ln_fraction[m].mean(axis=0) - ln_fraction[m[0]] for m in members])
    same_weight = weight[lead] + gain + own[same_set, pattern] + ln_odds[same_set]
    same_first = np.searchsorted(same_set, np.arange(len(members) + 1))
    return SourceSets(first, primary, same_first, same_row, same_weight)


def _grouped(pairs: ClosePairs, ln_odds: np.ndarray) -> list[np.ndarray]:
    """Sets in which every pair is likely, the likeliest pairs first; primaries in pairs' order."""
    likely = np.flatnonzero(ln_odds > MIN_LN_ODDS)
    likely = likely[np.lexsort((pairs.second[likely], pairs.first[likely], -ln_odds[likely]))]
    linked = {(int(pairs.first[k]), int(pairs.second[k])) for k in likely}
    of: dict[int, list[int]] = {}
    for k in likely:
        i, j = int(pairs.first[k]), int(pairs.second[k])
        a, b = of.setdefault(i, [i]), of.setdefault(j, [j])
        if a is b or not all((x, y) in linked or (y, x) in linked for x in a for y in b):
            continue
        a.extend(b)
        for y in b:
            of[y] = a
    sets = {id(s): s for s in of.values() if len(s) > 1}
    # In every pair the better known position is the first: so it is in the set.
    ordered = [
        sorted(s, key=lambda x: sum((y, x) in linked for y in s))  # noqa: B023
        for s in sets.values()
    ]
    return [np.array(s) for s in sorted(ordered)]


@dataclass(frozen=True)
class _Positions:
    """Of the members of each set, in the tangent plane of its first, and put together."""

    offset: list[np.ndarray]
    """(m, 2) arcsec"""
    covariance: list[np.ndarray]
    """(m, 2, 2) arcsec^2"""


def _positions(setting: Setting, pairs: ClosePairs, members: Sequence[np.ndarray]) -> _Positions:
    at = {(int(i), int(j)): k for k, (i, j) in enumerate(zip(pairs.first, pairs.second))}
    offset = [
        np.array([[0.0, 0.0], *(pairs.offset[at[int(m[0]), int(j)]] for j in m[1:])])
        for m in members
    ]
    flat = setting.primary.covariance(np.concatenate(members))
    matrix = flat[:, [0, 2, 2, 1]].reshape(-1, 2, 2)
    return _Positions(offset, np.split(matrix, np.cumsum([len(m) for m in members])[:-1]))


def _ln_odds(
    pairs: ClosePairs, where: _Positions, members: Sequence[np.ndarray], found: Duplicates
) -> np.ndarray:
    """Ln of the odds of each set being one source against as many sources, (n_sets,)."""
    ln_odds = pairs.ln_odds(found)
    at = {(int(i), int(j)): k for k, (i, j) in enumerate(zip(pairs.first, pairs.second))}
    out = np.empty(len(members))
    for n, m in enumerate(members):
        linked = [at[int(m[0]), int(j)] for j in m[1:]]
        out[n] = ln_odds[linked].sum()
        if len(m) > 2:
            # The pairs of the first count its position every time: all positions together instead.
            ln_b = ln_bayes_factor(where.offset[n], where.covariance[n] * found.spread)
            two = [
                ln_bayes_factor(where.offset[n][[0, k]], where.covariance[n][[0, k]] * found.spread)
                for k in range(1, len(m))
            ]
            out[n] += ln_b - sum(two)
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
    row = np.repeat(begin - np.cumsum(count) + count, count) + np.arange(count.sum())
    of = np.repeat(np.arange(len(primary)), count)  # the member
    which = np.repeat(np.arange(n_sets), size)[of]
    slot = associations.member[row]
    objects = np.where(slot >= 0, setting.candidates.row[np.maximum(slot, 0)], -1)
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
    where: _Positions,
    same_set: np.ndarray,
    same_row: np.ndarray,
    found: Duplicates,
) -> np.ndarray:
    """Ln B(X, M) - ln B(x_1, M) of every shared association, x_1 the set's first, (n_same,)."""
    x, v = np.empty((len(where.offset), 2)), np.empty((len(where.offset), 2, 2))
    for n, (offset, covariance) in enumerate(zip(where.offset, where.covariance, strict=True)):
        weight = np.linalg.inv(covariance)
        v[n] = np.linalg.inv(weight.sum(axis=0))
        x[n] = v[n] @ np.einsum("kij,kj->i", weight, offset)
        v[n] *= 1.0 + (len(offset) - 1) * (1.0 - found.spread)
    first_v = np.array([c[0] for c in where.covariance])
    leads = [(int(i), int(i) + 1) for i in np.unique(associations.primary_of(same_row[:, 0]))]
    plane = tangent_planes(setting.primary, setting.candidates, setting.positions, leads)
    slot = associations.member[same_row[:, 0]]
    out = np.zeros(len(slot))
    takes_part = slot >= 0
    pattern = takes_part @ (1 << np.arange(slot.shape[1]))
    for p in np.unique(pattern[pattern > 0]):
        at = np.flatnonzero(pattern == p)
        here = plane[slot[at][:, takes_part[at[0]]]]  # (n, members, 6)
        cov = here[:, :, [2, 4, 4, 3]].reshape(*here.shape[:2], 2, 2)
        ln_b = []
        for position, covariance in ((x, v), (np.zeros_like(x), first_v)):
            offsets = np.concatenate([position[same_set[at], None], here[:, :, :2]], axis=1)
            ln_b.append(
                ln_bayes_factor(
                    offsets, np.concatenate([covariance[same_set[at], None], cov], axis=1)
                )
            )
        out[at] = ln_b[0] - ln_b[1]
    return out
