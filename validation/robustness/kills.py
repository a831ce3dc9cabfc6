"""Kills at a random moment of writing a result and of scanning with a checkpoint."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

import bayesmatch as bm

from . import faults
from .common import FORMATS, TALLY, folder, same_tables
from .files import small_match


def kill(work: Callable[[], object], seconds: float) -> bool:
    """Do some work in a forked process and kill it after so long; whether it had not ended."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    TALLY["killed" if os.WIFSIGNALED(status) else "ended"] += 1
    return os.WIFSIGNALED(status)


def duration(work: Callable[[], object]) -> float:
    """Seconds that the work takes in a forked process."""
    begin = time.perf_counter()
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    return time.perf_counter() - begin


@lru_cache(maxsize=8)
def _write_seconds(extension: str) -> float:
    return duration(
        lambda: faults.other_match().write(folder() / f"file.{extension}", include_inputs=False)
    )


def check_killed_write(rng: np.random.Generator) -> None:
    """Kills while one result is written over another: the old one or the new one is there."""
    small_match(), faults.other_match()
    extension = str(rng.choice(FORMATS))
    path = folder() / f"file.{extension}"
    small_match().write(path, include_inputs=False)
    work = lambda: faults.other_match().write(path, include_inputs=False)  # noqa: E731
    kill(work, 1.2 * _write_seconds(extension) * rng.random())
    faults.check_old_or_new(path)
    faults.other_match().write(path, include_inputs=False)
    assert same_tables(bm.MatchResult.read(path), faults.other_match())
    shutil.rmtree(path.parent)


def _scan(parts: Path, checkpoint: Path) -> None:
    from bayesmatch.catalogs.scan import checkpoint as module

    module.SAVE_SECONDS = 0.0  # so that there is something to go on from
    faults.match_scanned(parts, checkpoint)


@lru_cache(maxsize=1)
def _scan_seconds() -> float:
    return duration(lambda: _scan(faults.scanned()[0], folder() / "checkpoint"))


def check_killed_scan(rng: np.random.Generator) -> None:
    """Kills while a data set is scanned: the same command goes on to the same result."""
    parts = faults.scanned()[0]
    place = folder() / "checkpoint"
    kill(lambda: _scan(parts, place), 1.2 * _scan_seconds() * rng.random())
    result = faults.match_scanned(parts, place)
    assert same_tables(result, faults.unbroken()), "another result than without the kill"
    shutil.rmtree(place.parent)
