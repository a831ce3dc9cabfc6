"""``bayesmatch`` alone, and ``bayesmatch --help``: the commands at a glance."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from .colours import paint
from .parser import Parser

#: the three to begin with
FIRST = (
    ("bayesmatch demo", "a match of real catalogues, bundled, with figures"),
    (
        "bayesmatch match sources.fits :pos_err objects.fits 0.1 --radius 20 --out matched.fits",
        "which object is the counterpart of each source, how sure, or none at all",
    ),
    ("bayesmatch report matched.fits --out report.html", "all that is to say of the result"),
)
#: heading -> commands below it; a command that stands nowhere comes last
GROUPS = {
    "match": ("match", "errors", "train", "sample", "fetch", "demo"),
    "look at a result": ("check", "explain", "charts", "report"),
    "is it right": ("assess", "calibrate", "compare", "fake", "shift"),
    "hand it over": ("catalogue", "regions", "send"),
    "files, and the shell": ("area", "header", "completion"),
}
REST = "more"


def overview(lines: Mapping[str, str], stream: Any) -> str:
    """The three commands to begin with, then all, a line each.

    Parameters
    ----------
    lines : mapping of str to str
        What each command does.
    stream
        Where it will be printed.
    """
    width = max(map(len, lines), default=0)
    text = ["Bayesian cross-matching of astronomical catalogues.", ""]
    text.append(paint("to begin with", "bold", stream))
    for command, what in FIRST:
        text += [f"  {command}", f"      {what}"]
    grouped = {name for names in GROUPS.values() for name in names}
    groups = {**GROUPS, REST: tuple(name for name in lines if name not in grouped)}
    for heading, names in groups.items():
        there = [name for name in names if name in lines]
        if there:
            text += ["", paint(heading, "bold", stream)]
            text += [f"  {name.ljust(width)}  {lines[name]}" for name in there]
    text += [
        "",
        "bayesmatch COMMAND --help says how a command is used; bayesmatch --version, what runs it.",
    ]
    return "\n".join(text) + "\n"


class Overview(Parser):
    """The parser of the whole, whose help is the overview."""

    lines: Mapping[str, str] = {}

    def format_help(self) -> str:
        """The commands at a glance."""
        return overview(self.lines, sys.stdout)
