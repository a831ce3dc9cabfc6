"""Fields of VOTables as the standard and its validators want them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from astropy.table import Table


def without_odd_units(table: Table) -> Table:
    """The table with the units that VOUnit has; the others stand in the descriptions.

    The columns of the table given are replaced, not changed.
    """
    for name in table.colnames:
        unit = table[name].unit
        if unit is None or _is_vounit(unit):
            continue
        column = table[name].copy(copy_data=False)
        column.unit = None
        if str(unit).strip():
            column.description = f"{column.description or ''} [{unit}]".strip()
        table.replace_column(name, column)
    return table


def _is_vounit(unit: Any) -> bool:
    import warnings

    from astropy import units

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            text = unit.to_string(format="vounit")
            units.Unit(text, format="vounit", parse_strict="raise")
    except Exception:  # astropy warns, and raises several kinds
        return False
    return bool(text) and text.isascii()


def without_identifiers(element: Any) -> None:
    """Take the identifiers off a table's fields: they are optional, and unique in a document.

    Those that astropy gives are the names, which both tables of a result share; readers take the
    names where there are none.
    """
    element.ID = None
    for field in element.fields:
        field.ID = None


def without_single_characters(element: Any) -> None:
    """Declare texts of one character, or of none, as texts of any length.

    astropy says ``arraysize="1"``, which is deprecated (erratum 3 of VOTable 1.3).
    """
    for field in element.fields:
        if field.datatype in ("char", "unicodeChar") and field.arraysize == "1":
            redeclare(field, arraysize="*")


def redeclare(field: Any, **how: str) -> None:
    """Change the type or the size of a field, and with it how astropy writes its values."""
    from astropy.io.votable.converters import get_converter

    for attribute, value in how.items():
        setattr(field, attribute, value)
    field.converter = get_converter(field)


def unwrap_descriptions(path: Path) -> None:
    """Put descriptions on one line, as they were: astropy breaks them, and reads the breaks."""
    content = path.read_bytes()
    path.write_bytes(
        re.sub(
            rb"<DESCRIPTION>([^<]*)</DESCRIPTION>",
            lambda found: b"<DESCRIPTION>" + b" ".join(found[1].split()) + b"</DESCRIPTION>",
            content,
        )
    )


def header_notes(element: Any) -> dict[str, Any]:
    """SKYAREA and EXTNAME of a table, which are parameters of it."""
    notes: dict[str, Any] = {}
    for param in element.params:
        if param.name == "SKYAREA":
            notes["SKYAREA"] = float(param.value)
        elif param.name == "EXTNAME":
            notes["EXTNAME"] = str(param.value).strip()
    return notes
