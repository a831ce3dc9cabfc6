"""A match compared with sources whose answer is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...catalogs.scalars import shown
from ...matching.arguments import cutoff_values
from ...matching.result import MatchResult
from .judged import SCORES, judge
from .result import Assessment


def assess(
    result: MatchResult,
    truth: Any,
    *,
    score: str = "p_match",
    cutoffs: Sequence[float] | np.ndarray | None = None,
    catalogue: str | None = None,
) -> Assessment:
    """Compare a match with sources whose counterpart, or lack of one, is known.

    Parameters
    ----------
    result : MatchResult
        From :func:`bayesmatch.match`, or read from a file.
    truth : Table, DataFrame, mapping or path
        The primary's identifier in the first column, its counterpart's in the second, or
        ``hostless``. Identifiers are compared as text, without blanks around them. Primaries that
        are not in it are left out.
    score : {"p_match", "p_any", "p_hostless"}
        What is cut on. A source is matched where ``p_any``, or ``p_match`` of its best candidate,
        is at or above the cutoff, or ``p_hostless`` at or below it; a source without candidates
        never is. Select by ``p_match``: the others do not see rivals of the best candidate.
    cutoffs : sequence of float, optional
        Rows of the table. Default: 0, 0.01, ... 1.
    catalogue : str, optional
        The catalogue of the counterparts in `truth`. Default: the first after the primary.

    Returns
    -------
    Assessment

    Raises
    ------
    ValueError, TypeError
        If the truth names a primary twice or one that the result does not have, or an argument is
        wrong.

    Notes
    -----
    Sources outside the areas, MOCs, of all other catalogues are left out: nobody has looked there.
    A counterpart that is not in the catalogue matched cannot be found: it counts as wrong, or as
    called hostless. With several other catalogues a source is matched where its best association
    has any member, and right where that of `catalogue` is the true one.
    """
    if not isinstance(result, MatchResult):
        raise TypeError(
            f"result is a {type(result).__name__}; give what bayesmatch.match returns, "
            "or MatchResult.read"
        )
    if not isinstance(score, str) or score not in SCORES:
        raise ValueError(f"score is {shown(score)}; give one of {', '.join(SCORES)}")
    others = result.catalogue_names[1:]
    catalogue = others[0] if catalogue is None else catalogue
    if not isinstance(catalogue, str) or catalogue not in others:
        raise ValueError(f"catalogue is {shown(catalogue)}; give one of {', '.join(others)}")
    at = np.linspace(0.0, 1.0, 101).round(2) if cutoffs is None else cutoff_values(cutoffs)
    judged, ids = judge(result, truth, score, catalogue)
    return Assessment(judged, score=score, cutoffs=at, catalogue=catalogue, ids=ids, result=result)
