"""What counterparts of a match look like beside the field: counts and ratios by feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.table import Table, vstack

from .saved import Record, check_ascending, check_name

#: ratios that a file may hold
MAX_LOG10 = 300.0


@dataclass(frozen=True, eq=False)
class FeatureLooks:
    """One feature: numbers of objects in bins, what lies beyond in the outermost, and ratios."""

    name: str
    edges: np.ndarray
    """(b + 1,)"""
    counterparts: np.ndarray
    """(b + 1,) expected numbers, those without a value last"""
    field: np.ndarray
    """(b + 1,) numbers of field objects of the sample, those without a value last"""
    log10_ratio: np.ndarray
    """(b + 1,) of the learned ratio's mean over the field objects there; NaN without any"""
    error: np.ndarray
    """(b + 1,) its standard error, from the models of the folds"""

    @property
    def shares(self) -> tuple[np.ndarray, np.ndarray]:
        """Shares of the counterparts and of the field in each bin, (b + 1,) each."""
        shares = [n / max(n.sum(), 1e-300) for n in (self.counterparts, self.field)]
        return shares[0], shares[1]

    @property
    def measured(self) -> tuple[np.ndarray, np.ndarray]:
        """Share of counterparts over share of field, and its Poisson error; NaN where empty."""
        near, far = self.shares
        full = (self.field > 0) & (self.counterparts > 0)
        ratio = np.full(len(near), np.nan)
        np.divide(near, far, out=ratio, where=full)
        one_over = [1.0 / np.where(full, n, 1.0) for n in (self.counterparts, self.field)]
        return ratio, ratio * np.sqrt(one_over[0] + one_over[1])

    def table(self) -> Table:
        """The numbers as a table.

        Returns
        -------
        Table
            A row per bin, and one of objects without a value (``low`` and ``high`` NaN):
            ``feature``, ``low``, ``high``, expected numbers of ``counterparts``, numbers of
            ``field`` objects, the share of the one over that of the other, ``measured``, with its
            Poisson error, and the learned ``ratio`` with its error band, ``ratio_low`` to
            ``ratio_high``; NaN where there is nothing to tell it from.
        """
        measured, error = self.measured
        n = len(self.field)
        return Table(
            {
                "feature": [self.name] * n,
                "low": np.append(self.edges[:-1], np.nan),
                "high": np.append(self.edges[1:], np.nan),
                "counterparts": self.counterparts,
                "field": self.field,
                "measured": measured,
                "measured_error": error,
                "ratio": 10.0**self.log10_ratio,
                "ratio_low": 10.0 ** (self.log10_ratio - self.error),
                "ratio_high": 10.0 ** (self.log10_ratio + self.error),
            }
        )

    def record(self) -> dict[str, Any]:
        """All of it in types that JSON has; ratios that do not exist are None."""
        rows = {
            key: getattr(self, key).tolist() for key in self.__dataclass_fields__ if key != "name"
        }
        for key in ("log10_ratio", "error"):
            rows[key] = [None if np.isnan(value) else value for value in rows[key]]
        return {"name": self.name, **rows}

    @classmethod
    def from_record(cls, entries: Any) -> FeatureLooks:
        """What :meth:`record` wrote down; a ValueError if it is something else."""
        record = Record(entries, "looks")
        record.only(cls.__dataclass_fields__)
        edges = check_ascending("edges", record.get("edges"))
        n = [len(edges)]
        counts = [np.array(record.array(key, n)) for key in ("counterparts", "field")]
        if any((c < 0).any() for c in counts):
            raise ValueError("looks: counterparts and field must be 0 or more")
        ratios = [_known(record, key, n) for key in ("log10_ratio", "error")]
        return cls(record.name("name"), np.array(edges), *counts, *ratios)


@dataclass(frozen=True, eq=False)
class Looks:
    """Counterparts beside the field, by feature."""

    features: tuple[FeatureLooks, ...]

    def table(self) -> Table:
        """The tables of all features, one after the other."""
        return vstack([feature.table() for feature in self.features], metadata_conflicts="silent")

    def record(self) -> list[dict[str, Any]]:
        """All of it in types that JSON has."""
        return [feature.record() for feature in self.features]

    @classmethod
    def from_record(cls, listed: Any, names: Sequence[str]) -> Looks:
        """What :meth:`record` wrote down of these features; a ValueError if it is another."""
        if not isinstance(listed, list):
            raise ValueError("looks is not a list")
        found = cls(tuple(FeatureLooks.from_record(entries) for entries in listed))
        if [f.name for f in found.features] != [check_name("features", name) for name in names]:
            raise ValueError("looks are of other features")
        return found


def _known(record: Record, key: str, n: Sequence[int]) -> np.ndarray:
    """Numbers, with NaN for None."""
    given = record.get(key)
    if not isinstance(given, list):
        raise ValueError(f"looks: {key} is not a list")
    filled = Record({key: [0.0 if value is None else value for value in given]}, "looks")
    values = np.array(filled.array(key, n))
    if np.abs(values).max(initial=0.0) > MAX_LOG10:
        raise ValueError(f"looks: {key} is not within {MAX_LOG10:g}")
    values[[value is None for value in given]] = np.nan
    return values
