"""Cells of one line of text, and what is in them."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

#: between cells: blanks, any number of them
BLANKS = " "
#: words for "not measured", in lower case
MISSING = frozenset(
    "null none na n/a <na> #n/a nan -nan - -- --- . .. ... … \\n \\nodata nodata undef".split()
)
#: lines of a header
MOST_LINES = 10
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?")


def fields(line: str, delimiter: str) -> list[str]:
    """The cells of a line, without blanks around them."""
    if delimiter == BLANKS:
        if '"' not in line:
            return line.split()
        return [c for c in next(csv.reader([line.strip()], delimiter=" ", skipinitialspace=True))]
    lines = line.splitlines(keepends=True)  # of a name with a break in it
    cells = next(csv.reader(lines, delimiter=delimiter, skipinitialspace=True), [])
    return [cell.strip() for cell in cells]


def whole_header(lines: list[str]) -> list[str]:
    """The same number of lines; a header of which a quoted name goes over several is in one.

    A spreadsheet writes such names. The other lines of it are left empty, so that all keep their
    numbers.
    """
    start = next(
        (k for k, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")),
        len(lines),
    )
    for end in range(start, min(start + MOST_LINES, len(lines))):
        header = "\n".join(lines[start : end + 1])
        if header.count('"') % 2 == 0:
            return [*lines[:start], header, *[""] * (end - start), *lines[end + 1 :]]
    return lines  # a quote in it means something else


def is_number(cell: str) -> bool:
    """Whether a cell is a number, also one with a decimal comma."""
    return NUMBER.fullmatch(cell.replace(",", ".", 1)) is not None


def looks_like_data(cells: Sequence[str]) -> bool:
    """Whether a line is a row, not a header: half of its cells are numbers."""
    filled = [cell for cell in cells if cell]
    numbers = [cell for cell in filled if is_number(cell)]
    if [str(k) for k in range(len(filled))] == list(filled):  # columns without names in pandas
        return False
    return bool(numbers) and 2 * len(numbers) >= len(filled)
