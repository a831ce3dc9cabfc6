"""Sources whose answer is known, and what a match made of them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...matching.result import MatchResult
from ...matching.table_columns import looked_at
from ...matching.wording import left_out_words
from .truth_table import HOSTLESS, as_text, known_answers

SCORES = ("p_any", "p_hostless", "p_match")
#: with this many counterparts in the truth and none among the candidates, ids are of another kind
SUSPICIOUS = 10


@dataclass(frozen=True)
class Judged:
    """The sources whose answer is known, and what the match made of them."""

    row: np.ndarray
    """(n,) row in the result's sources"""
    score: np.ndarray
    """(n,) higher is surer of a counterpart"""
    candidate: np.ndarray
    """(n,) bool: there is a best candidate"""
    right: np.ndarray
    """(n,) bool: it is the counterpart"""
    host: np.ndarray
    """(n,) bool: there is a counterpart"""
    probability: np.ndarray
    """(n,) of `outcome`, as the match has it"""
    outcome: np.ndarray
    """(n,) bool: there is a counterpart, or the best candidate is right"""
    p_best: np.ndarray
    """(n,) that the best candidate is right, as the match has it"""


def judge(result: MatchResult, truth: Any, score: str, catalogue: str) -> tuple[Judged, np.ndarray]:
    """The sources in the truth, in the order of the result, and their identifiers as text."""
    record = result.record
    primary, named = record.primary, {c.name: c for c in record.others}
    known, counterpart = known_answers(truth)

    sources = result.sources
    ids = as_text(sources[f"{primary.name}_{primary.id}"])[0]
    order = np.argsort(ids, kind="stable")
    place = np.searchsorted(ids[order], known)
    row = order[np.minimum(place, len(ids) - 1)]
    unknown = ids[row] != known
    if unknown.any():
        raise ValueError(
            f"truth: row {int(np.argmax(unknown))} is about '{known[unknown][0]}', "
            f"which is no identifier ({primary.id}) of {primary.name!r} in the "
            f"result ({int(unknown.sum())} unknown in all){left_out_words(record)}; remove "
            "those rows"
        )
    sort = np.argsort(row)  # in the order of the result, however the truth is ordered
    row, counterpart = row[sort], counterpart[sort]

    host = np.char.lower(counterpart) != HOSTLESS
    found, absent = as_text(sources[f"{catalogue}_{named[catalogue].id}"][row])
    right = host & ~absent & (found == counterpart)
    warn_of_other_ids(result, catalogue, named[catalogue].id, counterpart[host])
    p_host, p_best = (probabilities(result, name)[row] for name in (score, f"p_{catalogue}"))
    sure = np.isfinite(p_host) & np.isfinite(p_best)
    if not sure.all():  # no catalogue has looked there: nothing to judge
        row, host, right = row[sure], host[sure], right[sure]
        p_host, p_best = p_host[sure], p_best[sure]
    candidate = np.any([np.asarray(sources[name][row]) >= 0 for name in named], axis=0)
    value = np.asarray(sources[score][row], dtype=np.float64)
    surer = -value if score == "p_hostless" else value
    return Judged(row, surer, candidate, right, host, p_host, host, p_best), ids[row]


def probabilities(result: MatchResult, name: str) -> np.ndarray:
    """(n_sources,) a probability; NaN where it is not known, as where no catalogue has looked.

    By the name of a score that there is a counterpart, ``p_any`` or else ``1 - p_hostless``; by
    that of another column, ``p_OPT``, what stands there.
    """
    hostless = name in ("p_match", "p_hostless")
    column = result.sources["p_hostless" if hostless else name]
    value = np.ma.filled(np.ma.asarray(column).astype(np.float64), np.nan)
    value[~looked_at(result.sources)] = np.nan
    return 1.0 - value if hostless else value


def warn_of_other_ids(result: MatchResult, catalogue: str, id_name: str, ids: np.ndarray) -> None:
    """Warn if no counterpart in the truth is a candidate: they may be something else."""
    if len(ids) < SUSPICIOUS:
        return
    text, absent = as_text(result.associations[f"{catalogue}_{id_name}"])
    if not absent.all() and not np.isin(ids, text[~absent]).any():
        warnings.warn(
            f"none of the {len(ids)} counterparts in the truth (as '{ids[0]}') is a "
            f"candidate: are they identifiers ({id_name}) of {catalogue!r}, as "
            f"'{text[~absent][0]}' is?",
            UserWarning,
            stacklevel=4,
        )
