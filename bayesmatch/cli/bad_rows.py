"""``--bad-rows`` and ``--keep-dropped``: sources without a position or a position error."""

from __future__ import annotations

import argparse
import warnings


def add_bad_rows(command: argparse.ArgumentParser) -> None:
    """Add what tells what becomes of bad rows of the first catalogue."""
    command.add_argument(
        "--bad-rows",
        default="strict",
        choices=("strict", "drop"),
        help="sources of the first catalogue without a position or a position error, and "
        "candidates without a position error: refused, or left out with a warning (default: "
        "strict); other rows without a position are always left out",
    )


def add_keep_dropped(command: argparse.ArgumentParser) -> None:
    """Add what keeps rows that were left out in the output."""
    command.add_argument(
        "--keep-dropped",
        action="store_true",
        help="with --bad-rows drop: keep rows for these sources in the output, without a result",
    )


def warn_of_kept(options: argparse.Namespace, *, printed: bool) -> None:
    """Warn where ``--keep-dropped`` has nothing to keep, or no file to keep it in."""
    if not options.keep_dropped:
        return
    why = "without --bad-rows drop" if options.bad_rows != "drop" else ""
    if printed and not why:
        why = "where the result is printed (--out -)"
    if why:
        warnings.warn(f"--keep-dropped has no effect {why}", UserWarning, stacklevel=2)
