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
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?")


def fields(line: str, delimiter: str) -> list[str]:
    """The cells of a line, without blanks around them."""
    if delimiter == BLANKS:
        if '"' not in line:
            return line.split()
        return [c for c in next(csv.reader([line.strip()], delimiter=" ", skipinitialspace=True))]
    cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    return [cell.strip() for cell in cells]


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
