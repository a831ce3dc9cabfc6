"""Memory that a step will need, compared with what there is, before it is taken."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

#: bytes for which /proc/meminfo is not read
SMALL = 1 << 28
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


def give_back() -> None:
    """Let the system have what was freed in many small pieces; not everywhere.

    Threads that read a survey part by part leave such pieces, and their allocators keep them: of
    ten million candidates 800 MB.
    """
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
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
