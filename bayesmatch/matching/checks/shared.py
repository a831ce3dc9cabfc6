"""Do several catalogues see the same field objects, and does the match know how many.

Pairs of candidates of two catalogues within their errors, beyond those by chance and the
counterparts' own, are field objects that both see. A field model that knows of such objects
expects as many as it takes; any other expects none, and NWAY's columns never do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..seen_by_each import as_observed
from .around import Around
from .finding import LOOK, OK, SIGMA_COUNTS, WRONG, Finding, poisson_sigma, skipped
from .view import View

#: sigma of their difference within which two objects of two catalogues are linked, and within
#: which they would be if their errors were larger
LINKED, APART = 3.0, 6.0
#: share of the field objects that matters, what spoils all, and what matters if it is far apart:
#: galaxies come in pairs
SHARED, SPOILT, BESIDE = 0.03, 0.3, 0.1
#: primaries, and pairs of candidates, that what is typical is taken from
SAMPLE = 128


@dataclass(frozen=True)
class _Pairs:
    """Pairs of candidates of two other catalogues within some sigma of their difference."""

    count: int
    chance: float
    """of them expected by chance"""
    own: float
    """of them counterparts of their primary, expected"""
    same: float
    """share of the pairs of detections of an object that should be within"""


def shared(view: View, a: int, b: int) -> Finding:
    """Share of the field objects of one of two other catalogues that are the other's too."""
    names = [view.setting.others[k].name for k in (a, b)]
    check = f"shared_{names[0]}_{names[1]}"
    primaries = _with_all_pairs(view) & view.looked[:, [a, b]].all(axis=1)
    circle = min(view.around[k].radius for k in (a, b))
    each = [_field_objects(view, k, circle) * primaries for k in (a, b)]
    rarer = int(each[1].sum() < each[0].sum())
    field = float(each[rarer].sum())
    if field < 1.0:
        return skipped(check, 0.0, "too few field objects around the sources")
    close, wide = _pairs(view, (a, b), circle, primaries)
    taken = field * _taken(view, (a, b), rarer, each[rarer]) if view.shares else 0.0
    found = _found(view, check, close, taken, field)
    off = found.value - found.expected
    if view.shares:  # there may be fewer than the match takes as well
        off = abs(off)
    if found.sigma > SIGMA_COUNTS and off > SHARED:
        verdict = LOOK if view.shares and off < SPOILT else WRONG
        return replace(found, verdict=verdict, advice=_told(found, names, view.shares))
    allowed_for = f"{_same(found, names)}: p_match takes account of it, p_any and p_i do not"
    if view.shares:
        beside = _found(view, check, _between(close, wide), taken, field)
        if beside.sigma > SIGMA_COUNTS and beside.value - beside.expected > BESIDE:
            advice = (
                f"{beside.value:.0%} of the fewer of {names[0]} and {names[1]} have one of the "
                f"others {LINKED:.0f} to {APART:.0f} sigma of their errors away, where "
                f"{beside.expected:.0%} should: these errors are too small, or their frames apart"
            )
            return replace(beside, verdict=LOOK, advice=advice)
        none = _found(view, check, close, 0.0, field)
        if none.sigma > SIGMA_COUNTS and none.value > SHARED:
            # All is well with p_match: NWAY's columns do not know of it, and are there, too.
            return replace(none, verdict=LOOK, advice=allowed_for)
    if found.expected > SHARED:
        return replace(found, advice=allowed_for)
    advice = f"{names[0]} and {names[1]} share no more objects around the sources than by chance"
    return replace(found, advice=advice)


def _found(view: View, check: str, pairs: _Pairs, taken: float, field: float) -> Finding:
    """Share of the `field` objects that more pairs than by chance are, and that the match takes."""
    expected = pairs.same * taken
    value = (pairs.count - pairs.chance - pairs.own) / field
    others = pairs.chance + pairs.own + expected
    error = math.sqrt(view.clumps * max(others, 1.0)) / field
    sigma = poisson_sigma(pairs.count, others, view.clumps)
    sigma = abs(sigma) if view.shares else max(sigma, 0.0)
    return Finding(check, value, expected / field, error, sigma, OK, "")


def _same(found: Finding, names: list[str]) -> str:
    first, second = names
    return f"{found.value:.0%} of the fewer of {first} and {second} are the same objects"


def _told(found: Finding, names: list[str], known: bool) -> str:
    """What to do where more, or fewer, are shared than the match takes."""
    if known:
        return (
            f"{_same(found, names)} within their errors where p_match takes {found.expected:.0%}: "
            f"are the position errors of {names[0]} and {names[1]} right"
        )
    return f"{_same(found, names)}: give field='local', or match with one of them at a time"


def _with_all_pairs(view: View) -> np.ndarray:
    """(s,) bool, primaries with all associations kept; all of them where nothing is shared."""
    pruned = np.zeros(len(view.setting.primary), bool)
    if view.shares:
        pruned[view.associations.pruned.primary] = True
    return np.asarray(~pruned[view.sample])


def _field_objects(view: View, k: int, circle: float) -> np.ndarray:
    """(s,) field objects of a catalogue around each primary, within `circle` arcsec."""
    part = view.around[k]
    return part.total((1.0 - part.p) * (part.separation <= circle), view.n)


def _pairs(
    view: View, which: tuple[int, int], circle: float, primaries: np.ndarray
) -> list[_Pairs]:
    """Pairs within :data:`LINKED` and :data:`APART` sigma around some `primaries`, (s,) bool.

    They are the associations of just these two; their counterparts may have more members.
    """
    parts = [view.around[k] for k in which]
    a, b = which  # the first is the lower one
    between = view.associations.between[view.rows, b * (b - 1) // 2 + a]
    widest = sum(float((part.theirs[0] + part.theirs[1]).max(initial=0.0)) for part in parts)
    near = np.flatnonzero(between < APART * math.sqrt(widest))
    near = near[primaries[np.searchsorted(view.first, near, side="right") - 1]]
    member = view.associations.member[view.rows[near]]
    only = np.count_nonzero(member >= 0, axis=1) == 2
    at = [np.searchsorted(part.slot, member[:, part.k]) for part in parts]
    east, north = (parts[1].offset[at[1]] - parts[0].offset[at[0]]).T
    xx, yy, xy = (parts[0].theirs[j, at[0]] + parts[1].theirs[j, at[1]] for j in range(3))
    determinant = np.maximum(xx * yy - xy * xy, 1e-300)
    apart2 = (yy * east**2 - 2.0 * xy * east * north + xx * north**2) / determinant
    p = view.calibrated.p_match[view.rows[near]]
    variance = _typical_variance(parts)
    inside = [part.total((part.separation <= circle) * 1.0, view.n) for part in parts]
    all_pairs = float((inside[0] * inside[1])[primaries].sum())
    # One of two detections may lie beyond the edge of the circle.
    kept = max(1.0 - math.sqrt(2.0 / math.pi * variance) / circle, 0.0)
    found = []
    for sigma in (LINKED, APART):
        chance = _closer_than(sigma * math.sqrt(variance) / circle)
        within = apart2 < sigma**2
        own = float(p[within].sum())
        same = kept * _within(view, which, sigma) - chance  # no chance pairs as well
        number = int(np.count_nonzero(only & within))
        found.append(_Pairs(number, chance * max(all_pairs - own, 0.0), own, same))
    return found


def _typical_variance(parts: list[Around]) -> float:
    """Mean variance (arcsec^2 per axis) of the offset of two candidates, from some of them."""
    of_each = [
        part.theirs[:3, np.linspace(0, len(part.i) - 1, SAMPLE).astype(np.int64)] for part in parts
    ]
    xx, yy, xy = of_each[0] + of_each[1]
    return float(np.sqrt(np.maximum(xx * yy - xy * xy, 0.0)).mean())


def _closer_than(distance: float) -> float:
    """Share of the pairs of places in a circle of radius 1 that are closer than `distance`."""
    if distance >= 2.0:
        return 1.0
    half, square = 0.5 * distance, distance * distance
    inner = 2.0 * (square - 1.0) * math.acos(half)
    rim = distance * (1.0 + 0.5 * square) * math.sqrt(1.0 - half * half)
    return 1.0 + (inner - rim) / math.pi


def _between(close: _Pairs, wide: _Pairs) -> _Pairs:
    """Those within the larger distance and not within the smaller."""
    return _Pairs(
        wide.count - close.count,
        wide.chance - close.chance,
        wide.own - close.own,
        wide.same - close.same,
    )


def _within(view: View, which: tuple[int, int], sigma: float) -> float:
    """Share of the pairs of detections of an object that are within `sigma`."""
    share = 0.0
    first, second = (view.setting.others[k].tails.parts for k in which)
    for one, wide in first:
        for other, wider in second:
            share -= one * other * math.expm1(-(sigma**2) / (wide**2 + wider**2))
    return share


def _taken(view: View, which: tuple[int, int], rarer: int, number: np.ndarray) -> float:
    """Share of one of two catalogues' field objects that the match takes for the other's too.

    `rarer`: 0 or 1, the one whose share it is; `number` (s,): its field objects at each primary.
    """
    field = view.setting.field
    if field.objects is None:
        return 0.0
    some = slice(None, None, max(1, view.n // SAMPLE))
    primaries = view.sample[some]
    nu = field.objects.per_arcsec2(field.rho[primaries])
    if field.chance is not None:
        nu = as_observed(nu, field.chance[primaries])
    has = [np.arange(nu.shape[1]) >> k & 1 == 1 for k in which]
    both = nu[:, has[0] & has[1]].sum(axis=1)
    share = both / np.maximum(nu[:, has[rarer]].sum(axis=1), 1e-300)
    return float((number[some] * share).sum()) / max(float(number[some].sum()), 1e-300)
