"""The cells of delimited text, column by column."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from .cells import BLANKS, NUMBER, fields
from .dialect import Dialect, marked_lines
from .fixed_width import fixed_width
from .interface import check_different

if TYPE_CHECKING:
    import pyarrow as pa

#: bytes that are cut at once; no row may be longer
BLOCK = 1 << 24
#: bytes and lines that columns of decimal numbers are told by
HEAD, LOOKED_AT = 1 << 16, 60


def columns_of(
    content: bytes, dialect: Dialect, texts: Callable[[str], bool]
) -> tuple[list[str], list[pa.ChunkedArray]]:
    """Names and cells of the columns of a table: text, null where empty; or float64 all over.

    Those of whose names `texts` is true are text whatever is in them.

    Raises
    ------
    ValueError
        If a row has more or fewer cells than there are names, or two have one name.
    """
    start = 0
    for _ in range(dialect.first):
        start = content.find(b"\n", start) + 1 or len(content)
    body = content[start:]
    names = list(dialect.names)
    if dialect.delimiter == BLANKS:
        cells = _by_blanks(content, body, dialect)
    else:
        cells = _delimited(body, dialect, texts)
        if told := _like_comments(cells[0]):
            dialect.notes.append(told)
    if len(cells) == len(names) + 1:
        names.append("")
    # A delimiter at the ends of lines makes a column without a name and with nothing in it.
    kept = [k for k, c in enumerate(cells) if names[k] or c.null_count < len(c)]
    kept = kept if len(cells) and len(cells[0]) else [k for k, n in enumerate(names) if n]
    names = [names[k] or f"col{k + 1}" for k in kept]
    check_different(names)
    return names, [cells[k] for k in kept]


def _delimited(
    body: bytes, dialect: Dialect, texts: Callable[[str], bool]
) -> list[pa.ChunkedArray]:
    import pyarrow as pa

    width = _width(body, dialect)
    if not body or body.isspace():
        return [pa.chunked_array([pa.array([], pa.string())]) for _ in range(width)]
    floats = [k for k in _decimal(body, dialect) if not texts(dialect.names[k])]
    if floats:  # most tables are what their first rows are, and this takes half the time
        try:
            return _cut(body, dialect, width, floats)
        except pa.ArrowInvalid:
            pass
    try:
        return _cut(body, dialect, width, [])
    except pa.ArrowInvalid as error:
        without, n_comments = _without_comments(body)
        if n_comments:
            with contextlib.suppress(ValueError):
                columns = _delimited(without, dialect, texts)
                dialect.notes.append(_left_out(n_comments))
                return columns
        raise ValueError(_uneven(body, dialect) or str(error)) from None


def _left_out(n_comments: int) -> str:
    return f"{marked_lines(n_comments)} among its rows left out"


def _like_comments(cells: pa.ChunkedArray) -> str:
    """That some rows begin as comments do, and not most, whose identifiers may; else empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(cells) or not pa.types.is_string(cells.type):
        return ""
    n = pc.sum(pc.starts_with(cells, "#")).as_py() or 0
    if not 0 < 2 * n < len(cells):
        return ""
    taken = "is taken for a row" if n == 1 else "are taken for rows"
    return f"{marked_lines(n)} {taken}; take out what is a comment"


def _without_comments(body: bytes) -> tuple[bytes, int]:
    """Rows that do not fit, without the lines that begin with #; how many these are.

    None where most lines do, as identifiers may, and where cells may go on over lines.
    """
    lines = [line for line in body.split(b"\n") if line.strip()]
    rows = [line for line in lines if not line.lstrip().startswith(b"#")]
    if 2 * len(rows) < len(lines) or any(line.count(b'"') % 2 for line in lines):
        return body, 0
    return b"\n".join(rows) + b"\n", len(lines) - len(rows)


def _cut(body: bytes, dialect: Dialect, width: int, floats: list[int]) -> list[pa.ChunkedArray]:
    """Cells of some columns as float64, of the others as text."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names = [str(k) for k in range(width)]
    kinds = dict.fromkeys(names, pa.string()) | {str(k): pa.float64() for k in floats}
    quoted = b'"' in body
    table = arrow_csv.read_csv(
        pa.BufferReader(body),
        arrow_csv.ReadOptions(column_names=names, block_size=BLOCK),
        arrow_csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char='"' if quoted else False,
            newlines_in_values=quoted,
        ),
        arrow_csv.ConvertOptions(column_types=kinds, null_values=[""], strings_can_be_null=True),
    )
    return list(table.columns)


def _decimal(body: bytes, dialect: Dialect) -> list[int]:
    """Columns of numbers with decimal points in the first rows."""
    lines = body[:HEAD].decode("utf-8", "replace").split("\n")[:LOOKED_AT]
    rows = [fields(line, dialect.delimiter) for line in lines[:-1] if line.strip()]
    found = []
    for k in range(len(dialect.names)):
        cells = [row[k] for row in rows if len(row) > k and row[k]]
        if cells and all("." in cell and NUMBER.fullmatch(cell) for cell in cells):
            found.append(k)
    return found


def _width(body: bytes, dialect: Dialect) -> int:
    """Cells of the first row: as many as names, or one more that is empty."""
    width = len(dialect.names)
    first = next((line for line in body[:HEAD].split(b"\n") if line.strip()), b"")
    cells = fields(first.decode("utf-8", "replace"), dialect.delimiter)
    return width + 1 if len(cells) == width + 1 and not cells[-1] else width


def _uneven(body: bytes, dialect: Dialect) -> str:
    """What is wrong with the first row that has not as many cells as there are names."""
    text = io.StringIO(body.decode("utf-8", "replace"))
    rows = csv.reader(text, delimiter=dialect.delimiter, strict=False)
    width = _width(body, dialect)
    for row in rows:
        if row and len(row) != width:
            line = dialect.first + rows.line_num
            shown = dialect.delimiter.join(row)[:60]
            return (
                f"line {line}, {shown!r}, has {len(row)} cells, and its columns are "
                f"{len(dialect.names)}; repair it (a cut last line: get the file again)"
            )
    return ""


def _by_blanks(content: bytes, body: bytes, dialect: Dialect) -> list[pa.ChunkedArray]:
    """Cells between blanks; where some are empty, by the places that are blank in all lines."""
    import pyarrow as pa

    written = [line for line in body.decode().split("\n") if line.strip()]
    lines = [line for line in written if not line.lstrip().startswith("#")]
    if n_comments := len(written) - len(lines):
        dialect.notes.append(_left_out(n_comments))
    width = len(dialect.names)
    rows = [fields(line, BLANKS) for line in lines]
    wrong = next((k for k, row in enumerate(rows) if len(row) != width), None)
    if wrong is not None:
        cut = fixed_width(content, dialect, lines)
        if cut is None:
            raise ValueError(
                f"{lines[wrong].strip()[:60]!r} has {len(rows[wrong])} cells, and its columns "
                f"are {width} ({', '.join(dialect.names[:8])}); write commas or tabs between cells"
            )
        dialect.notes.append("its cells are cut where all lines are blank")
        rows = cut
    cells = zip(*rows, strict=True) if rows else [()] * width
    return [
        pa.chunked_array([pa.array([c if c else None for c in column], pa.string())])
        for column in cells
    ]
