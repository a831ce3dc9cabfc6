"""The density ratio that a classifier's log odds stand for."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from .saved import Record, check_ascending, check_flag, check_number, shown

#: largest ln ratio that a saved one may reach (1e260): its exponential must be a number
MAX_LN_RATIO = 600.0
#: nodes of the context in a saved one
MAX_NODES = 100_000
#: patterns of up to so many bands have a table of their factors
MOST_BITS = 12


@dataclass(frozen=True)
class DensityRatio:
    """From the classifier's logit to ln of p(x | counterpart) / p(x | field)."""

    intercept: float
    slope: float
    """ln ratio = intercept + slope * logit, for logits between `low` and `high`"""
    low: float
    high: float
    """beyond these too few objects were seen to tell more: the ratio stays what it is there"""
    patterns: dict[str, float]
    """ln factor by pattern of missing bands ("10010": first and fourth missing)"""
    other_patterns: float
    """ln factor for all other patterns"""
    nodes: list[list[float]]
    """with context: nodes along each context column"""
    ln_mean: list[Any]
    """with context: ln mean ratio of field objects at the nodes, which is divided out"""
    log_context: list[bool]
    """whether a context column is taken in log10"""

    def ln_ratio(self, logit: np.ndarray, missing: np.ndarray) -> np.ndarray:
        """Ln ratio from logits (n,) or (M, n), with the factor of the missing bands (n, B)."""
        factor = self._factors(missing)
        out = np.clip(logit, self.low, self.high)
        out *= self.slope
        out += self.intercept
        out += factor
        ln_ratio: np.ndarray = out
        return ln_ratio

    def _factors(self, missing: np.ndarray) -> np.ndarray:
        """Ln factor of each pattern of missing bands (n, B), (n,)."""
        n_bands = missing.shape[1]
        if n_bands <= MOST_BITS:
            of_code = np.full(1 << n_bands, self.other_patterns)
            for pattern, ln_factor in self.patterns.items():
                of_code[sum(1 << band for band in range(n_bands) if pattern[band] == "1")] = (
                    ln_factor
                )
            found: np.ndarray = of_code[missing_code(missing)]
            return found
        factor = np.full(len(missing), self.other_patterns, dtype=np.float64)
        for pattern, ln_factor in self.patterns.items():
            wanted = np.array([digit == "1" for digit in pattern])
            factor[(missing == wanted).all(axis=1)] = ln_factor
        return factor

    def ln_context_mean(self, context: np.ndarray) -> np.ndarray:
        """Ln mean ratio of field objects at each row of context values (n, C), interpolated."""
        from scipy.interpolate import RegularGridInterpolator

        points = self.scaled(context)
        for column, nodes in enumerate(self.nodes):
            points[:, column] = np.clip(points[:, column], nodes[0], nodes[-1])
        ln_mean: np.ndarray = RegularGridInterpolator(
            [np.asarray(n) for n in self.nodes], np.asarray(self.ln_mean)
        )(points)
        return ln_mean

    def scaled(self, context: np.ndarray) -> np.ndarray:
        """Context values (n, C) on the scale of the nodes."""
        out = np.array(context, dtype=np.float64)
        for column, log in enumerate(self.log_context):
            if log:
                out[:, column] = np.log10(np.maximum(out[:, column], 1e-300))
        return out

    @classmethod
    def from_record(cls, record: Record, n_bands: int, n_context: int) -> DensityRatio:
        """The one that a file holds.

        Raises
        ------
        ValueError
            If an entry is not what it should be: not finite, of another shape, nodes that do not
            ascend, or so large that ratios would not be numbers.
        """
        record.only(field.name for field in fields(cls))
        nodes = record.many("nodes", check_ascending)
        if len(nodes) != n_context:
            raise ValueError(f"nodes are of {len(nodes)} context columns, not {n_context}")
        shape = [len(column) for column in nodes]
        if math.prod(shape) > MAX_NODES:
            raise ValueError(f"the context has {math.prod(shape)} nodes, more than {MAX_NODES}")
        numbers = ("intercept", "slope", "low", "high", "other_patterns")
        out = cls(
            **{name: record.number(name) for name in numbers},
            patterns=_patterns(record, n_bands),
            nodes=nodes,
            ln_mean=record.array("ln_mean", shape if n_context else [0]),
            log_context=record.many("log_context", check_flag),
        )
        if len(out.log_context) != n_context:
            raise ValueError(f"log_context is of {len(out.log_context)} columns, not {n_context}")
        if out.low > out.high:
            raise ValueError(f"low is {out.low:g}, above high, which is {out.high:g}")
        out._check_bounded()
        return out

    def _check_bounded(self) -> None:
        factors = [*self.patterns.values(), self.other_patterns]
        largest = (
            abs(self.intercept)
            + max(abs(self.slope * self.low), abs(self.slope * self.high))
            + max(map(abs, factors))
            + float(np.abs(self.ln_mean).max(initial=0.0))
        )
        if not largest <= MAX_LN_RATIO:
            raise ValueError(
                f"ln ratios could reach {largest:g}; they must stay within {MAX_LN_RATIO:g}"
            )


def _patterns(record: Record, n_bands: int) -> dict[str, float]:
    patterns = record.by_name("patterns", check_number)
    for pattern in patterns:
        if len(pattern) != n_bands or not set(pattern) <= {"0", "1"}:
            raise ValueError(
                f"the pattern {shown(pattern)} does not say 0 or 1 for each of {n_bands} bands"
            )
    return patterns


def missing_code(missing: np.ndarray) -> np.ndarray:
    """Which bands of each row (n, B) are missing as one number, bit by bit, (n,)."""
    code = np.zeros(len(missing), np.uint16)
    for band, column in enumerate(missing.T):
        code |= column.astype(np.uint16) << np.uint16(band)
    return code
