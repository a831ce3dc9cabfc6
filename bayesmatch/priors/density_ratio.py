"""The density ratio that a classifier's log odds stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._kernels.jit import n_threads

#: on fewer rows OpenMP's threads cost more than they give, and stall where the machine is busy
PARALLEL_ROWS = 20_000


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
        """Ln ratio (n,) from logits (n,), with the factor of each row's missing bands (n, B)."""
        factor = np.full(len(logit), self.other_patterns)
        for pattern, ln_factor in self.patterns.items():
            mine = (missing == [digit == "1" for digit in pattern]).all(axis=1)
            factor[mine] = ln_factor
        ln_ratio: np.ndarray = (
            self.intercept + self.slope * np.clip(logit, self.low, self.high) + factor
        )
        return ln_ratio

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


def raw_logit(model: Any, x: np.ndarray) -> np.ndarray:
    """The model's log odds (n,) of features and context (n, F)."""
    if len(x) == 0:
        return np.empty(0)
    threads = n_threads() if len(x) >= PARALLEL_ROWS else 1
    logit: np.ndarray = model.predict(x, raw_score=True, num_threads=threads)
    return logit
