"""What compiled code depends on of the arguments of a call: their kinds, and a text for them.

A kind says more than Numba's type, or the same, so that a kind has one type.  What is not known
here has none, and is left to Numba.
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: bits in ``flags.num`` of an array, as NumPy's interface for C has fixed them
C_ORDER, F_ORDER, ALIGNED, WRITEABLE = 0x1, 0x2, 0x100, 0x400
RELEVANT = C_ORDER | F_ORDER | ALIGNED | WRITEABLE

_NUMBERS = (bool, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32)
DTYPES: dict[np.dtype, str] = {
    np.dtype(t): np.dtype(t).str for t in (*_NUMBERS, np.uint64, np.float32, np.float64)
}
SCALARS: dict[type, str] = {
    bool: "bool",
    int: "int",
    float: "float",
    **{t: f"numpy.{t.__name__}" for t in (np.bool_, np.int32, np.int64, np.float32, np.float64)},
}


def kind(value: Any) -> Any:
    """The kind of an argument; None: not one of those that are known here."""
    its = type(value)
    if its is np.ndarray:
        return value.dtype, value.ndim, value.flags.num & RELEVANT
    if its is int:
        return int if -(1 << 63) <= value < 1 << 63 else None  # beyond: another of Numba's types
    if its in SCALARS:
        return its
    if isinstance(value, tuple):
        return its, tuple(map(kind, value))
    return None


def text(kinds: Any) -> str | None:
    """The same for every process; None where a kind is not known."""
    if kinds in SCALARS:
        return SCALARS[kinds]
    if not isinstance(kinds, tuple):
        return None
    if len(kinds) == 3 and isinstance(kinds[0], np.dtype):
        dtype, n_dimensions, flags = kinds
        if dtype not in DTYPES or not flags & ALIGNED:
            return None
        return f"{DTYPES[dtype]}[{n_dimensions},{flags:x}]"
    its, inside = kinds
    inner = [text(one) for one in inside]
    if None in inner:
        return None
    return f"{its.__module__}.{its.__qualname__}({' '.join(map(str, inner))})"


def text_of_call(kinds: tuple) -> str | None:
    """The same for all arguments of a call."""
    return text((tuple, kinds))
