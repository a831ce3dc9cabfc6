"""Text tables with empty cells and nothing but blanks between: cut by place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .dialect import Dialect


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
