"""Numbers that stand for "not measured": the one place that says which.

Masked and not finite means missing in every column, and so do numbers as large as their type holds
(1e300 and beyond, 3.4028e38 of single precision), with either sign. What else does depends on the
column:

* of magnitudes (its unit says so, or the caller knows): -99 and below, 90 and above, which no
  magnitude reaches;
* of another unit, or of whole numbers: -99, -99.9, -99.99, -999 ... -9999 themselves alone, so that
  a proper motion of -120 mas/yr, or of 99, is what it says;
* of no unit: those, and the same numbers without the sign.
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: magnitudes lie between these (exclusive)
MAG_RANGE = (-99.0, 90.0)
#: what catalogues write, with either sign, where there is no magnitude
SENTINELS = (99.0, 99.9, 99.99, 99.999, 999.0, 999.9, 999.99, 9999.0)
#: nothing measured is as large: what stands for infinity in double, and in single precision
LARGEST, LARGEST_SINGLE = 1e300, 3.4028e38
#: single precision changes them by less than this
TOLERANCE = 1e-6


def of_magnitudes(unit: Any, dtype: np.dtype) -> bool | None:
    """Whether a column of this unit and type holds magnitudes; None: that cannot be told."""
    if unit is not None and str(unit).strip():
        return "mag" in str(unit).lower()
    return None if dtype.kind == "f" else False


def without_sentinels(values: np.ndarray, magnitudes: bool | None) -> np.ndarray:
    """Values as float64 with NaN where missing.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Of one column, NaN where masked.
    magnitudes : bool or None
        Whether these are magnitudes, from :func:`of_magnitudes` or because it is known.
    """
    if magnitudes:
        low, high = MAG_RANGE
        return np.where((values > low) & (values < high), values, np.nan)
    size = np.abs(values)
    no_number = ~(size < LARGEST) | (np.abs(size / LARGEST_SINGLE - 1.0) < 1e-5)
    out = np.where(no_number, np.nan, values)
    far = np.flatnonzero(np.abs(out) > SENTINELS[0] - 0.5)  # few: the rest need no comparing
    size = np.abs(out[far])[:, None]
    is_sentinel = (np.abs(size - SENTINELS) < TOLERANCE * size).any(axis=1)
    if magnitudes is not None:
        is_sentinel &= out[far] < 0
    out[far[is_sentinel]] = np.nan
    return out
