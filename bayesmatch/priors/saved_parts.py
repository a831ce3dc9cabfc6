"""Parts of a saved learned prior: its start, folds, knots and shares, checked."""

from __future__ import annotations

from typing import Any

from .hats import Hats
from .histogram import HistogramPrior
from .lightgbm import FORMAT, LightGBMPrior
from .saved import Record, check_ascending, check_number
from .source_context import Folds

MAX_FOLDS, MAX_KNOTS = 32, 64


def start_of(entries: Record) -> LightGBMPrior | HistogramPrior | None:
    """The prior that it began with; None: with none."""
    record = entries.part("start").entries
    if not record:
        return None
    kinds = (LightGBMPrior, HistogramPrior)
    kind = kinds[record.get("format") != FORMAT]
    start: LightGBMPrior | HistogramPrior = kind.from_record(record)
    return start


def folds_of(entries: Record) -> Folds:
    """Which model judges which source."""
    entries.only(("seed", "cuts"))
    cuts = entries.many("cuts", _within)
    if len(cuts) >= MAX_FOLDS or sorted(cuts) != cuts:
        raise ValueError("cuts must ascend, and be fewer than 32")
    return Folds(entries.integer("seed"), tuple(cuts))


def _within(key: str, value: Any) -> float:
    number = check_number(key, value)
    if not 0.0 <= number <= 1.0:
        raise ValueError(f"{key} has {number:g}, which is not from 0 to 1")
    return number


def hats_of(entries: Record, n_inputs: int) -> Hats | None:
    """The functions; None: nothing was learned."""
    knots = entries.many("knots", check_ascending)
    if not knots:
        return None
    if len(knots) != n_inputs or max(map(len, knots)) > MAX_KNOTS:
        raise ValueError(f"knots are of {len(knots)} features, not {n_inputs}, or too many")
    return Hats.from_record(knots)


def share_from(entries: Record, key: str) -> float:
    """A number from 0 to below 1."""
    number = entries.number(key)
    if not 0.0 <= number < 1.0:
        raise ValueError(f"{key} is {number:g}, not from 0 to below 1")
    return number
