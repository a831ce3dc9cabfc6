"""Which column is the identifier, where none is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from . import columns
from .pairing import pairs_in
from .values import ColumnValues

#: of the known names of identifiers, the first that is one of names
FIRST_NAME = "iauname"


def found_identifier(values: ColumnValues, ucds: Mapping[str, str], beside: str) -> str | None:
    """The identifier's column; None where there is none, and the rows' numbers serve.

    One that goes with the positions (``ID_1`` with ``RA_1``) comes first, then the rules of
    :func:`.columns.find_column`. Names of sources (``source_name``, ``name``) count only where
    there is nothing else and they are different in every row, and numbers of a list (``Src No``,
    ``Seq``) after those.
    """
    names: list[str] = values.table.colnames
    part = "" if beside.lower() in ("", "ra") else _part(names, ucds, beside)
    if part:
        mine = [n for n in names if _is_of(n, part)]
        if mine:
            return mine[0]
    found = columns.find_column(names, dict(ucds), columns.ID)
    strong = [n for n in found if columns.plain_name(n) not in columns.WEAK_ID]
    known = columns.ID.aliases
    if len(strong) > 1 and all(n.lower() in known for n in strong):  # numbers before names
        numbers = [n for n in strong if known.index(n.lower()) < known.index(FIRST_NAME)]
        strong = numbers or sorted(strong, key=lambda n: known.index(n.lower()))[:1]
    if strong:
        return columns.pick_column(strong, names, catalog=values.catalog, role=columns.ID)
    if not len(values.table):  # of a data set that is not read here
        return None
    order = sorted(found, key=lambda n: columns.WEAK_ID.index(columns.plain_name(n)))
    return next((n for n in order if _tells_apart(values, n)), None)


def _part(names: Sequence[str], ucds: Mapping[str, str], beside: str) -> str:
    """What says whose positions a column has."""
    return next((p.part for p in pairs_in(names, ucds) if p.ra == beside), "")


def _is_of(name: str, part: str) -> bool:
    """Whether a name is an identifier's with an addition before or after it."""
    low = name.lower()
    known = ("id", *columns.ID.aliases)
    return any(low in (f"{word}_{part}", f"{part}_{word}", f"{word}{part}") for word in known)


def _tells_apart(values: ColumnValues, name: str) -> bool:
    """Whether a column holds whole numbers or texts, another one in every row."""
    data = values.table[name]
    mask = getattr(data, "mask", None)
    if mask is not None and np.any(mask):
        return False
    raw = np.asarray(np.ma.getdata(getattr(data, "unmasked", data)))
    if raw.ndim != 1 or raw.dtype.kind not in "iuSUO":
        return False
    if raw.dtype.kind == "O":
        raw = np.array([str(v) for v in raw], dtype=str)
    return len(np.unique(raw)) == len(raw)
