"""Files written whole or not at all, and whether they can be written where they are wanted."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..._kernels import stopping


def check_place(path: str | os.PathLike) -> None:
    """Raise, before any work, if no file could be written to `path`."""
    parent = Path(path).parent
    if not parent.is_dir():
        raise FileNotFoundError(f"{path}: the directory {parent} does not exist; create it first")
    if not os.access(parent, os.W_OK):
        raise PermissionError(f"{path}: the directory {parent} is not writable")
    if Path(path).is_dir():
        raise IsADirectoryError(f"{path}: is a directory; give a file name")


@contextlib.contextmanager
def replaced_together(paths: Sequence[str | os.PathLike]) -> Iterator[list[Path]]:
    """Temporary names beside `paths`; they take the real names only if the block succeeds."""
    finals = [Path(p) for p in paths]
    temporary = []
    try:
        for final in finals:
            with stopping.held():
                # The extension stays last: writers and compression go by it.
                descriptor, name = tempfile.mkstemp(
                    prefix=".writing-", suffix=f"-{final.name}", dir=final.parent
                )
                os.close(descriptor)
                temporary.append(Path(name))
                stopping.temporary(name)
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        with stopping.held():
            for path, final in zip(temporary, finals, strict=True):
                path.chmod(0o666 & ~umask)
                path.replace(final)
            stopping.written(finals)
    finally:
        for path in temporary:
            path.unlink(missing_ok=True)
            stopping.gone(path)
