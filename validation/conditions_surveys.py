"""What a survey may look like: downloaded in cones, with a false area, with holes and borders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import bayesmatch as bm

from .conditions import Condition, match
from .conditions_scores import JUDGED, answer_of, score, strata
from .real_skies import Plan, RealSky, downloaded, simulate

#: arcsec: radii of the cones round the sources; what their stated area is multiplied by
CONES = (20.0, 30.0, 60.0)
CONE_AREAS = (1.0, 0.5, 2.0)
#: p_hostless of a survey in cones is compared with that of the whole one; share, difference
CONE_SHARE, CONE_DIFFERENCE = 0.95, 0.02
#: what a stated area is multiplied by, and how far p_hostless may move for what share
AREAS = (0.25, 0.5, 2.0, 4.0)
AREA_SHARE, AREA_DIFFERENCE = 0.99, 0.01
#: largest error of the fitted share of sources outside
OUTSIDE_LIMIT = 0.02

#: skies on which cones and areas are tried
BASES = {
    "uniform": Plan(),
    "density rising x10": Plan(gradient=10.0),
}
FOOTPRINTS = {
    "15% of the sky in holes": Plan(holes=0.15),
    "30% of the sky in holes": Plan(holes=0.30),
    "30% of the sources outside": Plan(beyond=0.30),
    **{f"density rising x{g:g}": Plan(gradient=float(g)) for g in (10, 30, 100, 300)},
}


@dataclass(frozen=True)
class Size:
    """How much is simulated."""

    n: int
    """sources of a sky"""
    draws: int
    """truths drawn for a floor"""


def cones(seed: int, size: Size, way: str) -> list[dict[str, Any]]:
    """Surveys in cones against the whole one: a row per sky, radius, area and stratum."""
    rows = []
    for name, condition, sky in _skies(BASES, seed, size):
        whole = answer_of(match(condition, sky, way))
        for radius in CONES:
            part = downloaded(sky, radius)
            for factor in CONE_AREAS:
                answer = answer_of(match(condition, part, way, factor))
                same = np.abs(answer.p_host - whole.p_host) < CONE_DIFFERENCE
                head = {"sky": name, "radius": radius, "area": factor, "seed": seed, "way": way}
                for stratum, at in strata(sky, whole).items():
                    rows += [
                        {**head, "stratum": stratum, "what": what, "same": float(same.mean())}
                        | score(answer, part, at, what, seed, size.draws)
                        for what in JUDGED
                    ]
    return rows


def areas(seed: int, size: Size, way: str) -> list[dict[str, Any]]:
    """The same survey with false areas: a row per sky and area."""
    rows = []
    for name, condition, sky in _skies(BASES, seed, size):
        right = np.asarray(match(condition, sky, way).sources["p_hostless"])
        for factor in AREAS:
            result = match(condition, sky, way, factor)
            moved = np.abs(np.asarray(result.sources["p_hostless"]) - right)
            rows.append(
                {
                    "sky": name,
                    "area": factor,
                    "seed": seed,
                    "way": way,
                    "same": float(np.mean(moved < AREA_DIFFERENCE)),
                    "largest": float(moved.max()),
                    "fires": fires(result, "area_OPT"),
                }
            )
    return rows


def footprints(seed: int, size: Size, way: str) -> list[dict[str, Any]]:
    """Fitted and true share of the sources outside: a row per sky."""
    rows = []
    for name, condition, sky in _skies(FOOTPRINTS, seed, size):
        fitted = match(condition, sky, way).meta["host_fraction_fit"]["uncovered"]
        rows.append(
            {
                "sky": name,
                "seed": seed,
                "way": way,
                "true": float(sky.outside.mean()),
                "fitted": float(fitted),
            }
        )
    return rows


def _skies(
    plans: Mapping[str, Plan], seed: int, size: Size
) -> Iterator[tuple[str, Condition, RealSky]]:
    """Name, condition and sky of each plan."""
    for name, plan in plans.items():
        condition = Condition(name, replace(plan, n=size.n))
        yield name, condition, simulate(seed, condition.plan)


def fires(result: bm.MatchResult, name: str) -> bool:
    """Whether a check says that something is wrong."""
    table = result.checks()
    verdict = dict(zip(map(str, table["check"]), map(str, table["verdict"]), strict=True))
    return verdict[name] != "ok"
