"""What the functions of :mod:`bayesmatch.likelihood` take, checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..catalogs.units import in_unit


def numbers(name: str, values: Any, unit: str | None = None) -> np.ndarray:
    """Real numbers as float64 in row order; a copy where it must be, never the input changed.

    `unit` is theirs; what carries another one is converted.
    """
    if np.ma.is_masked(values):
        raise ValueError(f"{name} has masked values; leave those rows out")
    values = values if unit is None else in_unit(name, values, unit)
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "fiub" and array.size:
            raise TypeError(f"of type {array.dtype}")
        return np.ascontiguousarray(array, dtype=np.float64).reshape(array.shape)
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(f"{name} must be an array of real numbers: {error}") from None


def check_all(name: str, values: np.ndarray, good: Any, rule: str) -> None:
    """Raise a ValueError with the first value of an array that is not good, where, and the rule."""
    if not np.all(good):
        at = tuple(int(k) for k in np.argwhere(~np.asarray(good))[0])
        where = f" at {list(at)}" if at else ""
        raise ValueError(f"{name} is {values[at]:g}{where}; {rule}")


def groups(group: Any) -> tuple[np.ndarray, int]:
    """First row of each group and the end, (G + 1,), and the number of rows."""
    ids = np.asarray(group)
    if ids.ndim != 1 or (ids.dtype.kind not in "iu" and ids.size):
        raise ValueError(
            f"group is of type {ids.dtype} and shape {ids.shape}; give one whole number per row"
        )
    bad = np.flatnonzero(ids < 0)
    if len(bad):
        raise ValueError(f"group is {ids[bad[0]]} in row {bad[0]}; numbers must be 0 or more")
    falls = np.flatnonzero(ids[1:] < ids[:-1])
    if len(falls):
        raise ValueError(
            f"group falls from {ids[falls[0]]} to {ids[falls[0] + 1]} in row {falls[0] + 1}; sort "
            "the rows by group, the no-counterpart row first in each"
        )
    changes = np.flatnonzero(ids[1:] != ids[:-1]) + 1
    begin = [0] if len(ids) else []
    return np.concatenate([begin, changes, [len(ids)]]).astype(np.int64), len(ids)


def per_row(name: str, values: Any, n: int, *, excludes: bool = False) -> np.ndarray:
    """One number per row, finite (or, where it excludes, -inf)."""
    given = numbers(name, values)
    if given.shape not in ((), (n,)):
        raise ValueError(f"{name} has shape {given.shape}; give one number, or {n}: one per row")
    good = given < np.inf if excludes else np.isfinite(given)
    rule = "it must be finite" + (", or -inf to exclude an association" if excludes else "")
    check_all(name, given, good, rule)
    return np.ascontiguousarray(np.broadcast_to(given, (n,)))


def weights(ln_likelihood: Any, ln_fraction: Any, group: Any) -> tuple[np.ndarray, np.ndarray]:
    """First row of each group and the end, and ln of fraction times likelihood of the rows."""
    first, n = groups(group)
    likelihood = per_row("ln_likelihood", ln_likelihood, n, excludes=True)
    fraction = per_row("ln_fraction", ln_fraction, n, excludes=True)
    check_all("ln_fraction", fraction, fraction <= 1e-9, "a fraction is at most 1")
    return first, likelihood + fraction


def point_to_class(kind: Any) -> None:
    """Let the fields of a named tuple say where they are described, not their number."""
    for name in kind._fields:
        getattr(kind, name).__doc__ = f"See :class:`{kind.__name__}`."
