"""Primaries that are one source listed twice: found from how close they are to each other.

A list may hold a source twice: merged from overlapping fields, or split by a detection.  Of two
entries i and k the odds that they are one source are, positions alone::

    d N(x_i - x_k; s^2 (V_i + V_k)) / nu

d the expected number of second entries of a source, nu the density of entries around them, s^2 = 1
where the two positions were measured independently and 0 where one was copied (the errors' common
part is 1 - s^2).  d and s^2 are fitted to how the separations of all close pairs are distributed,
given that they are close: chance gives as many pairs per area at any separation, or, where sources
cluster, more at small ones by a power law.  Only the ratio of d to the level of chance pairs is
asked for, so the level itself, and the density of the list as a whole, need not be known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .._kernels.duplicates import mixture
from ..catalogs.candidates import Candidates
from ..catalogs.held import HeldCatalog
from ..catalogs.neighbours import Neighbours
from .candidate_positions import candidate_positions, tangent_planes

#: pairs are looked at up to this separation, in units of the combined error per axis
MAX_SIGMA = 8.0
#: more neighbours per primary than this say nothing new: the search takes a smaller radius
MAX_NEIGHBOURS = 12
#: neighbours that a local density is counted from
N_DENSITY = 16
#: the likelihood has to rise by this much (twice its ln) before a list is said to have duplicates
EARNED = 20.0
#: power laws of chance pairs with the separation: none, clustering
SLOPES = (0.0, 0.5, 1.0)
#: ln likelihood that clustering must gain: where nothing clusters, lists with second entries made
#: it prefer 0.5 every other time, by up to 9, in 1 of 9 by more than this
CLUSTERING_GAIN = 5.0
#: s^2 is not trusted to be below this, nor is it better known than from so many pairs more
MIN_SPREAD, SPREAD_PAIRS = 1e-4, 2.0
STEPS = 60
#: the power law ends here (in u), at one combined error: closer ones are blurred by the errors
SMALLEST = 0.5
SQUARE_ARCSEC_OF_SPHERE = 4.0 * np.pi * np.degrees(1.0) ** 2 * 3600.0**2

#: arcsec: positions as near as that are the same
LEAST_REACH = 1e-3
#: entries that one position may have: others stand for "unknown", and their pairs fill the memory
MOST_THERE = 64


@dataclass(frozen=True)
class Duplicates:
    """How many sources of a list are listed twice, and how their positions differ."""

    per_source: float = 0.0
    """d, second entries of a source over the level of chance pairs; 0: the list has none"""
    spread: float = 1.0
    """s^2, variance of their separations over that of independent measurements"""
    slope: float = 0.0
    """chance pairs rise towards small separations as their power -slope"""
    ln_sizes: tuple[float, ...] = ()
    """what raises the ln of the odds of sets of 2, 3 ... entries (``set_sizes.ln_sizes_of``)"""

    def of_size(self, size: np.ndarray) -> np.ndarray:
        """What the ln of the odds of sets of some sizes (n,) is to be raised by, (n,)."""
        known = np.zeros(max(int(size.max(initial=2)) - 1, len(self.ln_sizes)))
        known[: len(self.ln_sizes)] = self.ln_sizes
        out: np.ndarray = known[size - 2]
        return out


@dataclass(frozen=True)
class ClosePairs:
    """Pairs of primaries, the better known position first."""

    first: np.ndarray
    """(m,) primary"""
    second: np.ndarray
    """(m,) primary"""
    offset: np.ndarray
    """(m, 2) arcsec east and north, second from first"""
    half_square: np.ndarray
    """(m,) u, half the squared separation in units of the combined errors"""
    expected: np.ndarray
    """(m,) nu 2 pi sqrt|V_i + V_k|: entries expected by chance per unit of u"""
    end: np.ndarray
    """(m,) u at which the search ends"""
    n_entries: int
    """of the primaries those whose pairs are listed"""

    def ln_odds(self, found: Duplicates) -> np.ndarray:
        """Ln of the odds of being one source, (m,)."""
        if found.per_source == 0:
            return np.full(len(self.first), -np.inf)
        ln_odds: np.ndarray = (
            np.log(found.per_source / found.spread)
            - self.half_square / found.spread
            - np.log(self.expected)
            + 0.5 * found.slope * np.log(np.maximum(self.half_square, SMALLEST))
        )
        return ln_odds


#: pairs of entries, and how many sources are listed twice
CloseEntries = tuple[ClosePairs, Duplicates]


def close_entries(
    primary: HeldCatalog, radius_arcsec: float, duplicates: Duplicates | None
) -> CloseEntries:
    """Entries that may be one source; `duplicates` None: fitted to them."""
    pairs = close_pairs(primary, radius_arcsec)
    return pairs, find_duplicates(pairs) if duplicates is None else duplicates


def close_pairs(primary: HeldCatalog, radius_arcsec: float) -> ClosePairs:
    """Pairs of primaries within :data:`MAX_SIGMA` combined errors.

    No farther apart than twice the radius of the match, arcsec: others have no object in common.
    Of more than :data:`MOST_THERE` at one position the first so many.
    """
    widest = float(np.sqrt(primary.covariance()[:, :2].max()))
    reach = min(2.0 * radius_arcsec, MAX_SIGMA * np.sqrt(2.0) * widest)
    near = Neighbours(primary.ra, primary.dec, reach)
    surplus = near.surplus(MOST_THERE, LEAST_REACH)
    if len(surplus):
        kept = np.delete(np.arange(len(primary)), surplus)
        pairs = close_pairs(primary.subset(kept, ()), radius_arcsec)
        return replace(pairs, first=kept[pairs.first], second=kept[pairs.second])
    unit, reach = near.unit, _reach(near, reach)
    rows = near.along  # neighbours of neighbours are in the processor's cache
    begin, j = near.within(rows, 2.0 * np.sin(0.5 * np.radians(reach / 3600.0)))
    i = np.repeat(rows, np.diff(begin))
    once = np.flatnonzero(i < j)
    i, j = i[once], j[once]
    within = 2.0 * max(len(i), 1) / len(unit)  # how many others are within reach, on average
    # The better known position first (of equals the southern one): the order of rows is no matter.
    which = np.unique(np.concatenate([i, j]))
    keys = primary.ra, primary.dec, primary.errors.determinant()
    rank = np.empty(len(unit), np.int64)
    rank[which[np.lexsort([key[which] for key in keys])]] = np.arange(len(which))
    swap = rank[i] > rank[j]
    i, j = np.where(swap, j, i), np.where(swap, i, j)
    order = np.lexsort((j, i))
    i, j = i[order], j[order]
    apart = np.degrees(2.0 * np.arcsin(0.5 * np.linalg.norm(unit[i] - unit[j], axis=1))) * 3600.0
    candidates = Candidates(np.searchsorted(i, np.arange(len(unit) + 1)), j, apart, 1)
    at = candidate_positions(primary, (primary,), candidates)
    x, y, *v, _ = tangent_planes(primary, candidates, at, [(0, len(unit))]).T
    xx, yy, xy = primary.covariance(i).T + np.array(v)
    det = xx * yy - xy * xy
    u = 0.5 * (yy * x * x - 2.0 * xy * x * y + xx * y * y) / det
    # The circle of the search, where it is smaller than the ellipse of MAX_SIGMA.
    end = np.minimum(0.5 * MAX_SIGMA**2, 0.5 * reach**2 / np.maximum(xx, yy))
    at = u < end
    i, j, x, y, u, det, end = (a[at] for a in (i, j, x, y, u, det, end))
    wide = np.radians(reach / 3600.0) * np.sqrt(2.0 * N_DENSITY / within)
    nu = _density(near, np.concatenate([i, j]), float(wide)).reshape(2, -1).mean(axis=0)
    expected = nu * 2.0 * np.pi * np.sqrt(det)
    return ClosePairs(i, j, np.column_stack([x, y]), u, expected, end, len(unit))


def _reach(near: Neighbours, reach: float) -> float:
    """The radius, arcsec, or a smaller one within which no more neighbours than wanted are.

    None is small enough where many entries have the very same position.
    """
    n = len(near.unit)
    sample = np.arange(0, n, max(1, n // 200))
    while True:
        found = near.within(sample, float(np.radians(reach / 3600.0)))[1]
        if len(found) / len(sample) - 1.0 <= MAX_NEIGHBOURS or reach < LEAST_REACH:
            return reach
        reach *= 0.5


def _density(near: Neighbours, rows: np.ndarray, wide: float) -> np.ndarray:
    """Entries per arcsec^2 around some primaries, from the distance of their k-th neighbours.

    They are looked for within the chord `wide` first.
    """
    k = min(N_DENSITY, len(near.unit) - 1)
    which, inverse = np.unique(rows, return_inverse=True)
    if len(which) == 0:
        return np.empty(0)
    chord = near.distance(which, k, wide)
    share = np.maximum(chord**2 / 4.0, 1e-30)  # of the sphere, within that distance
    nu: np.ndarray = max(k - 1, 0.5) / (share * SQUARE_ARCSEC_OF_SPHERE)
    return nu[inverse]


def find_duplicates(pairs: ClosePairs) -> Duplicates:
    """The most likely mixture of second entries and chance; none where it is not earned.

    For a pair at u, with A = d e^(-u/s^2) / s^2 and B = c u^(-slope/2) of its chance level c, the
    likelihood is (A + B) over the same integrated to the end of the search.
    """
    without, best = -np.inf, (-np.inf, Duplicates())
    for slope in SLOPES:
        power = 1.0 - 0.5 * slope
        u = np.maximum(pairs.half_square, SMALLEST)
        chance = pairs.expected * u ** (-0.5 * slope)
        beyond = np.maximum(pairs.end, SMALLEST) ** power - SMALLEST**power
        inside = np.minimum(pairs.end, SMALLEST) * SMALLEST ** (-0.5 * slope)
        all_chance = pairs.expected * (inside + beyond / power)
        base = float(np.log(chance / all_chance).sum())
        without = max(without, base)
        for spread in (1.0, 0.01):
            found, gain = _mixture(pairs, chance, all_chance, spread)
            value = base + gain - (CLUSTERING_GAIN if slope else 0.0)
            if value > best[0]:
                best = (value, replace(found, slope=slope))
    with_them = best[0] + (CLUSTERING_GAIN if best[1].slope else 0.0)
    return best[1] if 2.0 * (with_them - without) > EARNED else Duplicates()


def _mixture(
    pairs: ClosePairs, chance: np.ndarray, all_chance: np.ndarray, spread: float
) -> tuple[Duplicates, float]:
    """Second entries by expectation and maximisation, and their gain in ln likelihood."""
    of = pairs.half_square, pairs.end, chance, all_chance
    d, spread, total, gain = mixture(*of, spread, STEPS, MIN_SPREAD)
    if d == 0.0:
        return Duplicates(), 0.0
    # Few pairs do not say that one position was copied from the other.
    cautious = (total * spread + SPREAD_PAIRS) / (total + SPREAD_PAIRS)
    return Duplicates(d, min(cautious, 1.0)), gain
