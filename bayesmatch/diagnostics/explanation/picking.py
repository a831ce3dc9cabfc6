"""Which sources to look at: some of a kind, drawn by chance but the same ones each time."""

from __future__ import annotations

import numpy as np

from ...catalogs.scalars import check_seed, shown
from ...matching.result import MatchResult
from .known import Truth, known_values

#: as in the summary of a result
SECURE = 0.9
KINDS = ("ambiguous", "hostless", "claimed", "secure", "random", "right", "wrong")
JUDGED = ("right", "wrong")


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
    p_hostless = known_values(result, "p_hostless")
    secure = np.asarray(sources["p_match"]) >= SECURE
    hostless = p_hostless >= SECURE
    if kind == "ambiguous":
        return np.asarray(~(secure | hostless | np.isnan(p_hostless)))
    return secure if kind == "secure" else hostless
