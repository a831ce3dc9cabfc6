"""``compare_nway``: a result beside what NWAY made of the same catalogues."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from astropy.table import Table

from ...catalogs.held import HeldCatalog
from ...matching.record import MatchRecord
from ...matching.result import MatchResult
from . import listing
from .comparison import NWAY, UNEXPLAINED, Comparison
from .densities import less_one
from .histograms import expected_biases
from .input_files import catalogues_of
from .inputs import read_inputs
from .reasons import MOVED, Difference, find_reasons
from .recompute import Recomputed
from .rows import Rows, align
from .sides import OneSided, make_sides, one_sided
from .table import NwayTable, read_nway

#: columns that are compared, beside separations and prior ratios
COLUMNS = (
    "dist_bayesfactor_uncorrected",
    "dist_bayesfactor",
    "dist_post",
    "p_single",
    "p_any",
    "p_i",
    "match_flag",
)


def compare_nway(
    result: MatchResult | str | os.PathLike, table: Any, *, min_prob: float | None = None
) -> Comparison:
    """Compare a result with NWAY's own output for the same catalogues, and tell why they differ.

    Associations are aligned by the identifiers of all members. A reason is given only where it is
    proved: NWAY's number, and ours, are computed again from the inputs, with the difference that
    the reason names and without it.

    Parameters
    ----------
    result : MatchResult or path
        What :func:`bayesmatch.match` gave, or a file of it. Files with the input columns
        (``include_inputs``) can be explained better, and results at hand best.
    table : path, astropy.table.Table or pandas.DataFrame
        What ``nway.py`` 4.x wrote or ``nwaylib.nway_match`` returned. The file tells how NWAY was
        run; of a table, what it was given is taken to be what `result` was.
    min_prob : float, optional
        NWAY's ``min_prob``, where the table does not tell. Default: seen from its rows.

    Returns
    -------
    Comparison
        ``explained`` is True where every difference above 2e-6 has a proved reason.

    Raises
    ------
    ValueError, TypeError
        If the table is not NWAY's, or of other catalogues.
    """
    if isinstance(result, (str, os.PathLike)):
        result = MatchResult.read(result)
    record = result.record
    nway = read_nway(table, result.catalogue_names)
    catalogs = catalogues_of(result, record, nway)
    rows = align(result.associations, record, nway, catalogs)
    inputs = read_inputs(rows, result.associations, record, nway, catalogs)
    here, there = _columns(rows, result.associations, record, nway)
    stored = {
        side: values["dist_bayesfactor_uncorrected"]
        for side, values in (("ours", here), ("theirs", there))
    }
    recomputed = Recomputed(rows, inputs, stored, less_one(record))
    biases = _biases(rows, here, there)
    ours, theirs = make_sides(record, nway, rows, inputs, biases)
    whole = [c if c.whole is None else c.whole for c in catalogs]
    positions = [c.given_positions for c in whole if c.rows is None]
    single = one_sided(
        record,
        nway,
        rows,
        recomputed,
        inputs,
        positions if len(positions) == len(rows.identifiers) else [],
        (ours, theirs),
        min_prob,
    )
    ours, theirs = replace(ours, rows=single.ours_had), replace(theirs, rows=single.theirs_had)
    known = _known_biases(rows, recomputed.evaluate(theirs), nway, record, catalogs, theirs.rows)
    both = (rows.ours >= 0) & (rows.theirs >= 0)
    found = find_reasons(recomputed, ours, theirs, here, there, both, known)
    return _comparison(result, record, nway, rows, single, found, here, there, inputs.moved)


def _columns(
    rows: Rows, table: Table, record: MatchRecord, nway: NwayTable
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The columns (R,) of both sides; of separations by numbers of the pair."""
    here, there = {}, {}
    names = [c.name for c in record.catalogues]
    pairs = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names))]
    listed = [(name, name, name) for name in COLUMNS]
    listed += [(name, name, name) for name in nway.biases if name in table.colnames]
    listed += [
        (
            f"{i} {j}",
            f"Separation_{names[i]}_{names[j]}",
            f"Separation_{nway.names[i]}_{nway.names[j]}",
        )
        for i, j in pairs
    ]
    for key, own, its in listed:
        here[key] = rows.filled(np.ma.filled(np.ma.asarray(table[own]).astype("f8"), np.nan), None)
        there[key] = rows.filled(None, nway.columns[its].astype(np.float64))
    return here, there


def _biases(
    rows: Rows, here: dict[str, np.ndarray], there: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Prior ratios (R,) of both sides; of rows that a side has not, what it has elsewhere."""
    ours, theirs = {}, {}
    for name in (n for n in here if n.startswith("bias_")):
        ours[name] = np.where(np.isnan(here[name]), there[name], here[name])
        theirs[name] = np.where(np.isnan(there[name]), here[name], there[name])
    return ours, theirs


def _known_biases(
    rows: Rows,
    computed: dict[str, np.ndarray],
    nway: NwayTable,
    record: MatchRecord,
    catalogs: Sequence[HeldCatalog],
    had: np.ndarray,
) -> dict[str, np.ndarray]:
    """NWAY's ratios learned again, where that can be done."""
    apart = [v for name, v in computed.items() if " " in name]
    with np.errstate(invalid="ignore"):
        largest = np.fmax.reduce([np.zeros(len(had)), *apart])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return expected_biases(rows, had, computed["dist_post"], largest, nway, record, catalogs)


def _comparison(
    result: MatchResult,
    record: MatchRecord,
    nway: NwayTable,
    rows: Rows,
    single: OneSided,
    found: dict[str, Difference],
    here: dict[str, np.ndarray],
    there: dict[str, np.ndarray],
    moved: np.ndarray,
) -> Comparison:
    names = [c.name for c in record.catalogues]
    lines = []
    for key, d in found.items():
        name = (
            "_".join(["Separation", *(names[int(k)] for k in key.split())]) if " " in key else key
        )
        lines.append(_line(name, d))
    both = (rows.ours >= 0) & (rows.theirs >= 0)
    if np.any(moved & both):
        n = int(np.sum(moved & both))
        lines.append(("positions", n, np.nan, np.nan, n, f"{UNEXPLAINED}: {MOVED}"))
    table = Table(
        rows=lines, names=("column", "differ", "largest", "median", "unexplained", "reason")
    )
    only_here = listing.only(rows, names, rows.theirs < 0, single.only_here, here)
    only_there = listing.only(rows, names, rows.ours < 0, single.only_there, there)
    other, notes = NWAY, []
    if nway.ours:
        other = "the other result"
        notes.append(
            "the other table is a result of bayesmatch, not NWAY's output: the columns that both "
            "programs have are compared, and no difference of radius, priors or options is looked "
            "for; bayesmatch assess RESULT TRUTH --compare RESULT2 says which result is better"
        )
    if len(rows.repeated):
        notes.append(f"{other} has {len(rows.repeated)} associations twice: {UNEXPLAINED}")
        only_there.add_row(["" for _ in names] + [np.nan, np.nan, f"{UNEXPLAINED}: twice"])
    changed = listing.changed(rows, names, found, single, here, there)
    counts = {
        "both": int(both.sum()),
        "only_here": len(only_here),
        "only_there": len(only_there),
        "changed": len(changed),
    }
    bad = np.any([d.unexplained for d in found.values()], axis=0)
    points = listing.points(result, rows, names[0], here, there, bad)
    if record.min_p_i:
        notes.append(
            f"the result has no associations below p_i {record.min_p_i:g}: match without "
            "min_p_i (--min-prob on the command line) to have all differences explained"
        )
    if nway.command.line:
        notes.append(f"NWAY was run as: {nway.command.line}")
    return Comparison(table, only_here, only_there, changed, points, notes, counts, other)


def _line(name: str, d: Difference) -> tuple[Any, ...]:
    apart = d.apart[~np.isnan(d.apart)]
    n = int(d.unexplained.sum())
    parts = [f"{reason} ({int(at.sum()):,})" for reason, at in d.reasons.items() if at.any()]
    if n:
        parts.append(f"{UNEXPLAINED} ({n:,})")
    over = n + int(np.any([at for at in d.reasons.values()], axis=0).sum()) if d.reasons else n
    largest, median = (
        (float(apart.max()), float(np.median(apart))) if len(apart) else (np.nan, np.nan)
    )
    return name, over, largest, median, n, ", ".join(parts)
