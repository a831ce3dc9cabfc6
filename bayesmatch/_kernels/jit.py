"""The one decorator and the one thread pool that all kernels use."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np

_thread = threading.local()


def jit(function: Callable) -> Callable:
    """Compile to a nogil kernel, cached on disk where a cache directory can be written.

    Numba replaces cache files atomically, and every kernel here is called with one signature, so
    processes that start together can only write the same bytes.  No fastmath: it would make
    ``isnan`` and ``isinf`` lie.
    """
    options = {"nogil": True, "error_model": "numpy"}
    compiled: Callable
    try:
        compiled = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no writable cache directory: compile in each process instead
        compiled = numba.njit(**options)(function)
    return compiled


def n_threads() -> int:
    """Threads to use: Numba's setting (``NUMBA_NUM_THREADS``, ``numba.set_num_threads``).

    On a thread of the pool one: what runs there is a part of something that has all threads.
    """
    return 1 if getattr(_thread, "of_pool", False) else int(numba.get_num_threads())


def _join_pool() -> None:
    _thread.of_pool = True


def ranges(n: int, size: int) -> list[tuple[int, int]]:
    """Cut ``range(n)`` into pieces of `size`, the same whatever the number of threads."""
    return [(i, min(i + size, n)) for i in range(0, n, size)]


def balanced_ranges(first: np.ndarray, rows: int = 1 << 16) -> list[tuple[int, int]]:
    """Cut primaries into ranges of about `rows` association rows each (``first`` is CSR)."""
    n = len(first) - 1
    cuts = np.searchsorted(first, np.arange(0, first[-1] + rows, rows), side="left")
    # Also cut by count, so that many primaries without candidates are shared out too.
    edges = np.unique(np.concatenate([np.minimum(cuts, n), np.arange(0, n, rows), [0, n]]))
    return list(itertools.pairwise(edges.tolist()))


def run_ranges(kernel: Callable[[int, int], Any], pieces: Sequence[tuple[int, int]]) -> Iterable:
    """Call ``kernel(start, stop)`` for every piece on the threads; yield results in order."""
    workers = min(n_threads(), len(pieces), 4 * (os.cpu_count() or 1))
    if workers <= 1:
        return (kernel(*piece) for piece in pieces)
    return _threaded(kernel, pieces, workers)


def _threaded(kernel: Callable, pieces: Sequence[tuple[int, int]], workers: int) -> Iterator:
    with ThreadPoolExecutor(workers, initializer=_join_pool) as pool:
        yield from pool.map(lambda piece: kernel(*piece), pieces)
