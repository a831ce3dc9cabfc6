"""``--json``: a command's summary for programs, alone on the standard output."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Mapping
from typing import Any

from .. import __version__
from .output import standard_output


def add_json(command: argparse.ArgumentParser) -> None:
    """Add ``--json``; :func:`print_json` prints what it asks for."""
    command.add_argument(
        "--json",
        action="store_true",
        help="print the summary as JSON, and nothing else, on the standard output; what is not "
        "known is null",
    )


def print_json(
    options: argparse.Namespace, found: Mapping[str, Any], written: Iterable[Any]
) -> None:
    """Print what a command found and wrote: one object, strict JSON."""
    import json

    whole = {
        "command": options.command,
        "version": __version__,
        **found,
        "written": [str(path) for path in written],
    }
    stream = standard_output()
    json.dump(plain(whole), stream, indent=1, ensure_ascii=False, allow_nan=False)
    print()


def plain(value: Any) -> Any:
    """A value of what JSON has: tables as lists of rows; null for NaN, infinity and masked."""
    import numpy as np
    from astropy.table import Row, Table

    if isinstance(value, Table):
        return [plain(row) for row in value]
    if isinstance(value, Row):
        return {name: plain(value[name]) for name in value.colnames}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, np.generic):
        value = value.item()
    if value is np.ma.masked or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(one) for one in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
