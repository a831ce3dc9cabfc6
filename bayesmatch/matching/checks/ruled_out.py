"""Priors that leave close pairs without any probability, where the errors would give them some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from .excluded import relative_to_none
from .finding import OK, WRONG, Finding
from .view import View

#: squared separation in standard errors of a close candidate
CLOSE = 4.0
#: log10 ratios are cut here
LOWEST = -300.0


def with_ruled_out(view: View, priors: Sequence[Finding], apart: Finding) -> list[Finding]:
    """Findings about priors, where close pairs are `apart` from the probabilities for no other.

    If none of them says that a prior does not fit, the one does that has the lowest ratios for
    close candidates.
    """
    found = list(priors)
    if any(each.verdict != OK for each in found):
        return found
    worst = int(np.argmin(list(_of_close(view))))
    prior = found[worst]
    advice = (
        f"{prior.check}: sources with a close object, more than by chance, get no probability of "
        "it, which their position errors would give: it rules their counterparts out"
    )
    found[worst] = replace(prior, sigma=apart.sigma, verdict=WRONG, advice=advice)
    return found


def _of_close(view: View) -> Iterator[float]:
    """Mean log10 ratio of close candidates by each prior, in the order of the findings."""
    close = [part.distance2 < CLOSE for part in view.around]
    for (k, _), log10 in view.log10_ratios.items():
        yield _mean(log10[view.around[k].slot[close[k]]])
    member = view.associations.member[view.rows]
    near = np.zeros(len(view.rows), bool)
    for part, some in zip(view.around, close, strict=True):
        has = np.flatnonzero(member[:, part.k] >= 0)
        near[has] |= some[np.searchsorted(part.slot, member[has, part.k])]
    for log10 in view.log10_combined.values():
        yield _mean(relative_to_none(view, log10)[near])


def _mean(log10: np.ndarray) -> float:
    return float(np.maximum(log10, LOWEST).mean()) if len(log10) else 0.0
