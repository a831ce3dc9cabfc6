"""Folders of this user's alone, for compiled kernels; one for when no other can be written to."""

from __future__ import annotations

import os
import stat
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def own_folder(folder: Path) -> Path | None:
    """The folder, made if it is not there; None: it is not safe, or cannot be written to.

    Compiled code is loaded from there, so it must be nobody else's to write to: a folder (no link)
    that is owned by this user and closed to all others.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    if not stat.S_ISDIR(found.st_mode):
        return None
    if hasattr(os, "getuid") and (
        found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077
    ):
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


def temporary_cache() -> Path | None:
    """A folder of this user's alone below the temporary one, for this version; None: not safe."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    try:
        number = version("bayesmatch")
    except PackageNotFoundError:  # run from a checkout
        number = "checkout"
    return own_folder(Path(tempfile.gettempdir()) / f"bayesmatch-{number}-{user}")
