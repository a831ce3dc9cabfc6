"""What a command shows: how far it is, and nothing but what may be wrong."""

from __future__ import annotations

import argparse
import sys

PROGRESS = "show how far it is, also where the standard error is no terminal"


def add_quiet(command: argparse.ArgumentParser) -> None:
    """Add ``--quiet``: what is wrong, or may be, is told all the same."""
    command.add_argument(
        "--quiet", action="store_true", help="print nothing but warnings and errors"
    )


def shows_progress(options: argparse.Namespace) -> bool:
    """On a terminal, or where it is asked for; never with ``--quiet``."""
    if getattr(options, "quiet", False):
        return False
    asked = getattr(options, "progress", False)
    return bool(asked or (sys.stderr is not None and sys.stderr.isatty()))
