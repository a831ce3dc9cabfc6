"""What to say of a command that a signal has stopped."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence

#: files that are named one by one
MOST_NAMED = 3


def stop_line(options: argparse.Namespace) -> Callable[[Sequence[str]], str]:
    """What makes the line, given the files that the command has finished.

    It runs in a signal's handler: nothing may be imported in it.
    """
    given = getattr(options, "checkpoint", None)
    checkpoint = os.path.expanduser(given) if given else given
    hint = ""
    if hasattr(options, "checkpoint") and checkpoint is None and _streams(options.catalogues):
        hint = "; with --checkpoint DIR the same command would go on from where it was"

    def line(written: Sequence[str]) -> str:
        inside = os.path.join(os.path.abspath(checkpoint), "") if checkpoint else None
        results = [p for p in written if not (inside and os.path.abspath(p).startswith(inside))]
        if results:
            what = f"already written: {_named(list(dict.fromkeys(results)))}"
        elif checkpoint and os.path.isdir(checkpoint):
            what = f"finished parts are in {checkpoint}; the same command goes on from there"
        else:
            what = f"nothing was written{hint}"
        return " ".join(f"bayesmatch {options.command}: stopped; {what}".splitlines())

    return line


def _streams(catalogues: Sequence[str]) -> bool:
    """Whether a catalogue is a data set, of which a checkpoint keeps finished parts."""
    return any(os.path.isdir(os.path.expanduser(path)) or "*" in path for path in catalogues)


def _named(paths: Sequence[str]) -> str:
    """The files, or how many there are in a folder."""
    if len(paths) <= MOST_NAMED:
        return ", ".join(paths)
    folders = dict.fromkeys(os.path.dirname(path) or "." for path in paths)
    return f"{len(paths)} files in {', '.join(list(folders)[:MOST_NAMED])}"
