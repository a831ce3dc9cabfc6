"""Whether identifiers are repeated, or have been rounded, told in little time."""

from __future__ import annotations

import numpy as np

from .values import ColumnValues
from .warned import warn_user

#: of identifiers from which it can be told that all were rounded
ENOUGH = 20
#: below it the steps of float64 are those between Gaia's identifiers, multiples of 128
ROUNDED_FROM = 2**60


def repeated_row(values: np.ndarray, mask: np.ndarray | None = None) -> tuple[int, int] | None:
    """First row with the identifier of an earlier one, and how many such rows; None: there is none.

    Integers or text, (n,); rows of the mask have none.
    """
    rows = np.arange(len(values)) if mask is None else np.flatnonzero(~mask)
    some = values if mask is None else values[rows]
    if len(some) < 2 or not values.dtype.itemsize:
        return None
    if values.dtype.kind in "iu":
        if (some[1:] > some[:-1]).all():  # as most surveys have them
            return None
        ordered = np.sort(some)
        n_more = int(np.count_nonzero(ordered[1:] == ordered[:-1]))
    else:
        n_more = len(some) - _n_different(some)
    if not n_more:
        return None
    _, first, inverse = np.unique(some, return_index=True, return_inverse=True)
    again = np.flatnonzero(first[inverse] != np.arange(len(some)))
    if values.dtype.kind in "SU":  # what is empty is no identifier
        again = again[np.char.str_len(some[again]) > 0]
    return (int(rows[again[0]]), len(again)) if len(again) else None


def warn_rounded(values: ColumnValues, column: str, ids: np.ndarray) -> None:
    """Warn if integers look as if they had been floating-point numbers before."""
    if ids.dtype.kind not in "iu" or len(ids) < ENOUGH or not len(ids):
        return
    size = np.abs(ids.astype(np.float64))
    large = size >= ROUNDED_FROM
    if np.count_nonzero(large) < ENOUGH:
        return
    some, steps = ids[large], np.spacing(size[large]).astype(np.int64)
    if (some.astype(np.uint64) % steps.astype(np.uint64) != 0).any():
        return
    # Those that were made with zeros at the end are multiples of more than the steps.
    odd = np.count_nonzero((some.astype(np.uint64) // steps.astype(np.uint64)) % np.uint64(2))
    if odd > len(some) // 5:
        warn_user(
            f"catalogue {values.catalog!r}: all {len(some):,} large identifiers in column "
            f"{column!r} are multiples of {int(steps.min())}, as if they had been floating-point "
            "numbers and been rounded; compare them with the original, and read that with "
            "identifiers as integers or text"
        )


def _n_different(texts: np.ndarray) -> int:
    """How many different texts there are, (n,)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    flat = np.ascontiguousarray(texts)
    width = flat.dtype.itemsize
    cells = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(width), len(flat), [None, pa.py_buffer(flat.view(np.uint8))]
    )
    return int(pc.count_distinct(cells).as_py())
