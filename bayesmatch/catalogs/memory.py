"""Memory that a step will need, compared with what there is, before it is taken."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

#: bytes for which /proc/meminfo is not read
SMALL = 1 << 28
#: objects found whose memory is worth a call to the system
MANY = 1_000_000
GIB = 2.0**30


def available_bytes() -> int | None:
    """Memory that can be had without swapping; None where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def give_back(n_found: int) -> None:
    """Let the system have what was freed of so many objects; not everywhere.

    Threads that search part by part free many small pieces, and their allocators keep them: with
    ten million candidates 800 MB.
    """
    if n_found < MANY:
        return
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # the GNU C library's
        if trim is not None:
            trim(0)


def check_memory(needed: float, what: str, remedy: str) -> None:
    """Refuse what cannot fit.

    Parameters
    ----------
    needed : float
        Estimate, bytes.
    what : str
        What needs it, with its number of rows.
    remedy : str
        What to do about it.

    Raises
    ------
    ValueError
        If more is needed than there is.
    """
    if needed < SMALL:
        return
    available = available_bytes()
    if available is not None and needed > available:
        raise ValueError(
            f"{what} would need about {needed / GIB:.3g} GiB of memory, {available / GIB:.3g} GiB "
            f"are available; {remedy}"
        )
