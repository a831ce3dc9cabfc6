"""Terms of priors on whole combinations, which judge no counterpart, too; and what is excluded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from astropy.table import Table

from ...matching.combined import EXCLUDED
from ...matching.record import MatchRecord
from ...matching.terms import Term
from ...matching.wording import listed, times


def combination_terms(record: MatchRecord, mine: Table) -> list[Term]:
    """Log10 ratio of every association over that of no counterpart, prior by prior.

    `mine` are the associations of one primary, the no-counterpart row first. Where that is
    excluded, and another is not, it counts as :data:`bayesmatch.matching.combined.EXCLUDED`.
    """
    return [
        Term(f"prior_{name}", _against_none(mine, name), "Prior ratio over that of no counterpart")
        for name in record.combinations
    ]


def excluding_none(record: MatchRecord, mine: Table) -> list[str]:
    """The priors on combinations that give no counterpart a ratio of 0."""
    return [name for name in record.combinations if mine[f"bias_{name}"][0] == 0]


def odds_in_words(total: float, excluding: Sequence[str]) -> str:
    """Log10 of the odds against no counterpart, or by which priors that is excluded."""
    if excluding:
        return f"that it has no counterpart is excluded by prior {listed(excluding)}"
    if total >= 0:
        return f"{times(total)} times as probable as no counterpart"
    return f"no counterpart is {times(-total)} times as probable"


def excluded_by(record: MatchRecord, table: Table, at: int) -> str:
    """Which priors exclude an association, by an evidence table."""
    own = [(f"{name} prior {prior}", f"prior_{name}_{prior}") for name, prior in record.prior_names]
    whole = [(f"prior {prior}", f"prior_{prior}") for prior in record.combinations]
    zero = [f"{what} has ratio 0" for what, term in (*own, *whole) if np.isneginf(table[term][at])]
    return listed(zero) or "it does not count"


def _against_none(mine: Table, name: str) -> np.ndarray:
    with np.errstate(divide="ignore"):  # a ratio of 0 excludes: -inf
        log10 = np.log10(np.asarray(mine[f"bias_{name}"], float))
    out: np.ndarray = log10 - max(log10[0], EXCLUDED)
    out[0] = 0.0
    return out
