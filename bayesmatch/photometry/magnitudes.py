"""Magnitudes that stand for "not measured"."""

from __future__ import annotations

import numpy as np

#: magnitudes outside these (exclusive) mean "not measured": -99, -999, 99, 999 and infinities
MAG_RANGE = (-99.0, 90.0)


def measured(magnitude: np.ndarray) -> np.ndarray:
    """Magnitudes with NaN for the values that stand for "not measured".

    Parameters
    ----------
    magnitude : array_like
        Of any shape.

    Returns
    -------
    ndarray of float64
        Of the same shape.
    """
    low, high = MAG_RANGE
    return np.where((magnitude > low) & (magnitude < high), magnitude, np.nan)
