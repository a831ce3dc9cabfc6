"""Files of machine code that is run without importing Numba, which takes longer than a match.

One for each kernel and kinds of arguments, beside Numba's own cache: what it compiled, what that
needs, and a stamp of all that made it.  A file that is not as it should be is not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from . import stopping

HERE = Path(__file__).parent
DIGEST = hashlib.sha256().digest_size
#: settings of Numba's that change nothing of what is compiled
HARMLESS = ("NUMBA_NUM_THREADS", "NUMBA_CACHE_DIR")
#: versions of Numba from and to which this was tried: of a later one a test has to say so first
TRIED = ((0, 60), (0, 68))


@cache
def possible() -> bool:
    """Whether kernels may be run without Numba here: its settings are those that it comes with.

    On Linux with 64 bits: what code needs is read from ELF files.
    """
    return (
        sys.platform == "linux"
        and sys.maxsize > 1 << 32
        and sys.implementation.name == "cpython"
        and not any(n.startswith("NUMBA_") and n not in HARMLESS for n in os.environ)
        and not os.path.exists(".numba_config.yaml")
        and TRIED[0] <= numba_version() <= TRIED[1]
    )


@cache
def numba_folder() -> Path | None:
    """Where Numba is installed, without importing it; None: nowhere."""
    spec = importlib.util.find_spec("numba")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def numba_version() -> tuple[int, ...]:
    """The first two numbers of the version that is installed; () if none is."""
    folder = numba_folder()
    if folder is None:
        return ()
    text = (folder / "_version.py").read_text(encoding="utf-8")
    found = re.search(r'"version": "(\d+)\.(\d+)', text)
    return tuple(map(int, found.groups())) if found else ()


def folders() -> Iterator[Path]:
    """Where the files may be: the first that can be written to is where they are kept."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        yield Path(given) / "bayesmatch"
        return
    yield HERE / "__pycache__"
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    yield Path(home) / "bayesmatch"


@cache
def stamp() -> str:
    """All that machine code depends on: versions, processor, the source of every kernel."""
    import llvmlite
    from llvmlite import binding

    numba = numba_folder() or HERE
    files = [numba / "__init__.py", numba / "_version.py", *extension_modules().values()]
    parts = [
        sys.version,
        np.__version__,
        llvmlite.__version__,
        binding.get_host_cpu_name(),
        binding.get_host_cpu_features().flatten(),
        *(_state(path) for path in (*files, *sorted(HERE.glob("*.py")))),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _state(path: Path) -> str:
    found = path.stat()
    return f"{path} {found.st_size} {found.st_mtime_ns}"


def extension_modules() -> dict[str, Path]:
    """The parts of Numba in C that its machine code calls."""
    from importlib.machinery import EXTENSION_SUFFIXES

    numba = numba_folder()
    if numba is None:
        raise ImportError("numba")
    found = {}
    for name in ("_helperlib", "_dynfunc", "core.runtime._nrt_python"):
        base = numba.joinpath(*name.split("."))
        paths = [base.with_name(base.name + suffix) for suffix in EXTENSION_SUFFIXES]
        found[f"numba.{name}"] = next(path for path in paths if path.exists())
    return found


def file_name(module: str, name: str, arguments: str) -> str:
    """Of the code of a kernel for arguments of such kinds."""
    digest = hashlib.sha256(f"{sys.implementation.cache_tag} {arguments}".encode()).hexdigest()
    return f"{module.rpartition('.')[2]}.{name}.{digest[:16]}.code"


def read(name: str) -> tuple[dict[str, Any], bytes] | None:
    """What is said of the machine code, and the code; None: no such file, or not for here."""
    for folder in folders():
        try:
            content = (folder / name).read_bytes()
        except OSError:
            continue
        body = content[:-DIGEST]
        if hashlib.sha256(body).digest() != content[-DIGEST:]:
            continue
        head, _, code = body.partition(b"\n")
        said = json.loads(head)
        if said["stamp"] == stamp():
            return said, code
    return None


def write(name: str, said: dict[str, Any], code: bytes) -> None:
    """Keep machine code where it can be kept; whole or not at all."""
    body = json.dumps({"stamp": stamp(), **said}).encode() + b"\n" + code
    for folder in folders():
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with stopping.held():
                _replace(folder / name, body + hashlib.sha256(body).digest())
        except OSError:
            continue
        return


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
