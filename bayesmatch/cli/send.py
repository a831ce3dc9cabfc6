"""``bayesmatch send``: the published table to a program on the same desk."""

from __future__ import annotations

import argparse
from typing import Any

from .shown import add_quiet


def add_send(commands: Any) -> None:
    """Add ``bayesmatch send``."""
    send = commands.add_parser(
        "send",
        help="hand the catalogue to TOPCAT, Aladin and others (SAMP)",
        description="Send the table that 'bayesmatch catalogue' makes to programs that are open on "
        "this machine and take tables through SAMP, such as TOPCAT, Aladin and DS9.",
    )
    send.set_defaults(run=_send)
    send.add_argument("result", metavar="RESULT", help="file that 'bayesmatch match' wrote")
    send.add_argument(
        "--client",
        metavar="NAME",
        help="which program, as it calls itself, in any case: topcat (default: all)",
    )
    add_quiet(send)


def _send(options: argparse.Namespace) -> None:
    from ..matching.result import MatchResult

    names = MatchResult.read(options.result).send(options.client)
    if not options.quiet:
        print(f"sent to {', '.join(names)}")
