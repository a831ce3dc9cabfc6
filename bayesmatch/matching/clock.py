"""How long the stages of a match take, and the bar that shows the search."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Clock:
    """Seconds spent in each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Count what the block takes to a stage."""
        begin = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - begin


@contextmanager
def progress_bar(total: int, show: bool) -> Iterator[Callable[[int], object]]:
    """What to call with numbers of rows done, out of `total`."""
    if not show:
        yield lambda rows: None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit="rows", unit_scale=True, desc="search") as bar:
        yield bar.update
