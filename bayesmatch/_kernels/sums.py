"""Sums of products over many rows: the same bytes for any number of threads.

Linear algebra shares long ones out among as many threads as it has, so that the order of the sum
hangs on how many those are; and that costs more than it saves.
"""

from __future__ import annotations

import numpy as np

from .jit import ranges

#: numbers that OpenBLAS leaves to one thread, old versions too
LEFT_TO_ONE = 9_000
#: rows that it takes together, and others one by one, which round otherwise
TOGETHER = 64


def dot(a: np.ndarray, b: np.ndarray) -> float:
    """Scalar product of two vectors (n,)."""
    return float(product(a, b))


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Product of the transpose of `a` (n, ...) with `b` (n, ...): each has 1 or 2 axes."""
    wide = max(a[:1].size, b[:1].size, 1)
    most = max(LEFT_TO_ONE // wide, 1)
    if len(a) <= most:
        return np.asarray(a.T @ b)
    total = np.zeros(a.shape[1:] + b.shape[1:])
    for begin, end in ranges(len(a), most):
        total += a[begin:end].T @ b[begin:end]
    return total


def rows_times(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Product of `a` (n, m), many rows of few numbers, with `b` (m,) or (m, q)."""
    wide = max(a[:1].size, b.size, 1)
    most = max(LEFT_TO_ONE // wide // TOGETHER * TOGETHER, TOGETHER)
    if len(a) <= most:
        return np.asarray(a @ b)
    out = np.empty((len(a), *b.shape[1:]), np.result_type(a, b))
    for begin, end in ranges(len(a), most):
        np.matmul(a[begin:end], b, out=out[begin:end])
    return out
