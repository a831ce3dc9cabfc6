"""Blocks of consecutive rows, one after the other."""

from __future__ import annotations

import numpy as np


def segments(first: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Whole numbers from each `first` on, so many each, one segment (n,) after the other."""
    out: np.ndarray = np.repeat(first - (np.cumsum(length) - length), length)
    return out + np.arange(len(out))
