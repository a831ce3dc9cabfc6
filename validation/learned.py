"""Priors without a training sample: learned from the match itself, or put right on the field.

Mock skies are matched by distance alone, with a prior trained on true counterparts of another sky,
with one learned from the match, and with the trained one put right. Then come fields that the
trained prior does not fit, fields that say nothing, and two real ones. Every limit was written down
before it was measured.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import bayesmatch as bm
from bayesmatch import plots
from bayesmatch.diagnostics import metrics

from .conditions_scores import BEST, HOST, limit
from .learned_cases import CASES, FEATURES, PLAIN, TILTS, Case, Priors, Training
from .learned_claims import ADAPTED, DISTANCE, LEARNED, TRAINED, claims_of
from .learned_dense import FIGURE, dense, sparse
from .learned_scores import judged, score
from .learned_skies import Mock, along, away, draw, host_fraction, shuffled
from .learned_views import CAPTION, MISSES, figure, tables
from .priors_scores import outcome
from .report import FigureView, Section

FIRST_SEED = 22_000
#: arcsec to the north of the sources, where nothing belongs to them
AWAY = 60.0


@dataclass(frozen=True)
class Setting:
    """Sizes of a run."""

    sizes: tuple[int, ...] = (300, 1000, 4000)
    scales: tuple[float, ...] = (1.0, 1.6)
    hosts: tuple[float, ...] = (0.3, 0.7, 0.95)
    seeds: int = 3
    training: int = 6000
    """sources whose counterparts a prior is trained on"""
    cases: tuple[Case, ...] = CASES
    case_size: int = 4000
    nulls: tuple[int, ...] = (300, 4000)
    tilted: int = 4000
    """sources of the skies whose stars are not uniform; 0: none"""
    orders: int = 5
    """of the dense field's sources"""
    real: bool = True
    """whether the sparse field is matched as well"""
    draws: int = 300
    """truths drawn for a floor"""


QUICK = Setting((300,), (1.0,), (0.7,), 1, 1500, CASES[2:3], 300, (300,), 0, 0, False, 100)


def run(out: Path, *, quick: bool = False, seeds: int | None = None) -> Section:
    """Run the protocol."""
    setting = QUICK if quick else Setting()
    numbers = [FIRST_SEED + k for k in range(seeds or setting.seeds)]
    priors = Priors(setting.training)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the fields are meant not to fit
        found = {
            "skies": [row for n in setting.sizes for row in grid(setting, priors, n, numbers)],
            "cases": [row for c in setting.cases for row in transfer(setting, priors, c, numbers)],
            "nulls": [row for n in setting.nulls for row in nothing(n, numbers)],
            "tilted": [row for name in TILTS for row in tilted(setting, priors, name, numbers)],
            "dense": dense(out, setting.orders),
            "sparse": sparse() if setting.real else {},
        }
    return section(out, found, quick)


def section(out: Path, found: dict[str, Any], quick: bool) -> Section:
    """What was found as a section of the report."""
    plots.save(figure(found), out / "learned.png")
    return Section(
        "learned",
        "Priors that need no training sample",
        TEXT,
        claims_of(found, quick),
        tables(found),
        [FigureView("learned.png", CAPTION), FigureView(FIGURE, MISSES)],
        found,
    )


TEXT = (
    "A match knows, source by source, which candidates are probably counterparts, and that is a "
    "training sample. `LearnedPrior` learns from it; `LearnedPrior(start=prior)` puts a prior "
    "right that was trained elsewhere. On mock skies the truth is known, and so is what can be "
    "had: a `LightGBMPrior` trained on true counterparts of another sky of the same kind. "
    "Counterparts drawn at random are taken out of the survey until the host fraction is that of "
    "the table.",
    "A trained prior is then used where it does not fit: sources fainter than those of the "
    "training sample, bands without data, another depth, dust, zero points, more stars, wrong "
    "labels. Left as it is, a check must fire; put right, it must be no worse than learning from "
    "nothing. Shuffled magnitudes tell nothing, and nothing must be learned from them; positions "
    "that belong to nothing must not find counterparts.",
    "The dense field is real: 62 X-ray sources among 608,000 HST objects per square degree, 55 "
    "with a known counterpart, 42 of those by two independent routes (`secure`). What the others "
    "are is not known, which does not mean that they have none. In the sparse one, XMM-COSMOS "
    "among the bright galaxies of zCOSMOS, positions tell nearly all.",
)


def learned(way: str, trained: bm.LightGBMPrior) -> list[Any]:
    """The priors of a way of matching."""
    made: dict[str, list[Any]] = {
        DISTANCE: [],
        TRAINED: [trained],
        LEARNED: [bm.LearnedPrior(FEATURES)],
        ADAPTED: [bm.LearnedPrior(start=trained)],
    }
    return made[way]


def measure(
    sky: Mock, trained: bm.LightGBMPrior, ways: Sequence[str], seed: int, draws: int
) -> list[dict[str, Any]]:
    """Scores of one sky: a row per way of matching."""
    rows = []
    for way in ways:
        begin = time.perf_counter()
        result = sky.match(learned(way, trained))
        seconds = time.perf_counter() - begin
        rows.append({"way": way, "seconds": seconds, **score(result, sky, seed, draws)})
    return rows


def grid(setting: Setting, priors: Priors, n: int, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Skies of n sources: every size of the errors and host fraction."""
    rows = []
    for scale in setting.scales:
        for share in setting.hosts:
            for seed in seeds:
                rng = np.random.default_rng([seed, n])
                sky = host_fraction(share)(draw(seed, n, scale), rng)
                ways = (DISTANCE, TRAINED, LEARNED, ADAPTED)
                about = {"n": n, "scale": scale, "share": share, "seed": seed}
                scored = measure(sky, priors[PLAIN], ways, seed, setting.draws)
                rows += [{**about, **row} for row in scored]
    return rows


def transfer(
    setting: Setting, priors: Priors, case: Case, seeds: Sequence[int]
) -> list[dict[str, Any]]:
    """A field that the trained prior does not fit."""
    rows = []
    for seed in seeds[:1]:
        sky = case.change(draw(seed, setting.case_size), np.random.default_rng([seed, 1]))
        ways = (TRAINED, LEARNED, ADAPTED)
        scored = measure(sky, priors[case.training], ways, seed, setting.draws)
        rows += [{"case": case.name, "seed": seed, **row} for row in scored]
    return rows


def nothing(n: int, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Fields that have nothing to teach: a row per sky."""
    rows = []
    for seed in seeds:
        sky, rng = draw(seed, n), np.random.default_rng([seed, 2])
        alike, astray = shuffled(sky, rng), away(AWAY)(sky, rng)
        plain, taught = (
            [s.match(priors) for priors in ([], [bm.LearnedPrior(FEATURES)])]
            for s in (alike, astray)
        )
        rows.append(
            {
                "n": n,
                "seed": seed,
                "moved": float(np.quantile(largest_change(*plain), 0.99)),
                "host_distance": float(np.mean(taught[0].meta["host_fraction"])),
                "host_learned": float(np.mean(taught[1].meta["host_fraction"])),
            }
        )
    return rows


def largest_change(one: bm.MatchResult, other: bm.MatchResult) -> np.ndarray:
    """(n,) largest change of p_match among the associations of each source."""
    p, q = (np.asarray(r.associations["p_match"]) for r in (one, other))
    largest = np.zeros(len(one.sources))
    np.maximum.at(largest, np.asarray(one.associations["XRAY"]), np.abs(p - q))
    return largest


def tilted(
    setting: Setting, priors: Priors, name: str, seeds: Sequence[int]
) -> list[dict[str, Any]]:
    """Stars that are not uniform, one prior trained on all: a row per stratum of the place."""
    if not setting.tilted:
        return []
    change, n_strata = TILTS[name]
    rows = []
    for seed in seeds[:1]:
        sky = change(draw(seed, setting.tilted), np.random.default_rng([seed, 3]))
        o = outcome(sky.match([priors[Training(tilt=name)]]), sky.truth)
        place = along(sky, np.asarray(sky.primary["RA"]))
        stratum = np.clip((n_strata * place).astype(int), 0, n_strata - 1)
        for k in range(n_strata):
            row: dict[str, Any] = {"tilt": name, "seed": seed, "stratum": f"{k + 1}/{n_strata}"}
            for what in (HOST, BEST):
                p, true = (values[stratum == k] for values in judged(o, what))
                row[f"ece_{what}"] = metrics.calibration_error(p, true)
                floor = metrics.calibration_floor(p, seed, setting.draws)
                row[f"limit_{what}"] = limit(floor.p95)
            rows.append(row)
    return rows
