"""Colours of what a terminal shows; files and pipes get plain text."""

from __future__ import annotations

import os
import re
from typing import Any

#: what is painted -> its codes, as ECMA-48 has them
CODES = {"bold": "1", "wrong": "1;31", "look": "33", "ok": "32"}


def wants_colour(stream: Any) -> bool:
    """Whether a stream is a terminal with colours, and nobody has set ``NO_COLOR``.

    One that was closed before the process began is None.
    """
    return (
        stream is not None
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
        and bool(stream.isatty())
    )


def paint(text: str, kind: str, stream: Any) -> str:
    """The text in the colour of a kind, where the stream shows colours."""
    return f"\x1b[{CODES[kind]}m{text}\x1b[0m" if wants_colour(stream) else text


def paint_verdicts(text: str, stream: Any, indent: str = "") -> str:
    """The verdicts that begin lines in their colours."""
    return re.sub(
        rf"^{indent}(wrong|look|ok)(?= )",
        lambda found: indent + paint(found[1], found[1], stream),
        text,
        flags=re.MULTILINE,
    )
