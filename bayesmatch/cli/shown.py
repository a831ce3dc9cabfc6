"""Whether a command shows how far it is."""

from __future__ import annotations

import argparse
import sys

PROGRESS = "show how far it is, also where the standard error is no terminal"


def shows_progress(options: argparse.Namespace) -> bool:
    """On a terminal, or where it is asked for; never with ``--quiet``."""
    if getattr(options, "quiet", False):
        return False
    asked = getattr(options, "progress", False)
    return bool(asked or (sys.stderr is not None and sys.stderr.isatty()))
