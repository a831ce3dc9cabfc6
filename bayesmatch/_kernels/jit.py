"""The one decorator that all kernels use, and the threads that they run on."""

from __future__ import annotations

import functools
import itertools
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from . import kept_code
from .cache_folder import temporary_cache
from .kernel import Kernel
from .shared_work import MOST, T, ahead, at_work, join_work, shared

#: whether it has been said that nothing is cached
_said: list[bool] = []
#: more would be too many for the system's processors, whatever is set
MOST_THREADS = min(MOST, 4 * (os.cpu_count() or 1))


def jit(function: Callable) -> Callable:
    """Compile to a nogil kernel, cached on disk.

    Where Numba does: in NUMBA_CACHE_DIR, beside the source, or in the user's cache directory; and
    where it can write to none of these, in the temporary folder (:mod:`.cache_folder`).  Those of
    this package once more for other installations of it (:mod:`.source_stamp`).

    Cache files are replaced atomically, and each has one signature's code, so processes that start
    together can only write the same bytes.  No fastmath: it would make ``isnan`` and ``isinf`` lie.

    A kernel of this package whose machine code is kept runs without Numba (:mod:`.kernel`), which
    is not imported before something is compiled.
    """
    return Kernel(function, _by_numba) if _ours(function) else _by_numba(function)


def _ours(function: Callable) -> bool:
    return function.__module__.rpartition(".")[0] == __package__ and kept_code.possible()


def _by_numba(function: Callable) -> Callable:
    options = {"nogil": True, "error_model": "numpy"}
    compiled: Callable
    try:
        compiled = _cached(function, options)
    except RuntimeError:  # no writable cache directory
        compiled = _cached_elsewhere(function, options)
    return compiled


def _cached(function: Callable, options: dict[str, Any]) -> Callable:
    import numba

    from .cache import check_files

    compiled: Callable = numba.njit(cache=True, **options)(function)
    if not hasattr(compiled, "_cache"):  # with NUMBA_DISABLE_JIT
        return _as_compiled(function)
    check_files(compiled, _ours(function))
    return compiled


def _as_compiled(function: Callable) -> Callable:
    """The Python of a kernel, silent where numbers wrap or overflow, as its machine code is."""

    @functools.wraps(function)
    def quiet(*arguments: Any, **named: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*arguments, **named)

    return quiet


def _cached_elsewhere(function: Callable, options: dict[str, Any]) -> Callable:
    """The same with the cache in the temporary folder; without one where that is not safe."""
    import numba

    folder, before = temporary_cache(), numba.config.CACHE_DIR
    if folder is not None:
        numba.config.CACHE_DIR = str(folder)
        try:
            return _cached(function, options)
        except RuntimeError:
            pass
        finally:
            numba.config.CACHE_DIR = before
    if not _said:
        _said.append(True)
        warnings.warn(
            "no folder can be written to for compiled kernels, so every process compiles them, "
            "which takes half a minute: set NUMBA_CACHE_DIR to a folder of yours",
            UserWarning,
            stacklevel=2,
        )
    compiled: Callable = numba.njit(**options)(function)
    return compiled


def n_threads() -> int:
    """Threads to use: Numba's setting (``NUMBA_NUM_THREADS``, ``numba.set_num_threads``).

    One where what runs is a part of something that has all threads.
    """
    if at_work():
        return 1
    given = os.environ.get("NUMBA_NUM_THREADS")
    if (
        "numba" in sys.modules
        or (given and not given.strip("0").isdecimal())
        or not kept_code.possible()
    ):
        import numba

        return int(numba.get_num_threads())
    # Numba is imported when somebody sets something else, or when something is compiled.
    return int(given) if given else max(1, len(os.sched_getaffinity(0)))


def ranges(n: int, size: int) -> list[tuple[int, int]]:
    """Cut ``range(n)`` into pieces of `size`, the same whatever the number of threads."""
    return [(i, min(i + size, n)) for i in range(0, n, size)]


def balanced_ranges(first: np.ndarray, rows: int = 1 << 14) -> list[tuple[int, int]]:
    """Cut primaries into ranges of about `rows` association rows each (``first`` is CSR)."""
    n = len(first) - 1
    cuts = np.searchsorted(first, np.arange(0, first[-1] + rows, rows), side="left")
    # Also cut by count, so that many primaries without candidates are shared out too.
    edges = np.unique(np.concatenate([np.minimum(cuts, n), np.arange(0, n, 8 * rows), [0, n]]))
    return list(itertools.pairwise(edges.tolist()))


def run_ranges(kernel: Callable[[int, int], Any], pieces: Sequence[tuple[int, int]]) -> Iterable:
    """Call ``kernel(start, stop)`` for every piece on the threads; yield results in order.

    This thread works too: for what it takes milliseconds to compute, not for what is waited for.
    """
    workers = min(n_threads(), len(pieces), MOST_THREADS)
    if workers <= 1:
        return (kernel(*piece) for piece in pieces)
    return shared(kernel, pieces, workers)


def run_kernel(kernel: Callable, pieces: Sequence[tuple[int, int]], *arguments: Any) -> None:
    """Call ``kernel(start, stop, *arguments)`` for every piece on the threads.

    What the arguments are is asked once: to look at them takes longer than to call.
    """
    code = kernel.code_for(0, 0, *arguments) if isinstance(kernel, Kernel) else kernel
    for _ in run_ranges(lambda a, b: code(a, b, *arguments), pieces):
        pass


def begin(function: Callable[[], T]) -> Callable[[], T]:
    """Begin what is asked for later, if there is a thread for it; returns what gives it, once.

    For milliseconds of work beside a stage that needs nothing of it: it has one thread.
    """
    return ahead(function, min(n_threads(), MOST_THREADS))


def each(function: Callable[[int], T], numbers: Sequence[int]) -> Iterable[T]:
    """What a function gives for some numbers, in their order: for what takes seconds each.

    On other threads: this one is free to take what they give.
    """
    workers = min(n_threads(), len(numbers), MOST_THREADS)
    if workers <= 1:
        return map(function, numbers)
    return on_threads(function, numbers, workers)


def on_threads(function: Callable[[Any], Any], items: Iterable, workers: int) -> Iterator:
    """Results of a function for all items, in their order, from so many threads."""
    pool = ThreadPoolExecutor(workers, initializer=join_work)
    wait = True
    try:
        yield from pool.map(function, items)
    except BaseException as error:
        # Who stops the work, or needs no more of it, does not wait for what has begun.
        wait = isinstance(error, Exception)
        raise
    finally:
        pool.shutdown(wait=wait, cancel_futures=True)
