"""All checks of a match."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..associations import Associations
from ..setting import Setting
from .believed import each_once, with_density
from .combinations import combination_prior
from .density import (
    FAR_OFF,
    OFF,
    OFF_WINGS,
    Ring,
    area,
    density,
    density_stated,
    density_taken,
    ring_of,
    without_wings,
)
from .epochs import epochs
from .errors import ERRORS, WING, close_pairs, frame, position_errors, scale_step, tails
from .few_errors import few_errors
from .finding import OK, WRONG, Finding, skipped
from .objects import claims, duplicates, listed_twice
from .other_unit import factors_tried, far_off, in_other_unit, with_factor
from .overlap import overlap
from .priors import prior
from .radius import radius
from .ruled_out import with_ruled_out
from .sample import Sample, sample_of
from .score import Step
from .shared import shared
from .view import View, view_of

#: sigma of the density seen, beyond which it is taken rather than the stated one
#: and the same where the field model follows the density
DOUBTFUL, SURE = 2.0, 4.0
WRONG_ERRORS = "cannot be judged while the position errors do not fit"
NOT_JUDGED = "cannot be judged while the field, a prior or the radius does not fit"


def look_ahead(setting: Setting, associations: Associations) -> tuple[Sample, Finding]:
    """What needs no probabilities: it may be found while others find these."""
    sample = sample_of(setting, associations)
    return sample, listed_twice(setting.primary, setting.radius_arcsec)


def run_checks(looked: tuple[Sample, Finding], *match: Any) -> list[dict[str, Any]]:
    """The findings of a match, in plain types.

    `looked` is from :func:`look_ahead`; the other arguments are those of :func:`view_of`.
    """
    sample, twice = looked
    view = view_of(sample, *match)
    if view.options.claims == "independent":
        view = each_once(view)
    return [found.plain() for found in findings(view, twice)]


def findings(view: View, twice: Finding) -> Iterator[Finding]:
    """Every check, in the order in which a mistake should be looked for."""
    together, reach = overlap(view), radius(view)
    yield together
    yield reach
    if together.verdict == OK:
        yield from _around(view, reach.verdict, twice)
    yield twice
    yield from epochs(view)


def _around(view: View, reach: str, twice: Finding) -> Iterator[Finding]:
    """Checks of what is around the primaries; `reach`: the radius' verdict."""
    step = scale_step(view)
    scale = math.exp(min(max(float(step.value[0]), 0.0), 1.0)) if step is not None else 1.0
    rings = [ring_of(view, part, scale) for part in view.around]
    joint = [shared(view, a, b) for b in range(len(view.around)) for a in range(b)]
    priors = [prior(view, k, name) for k, name in view.log10_ratios]
    priors += [combination_prior(view, name) for name in view.log10_combined]
    even = [density(view, part, ring) for part, ring in zip(view.around, rings, strict=True)]
    seen, right = _as_dense_as_seen(view, rings, even)
    right = right and all(f.verdict != WRONG for f in joint)
    apart = close_pairs(view)
    if apart is not None and priors:
        if far_off(factors_tried(view)):  # nothing else can be judged by such probabilities
            priors = [skipped(f.check, f.expected, WRONG_ERRORS) for f in priors]
        else:
            priors = with_ruled_out(view, priors, apart)
            apart = None
    right = right and all(f.verdict == OK for f in priors)
    # Of two entries of a source one may be left with what its counterpart is not.
    wings_too = reach == OK and twice.verdict == OK
    known = (lambda: step) if seen is view else (lambda: scale_step(seen))
    errors = list(_errors(seen, known, apart, right and reach != WRONG, wings_too))
    wings = next(f for f in errors if f.check == "tails")
    for part, ring, scatter in zip(view.around, rings, even, strict=True):
        if wings.verdict == OK:
            yield area(view, part, ring, OFF)
            yield scatter
        else:  # they are in the ring, and no field objects
            less = without_wings(view, part, ring, wings.value, WING)
            yield area(view, part, less, OFF_WINGS)
            yield density(view, part, less)
    yield from joint
    yield from errors
    for part in view.around:
        yield duplicates(view, part)
    yield from priors
    yield claims(view)


def _errors(
    view: View,
    step: Callable[[], Step | None],
    apart: Finding | None,
    right: bool,
    wings_too: bool,
) -> Iterator[Finding]:
    """Position errors, where what the probabilities take for counterparts can be `right`.

    `step` gives :func:`scale_step` of the view, `apart` is what :func:`close_pairs` found.
    """
    found = apart
    if found is None and right:
        found = position_errors(view, step())
    found = found or skipped(ERRORS, 1.0, NOT_JUDGED)
    unit = None
    if found.verdict != OK or not math.isfinite(found.sigma):
        tried = factors_tried(view)
        unit = in_other_unit(tried, found)
        found = found if apart is None else with_factor(tried, apart)
    right = right and apart is None and unit is None
    wings = tails(view) if right and wings_too else skipped("tails", 0.0, NOT_JUDGED)
    if right and wings_too and wings.verdict == OK:
        found = few_errors(view, found)
    yield found if unit is None else unit
    yield wings
    yield frame(view) if right else skipped("frame", 0.0, NOT_JUDGED)


def _as_dense_as_seen(
    view: View, rings: Sequence[Ring], even: Sequence[Finding]
) -> tuple[View, bool]:
    """The match with the density that is seen, and whether errors can be judged by it.

    Where the probabilities go by another one, they are wrong, and would have the errors look wrong.
    The density that a field model has followed to a source may have its counterpart in it, out in
    the wings: on an `even` field the stated one is better, unless the rings speak against it.
    """
    wrong = False
    for part, ring, scatter in zip(view.around, rings, even, strict=True):
        ratio, error = ring.over_taken
        ratios, follows = np.full(view.n, ratio), view.follows(part)
        stated = float(ring.expected.sum() / max(ring.taken.sum(), 1e-300))
        if (
            follows
            and scatter.verdict == OK
            and abs(ratio - stated) < DOUBTFUL * error + OFF * stated
        ):
            ratios = density_stated(view, part) / density_taken(view, part)
            doubted = True
        else:
            sure, least = (SURE, FAR_OFF) if follows else (DOUBTFUL, 0.0)
            off = abs(math.log(max(ratio, 1e-9)))
            doubted = abs(ratio - 1.0) > sure * error and off > least
        if doubted and len(rings) == 1 and ratio > 0:
            return with_density(view, ratios), True
        wrong = wrong or (doubted and float(np.abs(np.log(np.median(ratios)))) > FAR_OFF)
    return view, not wrong
