"""Texts that some format could not give back: those with line breaks and other control characters.

A column with such a text is written as JSON strings, in every format, and the record says so. A
column whose name the format cannot hold gets another one (see :mod:`.holds`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from astropy.table import Column, Table

from .holds import written_names
from .storage import ESCAPED, WRITTEN, masked_column, parts_of


def is_awkward(values: np.ndarray) -> bool:
    """Whether any of these texts, (n,), has a control character, or half of a character."""
    if values.dtype.kind != "U" or values.ndim != 1 or not values.size or not values.dtype.itemsize:
        return False
    codes = np.ascontiguousarray(values).view(np.uint32).reshape(len(values), -1)
    if ((codes > 0) & (codes < 0x20)).any():
        return True
    if (np.count_nonzero(codes, axis=1) != np.char.str_len(values)).any():  # a NUL within
        return True
    if codes.max() < 0x7F:
        return False
    high = codes[codes >= 0x7F]
    # Line and paragraph separators are line breaks to some readers.
    breaks = (high < 0xA0) | (high == 0x2028) | (high == 0x2029)
    no_text = ((high >= 0xD800) & (high < 0xE000)) | (high == 0xFEFF) | (high >= 0xFFFE)
    return bool((breaks | (no_text & (high <= 0xFFFF))).any())


def with_escapes(
    table: Table, notes: Sequence[dict[str, Any]], kind: str, own: Collection[str] = ()
) -> Table:
    """The table as a format has it; the notes of its columns tell what is escaped and renamed.

    Columns `own` are those of a result, which keep their names where an input column has to yield.
    """
    names = written_names(kind, table.colnames, own)
    out = Table(list(table.itercols()), names=names, meta=table.meta, copy=False)
    for old, name, note in zip(table.colnames, names, notes, strict=True):
        values, mask = parts_of(table[old])
        if name != old:
            note[WRITTEN] = name
        if not is_awkward(values):
            continue
        note[ESCAPED] = True
        if mask is not None:
            values = np.where(mask, "", values)
        texts = np.array([json.dumps(str(text)) if text else "" for text in values])
        column = out[name]
        kept = {"description": column.description, "unit": column.unit}
        out[name] = (
            Column(texts, **kept) if mask is None else masked_column(texts, texts == "", **kept)
        )
    return out
