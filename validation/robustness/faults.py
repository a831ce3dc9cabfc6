"""Disks that are full or forbid, and checkpoints that are damaged."""

from __future__ import annotations

import builtins
import contextlib
import errno
import os
import resource
import shutil
import signal
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import strategies as st

import bayesmatch as bm

from .common import FORMATS, contents, damaged, folder, outcome, same_tables
from .files import small_match, table

#: calls that may fail; what a full disk, a forbidden folder and a broken one say
CALLS = ("open", "os.open", "os.replace", "os.rename", "os.fsync", "os.mkdir")
ERRORS = (errno.ENOSPC, errno.EACCES, errno.EIO)


@contextlib.contextmanager
def failing(place: Path, call: str, number: int, code: int) -> Iterator[None]:
    """Let the `number`-th such call that concerns a folder fail."""
    owner: Any = os if call.startswith("os.") else builtins
    name = call.removeprefix("os.")
    right, count = getattr(owner, name), [0]

    def wrong(first: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(first, int) or str(place) in os.fsdecode(first):
            count[0] += 1
            if count[0] == number:
                raise OSError(code, os.strerror(code), str(first))
        return right(first, *args, **kwargs)

    with mock.patch.object(owner, name, wrong):
        yield


@contextlib.contextmanager
def file_size_limit(n: int) -> Iterator[None]:
    """No file may grow beyond `n` bytes, whoever writes it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@lru_cache(maxsize=1)
def other_match() -> bm.MatchResult:
    """Another result than the one that is there."""
    primary = bm.Catalog(table(5, 9), name="X", pos_err="SIGMA")
    return bm.match(primary, bm.Catalog(table(6), name="O", pos_err=0.4), radius=8.0,
                    host_fraction=0.6)  # fmt: skip


def check_old_or_new(path: Path, names: set[str] | None = None) -> None:
    """The result at a path is the old one or the new one, whole; and nothing else is there."""
    result = bm.MatchResult.read(path)
    assert same_tables(result, small_match()) or same_tables(result, other_match()), (
        "neither the old result nor the new one"
    )
    if names is not None:
        left = set(contents(path.parent)) - names
        assert not left, f"left behind: {sorted(left)}"


def check_write(data: st.DataObject) -> None:
    """Writing a result over another on a disk that is full or forbids: the old or the new one."""
    path = folder() / f"file.{data.draw(st.sampled_from(FORMATS))}"
    small_match().write(path, include_inputs=False)
    names = set(contents(path.parent))
    if data.draw(st.booleans()):
        fault = file_size_limit(data.draw(st.integers(0, 20_000)))
    else:
        fault = failing(
            path.parent,
            data.draw(st.sampled_from(CALLS)),
            data.draw(st.integers(1, 6)),
            data.draw(st.sampled_from(ERRORS)),
        )
    new = other_match()
    with fault:
        done = outcome(lambda: new.write(path, include_inputs=False))
    check_old_or_new(path, names)
    assert done is None or same_tables(bm.MatchResult.read(path), new), "written, but not there"
    shutil.rmtree(path.parent)


@lru_cache(maxsize=1)
def scanned() -> tuple[Path, Path]:
    """A data set of four parts, and the checkpoint of a finished scan of it."""
    place = folder()
    parts = place / "set"
    parts.mkdir()
    for k in range(4):
        part = table(10 + k, 30)
        part["ID"] = [f"{k}{name}" for name in part["ID"]]
        part.write(parts / f"part{k}.parquet")
    match_scanned(parts, place / "checkpoint")
    return parts, place / "checkpoint"


def match_scanned(parts: Path, checkpoint: Path | None) -> bm.MatchResult:
    """A match with the data set."""
    primary = bm.Catalog(table(1, 8), name="X", pos_err="SIGMA")
    other = bm.Catalog.scan(parts, name="O", pos_err=0.5, area=0.5)
    return bm.match(primary, other, radius=8.0, host_fraction=0.7, checkpoint=checkpoint)


@lru_cache(maxsize=1)
def unbroken() -> bm.MatchResult:
    """The match without a checkpoint."""
    return match_scanned(scanned()[0], None)


def check_checkpoint(data: st.DataObject) -> None:
    """Checkpoints with damaged, vanished or exchanged parts: refused, or the same result."""
    parts, finished = scanned()
    place = folder() / "checkpoint"
    shutil.copytree(finished, place)
    files = sorted(p for p in place.rglob("*") if p.is_file())
    victim = data.draw(st.sampled_from(files))
    how = data.draw(st.sampled_from(["damage", "damage", "vanish", "exchange", "folder", "empty"]))
    if how == "damage":
        victim.write_bytes(data.draw(damaged(victim.read_bytes())))
    elif how == "exchange":
        victim.write_bytes(data.draw(st.sampled_from(files)).read_bytes())
    elif how == "empty":
        victim.write_bytes(b"")
    else:
        victim.unlink()
        if how == "folder":
            victim.mkdir()
    before = contents(parts)
    result = outcome(lambda: match_scanned(parts, place))
    assert contents(parts) == before, "the data set was changed"
    assert result is None or same_tables(result, unbroken()), "another result than without damage"
    shutil.rmtree(place.parent)
