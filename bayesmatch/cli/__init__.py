"""The command line: each subcommand a few lines over the public API."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

from .. import __version__
from .._kernels import stopping
from .area import add_area
from .assess import add_assess
from .calibrate import add_calibrate
from .catalogue import add_catalogue
from .charts import add_charts
from .check import add_check
from .compare import add_compare
from .demo import add_demo
from .errors import add_errors
from .explain import add_explain
from .fake import add_fake
from .fetch import add_fetch
from .header import add_header
from .match import add_match
from .regions import add_regions
from .report import add_report
from .sample import add_sample
from .send import add_send
from .shift import add_shift
from .train import add_train

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
)


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
    try:
        options = _parser().parse_args(argv)
    except SystemExit as stop:  # argparse has said why
        return int(stop.code or 0)
    options.argv = list(sys.argv[1:] if argv is None else argv)
    stopping.describe(lambda written: _stopped(options, written))
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        told: set[str] = set()  # what is found before a match is found again when it is written
        warnings.showwarning = lambda message, *_, **__: _warn(str(message), told)
        try:
            status = options.run(options)  # None, or what a check found
        except BrokenPipeError:
            raise
        except (ValueError, TypeError, OSError, MemoryError, ImportError) as error:
            text = " ".join(str(error).split()) or type(error).__name__
            print(f"bayesmatch {options.command}: error: {text}", file=sys.stderr)
            return 1
    return status or 0


def _warn(text: str, told: set[str]) -> None:
    """Print a warning that was not printed yet."""
    if text not in told:
        told.add(text)
        print(f"bayesmatch: warning: {text}", file=sys.stderr)


def _stopped(options: argparse.Namespace, written: Sequence[str]) -> str:
    """What to say of a command that a signal has stopped."""
    checkpoint = getattr(options, "checkpoint", None)
    inside = os.path.join(os.path.abspath(checkpoint), "") if checkpoint else None
    results = [p for p in written if not (inside and os.path.abspath(p).startswith(inside))]
    if results:
        what = f"already written: {', '.join(dict.fromkeys(results))}"
    elif checkpoint and os.path.isdir(checkpoint):
        what = f"finished parts are in {checkpoint}; the same command goes on from there"
    else:
        what = "nothing was written"
    return " ".join(f"bayesmatch {options.command}: stopped; {what}".splitlines())


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


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the whole usage before it.

    Options are never guessed from their first letters: --ra is not --radius.
    """

    def __init__(self, **how: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **how})

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
