"""What may be wrong with a sky: the rows of the protocol `skies`, and how each is matched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import bayesmatch as bm

from .real_skies import OTHER_SIGMA, Plan, RealSky

#: how a sky is matched: the model of uniform, independent catalogues; one part of what is new; all
OFF, PART, ALL = "off", "part", "all"
WAYS = (OFF, PART, ALL)
OPTIONS = {
    OFF: {"field": "uniform", "claims": "independent", "errors": "given"},
    ALL: {"field": "local", "claims": "exclusive", "errors": "given"},
}
#: radius of a match in units of the largest position error
REACH = 5.0


@dataclass(frozen=True)
class Condition:
    """One row of the table."""

    name: str
    plan: Plan
    part: str = ""
    """the option of `match` that is made for it: field, claims or errors; empty: none"""
    reach: float = REACH
    """radius of the match in units of the largest quoted position error"""
    slack: float = 0.0
    """added to the limit of the densest third"""
    quick_n: int = 1500
    """sources of the quick run"""


#: the table: what is wrong, sky by sky
CONDITIONS = (
    Condition("nothing wrong", Plan()),
    Condition("density rising x30", Plan(density=50_000.0, gradient=30.0), "field"),
    Condition(
        "density rising x30, host fraction 0.85 to 0.4",
        Plan(density=50_000.0, gradient=30.0, host=(0.85, 0.4)),
        "field",
        slack=0.01,
    ),
    Condition("area x0.5, 60,000 per deg^2", Plan(density=60_000.0, area_factor=0.5), "field"),
    Condition("area x2, 60,000 per deg^2", Plan(density=60_000.0, area_factor=2.0), "field"),
    Condition(
        "K = 3, 95% shared, 60,000 and 30,000",
        Plan(density=60_000.0, second=(30_000.0, 0.95)),
        "field",
    ),
    Condition("10% with errors x4", Plan(tails=(0.1, 4.0)), "errors", reach=13.0),
    Condition(
        'frame turned by 3" per deg', Plan(per_deg2=640.0, rotation=3.0), "errors", reach=7.0
    ),
    Condition(
        '4,000 sources per deg^2, errors 4"',
        Plan(density=20_000.0, per_deg2=4000.0, sigma=(4.0, 4.0)),
        "claims",
        quick_n=2500,
    ),
    Condition("a fifth listed twice", Plan(twice=0.2), "claims"),
)


def options_of(condition: Condition, way: str) -> dict[str, Any]:
    """Keywords of `match`."""
    chosen: dict[str, Any] = dict(OPTIONS[ALL if way == ALL else OFF])
    if condition.part == "errors" and way != OFF:
        chosen["errors"] = "fit"
    elif way == PART:
        chosen[condition.part] = OPTIONS[ALL][condition.part]
    return chosen


def ways(condition: Condition) -> tuple[str, ...]:
    """How a row is matched."""
    return (OFF, PART, ALL) if condition.part else (OFF, ALL)


def match(condition: Condition, sky: RealSky, way: str, area_factor: float = 1.0) -> bm.MatchResult:
    """Match a sky of a row in one way."""
    return bm.match(
        *sky.catalogs(area_factor),
        radius=radius_of(condition, sky),
        **options_of(condition, way),
    )


def radius_of(condition: Condition, sky: RealSky) -> float:
    """Arcsec; loses no counterpart but by the condition's own fault."""
    return condition.reach * float(
        np.hypot(sky.primary["SIGMA"].max(), OTHER_SIGMA[len(sky.others) - 1])
    )
