"""What was learned in a match, for people: a line for each learned prior."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

#: what a prior that learns in rounds tells, beside more
TOLD = {"model": str, "ln_gain": Real, "expected_counterparts": Real}
#: why a ratio of 1 was kept, where nothing else was in the way
NO_GAIN = "no other ratio makes sources that it was not learned from likelier"


def learned_lines(auto_priors: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What was chosen, and by what gain, or that the ratio stays at 1, and why.

    Parameters
    ----------
    auto_priors : mapping
        How priors were learned by catalogue and name, as a result's ``meta`` has it; those that say
        nothing of a model (histograms of :class:`bayesmatch.AutoPrior`) are left out.
    """
    return [
        f"  learned prior      {catalogue} {name}: {_said(told)}"
        for catalogue, by_name in auto_priors.items()
        for name, told in by_name.items()
        if all(isinstance(told.get(key), kind) for key, kind in TOLD.items())
    ]


def _said(told: Mapping[str, Any]) -> str:
    expected, why = f"counterparts expected: {told['expected_counterparts']:,.0f}", told.get("why")
    if told["model"] == "1":
        return f"stays at 1, {why or NO_GAIN} ({expected})"
    model = "the start as it was" if told["model"] == "start" else told["model"]
    because = f", {why}" if why else ""
    return f"{model}{because}; ln likelihood {told['ln_gain']:+,.1f} ({expected})"
