"""Tables of known answers: the primary's identifier, its counterpart's or "hostless"."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ...catalogs.convert import as_table
from ...catalogs.formats.asked import Asked
from ...catalogs.formats.reading import read_table
from ...catalogs.formats.storage import missing, native_values, parts_of
from ...catalogs.identifiers import rounded
from ...catalogs.scalars import shown_item

HOSTLESS = "hostless"


def as_text(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """Identifiers as text without blanks, and where they are missing."""
    values, mask = parts_of(column)
    if values.dtype.kind == "f":  # whole numbers that a missing one made floating
        whole = np.isfinite(values) & (values % 1 == 0)
        if whole[np.isfinite(values)].all():
            absent = ~whole if mask is None else mask | ~whole
            return np.where(whole, values, 0).astype(np.int64).astype(str), absent
    absent = np.zeros(values.shape, bool) if mask is None else mask.copy()
    values = native_values(np.where(absent, "", values) if values.dtype.kind == "O" else values)
    absent |= missing(values)
    text = np.char.strip(values.astype(str))
    return text, absent | (text == "")


def _refuse_rounded(name: str, column: Any) -> None:
    """Raise a ValueError for floating-point identifiers that have lost digits."""
    values = np.ma.getdata(column)
    if values.dtype.kind != "f":
        return
    large, why = rounded(values, np.isfinite(values) & ~np.ma.getmaskarray(column))
    if large.any():
        row = int(np.argmax(large))
        raise ValueError(
            f"truth: column {name!r} is {values[row]} in row {row}; {why}; write the table again "
            "with them as integers or text"
        )


def known_answers(truth: Any) -> tuple[np.ndarray, np.ndarray]:
    """Primary and counterpart identifiers as text."""
    table = (
        read_table(truth, Asked(positions=False))
        if isinstance(truth, (str, os.PathLike))
        else as_table(truth, "truth")
    )
    if len(table.colnames) < 2:
        raise ValueError(
            f"truth has {len(table.colnames)} column(s); the first must hold the "
            f"primary's identifier, the second its counterpart's or {HOSTLESS!r}"
        )
    if len(table) == 0:
        raise ValueError("truth has no rows; give sources whose answer is known")
    text: list[np.ndarray] = []
    for name in table.colnames[:2]:
        if table[name].ndim != 1:
            raise ValueError(
                f"truth: column {name!r} has the shape {table[name].shape}; it must "
                "hold one identifier per row"
            )
        _refuse_rounded(name, table[name])
        values, absent = as_text(table[name])
        if absent.any():
            raise ValueError(
                f"truth: column {name!r} is empty in row {int(np.argmax(absent))} "
                f"({int(absent.sum())} in all); give an identifier"
                + (f", or {HOSTLESS!r}" if text else "")
            )
        text.append(values)
    primary, counterpart = text
    values, first, inverse = np.unique(primary, return_index=True, return_inverse=True)
    if len(values) < len(primary):
        row = int(np.argmax(first[inverse] != np.arange(len(primary))))
        raise ValueError(
            f"truth: column {table.colnames[0]!r} has '{shown_item(primary[row])}' in row {row} "
            f"and already in row {first[inverse[row]]} "
            f"({len(primary) - len(values)} duplicates in all); keep one of them"
        )
    return primary, counterpart
