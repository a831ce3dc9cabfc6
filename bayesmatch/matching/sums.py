"""Sums of products over many rows: the same bytes for any number of threads.

Linear algebra shares long ones out among as many threads as it has, so that the order of the sum
hangs on how many those are; and that costs more than it saves.
"""

from __future__ import annotations

import numpy as np

from .._kernels.jit import ranges

#: rows that OpenBLAS leaves to one thread
ROWS = 10_000


def dot(a: np.ndarray, b: np.ndarray) -> float:
    """Scalar product of two vectors (n,)."""
    return sum(float(a[begin:end] @ b[begin:end]) for begin, end in ranges(len(a), ROWS))


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Product of the transpose of `a` (n, p) with `b` (n, q), (p, q)."""
    total = np.zeros((a.shape[1], b.shape[1]))
    for begin, end in ranges(len(a), ROWS):
        total += a[begin:end].T @ b[begin:end]
    return total
