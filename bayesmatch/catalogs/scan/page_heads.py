"""The heads of the pages of a Parquet file: Thrift's compact protocol, as far as they have it."""

from __future__ import annotations

from typing import Any

#: kinds of a field
TRUE, FALSE, BYTE, WHOLE, DOUBLE, TEXT, STRUCT = 1, 2, 3, (4, 5, 6), 7, 8, 12
#: structures inside each other
DEEPEST = 4


def read_head(data: memoryview, at: int, deep: int = 0) -> tuple[dict[int, Any], int]:
    """Fields of a structure by their numbers, and where it ends.

    Parameters
    ----------
    data : memoryview
        Bytes.
    at : int
        Where it begins.
    deep : int, default 0
        Structures that it is in.

    Raises
    ------
    ValueError, IndexError
        If it is none, or has what the head of a page never has.
    """
    if deep > DEEPEST:
        raise ValueError("structures too deep inside each other")
    fields: dict[int, Any] = {}
    number = 0
    while True:
        byte, at = data[at], at + 1
        if byte == 0:
            return fields, at
        kind, step = byte & 15, byte >> 4
        if step:
            number += step
        else:
            number, at = _signed(data, at)
        fields[number], at = _value(data, at, kind, deep)


def _value(data: memoryview, at: int, kind: int, deep: int) -> tuple[Any, int]:
    """A value of a kind, and where it ends."""
    if kind in (TRUE, FALSE):
        return kind == TRUE, at
    if kind in WHOLE:
        return _signed(data, at)
    if kind == STRUCT:
        return read_head(data, at, deep + 1)
    if kind == TEXT:
        size, at = _unsigned(data, at)
        return None, at + size
    if kind in (BYTE, DOUBLE):
        return None, at + (1 if kind == BYTE else 8)
    raise ValueError(f"a field of kind {kind}")


def _unsigned(data: memoryview, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte, at = data[at], at + 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number of more than 64 bits")


def _signed(data: memoryview, at: int) -> tuple[int, int]:
    value, at = _unsigned(data, at)
    return (value >> 1) ^ -(value & 1), at
