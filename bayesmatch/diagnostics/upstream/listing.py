"""The rows that a comparison lists: on one side only, other best counterparts, points to draw."""

from __future__ import annotations

import numpy as np
from astropy.table import Table

from ...matching.result import MatchResult
from .comparison import UNEXPLAINED
from .reasons import Difference
from .rows import Rows
from .sides import OneSided


def only(
    rows: Rows, names: list[str], at: np.ndarray, why: np.ndarray, side: dict[str, np.ndarray]
) -> Table:
    """The associations of one side only."""
    with np.errstate(invalid="ignore"):
        largest = np.fmax.reduce([np.zeros(len(at)), *(v for k, v in side.items() if " " in k)])
    out = Table(
        {name: rows.identifiers[k][at] for k, name in enumerate(names)}, dtype=[object] * len(names)
    )
    out["Separation_max"], out["p_i"] = largest[at], side["p_i"][at]
    reason = np.where(why[at] == "", UNEXPLAINED, why[at]).astype(object)
    out["reason"] = reason
    return out


def best(rows: Rows, values: dict[str, np.ndarray], here: np.ndarray) -> dict[int, int]:
    """The first row of flag 1 with a counterpart, by group."""
    at = here & (values["match_flag"] == 1) & rows.present[:, 1:].any(axis=1)
    out: dict[int, int] = {}
    for row, group in zip(np.flatnonzero(at).tolist(), rows.group[at].tolist(), strict=True):
        out.setdefault(group, row)
    return out


def changed(
    rows: Rows,
    names: list[str],
    found: dict[str, Difference],
    single: OneSided,
    here: dict[str, np.ndarray],
    there: dict[str, np.ndarray],
) -> Table:
    """Primaries whose best counterparts differ, and why."""
    ours = best(rows, here, rows.ours >= 0)
    theirs = best(rows, there, rows.theirs >= 0)
    lines = []
    for group in sorted(set(ours) | set(theirs)):
        a, b = ours.get(group), theirs.get(group)
        if a == b:
            continue
        why: list[str] = []
        for row, only in ((a, single.only_here), (b, single.only_there)):
            if row is None:
                continue
            if only[row]:
                why.append(str(only[row]))
            for column in ("p_i", "match_flag"):
                d = found[column]
                why += [reason for reason, at in d.reasons.items() if at[row]]
                why += [UNEXPLAINED] if d.unexplained[row] else []
        if why == ["--min-prob"]:
            continue  # it is the best there too, but cut away
        lines.append(
            (
                rows.identifiers[0][a if a is not None else b],
                *(
                    " ".join(filter(None, (i[r] for i in rows.identifiers[1:])))
                    if r is not None
                    else ""
                    for r in (a, b)
                ),
                ", ".join(dict.fromkeys(why)) or UNEXPLAINED,
            )
        )
    kept = ("primary", "here", "there", "reason")
    return Table(rows=lines, names=kept) if lines else Table({n: np.empty(0, "U1") for n in kept})


def points(
    result: MatchResult,
    rows: Rows,
    primary: str,
    here: dict[str, np.ndarray],
    there: dict[str, np.ndarray],
    bad: np.ndarray,
) -> Table:
    """A row per primary that both sides have."""
    at = np.flatnonzero((rows.ours >= 0) & (rows.theirs >= 0))
    number, first = np.unique(rows.member[at, 0], return_index=True)
    wrong = np.unique(rows.member[bad, 0])
    row = {int(r): k for k, r in enumerate(np.asarray(result.sources[primary]))}
    p_match = np.asarray(result.sources["p_match"], np.float64)
    return Table(
        {
            primary: rows.identifiers[0][at[first]],
            "p_any": here["p_any"][at[first]],
            "p_any_nway": there["p_any"][at[first]],
            "p_match": p_match[[row[int(n)] for n in number]] if len(number) else [],
            "explained": ~np.isin(number, wrong),
        }
    )
