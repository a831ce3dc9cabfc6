"""The tables of a result, made when they are first asked for.

A match has its probabilities as arrays; columns with units, descriptions and masks take as long as
a small catalogue's search, and who asks for one table, or for a few numbers, does without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
from astropy.table import Table

from ..catalogs.held import HeldCatalog
from ..catalogs.identifiers import Identifiers
from .arguments import check_probabilities
from .associations import Associations
from .claims import Claims
from .evidence import Evidence
from .setting import Setting
from .shown import Shown, without_positions
from .table_columns import take
from .tables import Matched, association_table, kept_rows, source_table
from .terms import ClaimTerms


class MadeLater:
    """An attribute that is a table, or was given as what makes it."""

    def __set_name__(self, owner: type, name: str) -> None:
        #: of several threads that ask, one makes the table: all have the same
        self._name, self._making = name, Lock()

    def __get__(self, of: Any, owner: type | None = None) -> Table:
        if of is None:
            return self
        held = of.__dict__[self._name]
        if callable(held):
            with self._making:
                held = of.__dict__[self._name]
                if callable(held):
                    held = of.__dict__[self._name] = held()
        return held

    def __set__(self, of: Any, value: Table | Callable[[], Table]) -> None:
        of.__dict__[self._name] = value


class TwoTables:
    """What has a table of associations and one of sources."""

    associations = MadeLater()
    sources = MadeLater()

    def __getstate__(self) -> dict[str, Any]:
        """With the tables themselves: what makes them is no part of a copy."""
        return {**self.__dict__, "associations": self.associations, "sources": self.sources}


def made_later(m: Matched, min_p_i: float) -> tuple[Callable[[], Table], Callable[[], Table]]:
    """What makes the associations and the sources of a match."""
    return partial(association_table, m, min_p_i), partial(source_table, m)


def to_be_shown(
    setting: Setting,
    associations: Associations,
    log10_ratios: Mapping[tuple[int, str], np.ndarray],
    evidence: Evidence,
    claims: Claims,
) -> Matched:
    """What the tables are made from; the Bayes factors of the evidence are logs to base 10 then.

    A result with a NaN, or with probabilities that do not sum to 1, is refused.  Identifiers are
    not among it yet: see :func:`kept_identifiers`.
    """
    post, calibrated = evidence.post, claims.calibrated
    check_probabilities(
        calibrated.p_match,
        p_hostless=calibrated.p_hostless,
        p_i=post.p_i,
        p_any=post.p_any,
        p_single=post.p_single,
        dist_post=post.dist_post,
    )
    return Matched(
        without_positions(setting),
        associations,
        log10_ratios,
        Shown.of(evidence),
        calibrated,
        claims.same_source,
        identifiers=(),
    )


def kept_identifiers(setting: Setting) -> list[Identifiers]:
    """Of the primaries, and for each other catalogue of the objects in the candidates' slots.

    Tables are made when asked for, and by then somebody may have sorted what was matched.
    """
    primary, candidates = setting.primary, setting.candidates
    kept = [_copied(primary, np.arange(len(primary)))]
    for k, other in enumerate(setting.others):
        slots, rows = candidates.slots_of(k), np.zeros_like(candidates.row)
        rows[slots] = candidates.row[slots]
        # Without an object no slot is asked for.
        kept.append(_copied(other, rows) if len(other) else other.identifiers)
    return kept


def _copied(catalog: HeldCatalog, rows: np.ndarray) -> Identifiers:
    """Identifiers of some rows, as they are now."""
    held = catalog.identifiers
    if held.values is None:
        return held.subset(rows, catalog.ids(rows))
    numbers = held.values.dtype == np.int64
    return held.subset(rows, take(held.values, rows, 0) if numbers else held.values[rows])


def rows_shown(
    matched: Matched, associations: Associations, terms: ClaimTerms, min_p_i: float
) -> tuple[int, ClaimTerms]:
    """How many rows the table of associations has, and their terms."""
    if not min_p_i > 0:
        return int(associations.first[-1]), terms
    keep = kept_rows(matched, min_p_i)
    return int(np.count_nonzero(keep)), terms.kept(keep, associations.first)
