"""Text tables with empty cells and nothing but blanks between: cut by place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..scalars import shown_text
from .dialect import Dialect


def check_between_bars(lines: Sequence[str]) -> None:
    """Raise a ValueError if a row of an IPAC table does not stand between the bars of its header.

    Values are cut there: of what lies below a bar a part would be lost, or be another column's.
    """
    header = next(line for line in lines if line.startswith("|"))
    bars = [k for k, character in enumerate(header) if character == "|"]
    for number, line in enumerate(lines, start=1):
        if line.startswith(("|", "\\")):
            continue
        below = [k for k in bars if line[k : k + 1].strip()]
        if below or line[bars[-1] :].strip():
            where = below[0] if below else bars[-1]
            raise ValueError(
                f"line {number}, {shown_text(line.strip())!r}, has a value at or beyond the bar in "
                f"place {where + 1} of the header, where columns end; put the values between the "
                "bars"
            )


def fixed_width(content: bytes, dialect: Dialect, lines: Sequence[str]) -> list[list[str]] | None:
    """Cells of lines cut where header and rows are all blank; None: that gives other columns."""
    names = set(dialect.names)
    above = content.decode().split("\n")[: dialect.first]
    header = next((line for line in above if names <= set(line.split())), None)
    if header is None:
        return None
    every = [line.expandtabs().rstrip() for line in (header, *lines)]
    longest = max(map(len, every))
    filled = np.zeros(longest + 2, bool)
    for line in every:
        codes = np.frombuffer(line.encode("utf-32-le"), np.uint32)
        filled[1 : len(codes) + 1] |= codes != ord(" ")
    begins = np.flatnonzero(filled[1:] & ~filled[:-1])
    ends = np.flatnonzero(filled[:-1] & ~filled[1:])
    cuts = list(zip(begins.tolist(), ends.tolist(), strict=True))
    if [every[0][a:b].strip() for a, b in cuts] != dialect.names:
        return None
    return [[line[a:b].strip() for a, b in cuts] for line in every[1:]]
