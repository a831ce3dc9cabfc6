"""The cell that keeps a column of text from being one of numbers."""

from __future__ import annotations

import numpy as np


def culprit(values: np.ndarray) -> int | None:
    """First row (of (n,)) whose entry is neither a number nor empty; None: there is none."""
    if values.ndim != 1:
        return None
    for row, value in enumerate(values):
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        try:
            float(value)
        except (TypeError, ValueError):
            if not (isinstance(value, str) and not value.strip()):
                return row
    return 0 if len(values) else None
