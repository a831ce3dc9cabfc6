"""Pieces of work shared by the thread that asks for it and others, which stay for the next time.

A stage of a match takes a few milliseconds.  Threads that are started for it begin late, by as much
where the processor has other work to do; whoever waits for them loses what they gain.  So the
thread that asks works too, and never waits for one that has not begun.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

T = TypeVar("T")
#: most threads that stay
MOST = 64
_thread = threading.local()
#: by how many threads they are
_pools: dict[int, ThreadPoolExecutor] = {}
_making = threading.Lock()


def at_work() -> bool:
    """Whether what runs here is a part of something that has all threads."""
    return bool(getattr(_thread, "at_work", False))


def join_work() -> None:
    """Let what this thread does have no other thread."""
    _thread.at_work = True


def _begun(function: Callable[[], T], n: int, times: int) -> list[Future[T]]:
    """The function as often on some of `n` other threads; none of it where none can begin."""
    with _making:
        if n not in _pools:
            _pools[n] = ThreadPoolExecutor(n, "bayesmatch", initializer=join_work)
        try:
            return [_pools[n].submit(function) for _ in range(times)]
        except RuntimeError:  # the process ends
            return []


def rest() -> None:
    """Let no thread wait for work: where the process forks, of which Python warns, or ends."""
    with _making:
        for pool in _pools.values():
            pool.shutdown(wait=not at_work())
        _pools.clear()


def _forked() -> None:
    global _making
    _pools.clear()  # of another thread, between the two
    _making = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=rest, after_in_child=_forked)


def ahead(function: Callable[[], T], workers: int) -> Callable[[], T]:
    """Begin what is asked for later, on another thread; returns what gives it, once.

    With one worker, or where no other thread has begun by then, it is done when it is asked for.
    """
    begun = _begun(function, workers - 1, 1) if workers > 1 else []
    return lambda: begun[0].result() if begun and not begun[0].cancel() else function()


def shared(
    kernel: Callable[..., Any], pieces: Sequence[tuple[int, int]], workers: int
) -> Iterator[Any]:
    """``kernel(*piece)`` for every piece, in their order, by so many threads with this one."""
    left, found = deque(enumerate(pieces)), dict[int, Any]()

    def help_out() -> None:
        try:
            while left:
                _one(kernel, left, found)
        except BaseException:
            left.clear()
            raise

    helpers: list[Future] = []
    waits = True
    try:
        helpers += _begun(help_out, workers - 1, workers - 1)
        for k in range(len(pieces)):
            while k not in found and left:
                join_work()
                try:
                    _one(kernel, left, found)
                finally:
                    _thread.at_work = False
            if k not in found:
                for helper in helpers:
                    if not helper.cancel():
                        helper.result()
            yield found.pop(k)
    except BaseException as error:
        # Who stops the work, or needs no more of it, does not wait for what has begun.
        waits = isinstance(error, Exception)
        raise
    finally:
        left.clear()
        begun = [helper for helper in helpers if not helper.cancel()]
        if waits:
            wait(begun)


def _one(kernel: Callable[..., Any], left: deque, found: dict[int, Any]) -> None:
    """The next piece, if another thread has not just taken the last."""
    try:
        k, piece = left.popleft()
    except IndexError:
        return
    found[k] = kernel(*piece)
