"""The prior of associations on both sides: completeness and densities, by pattern."""

from __future__ import annotations

import numpy as np

from ...matching.record import MatchRecord
from .rows import Rows
from .table import NwayTable


def patterns(record: MatchRecord, completeness: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Log10 of completeness and of 1 / full-sky numbers, by pattern of the other catalogues."""
    n = len(record.others)
    number = np.arange(1 << n)
    takes = (number[:, None] >> np.arange(n)) & 1
    return (
        takes @ np.log10(completeness),
        -takes @ np.array([c.log10_full_sky for c in record.others]),
    )


def less_one(record: MatchRecord) -> dict[int, float]:
    """Log10 of N / (N + 1) by number of the catalogue."""
    return {
        k: float(np.log10(max(c.n_inside, 1e-300) / (c.n_inside + 1)))
        for k, c in enumerate(record.catalogues)
        if k
    }


def completeness_of(nway: NwayTable, record: MatchRecord) -> list[float]:
    """NWAY's completeness, one per other catalogue; ours where its table does not tell."""
    given, n = nway.command.completeness, len(record.others)
    if given is None:
        return list(record.prior_completeness)
    return [given[0] ** (1 / n)] * n if len(given) == 1 else list(given)


def their_density(
    ours: np.ndarray, completeness: np.ndarray, rows: Rows, nway: NwayTable
) -> np.ndarray:
    """NWAY's densities by pattern, from posteriors that are neither 0 nor 1; else ours."""
    post = rows.filled(None, nway.columns["dist_post"]).astype(np.float64)
    bayes = rows.filled(None, nway.columns["dist_bayesfactor"]).astype(np.float64)
    pattern = rows.present[:, 1:] @ (1 << np.arange(rows.member.shape[1] - 1))
    out = ours.copy()
    for p in range(1, len(ours)):
        spread = np.where(pattern == p, post * (1 - post), np.nan)
        usable = np.flatnonzero(spread > 1e-3)
        if len(usable) < 3:
            continue
        prior = np.log10(post[usable] / (1 - post[usable])) - bayes[usable]
        middle = float(np.median(prior)) - completeness[p]
        if abs(middle - ours[p]) > 1e-5:
            out[p] = middle
    return out
