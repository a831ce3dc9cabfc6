"""Known answers beside those of a result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...catalogs.scalars import shown
from ...matching.result import MatchResult
from ..assessment.judged import warn_of_other_ids
from ..assessment.truth_table import HOSTLESS, as_text, known_answers


@dataclass(frozen=True)
class Truth:
    """What is known of some sources of a result."""

    row: np.ndarray
    """(n,) of the source"""
    answer: np.ndarray
    """(n,) identifier of its counterpart, or ``hostless``"""
    right: np.ndarray
    """(n,) bool: the result says so"""

    def of(self, row: int) -> str | None:
        """The answer for a source; None: not known."""
        at = np.flatnonzero(self.row == row)
        return str(self.answer[at[0]]) if len(at) else None


def read_truth(result: MatchResult, truth: Any, catalogue: str | None = None) -> Truth:
    """Known answers beside those of a result: the best candidate, or none at p_hostless > 0.5.

    Parameters
    ----------
    result : MatchResult
        What is judged.
    truth : Table, DataFrame, mapping or path
        As :func:`bayesmatch.assess` takes it; sources that the result does not have are left out.
    catalogue : str, optional
        The catalogue of the counterparts in `truth`. Default: the first after the primary.
    """
    record = result.record
    named = {c.name: c for c in record.others}
    if catalogue is None:
        catalogue = record.others[0].name
    if catalogue not in named:
        raise ValueError(f"catalogue is {shown(catalogue)}; give one of {', '.join(named)}")
    known, answer = known_answers(truth)
    ids, _ = as_text(result.sources[f"{record.primary.name}_{record.primary.id}"])
    order = np.argsort(ids, kind="stable")
    row = order[np.minimum(np.searchsorted(ids[order], known), len(ids) - 1)]
    there = ids[row] == known
    if not there.any():
        raise ValueError(
            f"truth: none of its {len(known)} sources (as '{known[0]}') is in the result, whose "
            f"{record.primary.name} {record.primary.id} are as '{ids[0]}'"
        )
    row, answer = row[there], answer[there]
    found, absent = as_text(result.sources[f"{catalogue}_{named[catalogue].id}"][row])
    none = (known_values(result, "p_hostless")[row] > 0.5) | absent
    hostless = np.char.lower(answer) == HOSTLESS
    warn_of_other_ids(result, catalogue, named[catalogue].id, answer[~hostless])
    return Truth(row, answer, np.where(hostless, none, ~none & (found == answer)))


def known_values(result: MatchResult, column: str) -> np.ndarray:
    """A column of the sources, NaN where it is masked."""
    values = np.ma.asarray(result.sources[column]).astype(float)
    return np.asarray(np.ma.filled(values, np.nan))
