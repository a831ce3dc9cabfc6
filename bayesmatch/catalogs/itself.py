"""A catalogue with itself: no object is its own candidate, and no pair comes twice."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from .candidates import Candidates
from .held import HeldCatalog


def named_apart(primary: Any, others: Sequence[Any]) -> tuple[Any, ...]:
    """The other catalogues; one that is the primary object itself gets a name of its own."""
    out, taken = [], {getattr(c, "name", None) for c in (primary, *others)}
    for other in others:
        if other is primary and hasattr(other, "name"):
            number = 2
            while f"{other.name}_{number}" in taken:
                number += 1
            other = copy.copy(other)
            other.name, other.itself = f"{primary.name}_{number}", True
            taken.add(other.name)
        out.append(other)
    return tuple(out)


def known_as_itself(primary: Any, other: Any) -> Any:
    """The other catalogue, marked if it is the primary once more.

    It is if both have the same positions, and were read from the same file or are made from the
    same columns in memory. Rows of a joined table have two positions; a file may hold two tables.
    """
    if other.itself or other.n_listed != primary.n_listed:
        return other
    same_file = primary.read_from and primary.read_from == other.read_from
    same_file = same_file and _same_positions(primary, other)
    if not same_file and not (isinstance(other, HeldCatalog) and _same_columns(primary, other)):
        return other
    out = copy.copy(other)
    out.itself = True
    return out


def _same_positions(primary: HeldCatalog, other: Any) -> bool:
    """Whether two catalogues of one file have their positions from the same columns of one table.

    Of a scanned one, which is of one table, the names tell; and where a fit has moved positions.
    """
    if (primary.ra_name, primary.dec_name) != (other.ra_name, other.dec_name):
        return False
    moved = any(getattr(c, "corrections", ()) for c in (primary, other))
    if moved or not isinstance(other, HeldCatalog):
        return True
    one, two = ((c if c.whole is None else c.whole) for c in (primary, other))
    return all(
        np.array_equal(a, b, equal_nan=True) for a, b in ((one.ra, two.ra), (one.dec, two.dec))
    )


def _same_columns(primary: Any, other: Any) -> bool:
    """Whether two catalogues have the same table, or all their numbers at the same place."""
    one, two = ((c if c.whole is None else c.whole) for c in (primary, other))
    if (one.ra_name, one.dec_name) != (two.ra_name, two.dec_name):
        return False
    if one.table is two.table:
        return True
    if one.table.colnames != two.table.colnames:
        return False
    columns = [[np.asarray(t[name]) for name in t.colnames] for t in (one.table, two.table)]
    return all(
        a.dtype == b.dtype and np.shares_memory(a, b)
        for a, b in zip(*columns, strict=True)
        if a.dtype.kind in "fiub" or b.dtype.kind in "fiub"
    )


def pairs_once(
    primary: HeldCatalog, others: Sequence[HeldCatalog], candidates: Candidates
) -> Candidates:
    """The candidates but for those that are their primary or come before it in the same catalogue.

    So every pair is there once, with the earlier row for the source.
    """
    return _those(primary, others, candidates, np.less_equal)


def not_itself(
    primary: HeldCatalog, others: Sequence[HeldCatalog], candidates: Candidates
) -> Candidates:
    """The candidates but for those that are their primary."""
    return _those(primary, others, candidates, np.equal)


def _those(
    primary: HeldCatalog, others: Sequence[HeldCatalog], candidates: Candidates, left_out: np.ufunc
) -> Candidates:
    """The candidates without those whose number is related to the primary's in a way."""
    if not any(other.itself for other in others):
        return candidates
    gone = np.zeros(len(candidates.row), bool)
    numbers = primary.row_numbers(np.arange(len(primary)))
    for k, other in enumerate(others):
        if other.itself:
            slots, i = candidates.of_catalogue(k)
            gone[slots] = left_out(other.own_numbers(candidates.row[slots]), numbers[i])
    return candidates.without(gone)
