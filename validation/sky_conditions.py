"""The protocol `skies`: are the probabilities right on skies that are not as simple as a model.

Every row of the table is a kind of sky with one thing wrong, made from scratch with known truth.
It is matched with the parts of the model off, with the part made for it, and with all of them, and
judged by strata of its sources: an error of the sparse half of a sky and the opposite one of the
dense half cancel in an overall calibration error.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bayesmatch import plots

from . import conditions_surveys as surveys
from .conditions import ALL, CONDITIONS, OFF, Condition, match, ways
from .conditions_claims import claims_of
from .conditions_oracle import best_answers
from .conditions_scores import JUDGED, answer_of, score, strata
from .conditions_surveys import Size
from .conditions_views import condition_table, cone_table, errors_figure, survey_tables
from .real_skies import Plan, simulate
from .report import FigureView, Section

FIRST_SEED = 12_000
N_SEEDS = 3
#: truths drawn for the floor of an ECE
N_DRAWS, QUICK_DRAWS = 300, 100
#: sources of a sky of the surveys' tables
QUICK_N = 1500


def run(out: Path, *, quick: bool = False, seeds: int | None = None) -> Section:
    """Run the protocol."""
    n_seeds = seeds or (1 if quick else N_SEEDS)
    draws = QUICK_DRAWS if quick else N_DRAWS
    numbers = [FIRST_SEED + k for k in range(n_seeds)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the skies are meant to be wrong
        rows = [
            row
            for condition in CONDITIONS
            for seed in numbers
            for row in measure(sized(condition, quick), seed, draws)
        ]
        size = Size(QUICK_N if quick else Plan().n, draws)
        tried = (ALL,) if quick else (OFF, ALL)
        surveyed = {
            part.__name__: [
                row for way in tried for seed in numbers for row in part(seed, size, way)
            ]
            for part in (surveys.cones, surveys.areas, surveys.footprints)
        }
    found = average(rows, ("condition", "way", "stratum", "what"))
    cones = average(surveyed["cones"], ("sky", "radius", "area", "way", "stratum", "what"))
    surveyed["cones"] = cones
    plots.save(errors_figure(found), out / "skies.png")
    return Section(
        "skies",
        "Skies that are not simple: do the probabilities still mean what they say?",
        text(n_seeds, quick),
        claims_of(found, surveyed, quick),
        [condition_table(found), cone_table(cones), *survey_tables(surveyed)],
        [FigureView("skies.png", CAPTION)],
        {"conditions": found, "seeds": numbers, **surveyed},
    )


CAPTION = (
    "Calibration error of every stratum in units of the 95% point of its own floor; large symbols "
    "are the worst stratum of a row. Exact probabilities stay below 1 in 19 of 20 cases. The upper "
    "panel is for P(host), the lower one for the best candidate."
)


def sized(condition: Condition, quick: bool) -> Condition:
    """The same with fewer sources if quick."""
    if not quick:
        return condition
    return replace(condition, plan=replace(condition.plan, n=condition.quick_n))


def measure(condition: Condition, seed: int, draws: int) -> list[dict[str, Any]]:
    """Scores of one sky: a row per way of matching, stratum, and what is judged."""
    sky = simulate(seed, condition.plan)
    answers = {way: answer_of(match(condition, sky, way)) for way in ways(condition)}
    sets = strata(sky, answers[OFF])
    attainable = best_answers(condition.plan, sky) if len(sky.others) > 1 else float("nan")
    return [
        {
            "condition": condition.name,
            "way": way,
            "stratum": stratum,
            "what": what,
            "seed": seed,
            "slack": condition.slack,
            "answers": float(answer.right(sky).mean()),
            "attainable": attainable,
            **score(answer, sky, at, what, seed, draws),
        }
        for way, answer in answers.items()
        for stratum, at in sets.items()
        for what in JUDGED
    ]


def average(rows: Iterable[Mapping[str, Any]], keys: Sequence[str]) -> list[dict[str, Any]]:
    """Means over the seeds: one row for every combination of the values of `keys`."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return [
        dict(zip(keys, values, strict=True))
        | {
            name: float(np.mean([row[name] for row in group]))
            for name in group[0]
            if name not in (*keys, "seed")
        }
        | {"eces": [row["ece"] for row in group]}
        for values, group in groups.items()
    ]


def text(n_seeds: int, quick: bool) -> list[str]:
    """What was done, in plain words."""
    return [
        "Real skies are not uniform, errors have tails, catalogues share objects and sources share "
        f"candidates. Every row of the table is a kind of sky with one of these, {n_seeds} "
        f"{'sky' if n_seeds == 1 else 'skies'} of {'1,500 to 2,500' if quick else '4,000'} sources "
        "each, made from scratch with known truth; the match is told what the row says and nothing "
        "else. `off` is the model of uniform densities, independent catalogues, Gaussian errors as "
        "quoted and every source by itself; `part` switches on the part of the model that is made "
        "for the row, `all` all of them (errors are fitted where the row's errors are wrong).",
        "An overall calibration error hides what is wrong in one part of a sky if the opposite is "
        "wrong in another. So the sources are judged in strata: thirds of the local density (the "
        "true one where it varies, else the number of objects within an arcmin), of the distance "
        "from the centre of the survey and of the position error; those whose best candidate is "
        "another source's too (in the match `off`, the same sources for all); those listed twice. "
        "Each stratum has its own floor: the calibration error that exact probabilities would "
        "have. Numbers are means over the skies of a row of the single sky's error and floor.",
        "With three catalogues the right answers are compared with those of an exact calculation "
        "that knows the densities, the share of shared objects and the host fractions.",
        "Surveys come in shapes as well: objects downloaded in cones round the sources only, a "
        "stated area that is false, holes round bright stars, sources beyond the footprint, and "
        "strong gradients, which must not be taken for borders.",
    ]
