"""Cells beside a pole, of a box of cells that are all equally wide in right ascension.

They are slivers, which are empty where their neighbours hold many: whether a catalogue has looked
there is told from what as many of them hold as make a whole cell.
"""

from __future__ import annotations

import numpy as np

#: within so many cells of a pole they are slivers
BESIDE_POLE = 64


def whole_cells(count: np.ndarray, low_dec: float, cell: float) -> np.ndarray:
    """The `count` (rows, columns), but of slivers each has what those of a whole cell hold.

    `low_dec`: where the rows begin, `cell`: their height, both degrees.  The rows farthest from the
    pole, of those beside it, have whole cells.
    """
    n_rows, n_columns = count.shape
    from_pole = (90.0 - np.abs(low_dec + (np.arange(n_rows) + 0.5) * cell)) / cell
    together = np.rint(BESIDE_POLE / np.maximum(from_pole, 0.5)).astype(np.int64)
    if together.max() <= 1:
        return count
    out = count.copy()
    for row in np.flatnonzero(together > 1):
        size = min(int(together[row]), n_columns)
        # What is left at the end of a row is with those before it.
        group = np.minimum(np.arange(n_columns) // size, n_columns // size - 1)
        out[row] = np.bincount(group, count[row])[group]
    return out
