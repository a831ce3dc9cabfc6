"""The two sides of a comparison: how each computed, and why a row is on one side only."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...matching.record import MatchRecord
from .densities import completeness_of, patterns, their_density
from .inputs import Inputs
from .recompute import Recomputed, Side
from .rows import Rows
from .search import is_flat, lost
from .table import NwayTable

SEARCH, MIN_PROB, RADIUS, PREFILTER = (
    "flat-sky search: members in cells of NWAY's that do not touch",
    "--min-prob",
    "radius",
    "--prefilter-pair",
)
MIN_P_I, PRUNED = "min_p_i of the result", "pruned here"


@dataclass(frozen=True)
class OneSided:
    """Why rows (R,) are on one side only; empty text: no reason was proved."""

    only_here: np.ndarray
    only_there: np.ndarray
    ours_had: np.ndarray
    """rows that took part in our probabilities"""
    theirs_had: np.ndarray
    """rows that took part in NWAY's probabilities"""


def make_sides(
    record: MatchRecord,
    nway: NwayTable,
    rows: Rows,
    inputs: Inputs,
    biases: tuple[dict[str, np.ndarray], dict[str, np.ndarray]],
) -> tuple[Side, Side]:
    """How we and NWAY computed; all rows in both."""
    everything = np.ones(len(rows.member), bool)
    completeness, density = patterns(record, record.prior_completeness)
    ours = Side(
        single=False,
        ellipses=False,
        their_errors=False,
        unrelated=record.correct_unrelated,
        completeness=completeness,
        density=density,
        biases=biases[0],
        rows=everything,
        secondary_ratio=record.secondary_ratio,
        flags_alone=False,
        no_number=False,
    )
    command, circles = nway.command, not inputs.elliptical
    given, _ = patterns(record, completeness_of(nway, record))
    theirs = Side(
        single=nway.single,
        ellipses=inputs.elliptical,
        their_errors=circles and _errors_differ(inputs),
        unrelated=not nway.from_api
        and (record.correct_unrelated if command.unrelated is None else command.unrelated),
        completeness=given,
        density=their_density(density, given, rows, nway),
        biases=biases[1],
        rows=everything,
        secondary_ratio=(
            record.secondary_ratio if command.secondary_ratio is None else command.secondary_ratio
        ),
        flags_alone=not nway.from_api,
        no_number=not nway.from_api,
    )
    return ours, theirs


def _errors_differ(inputs: Inputs) -> bool:
    """Whether NWAY was given other errors than ours, all circles."""
    for parts, covariance in zip(inputs.their_errors, inputs.covariance, strict=True):
        known = np.isfinite(parts[0]) & np.isfinite(covariance[:, 0])
        a, b = parts[0][known].astype(np.float64), np.sqrt(covariance[known, 0])
        if np.any(np.abs(a - b) > 1e-6 * b):
            return True
        if np.any(covariance[known, 0] != covariance[known, 1]):
            return True
    return False


def one_sided(
    record: MatchRecord,
    nway: NwayTable,
    rows: Rows,
    recomputed: Recomputed,
    inputs: Inputs,
    whole: list[tuple[np.ndarray, np.ndarray]],
    sides: tuple[Side, Side],
    min_prob: float | None,
) -> OneSided:
    """Find why rows are on one side only, and which took part in each side's probabilities."""
    n = len(rows.member)
    here, there = np.full(n, "", object), np.full(n, "", object)
    only_here, only_there = rows.theirs < 0, rows.ours < 0
    radius = nway.command.radius or record.radius_arcsec
    with np.errstate(invalid="ignore"):
        largest = np.fmax.reduce([np.zeros(n), *recomputed.separations(False).values()])
        outside = largest >= radius
        beyond = largest >= record.radius_arcsec
    here[only_here & outside] = RADIUS
    names = nway.names
    for a, b in nway.command.prefilter:
        if a in names and b in names:
            pair = rows.present[:, names.index(a)] & rows.present[:, names.index(b)]
            here[only_here & pair & (here == "")] = PREFILTER
    if is_flat(whole or [_known(p) for p in inputs.theirs], radius):
        apart = lost(inputs.theirs, radius)
        here[only_here & apart & (here == "")] = SEARCH
    # What is lost to the search took no part; what is below --min-prob did.
    theirs_had = ~(only_here & (here != "")) & ~(rows.ours < 0) | (rows.theirs >= 0)
    cut = nway.command.min_prob if min_prob is None else min_prob
    p_i = recomputed.evaluate(_with_rows(sides[1], theirs_had))["p_i"]
    if cut is None and not np.any(~rows.present[:, 1:].any(axis=1) & (rows.theirs >= 0)):
        cut = float(np.nanmin(nway.columns["p_i"])) if len(nway) else np.inf
    if cut:
        with np.errstate(invalid="ignore"):
            here[only_here & (here == "") & (p_i < cut + 1e-7)] = MIN_PROB
    known = only_there & np.all(rows.member < [c.rows for c in record.catalogues], axis=1)
    there[known & beyond] = RADIUS
    ours_had = (rows.ours >= 0) | known & ~beyond & bool(record.min_p_i)
    mine = recomputed.evaluate(_with_rows(sides[0], ours_had))["p_i"]
    with np.errstate(invalid="ignore"):
        there[known & (there == "") & (mine < (record.min_p_i or 0))] = MIN_P_I
        if record.pruned_primaries:
            there[known & (there == "") & (p_i <= max(record.prune, record.pruned_bound))] = PRUNED
    return OneSided(here.astype(str), there.astype(str), ours_had, theirs_had)


def _known(position: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    at = np.isfinite(position[0]) & np.isfinite(position[1])
    return position[0][at], position[1][at]


def _with_rows(side: Side, rows: np.ndarray) -> Side:
    return replace(side, rows=rows)
