"""Priors on whole combinations: the ratio of every association, from the rows of its members.

A ratio multiplies the evidence of its association, no counterpart too: that is what NWAY 4.8.0 does
with its ``prior_callback``, and so do NWAY's columns here.  The calibrated ones go by likelihoods
against no counterpart; its ratio is taken out of them, source by source, which changes no
probability.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from astropy.table import Column, MaskedColumn, Table

from ..catalogs.held import HeldCatalog
from ..catalogs.warned import warn_user
from ..priors.combination import ratio_of_members
from ..priors.prior_set import PriorSet
from .associations import Associations
from .options import MatchOptions
from .setting import Setting
from .table_columns import input_column, take

LN_10 = np.log(10.0)
#: values in the tables that a function gets at a time, about
CELLS = 20_000_000
#: log10 ratio of a no-counterpart row that is excluded, where a finite one is needed: far below
#: all evidence, and above what costs the other rows digits
EXCLUDED = -1e4


@dataclass(frozen=True)
class Combined:
    """Ratios of the associations by all priors on combinations."""

    log10: dict[str, np.ndarray]
    """by name of the prior, (n_rows,)"""
    ln_ratio: np.ndarray | None
    """(n_rows,) ln of their product; None: there are no such priors"""

    def against_none(
        self, setting: Setting, associations: Associations, ln_evidence: np.ndarray
    ) -> np.ndarray:
        """Evidence of every association over that of no counterpart, whose rows have 0 then.

        Where no counterpart is excluded, and an association is not, that counts as
        10^:data:`EXCLUDED`; where everything is, no counterpart is left.

        Warns
        -----
        UserWarning
            If all associations of a source are excluded, and no counterpart too.
        """
        if self.ln_ratio is None:
            return ln_evidence
        none = associations.first[:-1]
        count = np.diff(associations.first)
        each = [np.maximum(ratio[none], EXCLUDED) for ratio in self.log10.values()]
        ln_none = LN_10 * np.sum(each, axis=0)
        out: np.ndarray = ln_evidence - np.repeat(ln_none, count)
        out[none] = -np.inf
        some = np.maximum.reduceat(out, none) > -np.inf
        out[none] = 0.0
        _tell(setting, np.flatnonzero(np.isneginf(self.ln_ratio[none]) & ~some), list(self.log10))
        return out


def combined_ratios(setting: Setting, associations: Associations, priors: PriorSet) -> Combined:
    """The ratios of all associations.

    Raises
    ------
    ValueError
        If a prior fails, or returns what is no log10 ratio; it is named, with the association.
    """
    if not priors.combinations:
        return Combined({}, None)
    n_rows = len(associations.member)
    log10 = {p.name: np.empty(n_rows) for p in priors.combinations}
    for prior in priors.combinations:
        wanted = _wanted(setting, prior)
        for rows in _pieces(associations, sum(map(len, wanted.values()))):
            rows_of = _member_rows(setting, associations, rows)
            members = {
                c.name: _table(c, rows_of[k], wanted.get(c.name))
                for k, c in enumerate(setting.catalogs)
            }
            row_text = partial(_row_text, setting, rows_of)
            log10[prior.name][rows] = ratio_of_members(prior, members, row_text)
    return Combined(log10, LN_10 * sum(log10.values(), np.zeros(n_rows)))


def combined_columns(log10: Mapping[str, np.ndarray], keep: Any) -> dict[str, Column]:
    """The columns of the ratios `log10` by name of the prior, (n_rows,), of the rows to keep."""
    return {
        f"bias_{name}": Column(
            10.0 ** ratio[keep],
            description=f"Ratio of prior {name} for this combination, 1 = neutral",
        )
        for name, ratio in log10.items()
    }


def unpruned(options: MatchOptions, priors: PriorSet) -> MatchOptions:
    """Options with which all associations are kept, where priors act on combinations.

    Nothing bounds a function, so there is no association that could not matter.
    """
    return replace(options, prune=0.0) if priors.combinations else options


def bytes_more(priors: PriorSet) -> int:
    """Bytes per association that these priors take: ratios, their columns and their sum."""
    return 8 * (2 * len(priors.combinations) + 3) if priors.combinations else 0


def judged(priors: PriorSet, name: str) -> bool:
    """Whether priors on combinations compare a catalogue's objects with those of its survey."""
    needed = [getattr(prior, "columns", None) for prior in priors.combinations]
    return any(columns is None or name in columns for columns in needed)


def _wanted(setting: Setting, prior: Any) -> dict[str, list[str]]:
    """Columns of the tables that a prior gets, by catalogue that it lists."""
    columns = getattr(prior, "columns", None)
    if columns is None:
        return {c.name: list(c.table.colnames) for c in setting.catalogs}
    return {name: list(dict.fromkeys(listed)) for name, listed in columns.items()}


def _pieces(associations: Associations, n_columns: int) -> Iterator[slice]:
    """Rows of whole primaries, about :data:`CELLS` values at a time: the same on any machine."""
    first, each = associations.first, max(1, CELLS // max(1, n_columns))
    begin = 0
    while begin < len(first) - 1:
        end = int(np.searchsorted(first, first[begin] + each, side="right")) - 1
        end = max(end, begin + 1)
        yield slice(int(first[begin]), int(first[end]))
        begin = end


def _member_rows(
    setting: Setting, associations: Associations, rows: slice
) -> tuple[np.ndarray, ...]:
    """Row in every catalogue of some associations, -1 where it takes no part, (m,) each."""
    member = associations.member[rows]
    primary = associations.primary_of(np.arange(rows.start, rows.stop))
    return primary, *(
        take(setting.candidates.row, member[:, k], -1) for k in range(member.shape[1])
    )


def _table(catalog: HeldCatalog, row: np.ndarray, wanted: Sequence[str] | None) -> Table:
    """Some columns of the members in a catalogue, all masked columns; None: their identifiers.

    These tell which catalogues take part, and how many associations there are.
    """
    absent = row < 0
    if wanted is None:
        none = np.zeros(len(row), np.int64)
        ids = catalog.ids(np.where(absent, 0, row)) if len(catalog) else none
        return Table({catalog.id_name: MaskedColumn(ids, mask=absent)}, masked=True, copy=False)
    columns = {}
    for name in wanted:
        column = catalog.table[name]
        if len(column) == 0:  # no object near any source: there is none to take
            values = Column(np.zeros((len(row), *column.shape[1:]), column.dtype))
        else:
            values = column[np.where(absent, 0, row)]
        part = input_column(values, absent)
        columns[name] = part if isinstance(part, MaskedColumn) else MaskedColumn(part)
    return Table(columns, masked=True, copy=False)


def _row_text(setting: Setting, rows: Sequence[np.ndarray], at: int) -> str:
    """An association, as messages name it; `rows` as :func:`_member_rows` gives them."""
    primary, *others = setting.catalogs
    members = [
        f"{other.name} {other.row_text(int(row[at]))}"
        for other, row in zip(others, rows[1:], strict=True)
        if row[at] >= 0
    ]
    return (
        f"{primary.name} {primary.row_text(int(rows[0][at]))} with "
        f"{' and '.join(members) or 'no counterpart'}"
    )


def _tell(setting: Setting, nothing: np.ndarray, names: Sequence[str]) -> None:
    """Warn of sources for which priors leave nothing at all."""
    if len(nothing):
        first = setting.primary.row_text(int(nothing[0]))
        warn_user(
            f"prior {' and '.join(names)} of combinations: all associations of {len(nothing)} "
            f"{setting.primary.name} sources (the first: {first}) are excluded, and that they have "
            "no counterpart too; they are taken to have none: return 0 where all but "
            f"{setting.primary.name} is masked"
        )
