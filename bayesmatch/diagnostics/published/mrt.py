"""The machine-readable table of the AAS journals (and of the CDS): fixed columns, described.

After https://journals.aas.org/mrt-standards: title, authors and name of the table, a byte-by-byte
description, notes, and the data. Missing and infinite values are blanks, which a ``?`` in the
explanation says.
astropy reads it as ``ascii.mrt``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

import numpy as np
from astropy import units
from astropy.table import Table

from ...catalogs.formats.storage import missing, native_values, parts_of
from .header import header_lines

LINE = 80
DOUBLE, SINGLE = "=" * LINE, "-" * LINE
#: decimals of degrees (0.4 mas) and of probabilities
DEGREES, PROBABILITIES = 7, 6
#: significant digits of the largest value of a column, by bytes of the type
DIGITS = {4: 7, 8: 9}
#: columns over a wider range (factor) are written with exponents
WIDE = 1e6
#: and those that are larger or smaller throughout
LARGEST, SMALLEST = 1e9, 1e-4
#: of the explanation in the byte-by-byte description
LEAST_ROOM = 16


@dataclass(frozen=True)
class _Field:
    """One column as text."""

    label: str
    form: str
    """A, I, F or E with its width"""
    unit: str
    text: str
    cells: list[str]
    gaps: bool

    @property
    def width(self) -> int:
        """Of the longest cell, which is looked for anew each time."""
        return max(1, *map(len, self.cells))


def mrt_text(table: Table) -> str:
    """A published table as machine-readable text."""
    head = table.meta["bayesmatch"]
    fields = _fields(table)
    lines = [
        f"Title: {head['title']}",
        "Authors: (yours)",
        f"Table: {head['title']}",
        DOUBLE,
        "Byte-by-byte Description of file: table.dat",
        SINGLE,
        *_described(fields),
        SINGLE,
        *(f"Note ({n}): {line.strip()}" for n, line in enumerate(header_lines(head), start=1)),
        SINGLE,
    ]
    columns = []
    for f in fields:
        width, left = f.width, f.form[0] == "A"
        columns.append([c.ljust(width) if left else c.rjust(width) for c in f.cells])
    rows = zip(*columns, strict=True)
    lines += [" ".join(row) for row in rows]
    return "\n".join(_ascii(line) for line in lines) + "\n"


def _described(fields: list[_Field]) -> list[str]:
    """The byte-by-byte description."""
    label = max(len("Label"), *(len(f.label) for f in fields))
    unit = max(len("Units"), *(len(f.unit) for f in fields))
    form = max(len("Format"), *(len(f.form) for f in fields))
    lines = [
        f"   Bytes {'Format':<{form}} {'Units':<{unit}} {'Label':<{label}} Explanations",
        SINGLE,
    ]
    at = 1
    for f in fields:
        end = at + f.width - 1
        where = f"{at:4d}-{end:4d}" if f.width > 1 else f"     {at:4d}"
        start = f"{where} {f.form:<{form}} {f.unit:<{unit}} {f.label:<{label}} "
        text = f"{'? ' if f.gaps else ''}{f.text}"
        parts = wrap(text, max(LEAST_ROOM, LINE - len(start))) or [""]
        lines.append(start + parts[0])
        lines += [" " * len(start) + part for part in parts[1:]]
        at = end + 2
    return lines


def _fields(table: Table) -> list[_Field]:
    """The columns; of arrays in cells, one for each number."""
    found = []
    for name, column in table.items():
        values, mask = parts_of(column)
        values = native_values(values)
        gone = missing(values) if mask is None else mask | missing(values)
        endless = np.isinf(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)
        gone = gone | endless  # the standard knows no infinity
        more = "; blank where it is infinite" if endless.any() else ""
        flat, flat_gone = values.reshape(len(table), -1), gone.reshape(len(table), -1)
        many = values.ndim > 1
        for k in range(flat.shape[1]):
            label = f"{name}_{k + 1}" if many else name
            found.append(_field(label, column, flat[:, k], flat_gone[:, k], more))
    return found


def _field(label: str, column: Any, values: np.ndarray, gone: np.ndarray, more: str) -> _Field:
    """A column, or one of an array's, and what there is to say beyond its description."""
    unit = column.unit.to_string("cds") if column.unit is not None else "---"
    letter, decimals, write = _written(column, values[~gone])
    cells = ["" if no else write(v) for v, no in zip(values.tolist(), gone, strict=True)]
    width = max(1, *map(len, cells))
    form, text = f"{letter}{width}{decimals}", f"{column.description or label}{more}"
    return _Field(label, form, unit, text, cells, bool(gone.any()))


def _written(column: Any, values: np.ndarray) -> tuple[str, str, Callable[[Any], str]]:
    """Letter of the format, its decimals, and what makes a cell of a value."""
    if values.dtype.kind == "U":
        return "A", "", lambda v: " ".join(_ascii(v).split())
    if values.dtype.kind in "iub":
        return "I", "", lambda v: str(int(v))
    finite = np.abs(values[np.isfinite(values) & (values != 0)])
    if (column.info.meta or {}).get("ucd") == "stat.probability":
        decimals = PROBABILITIES
    elif column.unit == units.deg and finite.max(initial=0.0) <= 360:
        decimals = DEGREES
    else:
        digits = DIGITS.get(values.dtype.itemsize, 9) - 1
        low, high = (finite.min(), finite.max()) if len(finite) else (1.0, 1.0)
        if high > WIDE * low or high >= LARGEST or high < SMALLEST:
            return "E", f".{digits}", lambda v: f"{v:.{digits}E}"
        decimals = max(1, digits - math.floor(math.log10(high)))
    return "F", f".{decimals}", lambda v: f"{v:.{decimals}f}"


def _ascii(text: str) -> str:
    plain = text.encode("ascii", "replace").decode()
    return "".join(c if c.isprintable() else " " for c in plain)
