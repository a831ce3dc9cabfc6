"""Names of the seven columns of a position, as the CDS has them."""

from __future__ import annotations

from collections.abc import Sequence

#: what the columns are called, in small letters; those in brackets may be absent
_RA, _DEC = ("rah", "ram", "[ras]"), ("[de-]", "ded", "[dem]", "[des]")


def split_parts(names: Sequence[str]) -> list[str | None] | None:
    """The seven columns, None for one that is absent; None if they are not there."""
    low = {name.strip().lower().replace("−", "-"): name for name in reversed(names)}
    found = [low.get(part.strip("[]")) for part in (*_RA, *_DEC)]
    needed = [column for column, part in zip(found, (*_RA, *_DEC), strict=True) if part[:1] != "["]
    return None if None in needed else found
