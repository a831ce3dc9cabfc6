"""A catalogue with itself: no object is its own candidate, and no pair comes twice."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from .candidates import Candidates
from .held import HeldCatalog
from .warned import warn_user


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

    It is if both are made from the same file or from the same columns in memory, or if they have
    the same columns, and in them the same positions and identifiers (in an identifier column), row
    by row.
    """
    if other.itself or other.n_listed != primary.n_listed:
        return other
    if primary.read_from and primary.read_from == other.read_from:
        same, told = True, True
    elif not isinstance(other, HeldCatalog) or not _same_rows(primary, other):
        return other
    else:
        one, two = _whole(primary).table, _whole(other).table
        told = all(
            np.shares_memory(np.asarray(one[a]), np.asarray(two[b]))
            for a, b in ((primary.ra_name, other.ra_name), (primary.dec_name, other.dec_name))
        )
        same = told or (one.colnames == two.colnames and _same_identifiers(primary, other))
    if not same:
        return other
    if not told:
        warn_user(
            f"catalogues {primary.name!r} and {other.name!r} have the same columns, positions and "
            "identifiers: they are taken for one, matched with itself, so that no object is its "
            "own counterpart"
        )
    out = copy.copy(other)
    out.itself = True
    return out


def _whole(catalog: Any) -> Any:
    return catalog if catalog.whole is None else catalog.whole


def _same_rows(primary: Any, other: Any) -> bool:
    """Whether rows have the same positions, as given."""
    one, two = _whole(primary), _whole(other)
    return all(
        len(a) == len(b) and np.array_equal(a, b, equal_nan=True)
        for a, b in ((one.ra, two.ra), (one.dec, two.dec))
    )


def _same_identifiers(primary: Any, other: Any) -> bool:
    one, two = _whole(primary).identifiers, _whole(other).identifiers
    return (
        one.values is not None
        and two.values is not None
        and one.name == two.name
        and np.array_equal(one.values, two.values)
    )


def pairs_once(
    primary: HeldCatalog, others: Sequence[HeldCatalog], candidates: Candidates
) -> Candidates:
    """The candidates but for those that are their primary or come before it in the same catalogue.

    So every pair is there once, with the earlier row for the source.
    """
    if not any(other.itself for other in others):
        return candidates
    twice = np.zeros(len(candidates.row), bool)
    numbers = primary.row_numbers(np.arange(len(primary)))
    for k, other in enumerate(others):
        if other.itself:
            slots, i = candidates.of_catalogue(k)
            twice[slots] = other.own_numbers(candidates.row[slots]) <= numbers[i]
    return candidates.without(twice)
