"""The frames that a VOTable's COOSYS elements give its columns."""

from __future__ import annotations

from typing import Any

from astropy.table import Table

#: frames of today, of which nothing has to be remembered
TODAY = ("icrs", "eq_fk5 j2000", "eq_fk5 2000", "eq_fk5 j2000.0", "eq_fk5 2000.0", "eq_fk5")


def note_frames(votable: Any, element: Any, table: Table) -> Table:
    """The table, with the frame of a column in its meta where it is not today's.

    A file with one COOSYS means it for all columns, whether or not they refer to it.
    """
    systems = {
        c.ID: " ".join(str(part) for part in (c.system, c.equinox) if part)
        for c in votable.iter_coosys()
    }
    for field in element.fields:
        only = next(iter(systems.values())) if len(systems) == 1 else None
        system = systems.get(field.ref, only)
        if system and system.lower() not in TODAY and field.name in table.colnames:
            info = table[field.name].info
            info.meta = {**(info.meta or {}), "coosys": system}
    return table
