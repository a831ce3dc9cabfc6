"""Magnitudes that stand for "not measured"."""

from __future__ import annotations

import numpy as np

from ..catalogs.scalars import numbers_of
from ..catalogs.sentinels import without_sentinels


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
    return without_sentinels(numbers_of("magnitude", magnitude), True)
