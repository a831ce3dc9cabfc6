"""Fields of VOTables as the standard and its validators want them."""

from __future__ import annotations

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


def set_identifiers(element: Any, prefix: str) -> None:
    """Identifiers of a table and its fields that are names in XML, and different in a document."""
    names = [f"{prefix}{number}" for number in range(1, len(element.fields) + 1)]
    element.ID = prefix.rstrip("_")
    for field, name in zip(element.fields, names, strict=True):
        field.ID = name
