"""Tables of plain text: delimited, with blanks between, fixed in width, or of astropy's kinds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from astropy.table import Column, MaskedColumn, Table

from .arrow import arrow_values
from .asked import Asked
from .cells import whole_header
from .decoded import as_utf8
from .delimited import columns_of
from .dialect import DELIMITER_OF, Dialect, find_dialect, marked_lines
from .fixed_width import check_between_bars
from .source import Source
from .typed import digits_lost, is_identifier, typed

if TYPE_CHECKING:
    import pyarrow as pa

#: of text tables that are read and not written, in lower case
ENDINGS = (
    *(".txt", ".dat", ".tsv", ".tab", ".tbl", ".mrt", ".asc", ".ascii", ".cat", ".psv"),
    *(".rdb", ".lis", ".lst", ".ipac"),
)
#: bytes in which the way of writing is looked for
LOOKED_AT = 1 << 18
#: missing cells in ECSV whose writer did not know how to write them
_NULLS = tuple((word, "0") for word in ("", "null", "NULL", "NA", "N/A", "--", "None"))


def read_any_text(source: Source, asked: Asked) -> Table:
    """The table of a file of text, whatever way it is written."""
    content, note = as_utf8(source.content)
    if note:
        asked.notes.append(note)
    head = content[:LOOKED_AT].decode("utf-8", "ignore")
    special = _astropy_kind(head)
    if special:
        return _by_astropy(content.decode(), special, asked)
    readme = description_of(source.path)
    if readme is not None:
        asked.notes.append(f"its columns are as {readme.name} beside it says")
        return Table.read(str(source.path), format="ascii.cds", readme=str(readme))
    lines = head.split("\n")
    if len(content) > LOOKED_AT and len(lines) > 1:
        lines.pop()  # cut somewhere
    if re.match(r"\s*\+[-=+]+\+\s*\n", head):  # of TOPCAT, and of databases
        content = re.sub(rb"(?m)^\+[-=+]+\+[ \t]*\n?", b"", content)
        lines = [line for line in lines if not re.fullmatch(r"\+[-=+]+\+\s*", line)]
    lines = whole_header([line.rstrip("\r") for line in lines])
    dialect = find_dialect(lines, _ending(source.path))
    names, cells = columns_of(content, dialect, lambda name: is_identifier(name, asked.id))
    asked.notes.extend(dialect.notes)
    return _table(names, cells, dialect, asked)


def description_of(path: Path) -> Path | None:
    """The CDS's ReadMe beside a file that describes it byte by byte; None: there is none."""
    readme = path.with_name("ReadMe")
    if readme == path or not readme.is_file():
        return None
    with open(readme, encoding="utf-8", errors="replace") as file:
        described = re.findall(r"Byte-by-byte Description of file:(.*)", file.read(LOOKED_AT * 4))
    names = [pattern for line in described for pattern in re.split(r"[\s,]+", line) if pattern]
    return readme if any(fnmatchcase(path.name, pattern) for pattern in names) else None


def _table(
    names: Sequence[str], cells: Sequence[pa.ChunkedArray], dialect: Dialect, asked: Asked
) -> Table:
    """Columns as numbers or text; of those declared to be text, what an integer gives back is one.

    And what has a decimal point in the first rows: all columns of some files are declared so.
    """
    import pyarrow as pa

    comma = dialect.delimiter != ","
    units = dict(zip(dialect.names, dialect.units, strict=False))
    out = Table()
    with_comma, rounded = [], []
    for name, column in zip(names, cells, strict=True):
        declared = name in dialect.texts and column.type == pa.string()
        identifier = declared or is_identifier(name, asked.id)
        found = typed(column, identifier=identifier, comma=comma)
        if comma and found.type != column.type and _has_comma(column):
            with_comma.append(name)
        if digits_lost(column, found):
            rounded.append(name)
        values, mask = arrow_values(found)
        unit = units.get(name, "").strip("[]() ") or None
        out[name] = (
            Column(values, unit=unit)
            if mask is None
            else MaskedColumn(values, mask=mask, unit=unit)
        )
    if with_comma:
        asked.notes.append(f"numbers with a decimal comma in {', '.join(with_comma)}")
    if rounded:
        asked.notes.append(
            f"whole numbers that no integer of 64 bits holds in {', '.join(rounded)}, read as "
            "floating-point numbers, without their last digits; columns whose names end in ID are "
            "read as they are written"
        )
    return out


def _has_comma(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(column.type):
        return False
    return bool(pc.any(pc.match_substring(column, ",")).as_py())


def _ending(path: Path) -> str:
    name = path.name.lower()
    return next((e for e in DELIMITER_OF if e in name), "")


def _astropy_kind(head: str) -> str:
    """Astropy's name of a text format that says what it is; empty: none of them."""
    if "Byte-by-byte Description" in head:
        return "mrt"
    lines = [line for line in head.split("\n") if line.strip()]
    bars = [line for line in lines if not line.startswith("\\")][:8]
    if bars and bars[0].startswith("|") and not all(line.startswith("|") for line in bars):
        return "ipac"
    comments = [line for line in lines[:500] if line.startswith("#")]
    numbered = [re.match(r"#\s*\d+\s+[A-Za-z_]\w*", line) for line in comments]
    if len(comments) > 1 and all(numbered) and lines[0].startswith("#"):
        return "sextractor"
    if re.match(r"\s*\\(documentclass|begin\{|startdata|tablehead|hline)", head):
        raise ValueError(
            "it is LaTeX, made to be printed; give the table in a form made to be read (the "
            "journal's machine-readable one, CSV, FITS)"
        )
    if len(lines) > 2 and all(re.fullmatch(r"\s*=+([ ]+=+)+\s*", lines[k]) for k in (0, 2)):
        return "rst"
    if len(lines) > 1 and re.fullmatch(r"\s*[-=]{2,}([ ]+[-=]+)+\s*", lines[1]):
        return "fixed_width_two_line"
    return ""


def _by_astropy(text: str, kind: str, asked: Asked) -> Table:
    lines = text.rstrip("\n").split("\n")
    options: dict[str, str] = {}
    if kind == "fixed_width_two_line":
        rule = [line for line in lines if line.strip()][1].strip()
        options = {"position_char": rule[0]}
    if kind == "ipac":
        check_between_bars(lines)
    try:
        return Table.read(lines, format=f"ascii.{kind}", **options)
    except Exception:  # of many kinds; an older table of the CDS is tried next
        if kind != "mrt":
            raise
    return Table.read(lines, format="ascii.cds")


def read_ecsv(source: Source, asked: Asked) -> Table:
    """The table of an ECSV file; ``null`` and the like are missing, as in Gaia's bulk files."""
    text = source.content.decode("utf-8-sig")
    header = re.match(r"(#[^\n]*\n)*", text)
    if header is not None and (n := len(re.findall(r"^#", text[header.end() :], re.MULTILINE))):
        told = f"{marked_lines(n)} left out, as ECSV has it; quote what is an identifier"
        asked.notes.append(told)
    try:
        return Table.read(text, format="ascii.ecsv")
    except ValueError as error:
        if "failed to convert" not in str(error):
            raise
        return Table.read(text, format="ascii.ecsv", fill_values=list(_NULLS))


def write_ascii(table: Table, path: Path, kind: str) -> None:
    """Write a table as text."""
    table.write(path, format=f"ascii.{kind}", overwrite=True)
    if kind == "ecsv" and table.colnames and _has_marks(table.columns[0]):
        _quote_marks(path)


def _has_marks(first: Column) -> bool:
    """Whether the name of the first column, or a text in it, begins with #."""
    texts = first if first.dtype.kind in "SUO" else ()
    return any(str(text).startswith("#") for text in (first.name, *texts))


def _quote_marks(path: Path) -> None:
    """Quote first cells that begin with #: astropy writes them as they are, and reads comments."""
    lines = path.read_text("utf-8").split("\n")
    # Not the first line without a mark: a column may be called #.
    at = next(k for k, line in enumerate(lines, 1) if line.startswith("# schema: astropy-"))
    inside = False  # of a cell that goes on over lines
    for k in range(at, len(lines)):
        if lines[k].startswith("#") and not inside:
            lines[k] = re.sub(r"^#[^ ]*", r'"\g<0>"', lines[k])
        inside ^= lines[k].count('"') % 2 == 1
    path.write_text("\n".join(lines), "utf-8")
