"""How good probabilities are on a sky, source by source and in strata of sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

import bayesmatch as bm
from bayesmatch.diagnostics import metrics

from .real_skies import RealSky

#: what is judged: that there is a counterpart, and that the best candidate is it
HOST, BEST = "host", "best"
JUDGED = (HOST, BEST)
EVERY = "all"
CLAIMED = "claimed twice"
DENSEST = "densest third"
#: fewer sources of a stratum in a sky are not judged
MIN_SOURCES = 100
#: arcmin within which objects are counted for the strata of local density
COUNT_RADIUS = 1.0


@dataclass(frozen=True)
class Answer:
    """What a match says of every entry of the list."""

    p_host: np.ndarray
    """1 - p_hostless"""
    p_best: np.ndarray
    """largest p_match of an association with a counterpart; 0 without any"""
    best: np.ndarray
    """(n, n_other) its members, -1 where it has none"""
    answer: np.ndarray
    """(n, n_other) members of the most probable answer, "no counterpart" among them"""

    def judged(self, what: str, sky: RealSky) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities and outcomes."""
        if what == HOST:
            return self.p_host, sky.host
        return self.p_best, sky.host & np.all(self.best == sky.truth, axis=1)

    def right(self, sky: RealSky) -> np.ndarray:
        """Whether the most probable answer is the true one."""
        return np.all(self.answer == sky.truth, axis=1)


def answer_of(result: bm.MatchResult) -> Answer:
    """The probabilities and the members of a match."""
    table, names = result.associations, result.catalogue_names[1:]
    n = len(result.sources)
    source, p = np.asarray(table["X"]), np.asarray(table["p_match"])
    member = np.column_stack([np.asarray(table[name]) for name in names])
    some = np.any(member >= 0, axis=1)
    best = np.full((n, len(names)), -1)
    p_best = np.zeros(n)
    order = np.flatnonzero(some)[np.argsort(p[some], kind="stable")]
    best[source[order]], p_best[source[order]] = member[order], p[order]
    p_none = np.asarray(result.sources["p_hostless"], float)
    return Answer(1.0 - p_none, p_best, best, np.where((p_best > p_none)[:, None], best, -1))


def strata(sky: RealSky, plain: Answer) -> dict[str, np.ndarray]:
    """Sets of sources by what is seen or true of them, the same for every way of matching.

    `plain` is the answer of the plain match: it tells which sources share their best candidate.
    """
    sigma = sky.primary["SIGMA"]
    density = sky.density if np.ptp(sky.density) > 0 else counted(sky)
    found = {EVERY: np.ones(len(sigma), bool)}
    names = (
        (("sparsest third", "middle third", DENSEST), density),
        (
            ("inner third", "", "outer third"),
            sky.off_axis,
        ),
    )
    for labels, value in names:
        found.update(thirds(labels, value))
    if np.ptp(sigma) > 0:
        found.update(thirds(("small errors", "", "large errors"), sigma))
    if len(sky.others) == 1:
        row = plain.best[:, 0]
        times = np.bincount(row[row >= 0], minlength=row.max() + 1)
        found[CLAIMED] = (row >= 0) & (times[row] > 1)
    if len(np.unique(sky.source)) < len(sky.source):
        found["listed twice"] = np.bincount(sky.source)[sky.source] > 1
    return {name: at for name, at in found.items() if at.sum() >= MIN_SOURCES}


def thirds(labels: Sequence[str], value: np.ndarray) -> dict[str, np.ndarray]:
    """Lowest, middle and highest third of the sources; those without a label are left out."""
    which = np.searchsorted(np.quantile(value, [1 / 3, 2 / 3]), value, side="right")
    return {label: which == k for k, label in enumerate(labels) if label}


def counted(sky: RealSky) -> np.ndarray:
    """Objects of the first other catalogue within an arcmin of every source."""
    number = cKDTree(unit(sky.others[0])).query_ball_point(
        unit(sky.primary), np.radians(COUNT_RADIUS / 60.0), return_length=True
    )
    # Ties are broken by the order in the list, so that thirds are thirds.
    return number + np.arange(len(number)) / (1.0 + len(number))


def score(
    answer: Answer, sky: RealSky, at: np.ndarray, what: str, seed: int, n_draws: int
) -> dict[str, Any]:
    """Calibration error of a stratum, its floor, and how many are so."""
    p, true = (values[at] for values in answer.judged(what, sky))
    floor = metrics.calibration_floor(p, seed, n_draws)
    return {
        "n": int(at.sum()),
        "ece": metrics.calibration_error(p, true),
        "floor": floor.p95,
        "mean": float(p.mean()),
        "true": float(true.mean()),
    }


def limit(floor: float, slack: float = 0.0) -> float:
    """Largest calibration error allowed where exact probabilities have this 95% point."""
    return 1.5 * floor + 0.005 + slack


def unit(table: Mapping[str, np.ndarray]) -> np.ndarray:
    """(n, 3) unit vectors of positions."""
    ra, dec = np.radians(table["RA"]), np.radians(table["DEC"])
    return np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
