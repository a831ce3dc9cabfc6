"""Rows of both sides beside each other: aligned by the identifiers of all members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from ...catalogs.formats.storage import decoded_texts
from ...catalogs.held import HeldCatalog
from ...matching.record import MatchRecord
from .table import NwayTable


@dataclass(frozen=True)
class Rows:
    """The associations of either side, R of them, ordered by primary, no-counterpart row first."""

    member: np.ndarray
    """(R, K) rows in the catalogues, -1 absent; above all rows: an identifier we do not know"""
    ours: np.ndarray
    """(R,) row in our table, -1: only there"""
    theirs: np.ndarray
    """(R,) row in NWAY's table, -1: only here"""
    repeated: np.ndarray
    """(m,) rows of NWAY's table whose members an earlier row has already"""
    identifiers: list[np.ndarray]
    """of each catalogue, (R,) texts, empty where absent"""

    @property
    def present(self) -> np.ndarray:
        """(R, K) which catalogues take part."""
        return self.member >= 0

    @property
    def group(self) -> np.ndarray:
        """(R,) number of the primary, ascending from 0."""
        return np.unique(self.member[:, 0], return_inverse=True)[1]

    def filled(self, ours: np.ndarray | None, theirs: np.ndarray | None) -> np.ndarray:
        """A column (R,) of the values of either side, NWAY's where both have one."""
        kind = (theirs if theirs is not None else ours).dtype  # type: ignore[union-attr]
        out = np.full(len(self.member), np.nan, kind if kind.kind == "f" else np.float64)
        for at, values in ((self.ours, ours), (self.theirs, theirs)):
            if values is not None:
                out[at >= 0] = values[at[at >= 0]]
        return out


def align(
    table: Table, record: MatchRecord, nway: NwayTable, catalogs: Sequence[HeldCatalog] = ()
) -> Rows:
    """Align the associations of a result with NWAY's; `catalogs` know more identifiers."""
    names = [c.name for c in record.catalogues]
    member = np.column_stack([np.asarray(table[name], np.int64) for name in names])
    texts = [_texts(table[f"{c.name}_{c.id_name}"]) for c in record.catalogues]
    there = np.empty((len(nway), len(names)), np.int64)
    their_texts = []
    for k, c in enumerate(record.catalogues):
        absent = nway.absent(k) if k else np.zeros(len(nway), bool)
        if nway.from_api:
            there[:, k] = np.where(absent, -1, nway.columns[nway.names[k]])
            seen = dict(zip(member[:, k].tolist(), texts[k].tolist(), strict=True))
            their_texts.append(np.array([seen.get(row, str(row)) for row in there[:, k].tolist()]))
            continue
        key = f"{nway.names[k]}_{c.id_name}"
        if key not in nway.columns:
            raise ValueError(
                f"NWAY's table has no column {key!r}, the identifiers of catalogue {c.name}; "
                f"match with id={c.id_name!r} of a column that it has (--id on the command line)"
            )
        given = _texts(nway.columns[key])
        known, numbers = texts[k], member[:, k]
        if catalogs and catalogs[k].identifiers.values is not None:
            every = np.arange(len(catalogs[k]))
            known = np.concatenate([known, _texts(catalogs[k].ids(every))])
            numbers = np.concatenate([numbers, catalogs[k].row_numbers(every)])
        there[:, k] = _rows_of(given, known, numbers, c.rows, absent)
        their_texts.append(given)
    there, repeated = _once(there)
    both, at = np.unique(np.vstack([member, there]), axis=0, return_inverse=True)
    at = at.ravel()
    ours, theirs = np.full(len(both), -1), np.full(len(both), -1)
    ours[at[: len(member)]] = np.arange(len(member))
    theirs[at[len(member) :]] = np.flatnonzero(~np.isin(np.arange(len(nway)), repeated))
    shown = []
    for k in range(len(names)):
        out = np.full(len(both), "", object)
        out[ours >= 0] = texts[k][ours[ours >= 0]]
        only = (ours < 0) & (theirs >= 0)
        out[only] = their_texts[k][theirs[only]]
        out[both[:, k] < 0] = ""
        shown.append(out.astype(str))
    return Rows(both, ours, theirs, repeated, shown)


def _texts(column: np.ndarray) -> np.ndarray:
    """Identifiers as text, without blanks around them."""
    values = np.ma.getdata(column)
    if values.dtype.kind == "S":
        values = decoded_texts(values)
    if values.dtype.kind == "f" and np.all(np.isnan(values) | (values == np.floor(values))):
        values = np.where(np.isnan(values), -99, values).astype(np.int64)
    return np.char.strip(values.astype(str))


def _rows_of(
    given: np.ndarray, known: np.ndarray, rows: np.ndarray, n: int, absent: np.ndarray
) -> np.ndarray:
    """Rows (n,) of a catalogue by identifier; what is not known gets a number above them."""
    names, first = np.unique(known[rows >= 0], return_index=True)
    row = rows[rows >= 0][first]
    unknown, number = np.unique(given, return_inverse=True)
    at = np.minimum(np.searchsorted(names, unknown), max(len(names) - 1, 0))
    found = names[at] == unknown if len(names) else np.zeros(len(unknown), bool)
    code = np.where(found, row[at] if len(row) else 0, n + np.arange(len(unknown)))
    return np.where(absent, -1, code[number])


def _once(member: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first of equal rows, and the numbers of the others."""
    _, first = np.unique(member, axis=0, return_index=True)
    kept = np.sort(first)
    return member[kept], np.setdiff1d(np.arange(len(member)), kept)
