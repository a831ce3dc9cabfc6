"""Temporary files that a killed process left beside the file which is written next.

The name of a temporary file says who makes it: the system, the process and when that started. Only
where all three can be told is a file removed, and only if that process has ended: a process on
another machine, or in another container, that shares the folder may still be writing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from pathlib import Path

from .marker import MARKER, PREFIX

#: of names of temporary files: the maker, 6 random bytes, the end of the name of the target
NAME = re.compile(
    re.escape(PREFIX) + r"(?P<maker>(?P<system>[0-9a-f]{12})\.(?P<process>[0-9]+)\.[0-9]+)-"
    r"[0-9a-f]{12}-(?P<tail>.*)",
    re.DOTALL,
)


def maker() -> str:
    """Who makes a temporary file, for its name: with a dash, or empty where that is not known."""
    system, process = _system(), os.getpid()
    start = _start(process)
    return f"{system}.{process}.{start}-" if system and start else ""


def remove_stale(final: Path, tail: str) -> None:
    """Remove what processes that have ended left of `final`, whose temporary names end in `tail`.

    What is to take its name yet (see :mod:`.marker`) stays, and so does what cannot be removed.
    """
    with contextlib.suppress(OSError):
        names = os.listdir(final.parent)
        stale = [name for name in names if _is_stale(NAME.fullmatch(name), tail)]
        if not stale:
            return
        # A set that was decided on keeps its marker until the last of its files has its name.
        markers = (final.with_name(name) for name in names if name.startswith(MARKER))
        decided = b"".join(marker.read_bytes() for marker in markers if marker.exists())
        for name in stale:
            if name[: -len(tail)].encode("ascii") not in decided:
                final.with_name(name).unlink(missing_ok=True)


def _is_stale(found: re.Match[str] | None, tail: str) -> bool:
    """Whether a name is that of a temporary file of such a target, and its maker has ended."""
    if found is None or found["tail"] != tail or found["system"] != _system():
        return False
    process = int(found["process"])
    try:
        os.kill(process, 0)  # no signal: whether there is such a process
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    start = _start(process)
    return start != "" and found["maker"] != f"{found['system']}.{process}.{start}"


def _system() -> str:
    """The running system and what numbers its processes and clocks, as text; empty: not known."""
    try:
        parts = [Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")]
        parts += [os.readlink(f"/proc/self/ns/{kind}") for kind in ("pid", "time")]
    except (OSError, ValueError):
        return ""
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:12]


def _start(process: int) -> str:
    """When a process started, in ticks since the system did; empty: not known."""
    try:
        text = Path(f"/proc/{process}/stat").read_bytes()
        return str(int(text[text.rindex(b")") + 1 :].split()[19]))
    except (OSError, ValueError, IndexError):
        return ""
