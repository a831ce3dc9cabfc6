"""Candidates without a position error, and the record of the rows that a match leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..catalogs.bad_rows import ERROR, lacking
from ..catalogs.candidates import Candidates
from ..catalogs.filled_errors import filled_errors, warn_of_filled
from ..catalogs.held import HeldCatalog
from ..catalogs.left_out import named, refuse_errors
from ..catalogs.scalars import plural
from ..catalogs.warned import warn_user

#: of the candidates, with a larger share of bad errors the column is taken for the wrong one
MOST = 0.5


def with_errors_alone(others: Sequence[HeldCatalog], candidates: Candidates) -> Candidates:
    """The candidates that have a position error; the same where all have one.

    Raises
    ------
    ValueError
        If one has none and ``bad_rows`` is not "drop", or if most candidates of a catalogue have
        none.

    Warns
    -----
    UserWarning
        With the number left out.
    """
    bad: np.ndarray | None = None
    counts = []
    for k, other in enumerate(others):
        slots = candidates.slots_of(k)
        row = candidates.row[slots]
        mine, fault = _without_error(other, row)
        if mine is None:
            counts.append(0)
            continue
        if mine.mean() > MOST:
            raise ValueError(f"{fault}; most candidates have such an error")
        bad = np.zeros(len(candidates.row), bool) if bad is None else bad
        bad[slots] = mine
        rows = np.unique(other.row_numbers(row[mine]))
        counts.append(len(rows))
        said = lacking(other.name, len(rows), plural(len(rows), "candidate"), ERROR)
        warn_user(f"{said} ({named(rows)})")
    if bad is None:
        return candidates
    return replace(candidates.without(bad), unjudged=tuple(counts))


def _without_error(other: HeldCatalog, row: np.ndarray) -> tuple[np.ndarray | None, str]:
    """Which candidates, by their rows, have no position error, and the first; None: all have."""
    none = None if other.bad_errors is None else other.bad_errors[row]
    if none is not None and none.any() and not other.lenient:
        refuse_errors(other, np.unique(row[none]))
    filled, text = filled_errors(other, row)
    if filled is not None and other.lenient:
        none = filled if none is None else none | filled
    elif filled is not None:
        warn_of_filled(row[filled], text)
    return none if none is not None and none.any() else None, other.error_fault or text


def dropped(catalogs: Sequence[HeldCatalog], unjudged: Sequence[int]) -> dict[str, dict[str, int]]:
    """Rows left out by catalogue and reason, for the record of a match.

    `unjudged`: candidates of each other catalogue that have no position error.
    """
    found: dict[str, dict[str, int]] = {}
    for k, catalog in enumerate(catalogs):
        counts = dict(catalog.aside.counts)
        if k and unjudged and unjudged[k - 1]:
            counts[ERROR] = unjudged[k - 1]
        outside = catalog.n_listed - catalog.n_rows - len(catalog.aside)
        if outside:
            counts["outside"] = outside
        if counts:
            found[catalog.name] = counts
    return found
