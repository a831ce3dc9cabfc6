"""Wrong set-ups: does the match notice; and right ones: does it keep quiet.

A check fires where its verdict is not "ok". Every wrong set-up of :mod:`validation.wrong_setups` is
matched many times: the checks that must fire have to in 95% of the skies, every unrelated one in 5%
at most. On skies that obey the model, each check may fire in 1% at most.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import bayesmatch as bm

from .report import Claim, Section, TableView, at_least, below
from .wrong_setups import CLEAN, SETUPS, Setup

N_SEEDS, QUICK_SEEDS = 100, 3
N_CLEAN, QUICK_CLEAN = 200, 5
FIRED, UNRELATED, FALSE = 0.95, 0.05, 0.01


def run(out: Path, *, quick: bool = False, seeds: int | None = None) -> Section:
    """Run the protocol."""
    n = seeds or (QUICK_SEEDS if quick else N_SEEDS)
    n_clean = 2 * seeds if seeds else QUICK_CLEAN if quick else N_CLEAN
    wrong = {s: fired(s.run, n, 1000 * k) for k, s in enumerate(SETUPS, 1)}
    clean = {c: fired(c.run, n_clean, 100_000 * k) for k, c in enumerate(CLEAN, 1)}
    missed = {s.name: least(s, counts) / n for s, counts in wrong.items()}
    alarms = {s.name: worst(s, counts)[1] / n for s, counts in wrong.items()}
    false = {c.name: max(counts.values(), default=0) / n_clean for c, counts in clean.items()}
    slack = 1 / n_clean  # what one sky is: a share of 1% cannot be told from few
    claims = [
        at_least(
            "share of skies in which a required check fires, worst", min(missed.values()), FIRED
        ),
        below("the same of an unrelated check, worst", max(alarms.values()), max(UNRELATED, 1 / n)),
        below(
            "share of right skies in which a check fires, worst",
            max(false.values()),
            FALSE if n_clean >= N_CLEAN else max(FALSE, slack),
        ),
        Claim("set-ups and right skies", f"{len(SETUPS)}, {len(CLEAN)}", "-", None),
    ]
    return Section(
        "checks",
        "What the checks notice",
        TEXT,
        claims,
        [wrong_table(wrong, n), clean_table(clean, n_clean)],
        numbers={
            "n_seeds": n,
            "n_clean": n_clean,
            "wrong": {s.name: dict(c) for s, c in wrong.items()},
            "clean": {s.name: dict(c) for s, c in clean.items()},
        },
    )


TEXT = [
    "Every match asks itself what a careful colleague would ask: do the catalogues overlap, is "
    "the radius large enough, do area, errors and priors fit what is seen around the sources. Here "
    "each of 23 mistakes is made on purpose, many times over small simulated fields, and the "
    "checks that speak up are counted.",
    "A check that must fire for a mistake has to in 95% of the skies. One that may is a "
    "consequence of the same mistake, and not counted. Any other is a false alarm: 5% of the skies "
    "at most, and 1% on skies where nothing is wrong.",
]


def fired(make: Callable[[int], bm.MatchResult], n: int, seed: int) -> Counter[str]:
    """How often each check was not ok, in `n` skies."""
    counts: Counter[str] = Counter()
    for k in range(n):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of few sources, of none with a candidate
            checks = make(seed + k).checks()
        counts.update(str(r["check"]) for r in checks if r["verdict"] != "ok")
    return counts


def least(setup: Setup, counts: Counter[str]) -> int:
    """How often the least of the required checks fired."""
    return min(counts[name] for name in setup.must)


def worst(setup: Setup, counts: Counter[str]) -> tuple[str, int]:
    """The unrelated check that fired most often."""
    others = {k: v for k, v in counts.items() if k not in (*setup.must, *setup.may)}
    return max(others.items(), key=lambda item: item[1], default=("-", 0))


def wrong_table(found: dict[Setup, Counter[str]], n: int) -> TableView:
    """A row per wrong set-up."""
    rows = [
        [
            s.name,
            s.what,
            ", ".join(f"{name} {counts[name]}" for name in s.must),
            ", ".join(f"{name} {counts[name]}" for name in s.may if counts[name]) or "-",
            "{} {}".format(*worst(s, counts)),
        ]
        for s, counts in found.items()
    ]
    return TableView(
        f"Wrong set-ups: in how many of {n} skies each check fires",
        ["set-up", "what is wrong", "must fire", "may fire", "most frequent other"],
        rows,
    )


def clean_table(found: dict, n: int) -> TableView:
    """A row per kind of right sky."""
    rows = [
        [c.name, ", ".join(f"{name} {k}" for name, k in sorted(counts.items())) or "none"]
        for c, counts in found.items()
    ]
    return TableView(f"Skies that obey the model: checks that fired in {n}", ["sky", "fired"], rows)
