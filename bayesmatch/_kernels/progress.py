"""How far a command is: bars and stages where somebody looks, silence everywhere else.

What takes long says so: :func:`steps` and :func:`bar` where its end is known, :func:`stage` where
not.  Nothing is seen of it unless a command line shows its progress (:func:`shown`), or who calls
asks for the bar.  Bars are tqdm's; beside them stands the seconds that a stage has taken, after
:data:`PATIENCE`.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

#: seconds that go by in silence
PATIENCE = 2.0
#: seconds between two looks at the clock, on a terminal and where lines stay (a file, a pipe)
TICK, TICK_LINES = 0.5, 10.0
#: back to the first column, and nothing behind it
WIPE = "\r\x1b[K"


class _Shown:
    """What is shown of the command that runs."""

    def __init__(self, what: str, stream: TextIO) -> None:
        self.stream = stream
        self.terminal = stream.isatty()
        self.stages = [(what, time.monotonic())]
        self.bars: list[Any] = []
        self.line = False
        """whether the last line on the stream is a stage's"""
        self.lock = threading.RLock()
        self.over = threading.Event()

    def tick(self) -> None:
        """Write how long the stage takes, until all is over."""
        while not self.over.wait(TICK if self.terminal else TICK_LINES):
            with self.lock, contextlib.suppress(OSError, ValueError):  # nobody reads any more
                if self.bars:
                    self.bars[-1].refresh()
                    continue
                what, begun = self.stages[-1]
                seconds = time.monotonic() - begun
                if seconds < PATIENCE or self.over.is_set():
                    continue
                text = f"{what}: {seconds:.0f} s"
                self.stream.write(f"{WIPE}{text}" if self.terminal else f"{text}\n")
                self.stream.flush()
                self.line = self.terminal

    def wipe(self) -> None:
        """Take a stage's line or a bar away, for what is to be written there."""
        with self.lock:
            if self.bars and self.terminal:
                self.bars[-1].clear()
            elif self.line:
                self.line = False
                self.stream.write(WIPE)
                self.stream.flush()


class _Output:
    """A stream that takes away what is shown before a line is written to it.

    Bars write to the stream below: they hold tqdm's lock when they do, and who holds that must not
    wait for ours.
    """

    def __init__(self, stream: TextIO, shown: _Shown) -> None:
        self._stream, self._shown, self._inside = stream, shown, False

    def write(self, text: str) -> int:
        """Write a text."""
        if not self._inside:
            self._shown.wipe()
        self._inside = bool(text) and not text.endswith("\n")
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Silent:
    """A bar that nobody sees."""

    def update(self, n: float = 1) -> None:
        """Go on."""

    def close(self) -> None:
        """End."""


_now: _Shown | None = None


@contextlib.contextmanager
def shown(what: str) -> Iterator[None]:
    """For the block, bars and stages are shown on the standard error; `what` takes long."""
    global _now
    if _now is not None or sys.stderr is None or sys.stdout is None:
        yield
        return
    now = _now = _Shown(what, sys.stderr)
    out: Any = _Output(sys.stdout, now)
    err: Any = _Output(sys.stderr, now)
    threading.Thread(target=now.tick, name="progress", daemon=True).start()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield
    finally:
        _now = None
        now.over.set()
        with contextlib.suppress(OSError, ValueError):
            now.wipe()


@contextlib.contextmanager
def stage(what: str) -> Iterator[None]:
    """For the block, `what` is what takes long; its end is not known.

    Where a bar is shown, it is called so.
    """
    now = _now
    if now is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    now.stages.append((what, time.monotonic()))
    with now.lock:
        made = now.bars[-1] if now.bars else None
        before = "" if made is None else made.desc
        if made is not None:
            made.set_description_str(what)
    try:
        yield
    finally:
        now.stages.pop()
        with now.lock:
            now.wipe()
            if made is not None and made in now.bars:
                made.set_description_str(before)


@contextlib.contextmanager
def bar(total: float, what: str, *, show: bool = False, **how: Any) -> Iterator[Any]:
    """A bar, to be moved on by ``update(n)``.

    Parameters
    ----------
    total : float
        Where it is full.
    what : str
        Stands before it.
    show : bool, default False
        Show it also where the command shows no progress, or no command runs.
    **how
        For :class:`tqdm.tqdm`.
    """
    made = open_bar(total, what, show=show, **how)
    try:
        yield made
    finally:
        close_bar(made)


def open_bar(total: float, what: str, *, show: bool = False, **how: Any) -> Any:
    """See :func:`bar`; :func:`close_bar` closes it."""
    now = _now
    if now is None and not show:
        return _Silent()
    from tqdm import tqdm

    with now.lock if now is not None else contextlib.nullcontext():
        if now is not None:
            now.wipe()
        stream = sys.stderr if now is None else now.stream
        made = tqdm(
            total=total, desc=what, file=stream, **{"leave": False, "dynamic_ncols": True, **how}
        )
        if now is not None:
            now.bars.append(made)
    return made


def close_bar(made: Any) -> None:
    """Leave a bar as it is, or take it away, as it was asked for."""
    now = _now
    with now.lock if now is not None else contextlib.nullcontext():
        if now is not None and made in now.bars:
            now.bars.remove(made)
        made.close()


def steps(items: Iterable[Any], total: int, what: str, *, show: bool = False) -> Iterator[Any]:
    """The items, and a bar that moves on with each."""
    with bar(total, what, show=show) as made:
        for item in items:
            yield item
            made.update()
