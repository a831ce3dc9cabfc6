"""Parts of files that the system is asked to read before they are needed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import numpy as np


def advise(path: Path, spans: np.ndarray) -> None:
    """Ask for the bytes (n, 2) of a file: first and how many; only a hint, and not everywhere.

    Two columns that are read in turns look like jumps to the system, which then reads nothing
    ahead by itself.
    """
    if not hasattr(os, "posix_fadvise"):  # macOS, Windows
        return
    with suppress(OSError):  # reading it will tell
        file = os.open(path, os.O_RDONLY)
        try:
            for first, size in spans.tolist():
                if first > 0 < size:
                    os.posix_fadvise(file, first, size, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(file)
