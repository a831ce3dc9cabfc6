"""The tables that a file holds, and which of them is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .asked import Asked


@dataclass(frozen=True)
class TableHead:
    """A table of a file, before its rows are read."""

    number: int
    """of the FITS extension; of other formats counted from 1"""
    name: str
    columns: Sequence[str]
    ucds: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.number} {self.name}".strip()

    @property
    def described(self) -> str:
        """Number, name and columns, for messages."""
        some = ", ".join(self.columns[:SHOWN])
        more = ", ..." if len(self.columns) > SHOWN else ""
        return f"{self} ({some}{more})"


#: columns of a table that a message names
SHOWN = 6
#: which every command takes; --hdu those that match alone
SAY_WHICH = "say which behind the file's name, as FILE#2 or FILE#NAME, or with hdu= (--hdu)"


def chosen_table(heads: Sequence[TableHead], asked: Asked) -> TableHead:
    """The table that is asked for; where that is left open the first with positions.

    Raises
    ------
    ValueError
        If there is no such table, or several and none has positions; names all.
    """
    if not heads:
        raise ValueError("it holds no table")
    listed = "; ".join(head.described for head in heads)
    if asked.hdu is not None:
        wanted = str(asked.hdu).strip().lower()
        by_name = [head for head in heads if head.name.lower() in (wanted, wanted.strip("/"))]
        by_number = [head for head in heads if str(head.number) == wanted]
        found = by_name or by_number
        if not found:
            raise ValueError(f"it has no table {asked.hdu}; its tables are {listed}: {SAY_WHICH}")
        return found[0]
    if len(heads) == 1 or not asked.positions:
        return heads[0]
    found = [head for head in heads if asked.has_positions(head.columns, head.ucds)]
    if not found:
        raise ValueError(
            f"none of its {len(heads)} tables has position columns that are known by name: "
            f"{listed}; {SAY_WHICH}, and name its columns with ra= and dec= (--ra, --dec)"
        )
    if len(found) > 1:
        others = "; ".join(map(str, found[1:]))
        asked.notes.append(
            f"several of its tables have positions; {found[0]} is read, not {others}: {SAY_WHICH}"
        )
    return found[0]
