"""How a table of text is written: delimiter, header, lines of units; told from its first lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..scalars import plural
from .cells import BLANKS, MISSING, fields, is_number, looks_like_data
from .under_header import RULE, TYPES, header_of_rule, like_unit, numeric_columns, rdb_texts

#: in the order in which they are tried
DELIMITERS = (",", "\t", ";", "|")
#: that the endings of names speak for
DELIMITER_OF = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".psv": "|", ".rdb": "\t"}
#: lines that are looked at
LOOKED_AT = 60
#: lines at the beginning that are no data although they are no comments: units, types, rules
MOST_EXTRA = 4


@dataclass
class Dialect:
    """How a table of text is written."""

    delimiter: str
    names: list[str]
    """of the columns"""
    units: list[str]
    """of the columns, where a line has them; else empty"""
    first: int
    """line of the first row, from 0"""
    notes: list[str] = field(default_factory=list)
    """what was guessed"""
    texts: list[str] = field(default_factory=list)
    """columns that are declared to be of text"""


class DialectError(ValueError):
    """A text is no table, as far as can be told."""


def find_dialect(lines: Sequence[str], ending: str = "") -> Dialect:
    """How a table is written, from its first lines.

    Parameters
    ----------
    lines : sequence of str
        Without their ends.
    ending : str
        Of the file's name; ``.csv`` and ``.tsv`` speak for a delimiter.

    Raises
    ------
    DialectError
        If that cannot be told; says why.
    """
    rows = [(k, line) for k, line in enumerate(lines) if line.strip()]
    comments: list[tuple[int, str]] = []
    while rows and rows[0][1].lstrip().startswith(("#", "//", "%")):
        comments.append(rows.pop(0))
    rows = rows[:LOOKED_AT]
    if not rows:
        if comments:
            return _header_alone(comments)
        raise DialectError("it is empty")
    above = header_of_rule([line for _, line in rows])
    rows = rows[above:]
    delimiter = "\t" if above else _delimiter([line for _, line in rows], ending)
    header = fields(rows[0][1], delimiter)
    if not looks_like_data(header):
        return _with_header(rows, delimiter, header)
    width = len(header)
    for at in reversed(range(len(comments))):
        line = comments[at][1]
        names = fields(_bare(line), delimiter)
        if len(names) in (width, width - 1) and len(names) > 1 and not looks_like_data(names):
            behind = comments[at + 1 :]
            notes, first = _rows_among(behind, rows[0][0], delimiter, header)
            if len(behind) and first == rows[0][0]:
                told = f"the names of its columns are taken from the comment {line.strip()!r}"
                notes.insert(0, told)
            return Dialect(delimiter, names, [], first, notes)
    raise DialectError(
        f"its first line, {rows[0][1].strip()[:60]!r}, has numbers in place of the names of "
        "columns; write a first line with the names"
    )


def marked_lines(n: int) -> str:
    """Lines that begin as comments do, in words."""
    return f"{n} {plural(n, 'line')} beginning with #"


def _bare(comment: str) -> str:
    """A comment without what marks it."""
    return re.sub(r"^\s*(#+|//|%+)\s*", "", comment)


def _rows_among(
    comments: Sequence[tuple[int, str]], first: int, delimiter: str, like: Sequence[str]
) -> tuple[list[str], int]:
    """What is to be said of comments that may be rows, and the line of the first row.

    Identifiers may begin with #, coordinates do not: between delimiters such lines are rows, as
    they are farther down, if the first cell of the row `like` has a letter; between blanks they
    are comments wherever they are.
    """
    rows = [k for k, line in comments if _is_row(line, delimiter, like)]
    if not rows:
        return [], first
    if delimiter != BLANKS and re.search(r"[^\W\d_]", like[0]):
        return [], rows[0]
    return [f"{marked_lines(len(rows))} above its rows left out, which may be rows"], first


def _is_row(line: str, delimiter: str, like: Sequence[str]) -> bool:
    """Whether a line that begins as comments do may be a row, with numbers where `like` has."""
    cells = fields(line, delimiter)
    numeric = [cell for cell, of in zip(cells[1:], like[1:], strict=False) if is_number(of)]
    return (
        re.match(r"#[^#\s]", line) is not None
        and len(cells) == len(like)
        and any(map(is_number, cells))
        and all(is_number(cell) or cell.lower() in MISSING for cell in numeric)
    )


def _header_alone(comments: Sequence[tuple[int, str]]) -> Dialect:
    """The last comment has the names; or one before, if all behind it may be rows."""
    at = len(comments) - 1
    while at > 0:
        above = _bare(comments[at - 1][1])
        delimiter = _delimiter([above], "")
        if delimiter == BLANKS or not _is_row(comments[at][1], delimiter, fields(above, delimiter)):
            break
        at -= 1
    line = _bare(comments[at][1])
    delimiter = _delimiter([line], "")
    return Dialect(delimiter, fields(line, delimiter), [], comments[at][0] + 1)


def _delimiter(lines: Sequence[str], ending: str) -> str:
    """The delimiter that cuts most lines into as many cells as the first."""
    lines = [line for line in lines if not RULE.fullmatch(line)] or list(lines)
    best, score = "", (0.0, 0, 0)
    for order, delimiter in enumerate(DELIMITERS):
        counts = [len(fields(line, delimiter)) for line in lines]
        if counts[0] < 2:
            continue
        same = sum(n in (counts[0], counts[0] + 1) for n in counts) / len(counts)
        favoured = DELIMITER_OF.get(ending) == delimiter
        this = (same if not favoured or same < 0.5 else 2.0, counts[0], -order)
        if this > score:
            best, score = delimiter, this
    if best:
        return best
    return "," if ending == ".csv" and len(lines[0].split()) < 2 else BLANKS


def _with_header(rows: Sequence[tuple[int, str]], delimiter: str, names: list[str]) -> Dialect:
    """The dialect of a table with a header; lines of units, types and rules are known."""
    notes: list[str] = []
    units: list[str] = []
    texts: list[str] = []
    at = 1
    while at < min(len(rows), MOST_EXTRA):
        line = rows[at][1]
        cells = fields(line, delimiter)
        if RULE.fullmatch(line):
            at += 1
            continue
        if at == 1 and delimiter == "\t" and (kinds := rdb_texts(line, names)) is not None:
            texts, at = kinds, at + 1
            continue
        if len(cells) != len(names) or any(map(is_number, cells)):
            break
        numeric = numeric_columns([fields(line, delimiter) for _, line in rows[at + 1 :]], names)
        told = [cells[k] for k in numeric if cells[k] and cells[k].lower() not in MISSING]
        if not told:
            break
        if all(cell.lower() in TYPES for cell in cells if cell):
            notes.append(f"line {rows[at][0] + 1}, {line.strip()!r}, is taken for types")
        elif all(map(like_unit, told)):
            notes.append(f"line {rows[at][0] + 1}, {line.strip()!r}, is taken for units")
            units = cells
        else:
            break
        at += 1
    first = rows[at][0] if at < len(rows) else rows[-1][0] + 1
    return Dialect(delimiter, names, units, first, notes, texts)
