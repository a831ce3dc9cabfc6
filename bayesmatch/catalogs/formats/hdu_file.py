"""Units of a FITS file to a disk, packed where its name says so."""

from __future__ import annotations

import contextlib
import gzip
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .writing import errno_of

#: bytes that a disk is asked to take to learn why it did not take others
ASKED = 1 << 20


def write_hdus(hdus: Sequence[Any], path: Path, verify: str = "exception") -> None:
    """Write the units of a file."""
    from astropy.io import fits

    with contextlib.ExitStack() as stack:
        file: Any = stack.enter_context(open(path, "wb"))
        plain = file
        if path.suffix == ".gz":  # without name and time, which would make equal runs differ
            file = stack.enter_context(gzip.GzipFile("", "wb", 6, plain, mtime=0))
        try:
            fits.HDUList(list(hdus)).writeto(file, output_verify=verify)
        except OSError as error:
            if errno_of(error) is None:
                _ask_why(plain)
            raise


def _ask_why(file: Any) -> None:
    """Raise the disk's own error: NumPy tells how much of an array was written, and not why.

    The file is no longer wanted. A first write may fill what is left.
    """
    for _ in range(2):
        os.write(file.fileno(), bytes(ASKED))
