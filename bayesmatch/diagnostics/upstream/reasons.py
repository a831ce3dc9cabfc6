"""Why numbers differ: each known difference switched off by itself, and what moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .recompute import Recomputed, Side, switched

#: differences above this need a reason; recomputed numbers have to be closer than PROVEN
LIMIT, PROVEN = 2e-6, 1.5e-6
#: the known differences, and the switches they are
SWITCHES = {
    "ellipses": ("ellipses",),
    "position errors": ("their_errors",),
    "single precision": ("single",),
    "unrelated associations": ("unrelated",),
    "prior completeness": ("completeness",),
    "densities": ("density",),
    "priors": ("biases",),
    "rows that one side lost": ("rows",),
    "--acceptable-prob": ("secondary_ratio",),
    "flag of a primary without candidates": ("flags_alone",),
    "all candidates excluded": ("no_number",),
}
TIES, MOVED = "ties", "inputs differ"


@dataclass(frozen=True)
class Difference:
    """How a column differs on the rows that both sides have."""

    column: str
    apart: np.ndarray
    """(R,), of log10 B and arcsec relative to the number above 1; NaN where not compared"""
    reasons: dict[str, np.ndarray]
    """(R,) by reason: rows above the limit that it explains"""
    unexplained: np.ndarray
    """(R,) rows above the limit for which no reason was proved"""


def find_reasons(
    recomputed: Recomputed,
    ours: Side,
    theirs: Side,
    here: dict[str, np.ndarray],
    there: dict[str, np.ndarray],
    both: np.ndarray,
    known_biases: dict[str, np.ndarray],
) -> dict[str, Difference]:
    """Compare columns `here` and `there`, (R,) each, on the rows of `both`."""
    mine, its = recomputed.evaluate(ours), recomputed.evaluate(theirs)
    active = {name: fields for name, fields in SWITCHES.items() if _differ(ours, theirs, fields)}
    moved = {
        name: (
            (its, recomputed.evaluate(switched(theirs, ours, *fields))),
            (mine, recomputed.evaluate(switched(ours, theirs, *fields))),
        )
        for name, fields in active.items()
    }
    out = {}
    for column in here:
        apart = np.where(both, _apart(here[column], there[column]), np.nan)
        over = apart > LIMIT
        if column.startswith("bias_"):
            proven = np.zeros(len(over), bool)
            if column in known_biases:
                proven = _apart(there[column], known_biases[column]) <= PROVEN
            out[column] = Difference(column, apart, {"priors": over & proven}, over & ~proven)
            continue
        proven = _apart(there[column], its[column]) <= PROVEN
        proven &= _apart(here[column], mine[column]) <= PROVEN
        if column == "match_flag":
            proven = _flag_proven(there[column], its, theirs, recomputed.group)
            proven &= _flag_proven(here[column], mine, ours, recomputed.group)
        left = over & proven
        reasons: dict[str, np.ndarray] = {}
        for side, least in ((0, LIMIT), (1, LIMIT), (0, LIMIT / 4)):
            found = np.zeros(len(over), bool)
            for name, pairs in moved.items():
                base, without = pairs[side]
                some = left & (_apart(base[column], without[column]) > least)
                reasons[name] = reasons.get(name, np.zeros(len(over), bool)) | some
                found |= some
            left &= ~found
        if column == "match_flag":
            reasons[TIES], left = left, np.zeros(len(over), bool)
        elif left.any() and active:
            reasons[" and ".join(active)], left = left, np.zeros(len(over), bool)
        out[column] = Difference(
            column,
            apart,
            {name: at for name, at in reasons.items() if at.any()},
            over & ~proven | left,
        )
    return out


def _apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Differences, relative to what is above 1; two NaN are equal, one is infinitely far."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    with np.errstate(invalid="ignore"):
        d = np.abs(a - b) / np.maximum(np.abs(b), 1.0)
    d = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, d)
    return np.where(np.isnan(d), np.inf, d)


def _differ(a: Side, b: Side, fields: tuple[str, ...]) -> bool:
    """Whether two sides have a switch in another position."""
    for name in fields:
        x, y = getattr(a, name), getattr(b, name)
        if isinstance(x, dict):
            keys = set(x) | set(y)
            one = np.ones(1)
            if any(np.any(_apart(x.get(k, one), y.get(k, one)) > LIMIT / 4) for k in keys):
                return True
        elif np.any(np.asarray(x) != np.asarray(y)):
            return True
    return False


def _flag_proven(
    flag: np.ndarray, expected: dict[str, np.ndarray], side: Side, group: np.ndarray
) -> np.ndarray:
    """Whether a flag is what the probabilities say, or as good as another at a tie."""
    share = expected["share"]
    near_top = np.abs(share - 1) < PROVEN
    near_top &= np.bincount(group, near_top)[group] > 1
    near_ratio = np.abs(share - side.secondary_ratio) < PROVEN
    return np.asarray(
        (flag == expected["match_flag"])
        | (near_top & np.isin(flag, (1, 2)))
        | (near_ratio & np.isin(flag, (0, 2)))
    )
