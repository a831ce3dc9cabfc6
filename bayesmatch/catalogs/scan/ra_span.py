"""From where to where the right ascensions of a data set go."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .parts import Part, numbers


def ra_span(parts: Sequence[Part], column: str, factor: float) -> tuple[float, float]:
    """Least and largest value of the first bounded column times a factor; NaN: there is none.

    Row groups of which the footers do not tell are read.
    """
    low, high = np.nan, np.nan
    for part in parts:
        bounds = part.bounds[:, 0] * factor
        unknown = np.isnan(bounds).any(axis=1)
        found = [bounds[~unknown].ravel()]
        if unknown.any():
            batches = part.batches([column], np.flatnonzero(unknown).tolist())
            found += [numbers(batch.column(column), factor) for _, batch in batches]
        values = np.concatenate([[np.nan], *found])
        low, high = np.fmin(low, np.fmin.reduce(values)), np.fmax(high, np.fmax.reduce(values))
    return float(low), float(high)
