"""The command line: each subcommand a few lines over the public API."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import warnings
from collections.abc import Sequence

from .._kernels import progress, stopping
from .area import add_area
from .assess import add_assess
from .calibrate import add_calibrate
from .catalogue import add_catalogue
from .charts import add_charts
from .check import add_check
from .colours import paint
from .compare import add_compare
from .completion import add_completion
from .demo import add_demo
from .errors import add_errors
from .explain import add_explain
from .fake import add_fake
from .fetch import add_fetch
from .header import add_header
from .match import add_match
from .overview import Overview
from .parser import Commands
from .regions import add_regions
from .report import add_report
from .sample import add_sample
from .send import add_send
from .shift import add_shift
from .shown import PROGRESS, shows_progress
from .stopped import stop_line
from .train import add_train
from .versions import ShowVersions

#: each adds its subcommand; they import what they run only when it is run
COMMANDS = (
    add_match,
    add_fetch,
    add_sample,
    add_train,
    add_assess,
    add_check,
    add_compare,
    add_calibrate,
    add_errors,
    add_demo,
    add_explain,
    add_catalogue,
    add_report,
    add_send,
    add_charts,
    add_regions,
    add_area,
    add_fake,
    add_shift,
    add_header,
    add_completion,
)
#: commands that need the parsers of all
OF_ALL = ("completion",)
#: exit status of what ends because nobody reads its output, as after the signal of that name
SIGPIPE_STATUS = 128 + 13


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status.

    That is 0, 1 (failed, or a check that is wrong), 2 (wrong usage), 128 + N (stopped by signal N;
    130: Ctrl-C, 143: SIGTERM) or 141 (nobody reads the output).
    """
    try:
        with stopping.command():
            status = _run(argv)
            _flush()
            return status
    except BrokenPipeError:
        _forget_output()
        return SIGPIPE_STATUS
    except KeyboardInterrupt as stop:
        print(stopping.line(), file=sys.stderr)
        return 128 + getattr(stop, "signum", signal.SIGINT)
    except OSError as error:  # of the flush
        _forget_output()
        print(f"bayesmatch: error: standard output: {error}", file=sys.stderr)
        return 1


def _run(argv: Sequence[str] | None) -> int:
    given = list(sys.argv[1:] if argv is None else argv)
    parser = _parser(given[0] if given else "")
    try:
        if not given:
            parser.print_help()
            return 0
        options = parser.parse_args(given)
    except SystemExit as stop:  # argparse has said why
        return int(stop.code or 0)
    options.argv = given
    stopping.describe(stop_line(options))
    if not shows_progress(options):
        return _run_command(options)
    with progress.shown(f"bayesmatch {options.command}"):
        return _run_command(options)


def _run_command(options: argparse.Namespace) -> int:
    """Run what was asked for; tell an error, and each warning once, in a line."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        told: set[str] = set()  # what is found before a match is found again when it is written
        warnings.showwarning = lambda message, *_, **__: _warn(str(message), told)
        for text in getattr(options, "told", ()):
            _warn(text, told)
        try:
            status = options.run(options)  # None, or what a check found
        except BrokenPipeError:
            raise
        except (ValueError, TypeError, OSError, MemoryError, ImportError) as error:
            text = " ".join(str(error).split()) or type(error).__name__
            said = paint("error:", "wrong", sys.stderr)
            print(f"bayesmatch {options.command}: {said} {text}", file=sys.stderr)
            return 1
    return status or 0


def _warn(text: str, told: set[str]) -> None:
    """Print a warning that was not printed yet."""
    if text not in told:
        told.add(text)
        print(f"bayesmatch: {paint('warning:', 'look', sys.stderr)} {text}", file=sys.stderr)


def _flush() -> None:
    """Write what is printed now, while an error can still be told."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()


def _forget_output() -> None:
    """Nobody reads: throw away what is buffered, or the interpreter complains at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)


def _parser(command: str = "") -> Overview:
    """That of all commands, or of one alone: to make those of the others takes 10 ms."""
    alone = tuple(add for add in COMMANDS if add.__name__ == f"add_{command}")
    parser = Overview(prog="bayesmatch")
    parser.add_argument("--version", action=ShowVersions, help="versions, and end")
    commands = Commands(parser)
    for add in COMMANDS if command in OF_ALL else alone or COMMANDS:
        add(commands)
    for made in commands.parsers.values():
        if "--quiet" in made.known and "--progress" not in made.known:
            made.add_argument("--progress", action="store_true", help=PROGRESS)
    parser.lines = commands.lines
    return parser
