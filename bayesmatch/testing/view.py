"""A result's columns as plain arrays, for the rules that it must keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..catalogs.held import HeldCatalog
from ..catalogs.moving_pairs import has_own_epochs
from ..matching.combined import EXCLUDED
from ..matching.record import MatchRecord
from ..matching.result import MatchResult
from ..matching.result_check import missing_in
from ..matching.terms import PosteriorTerms

LN_10 = np.log(10.0)


@dataclass(frozen=True)
class View:
    """The two tables of a result, and what is known of the match."""

    record: MatchRecord
    names: list[str]
    """of the catalogues, the primary first"""
    associations: dict[str, np.ndarray]
    """columns (n_rows,), without masks"""
    sources: dict[str, np.ndarray]
    """columns (n_primary,), without masks"""
    primary: np.ndarray
    """(n_rows,) row of the primary"""
    member: np.ndarray
    """(n_rows, n_other) row in each other catalogue, -1 = absent"""
    ln_ratio: np.ndarray
    """(n_rows,) ln of the product of the prior ratios"""
    ln_ratio_told: np.ndarray
    """(n_rows,) the same as calibrated probabilities have it: finite for no counterpart"""
    catalogs: tuple[HeldCatalog, ...]
    """empty where they are not at hand, or not whole"""
    terms: PosteriorTerms | None
    priors: dict[str, Any]

    @classmethod
    def of(cls, result: MatchResult) -> View:
        """What a result holds."""
        a, s = (
            {name: np.ma.getdata(table[name]) for name in table.colnames}
            for table in (result.associations, result.sources)
        )
        for name, nowhere in (("p_hostless", 1.0), ("log10_odds_host", -np.inf)):
            missing = missing_in(result.sources[name])  # no catalogue has looked there
            s[name] = np.where(missing, nowhere, s[name])
        names = result.catalogue_names
        at_hand = tuple(result._catalogs)
        whole = all(c.rows is None and len(c) == c.n_rows for c in at_hand)
        ratio = np.zeros(len(a[names[0]]))
        with np.errstate(divide="ignore"):
            for column in result.record.bias_columns:
                ratio = ratio + np.log(a[column])
            told = ratio.copy()
            none = a["ncat"] == 1
            each = [np.log(a[f"bias_{name}"][none]) for name in result.record.combinations]
            told[none] = sum((np.maximum(r, EXCLUDED * LN_10) for r in each), np.zeros(none.sum()))
        return cls(
            result.record,
            names,
            a,
            s,
            np.searchsorted(s[names[0]], a[names[0]]).astype(np.int64),
            np.column_stack([a[name] for name in names[1:]]).astype(np.int64),
            ratio,
            told,
            at_hand if whole else (),
            result._terms,
            dict(result.priors),
        )

    @property
    def n(self) -> int:
        """Number of primaries."""
        return len(self.sources[self.names[0]])

    @property
    def complete(self) -> bool:
        """Whether no association was left out."""
        return self.record.min_p_i == 0 and not self.record.pruned_primaries

    @property
    def own_epochs(self) -> bool:
        """Whether an object is elsewhere for each primary: no one place to compare with."""
        return any(has_own_epochs(self.catalogs[0], other) for other in self.catalogs[1:])

    @property
    def takes_part(self) -> np.ndarray:
        """Which other catalogues take part, (n_rows, n_other)."""
        return self.member >= 0

    @property
    def first(self) -> np.ndarray:
        """First row of each primary and the end, (n_primary + 1,)."""
        return np.searchsorted(self.primary, np.arange(self.n + 1))

    def group_sum(self, values: np.ndarray) -> np.ndarray:
        """Sums over the rows of each primary, (n_primary,)."""
        return np.bincount(self.primary, values, self.n)


def require(rule: str, good: Any, told: str = "") -> None:
    """Raise an AssertionError with the rule, and the first row that breaks it."""
    if not np.all(good):
        bad = np.argwhere(~np.atleast_1d(good))
        raise AssertionError(
            f"{rule}: broken in row {bad[0].tolist()} and {len(bad) - 1} more{told}"
        )


def require_close(
    rule: str, found: Any, expected: Any, *, rtol: float = 1e-9, atol: Any = 1e-9
) -> None:
    """Raise an AssertionError with the rule and the first values that differ; NaN equals NaN."""
    found, expected = np.broadcast_arrays(np.asarray(found, float), np.asarray(expected, float))
    with np.errstate(invalid="ignore"):
        good = np.abs(found - expected) <= atol + rtol * np.abs(expected)
    good |= (found == expected) | (np.isnan(found) & np.isnan(expected))
    at = np.argwhere(~good)
    told = f": {found[tuple(at[0])]!r} where {expected[tuple(at[0])]!r} is right" if len(at) else ""
    require(rule, good, told)
