"""Where a command's output goes, and what its file says of the command."""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import Any

#: what ``--out`` is for the standard output, and the file that it is printed as
STANDARD_OUTPUT, AS_PRINTED = "-", "output.csv"
#: options that do not change what is found: equal runs give equal files, wherever they go
ELSEWHERE = {"--out": 1, "--checkpoint": 1, "--quiet": 0, "--json": 0, "--progress": 0}


def standard_output() -> Any:
    """Where to print what a command is run for; it may have been closed before the process began.

    Raises
    ------
    OSError
        If it was: what is printed would be lost without a word.
    """
    if sys.stdout is None:
        raise OSError("the standard output is closed; write to a file with --out, or to > FILE")
    return sys.stdout


def print_table(table: Any) -> None:
    """Print a table as CSV, as a file of it would have it."""
    import io

    stream = standard_output()
    from ..catalogs.formats.escaped import with_escapes
    from ..catalogs.formats.storage import as_json_text, column_notes

    text = io.StringIO()
    plain = as_json_text(with_escapes(table, column_notes(table), "csv"))
    plain.write(text, format="ascii.csv")
    stream.write(text.getvalue())


def command_line(options: argparse.Namespace) -> str | None:
    """The command as it was given, without what says where its output goes; None: no command."""
    if not hasattr(options, "argv"):  # a match that another command makes
        return None
    kept, skip = [], 0
    for part in options.argv:
        name, equals, _ = part.partition("=")
        if skip:
            skip -= 1
        elif name in ELSEWHERE:
            skip = 0 if equals else ELSEWHERE[name]
        else:
            kept.append(part)
    return shlex.join(["bayesmatch", *kept])
