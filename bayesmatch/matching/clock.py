"""How long the stages of a match take, and the bar that shows how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .._kernels import progress

#: share of the bar that is the search, the one stage whose end can be told from its beginning;
#: the stages after it share the rest, and the last bit comes when the tables are made
SEARCH = 60.0
STAGES = ("associations", "bayes_factors", "priors", "posterior", "host_fraction", "claims")
EACH = 5.0
FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}"


class Clock:
    """Seconds spent in each stage.

    Parameters
    ----------
    show : bool, default False
        Draw a bar, in percent, that is at 100 when :meth:`finish` is called and not before.
    """

    def __init__(self, show: bool = False) -> None:
        self.seconds: dict[str, float] = {}
        self._bar: Any = None
        if show:
            self._bar = progress.open_bar(100, "matching", show=True, leave=True, bar_format=FORMAT)

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Count what the block takes to a stage."""
        if self._bar is not None:
            self._bar.set_description_str(stage.replace("_", " "))
        begin = time.perf_counter()
        yield
        first = stage not in self.seconds
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - begin
        if self._bar is not None and first and stage in STAGES:
            self._bar.update(EACH)

    @contextmanager
    def searching(self, n_rows: int) -> Iterator[Callable[[int], object]]:
        """What to call with numbers of rows searched, out of `n_rows`."""
        if self._bar is None:
            yield lambda rows: None
            return
        bar = self._bar
        yield lambda rows: bar.update(min(SEARCH * rows / max(n_rows, 1), SEARCH - bar.n))
        bar.update(SEARCH - bar.n)

    def finish(self) -> None:
        """All is done: the bar is full."""
        if self._bar is not None:
            self._bar.set_description_str("matched")
            self._bar.update(self._bar.total - self._bar.n)
            self.close()

    def close(self) -> None:
        """Leave the bar where it is, as after an error."""
        if self._bar is not None:
            progress.close_bar(self._bar)
            self._bar = None
