"""Which sources to look at: some of a kind, drawn by chance but the same ones each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...catalogs.scalars import check_seed, shown
from ...matching.result import MatchResult
from ..assessment.truth_table import HOSTLESS, as_text, known_answers

#: as in the summary of a result
SECURE = 0.9
KINDS = ("ambiguous", "hostless", "claimed", "secure", "random", "right", "wrong")
JUDGED = ("right", "wrong")


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
    none = (_known(result, "p_hostless")[row] > 0.5) | absent
    hostless = np.char.lower(answer) == HOSTLESS
    return Truth(row, answer, np.where(hostless, none, ~none & (found == answer)))


def pick(
    result: MatchResult,
    kind: str,
    *,
    n: int | None = None,
    seed: int = 0,
    truth: Truth | None = None,
) -> np.ndarray:
    """Rows of some sources of a kind, in the order of the result.

    Parameters
    ----------
    result : MatchResult
        Of any match.
    kind : str
        ``secure`` (p_match of the best association at 0.9 or above), ``hostless`` (p_hostless at
        0.9 or above), ``ambiguous`` (neither), ``claimed`` (whose best candidate is that of another
        source too), ``random`` (any); by `truth`, ``right`` or ``wrong``.
    n : int, optional
        How many at most. Default: all.
    seed : int, default 0
        The same seed picks the same sources.
    truth : Truth, optional
        From :func:`read_truth`.

    Returns
    -------
    ndarray of int, shape (m,)
        Rows of the sources.
    """
    if kind not in KINDS:
        raise ValueError(f"pick is {shown(kind)}; give one of {', '.join(KINDS)}")
    rng = np.random.default_rng(check_seed(seed))
    if kind in JUDGED:
        if truth is None:
            raise ValueError(f"pick is {kind!r}: give the known answers too (--truth FILE)")
        rows = np.sort(truth.row[truth.right == (kind == "right")])
    else:
        rows = np.flatnonzero(_of_kind(result, kind))
    if n is not None and n < len(rows):
        rows = np.sort(rng.choice(rows, n, replace=False))
    return np.asarray(rows)


def _of_kind(result: MatchResult, kind: str) -> np.ndarray:
    sources = result.sources
    if kind == "random":
        return np.ones(len(sources), bool)
    if kind == "claimed":
        claims = [f"n_claims_{name}" for name in result.catalogue_names[1:]]
        columns = [c for c in claims if c in sources.colnames] or ["n_claims"]
        return np.asarray(np.any([np.asarray(sources[c]) > 1 for c in columns], axis=0))
    p_hostless = _known(result, "p_hostless")
    secure = np.asarray(sources["p_match"]) >= SECURE
    hostless = p_hostless >= SECURE
    if kind == "ambiguous":
        return np.asarray(~(secure | hostless | np.isnan(p_hostless)))
    return secure if kind == "secure" else hostless


def _known(result: MatchResult, column: str) -> np.ndarray:
    """A column of the sources, NaN where it is masked."""
    values = np.ma.asarray(result.sources[column]).astype(float)
    return np.asarray(np.ma.filled(values, np.nan))
