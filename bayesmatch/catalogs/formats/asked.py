"""What is asked of a file that is read, and what its reader has to say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import columns
from ..scalars import is_whole, shown


@dataclass(frozen=True)
class Asked:
    """Which of a file's tables is wanted, and which of its columns have a part to play."""

    hdu: int | str | None = None
    """number (of FITS extensions, the first is 1) or name of the table; None: found"""
    ra: str | None = None
    dec: str | None = None
    id: str | None = None
    """columns that the caller named"""
    positions: bool = True
    """whether the table has to have positions"""
    notes: list[str] = field(default_factory=list)
    """what the reader had to guess or leave out, a sentence each; shown as warnings"""

    def has_positions(self, names: Sequence[str], ucds: dict[str, str]) -> bool:
        """Whether a table of such columns has a right ascension and a declination."""
        return all(
            given in names if given is not None else bool(columns.find_column(names, ucds, role))
            for given, role in ((self.ra, columns.RA), (self.dec, columns.DEC))
        )


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


def check_hdu(hdu: Any) -> int | str | None:
    """The number or name of a table that a user gives."""
    if hdu is None or (isinstance(hdu, str) and hdu.strip()) or is_whole(hdu):
        return None if hdu is None else hdu
    raise TypeError(f"hdu is {shown(hdu)}; give the number or the name of a table in the file")


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
        by_name = [head for head in heads if head.name.lower() == wanted]
        by_number = [head for head in heads if str(head.number) == wanted]
        found = by_name or by_number
        if not found:
            raise ValueError(
                f"it has no table {asked.hdu}; its tables are {listed}: say which with hdu= "
                "(--hdu on the command line)"
            )
        return found[0]
    if len(heads) == 1 or not asked.positions:
        return heads[0]
    found = [head for head in heads if asked.has_positions(head.columns, head.ucds)]
    if not found:
        raise ValueError(
            f"none of its {len(heads)} tables has position columns that are known by name: "
            f"{listed}; say which with hdu= (--hdu on the command line), and name its columns "
            "with ra= and dec= (--ra, --dec)"
        )
    if len(found) > 1:
        others = "; ".join(map(str, found[1:]))
        asked.notes.append(
            f"several of its tables have positions; {found[0]} is read, not {others}: "
            "say which with hdu= (--hdu on the command line)"
        )
    return found[0]
