"""What is asked of a file that is read, and what its reader has to say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..pairing import pairs_in
from ..scalars import is_whole, shown
from ..split_names import split_parts


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
        given = [name for name in (self.ra, self.dec) if name is not None]
        # What comes after a name says how it is read, as in RA[hms].
        if any(name not in names and name.partition("[")[0] not in names for name in given):
            return False
        return bool(given or pairs_in(names, ucds) or split_parts(names))


def check_hdu(hdu: Any) -> int | str | None:
    """The number or name of a table that a user gives."""
    if hdu is None or (isinstance(hdu, str) and hdu.strip()) or is_whole(hdu):
        return None if hdu is None else hdu
    raise TypeError(f"hdu is {shown(hdu)}; give the number or the name of a table in the file")
