"""What a compiled kernel was made of: its source, that of the kernels inside it, and by what.

Numba asks when the file of a kernel was written.  That knows nothing of the kernels from other
files that were compiled into it; and a new environment, or the same version installed once more,
would compile all of them again, for a minute.  What is compiled is therefore kept a second time,
for all installations of a user.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np

from . import kept_code
from .cache_folder import own_folder

#: how kernels have others inside
OTHERS = re.compile(rb"^from \.(\w+) import", re.MULTILINE)
#: files that were written so many seconds ago are taken away, and compiled again when needed
OLD = 90 * 86400.0


@cache
def stamp_of(module: str) -> str:
    """Of a module of kernels: its source, that of all it imports, and versions of what compiles.

    Of :mod:`.jit` only how it compiles is of interest: not what it imports.
    """
    sources: dict[str, bytes] = {}
    wanted = [module]
    while wanted:
        name = wanted.pop()
        if name not in sources:
            sources[name] = (kept_code.HERE / f"{name}.py").read_bytes()
            wanted += [n.decode() for n in OTHERS.findall(sources[name])] if name != "jit" else []
    digest = hashlib.sha256(_versions().encode())
    for _, source in sorted(sources.items()):
        digest.update(hashlib.sha256(source).digest())
    return digest.hexdigest()[:32]


@cache
def _versions() -> str:
    import llvmlite
    import numba

    return "\n".join((sys.version, numba.__version__, llvmlite.__version__, np.__version__))


@cache
def shared_folder() -> Path | None:
    """Where compiled kernels are kept for all installations; None: none, or Numba is told one."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        return None
    *_, home = kept_code.folders()
    found = own_folder(home / "kernels")
    if found is not None:
        _take_away_old(found)
    return found


def _take_away_old(folder: Path) -> None:
    with contextlib.suppress(OSError):  # another process may take them away, too: next time, then
        for path in folder.iterdir():
            if time.time() - path.stat().st_mtime > OLD:
                path.unlink()
