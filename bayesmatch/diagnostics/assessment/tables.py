"""Metrics and reliability as columns of tables."""

from __future__ import annotations

import numpy as np
from astropy.table import Table

from .. import metrics
from ..metrics import Confusion


def reliability_table(p: np.ndarray, true: np.ndarray) -> Table:
    """Probabilities against what came true, in equal bins: see :attr:`Assessment.reliability`."""
    predicted, happened, n = metrics.reliability_bins(p, true)
    low, high = metrics.wilson(happened, n)
    return Table(
        {
            "bin": np.arange(len(n)),
            "predicted": predicted,
            "observed": metrics.share(happened, n),
            "n": n,
            "observed_lo": low,
            "observed_hi": high,
        }
    )


def add_metrics(table: Table, counts: Confusion) -> None:
    """Add the five metrics with their 68% intervals, and the counts, to a table."""
    for name, (k, n) in metrics.ratios(counts).items():
        table[name] = metrics.share(k, n)
        table[f"{name}_lo"], table[f"{name}_hi"] = metrics.wilson(k, n)
    for name in Confusion._fields:
        table[name] = counts[name]
