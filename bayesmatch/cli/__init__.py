"""The command line: each subcommand a few lines over the public API."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

from .. import __version__
from .area import add_area
from .assess import add_assess
from .calibrate import add_calibrate
from .demo import add_demo
from .explain import add_explain
from .fake import add_fake
from .match import add_match
from .shift import add_shift
from .train import add_train

#: each adds its subcommand; they import what they run only when it is run
COMMANDS = (
    add_match,
    add_train,
    add_assess,
    add_calibrate,
    add_demo,
    add_explain,
    add_area,
    add_fake,
    add_shift,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, 1 (failed) or 2 (wrong usage)."""
    try:
        options = _parser().parse_args(argv)
    except SystemExit as stop:  # argparse has said why
        return int(stop.code or 0)
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_, **__: print(
            f"bayesmatch: warning: {message}", file=sys.stderr
        )
        try:
            options.run(options)
        except (ValueError, TypeError, OSError, MemoryError) as error:
            text = " ".join(str(error).split()) or type(error).__name__
            print(f"bayesmatch {options.command}: error: {text}", file=sys.stderr)
            return 1
    return 0


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the whole usage before it."""

    def error(self, message: str) -> NoReturn:
        """Print the message and leave with status 2."""
        self.exit(2, f"{self.prog}: error: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="bayesmatch", description="Bayesian cross-matching of astronomical catalogues."
    )
    parser.add_argument("--version", action="version", version=f"bayesmatch {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    return parser
