"""One process at a time on a directory: a checkpoint, a data set that is fetched."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path

LOCK = ".lock"
#: seconds for which a process that has just taken the lock may take to say who it is
NAMING_SECONDS = 0.5


@contextlib.contextmanager
def locked(folder: Path, what: str = "checkpoint") -> Iterator[None]:
    """Hold a directory, made if need be; the system lets go of it when the process ends.

    Raises
    ------
    ValueError
        If another process holds it; names that process.
    OSError
        If the directory cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = _take(folder, what)
    except OSError as error:
        raise type(error)(
            f"{what} {folder}: cannot be written to ({error.strerror or error}); give a "
            "directory that can"
        ) from error
    try:
        yield
    finally:
        # While it is still held: who waits for this file sees that it has gone, and makes another.
        with contextlib.suppress(OSError):
            (folder / LOCK).unlink()
        _release(descriptor)


def _take(folder: Path, what: str) -> int:
    path = folder / LOCK
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NONBLOCK", 0), 0o666)
        try:
            if not _lock(descriptor):
                raise ValueError(
                    f"{what} {folder} is in use by {_holder(descriptor)}; wait until that has "
                    "ended, or give another directory"
                )
            if _same(path, descriptor):
                os.ftruncate(descriptor, 0)
                os.write(descriptor, f"process {os.getpid()} on {platform.node()}\n".encode())
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Whether the lock is taken; also true where the system has no such locks."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: parts are written whole, and verified
        return True
    return True


def _release(descriptor: int) -> None:
    with contextlib.suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_UN)  # a forked child may hold the file open
    os.close(descriptor)


def _same(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _holder(descriptor: int) -> str:
    deadline = time.monotonic() + NAMING_SECONDS
    while True:
        os.lseek(descriptor, 0, os.SEEK_SET)
        name = " ".join(os.read(descriptor, 200).decode("utf-8", "replace").split())
        if name or time.monotonic() > deadline:
            return name or "another process"
        time.sleep(0.01)
