"""Scores of the protocol `priors`: what a match made of the sources of a mock sky."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.diagnostics import metrics
from bayesmatch.diagnostics.metrics import Crossing, Curve, Ranking, calibration_error


@dataclass(frozen=True)
class Outcome:
    """What a match made of every source of a sky."""

    right: np.ndarray
    """(n,) the best candidate is the counterpart"""
    matched: np.ndarray
    """(n,) there is a candidate"""
    has_counterpart: np.ndarray
    """(n,) in truth"""
    p_any: np.ndarray
    p_match: np.ndarray
    p_hostless: np.ndarray


def hosts(truth: Table) -> tuple[np.ndarray, np.ndarray]:
    """Survey rows of the counterparts, and the primary row of each."""
    counterpart = np.asarray(truth["counterpart"])
    of_primary = np.flatnonzero(counterpart != "hostless")
    return counterpart[of_primary].astype(np.int64), of_primary


def outcome(result: bm.MatchResult, truth: Table) -> Outcome:
    """Compare the best candidates with the truth."""
    sources = result.sources
    best = np.asarray(sources["OPT"])
    true = np.full(len(truth), -1)
    host, of_primary = hosts(truth)
    true[of_primary] = host
    return Outcome(
        (best == true) & (best >= 0),
        best >= 0,
        true >= 0,
        *(np.asarray(sources[c], dtype=np.float64) for c in ("p_any", "p_match", "p_hostless")),
    )


def merged(outcomes: Sequence[Outcome]) -> Outcome:
    """Several skies as one."""
    return Outcome(
        *(
            np.concatenate([getattr(o, field) for o in outcomes])
            for field in Outcome.__dataclass_fields__
        )
    )


def scores(o: Outcome) -> dict[str, float]:
    """The numbers of one line of the table."""
    hostless_right = np.where(o.has_counterpart, o.right, ~o.matched)
    cut, crossing_any = crossing(o, o.p_any)
    return {
        "right": float(hostless_right.mean()),
        "right_of_hosts": float(o.right[o.has_counterpart].mean()),
        "crossing": crossing_any,
        "cutoff": cut,
        "crossing_p_match": crossing(o, o.p_match)[1],
        "ece": ece(o),
        "hostless": float((~o.has_counterpart).mean()),
        "p_hostless": float(o.p_hostless.mean()),
    }


def curve(o: Outcome, score: np.ndarray) -> Curve:
    """How many sources are matched, and rightly, at or above each cutoff."""
    return Ranking(score, o.matched, o.right).curve()


def crossing(o: Outcome, score: np.ndarray) -> Crossing:
    """Cutoff where counterpart purity equals completeness, and the value there."""
    return metrics.crossing(curve(o, score), o.has_counterpart.sum())


def ece(o: Outcome) -> float:
    """Expected calibration error of p_hostless."""
    return calibration_error(o.p_hostless, ~o.has_counterpart)
