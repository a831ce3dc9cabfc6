"""All checks of a match."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from .density import area, density, ring_of
from .errors import frame, position_errors, scale_step, tails
from .finding import OK, Finding
from .objects import claims, duplicates, listed_twice, shared
from .overlap import overlap
from .priors import prior
from .radius import radius
from .view import View, view_of


def run_checks(*match: Any) -> list[dict[str, Any]]:
    """The findings of a match, in plain types; the arguments are those of :func:`view_of`."""
    return [found.plain() for found in findings(view_of(*match))]


def findings(view: View) -> Iterator[Finding]:
    """Every check, in the order in which a mistake should be looked for."""
    first = overlap(view)
    yield first
    yield radius(view)
    together = first.verdict == OK
    step = scale_step(view) if together else None
    scale = math.exp(min(max(float(step.value[0]), 0.0), 1.0)) if step is not None else 1.0
    if together:
        for part in view.around:
            ring = ring_of(view, part, scale)
            yield area(view, part, ring)
            yield density(view, part, ring)
        for b in range(len(view.around)):
            for a in range(b):
                yield shared(view, a, b)
        yield position_errors(view, step)
        yield tails(view)
        yield frame(view)
    yield listed_twice(view)
    if together:
        for part in view.around:
            yield duplicates(view, part)
        for k, name in view.log10_ratios:
            yield prior(view, k, name)
        yield claims(view)
