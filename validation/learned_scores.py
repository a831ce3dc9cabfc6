"""Scores of the protocol `learned`: one line for a match of a mock sky."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import bayesmatch as bm
from bayesmatch.diagnostics import metrics

from .conditions_scores import BEST, HOST, limit
from .learned_skies import NAME, Mock, best_magnitude
from .priors_scores import Outcome, crossing, outcome

#: of thirds of the magnitude of the best candidate
TERCILES = ("bright", "middle", "faint")


def judged(o: Outcome, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and outcomes: there is a counterpart, the best candidate is it."""
    if what == HOST:
        return 1.0 - o.p_hostless, o.has_counterpart
    return np.where(o.matched, o.p_match, 0.0), o.right


def score(result: bm.MatchResult, sky: Mock, seed: int, draws: int) -> dict[str, Any]:
    """Purity = completeness, calibration errors and their floors, checks that fire."""
    o = outcome(result, sky.truth)
    line: dict[str, Any] = {
        "crossing": crossing(o, o.p_match)[1],
        "host": float(o.has_counterpart.mean()),
        "fitted": float(1.0 - o.p_hostless.mean()),
    }
    for what in (HOST, BEST):
        p, true = judged(o, what)
        line[f"ece_{what}"] = metrics.calibration_error(p, true)
        line[f"limit_{what}"] = limit(metrics.calibration_floor(p, seed, draws).p95)
    line["terciles"] = terciles(o, result, sky)
    checks = result.checks()
    verdicts = zip(checks["check"], checks["verdict"], strict=True)
    line["fires"] = [str(name) for name, verdict in verdicts if verdict != "ok"]
    learned = result.meta.get("auto_priors", {}).get(NAME, {}).get("photometry", {})
    line["model"] = str(learned.get("model", ""))
    return line


def terciles(o: Outcome, result: bm.MatchResult, sky: Mock) -> list[float]:
    """ECE of the best candidate by third of its magnitude."""
    row = np.asarray(result.sources[NAME])[o.matched]
    order = np.argsort(best_magnitude(sky.survey)[row], kind="stable")
    p, right = o.p_match[o.matched][order], o.right[o.matched][order]
    return [
        metrics.calibration_error(p[at], right[at])
        for at in np.array_split(np.arange(len(order)), len(TERCILES))
    ]


def fired_priors(fires: Sequence[str]) -> list[str]:
    """Those of the checks that fire that are about a prior."""
    return [name for name in fires if name.startswith("prior_")]
