"""Where compiled kernels are kept if neither the package's folder nor a home can be written to."""

from __future__ import annotations

import os
import stat
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def temporary_cache() -> Path | None:
    """A folder of this user's alone below the temporary one, for this version; None: not safe.

    Compiled code is loaded from there, so it must be nobody else's to write to: a folder (no link)
    that is owned by this user and closed to all others.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    try:
        number = version("bayesmatch")
    except PackageNotFoundError:  # run from a checkout
        number = "checkout"
    folder = Path(tempfile.gettempdir()) / f"bayesmatch-{number}-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    if not stat.S_ISDIR(found.st_mode):
        return None
    if hasattr(os, "getuid") and (found.st_uid != user or stat.S_IMODE(found.st_mode) & 0o077):
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None
