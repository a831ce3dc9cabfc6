"""Lines under the header of a text table that are no rows: units, types and rules."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .cells import MISSING, is_number, looks_like_data

#: what a line under the header may call types
TYPES = frozenset(
    "int integer long short byte int16 int32 int64 float float32 float64 real double char "
    "character str string text varchar bool boolean i l f d s c r".split()
)
#: units of text or angles that astropy does not know by these names
_UNITS = re.compile(
    r'[\[("]?\s*(hms|dms|h:m:s|d:m:s|hh:mm:ss|dd:mm:ss|h m s|d m s)\s*["\])]?', re.I
)
#: what RDB has under its header: the width and the kind of each column (text, number, month, date)
RDB = re.compile(r"\d*[SNMD][<>]?", re.IGNORECASE)
RULE = re.compile(r"[-=+|,;\t ]*[-=]{2}[-=+|,;\t ]*")


def numeric_columns(rows: Sequence[Sequence[str]], names: Sequence[str]) -> list[int]:
    """Columns that hold numbers, and nothing else, in some rows."""
    found = []
    for k in range(len(names)):
        cells = [row[k] for row in rows if len(row) > k and row[k].lower() not in MISSING]
        cells = [cell for cell in cells if cell and not RULE.fullmatch(cell)]
        if cells and sum(map(is_number, cells)) > len(cells) / 2:
            found.append(k)
    return found


def rdb_texts(line: str, names: Sequence[str]) -> list[str] | None:
    """Columns that RDB's line of kinds declares to be texts; None: it is no such line."""
    cells = [cell.strip() for cell in line.split("\t")]
    if len(cells) != len(names) or len(names) < 2 or not all(map(RDB.fullmatch, cells)):
        return None
    return [n for n, cell in zip(names, cells, strict=True) if cell.rstrip("<>")[-1] in "sS"]


def header_of_rule(lines: Sequence[str]) -> int:
    """Which line is the header by the dashes between tabs under it; 0 where there are none.

    Starbase tables have a title and parameters above, of other numbers of cells.
    """
    for k in range(2, len(lines)):
        tabs = lines[k].count("\t")
        if tabs and RULE.fullmatch(lines[k]):
            header = lines[k - 1].split("\t")
            fits = lines[0].count("\t") != tabs == len(header) - 1 and not looks_like_data(header)
            return k - 1 if fits else 0
    return 0


def like_unit(cell: str) -> bool:
    """Whether a cell may be a unit."""
    import astropy.units as u

    if _UNITS.fullmatch(cell) or re.fullmatch(r"[\[(].*[\])]", cell):
        return True
    unit = u.Unit(cell, parse_strict="silent")
    return not isinstance(unit, u.UnrecognizedUnit) or cell.lower().rstrip("s.") in (
        "degree",
        "deg",
        "arcsecond",
        "arcsec",
        "mag",
        "magnitude",
        "count",
        "ct",
        "sec",
    )
