"""All checks of a match."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from .density import area, density, ring_of
from .errors import ERRORS, close_pairs, frame, position_errors, scale_step, tails
from .finding import OK, WRONG, Finding, skipped
from .objects import claims, duplicates, listed_twice, shared
from .overlap import overlap
from .priors import prior
from .radius import radius
from .view import View, view_of, with_density

#: sigma of the density seen, beyond which it is taken rather than the stated one
DOUBTFUL = 2.0
NOT_JUDGED = "cannot be judged while the field, a prior or the radius does not fit"


def run_checks(*match: Any) -> list[dict[str, Any]]:
    """The findings of a match, in plain types; the arguments are those of :func:`view_of`."""
    return [found.plain() for found in findings(view_of(*match))]


def _field(view: View, scale: float) -> Iterator[Finding]:
    """What the field model takes for granted."""
    for part in view.around:
        ring = ring_of(view, part, scale)
        yield area(view, part, ring)
        yield density(view, part, ring)
    for b in range(len(view.around)):
        for a in range(b):
            yield shared(view, a, b)


def findings(view: View) -> Iterator[Finding]:
    """Every check, in the order in which a mistake should be looked for."""
    together, reach = overlap(view), radius(view)
    yield together
    yield reach
    if together.verdict == OK:
        yield from _around(view, reach.verdict == OK)
    yield listed_twice(view)


def _around(view: View, reach: bool) -> Iterator[Finding]:
    """Checks of what is around the primaries; `reach`: the radius holds the counterparts."""
    step = scale_step(view)
    scale = math.exp(min(max(float(step.value[0]), 0.0), 1.0)) if step is not None else 1.0
    field = list(_field(view, scale))
    yield from field
    priors = [prior(view, k, name) for k, name in view.log10_ratios]
    seen, right = _as_dense_as_seen(view, field)
    right = right and all(f.verdict == OK for f in priors)
    apart = close_pairs(seen)
    if apart:
        yield apart
    else:
        yield position_errors(scale_step(seen)) if right else skipped(ERRORS, 1.0, NOT_JUDGED)
    right = right and apart is None
    yield tails(seen) if right and reach else skipped("tails", 0.0, NOT_JUDGED)
    yield frame(seen) if right else skipped("frame", 0.0, NOT_JUDGED)
    for part in view.around:
        yield duplicates(view, part)
    yield from priors
    yield claims(view)


def _as_dense_as_seen(view: View, field: Sequence[Finding]) -> tuple[View, bool]:
    """The match with the density that is seen, and whether errors can be judged by it.

    Where the field model takes the stated area as it is, wrong probabilities would have the errors
    look wrong.
    """
    alone = view.around[0]
    if len(view.around) == 1 and not view.follows(alone):
        found = field[0]
        dense = found.sigma > DOUBTFUL and found.value > 0
        return (with_density(view, found.value) if dense else view), True
    return view, all(f.verdict != WRONG for f in field)
