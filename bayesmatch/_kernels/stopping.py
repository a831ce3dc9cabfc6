"""Signals that end a command: where they must wait, what they clean up, what they say.

A command called from Python is stopped by an exception, :class:`Stopped`.  A process of its own
ends at once from within the handler: an exception could surface in a library that swallows it, or
wait for a kernel that runs for minutes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
#: seconds that the main thread has to react, and to finish what must not be cut in two, before
#: another thread ends the process: it may be in a kernel, where no handler runs
GRACE, GRACE_HELD = 0.3, 5.0


class Stopped(KeyboardInterrupt):
    """A signal has ended the command."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by signal {int(signum)}")
        self.signum = int(signum)


class _Run:
    """The command that runs: what a signal does to it, and what it would have to say."""

    def __init__(self) -> None:
        self.act: Callable[[int], Any] | None = None
        """what a signal does; None: no command runs"""
        self.describe: Callable[[Sequence[str]], str] | None = None
        self.held = 0
        self.waiting: int | None = None
        self.temporary: set[str] = set()
        self.written: list[str] = []
        self.leaver: int | None = None
        self.leaving = threading.Lock()


_run = _Run()


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Signals wait until the end of the block; keep it short."""
    if threading.current_thread() is not threading.main_thread():  # no handler runs there
        yield
        return
    _run.held += 1
    try:
        yield
    finally:
        _run.held -= 1
        waiting = _run.waiting
        if waiting is not None and not _run.held:
            _run.waiting = None
            signal.raise_signal(waiting)


def temporary(path: str | os.PathLike) -> None:
    """Remember a file that must not outlive the command; make it in one :func:`held` block."""
    _run.temporary.add(os.path.abspath(path))


def gone(path: str | os.PathLike) -> None:
    """Forget a temporary file."""
    _run.temporary.discard(os.path.abspath(path))


def written(paths: Sequence[str | os.PathLike]) -> None:
    """Remember files that the command has finished."""
    if _run.act is not None:
        _run.written += [os.fspath(path) for path in paths]


def clean() -> None:
    """Remove the temporary files that are left."""
    for path in list(_run.temporary):
        with contextlib.suppress(OSError):
            os.unlink(path)
        _run.temporary.discard(path)


def line() -> str:
    """What to say of the command that is stopped."""
    if _run.describe is None:
        return "bayesmatch: stopped; nothing was written"
    return _run.describe(_run.written)


@contextlib.contextmanager
def command() -> Iterator[None]:
    """For the block, signals raise :class:`Stopped` unless the process is a command's own."""
    _run.written.clear()
    _run.describe = None
    if _run.act is not None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[int, Any] = {}
    _run.act = _raise
    try:
        with held():  # a signal that waits is raised at its end
            before = _install()
        yield
    finally:
        with held():
            for signum, handler in before.items():
                signal.signal(signum, handler)
            _run.act = None
            clean()


def describe(text: Callable[[Sequence[str]], str]) -> None:
    """What the command would say, given the files that it has finished."""
    _run.describe = text


def leave_on_signals() -> None:
    """From now on a signal ends the process: one line, no temporary file, status 128 + number."""
    _run.act = leave
    _install()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader,), name="signals", daemon=True).start()


def ignore_signals() -> None:
    """The work is done: let the interpreter end in peace, with the status that it has."""
    for signum in SIGNALS:
        signal.signal(signum, signal.SIG_IGN)


def leave(signum: int) -> None:
    """End the process now."""
    if not _run.leaving.acquire(blocking=False):
        while _run.leaver != threading.get_ident():  # another thread is at it, and soon done
            time.sleep(1.0)
        return  # a second signal: go on leaving
    _run.leaver = threading.get_ident()
    with contextlib.suppress(BaseException):
        clean()
        # On a terminal the line may be begun already, by a bar or by ^C.
        begin = "\n" if os.isatty(2) else ""
        os.write(2, f"{begin}{line()}\n".encode(errors="backslashreplace"))
    os._exit(128 + signum)


def _install() -> dict[int, Any]:
    """Handle the signals that are not ignored (`nohup`, `&` in a script); those before."""
    before = {signum: signal.getsignal(signum) for signum in SIGNALS}
    ours = {s: h for s, h in before.items() if h is not None and h != signal.SIG_IGN}
    for signum in ours:
        signal.signal(signum, _on_signal)
    return ours


def _on_signal(signum: int, frame: Any) -> None:
    if _run.held:
        _run.waiting = signum
    elif _run.act is not None:
        _run.act(signum)


def _raise(signum: int) -> None:
    raise Stopped(signum)


def _watch(reader: int) -> None:
    """End the process where the main thread cannot: it is in a kernel, or in another library."""
    while True:
        for signum in os.read(reader, 64):
            if signum in SIGNALS and signal.getsignal(signum) is _on_signal:
                time.sleep(GRACE)
                end = time.monotonic() + GRACE_HELD
                while _run.held and time.monotonic() < end:
                    time.sleep(0.01)
                leave(signum)
