"""Pages of Parquet files: their heads, and single numbers of those that a page has in runs."""

from __future__ import annotations

import numpy as np

from .jit import jit

#: columns of heads: kind, bytes when decompressed and as they are, checksum, values, encoding,
#: missing values, bytes of levels and of repeats, whether it is compressed, where the bytes begin
KIND, WHOLE, SIZE, CHECKSUM, COUNT, ENCODING, MISSING, LEVELS, REPEATS, COMPRESSED, BEGIN = range(
    11
)
#: stands for what a head does not say; no number of 32 bits
UNSAID = 1 << 40
#: structures inside each other, at most
DEEPEST = 4
#: kinds of pages, and fields of a head with what each kind has besides
DATA, DICTIONARY, DATA_2 = 0, 2, 3
OF_DATA, OF_DICTIONARY, OF_DATA_2 = 5, 7, 8


@jit
def _number(data, at):
    """A number without sign from there on and where it ends, -1: nowhere."""
    value, shift = 0, 0
    while at < len(data) and shift < 63:
        byte = int(data[at])
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
    return 0, -1


@jit
def _place(inside, field):
    """Which column of the heads a field of a structure is, -1: none."""
    if inside == 0:
        return field - 1 if 1 <= field <= 4 else -1
    if field == 1:
        return COUNT
    if inside == OF_DATA_2:
        return (
            (-1, -1, MISSING, -1, ENCODING, LEVELS, REPEATS, COMPRESSED)[field] if field < 8 else -1
        )
    return ENCODING if field == 2 else -1


@jit
def read_heads(data, rows, heads):
    """Heads (n, 11) of the pages of a column chunk; how many, -1: something is damaged or unusual.

    `data` (bytes,) are its pages, up to the one with which there are so many `rows`.  A head is a
    structure of Thrift's compact protocol.
    """
    at, first, n = 0, 0, 0
    last = np.zeros(DEEPEST + 1, np.int64)
    while first < rows:
        if n == len(heads):
            return -1
        head = heads[n]
        head[:] = UNSAID
        deep, inside = 0, 0
        last[0] = 0
        while True:
            if at >= len(data):
                return -1
            byte = int(data[at])
            at += 1
            if byte == 0:
                if deep == 0:
                    break
                deep -= 1
                inside = 0 if deep == 0 else inside
                continue
            kind = byte & 15
            if byte >> 4:
                last[deep] += byte >> 4
            else:
                value, at = _number(data, at)
                if at < 0:
                    return -1
                last[deep] = (value >> 1) ^ -(value & 1)
            value = 1 if kind == 1 else 0
            if kind == 12:
                if deep == DEEPEST:
                    return -1
                inside = last[deep] if deep == 0 else inside
                deep += 1
                last[deep] = 0
                continue
            if kind == 3 or kind == 7:
                at += 1 if kind == 3 else 8
                continue
            if kind > 2:
                if kind > 8:
                    return -1
                value, at = _number(data, at)
                if at < 0:
                    return -1
                if kind == 8:
                    at += value
                    continue
                value = (value >> 1) ^ -(value & 1)
            place = _place(inside, last[deep]) if deep < 2 else -1
            if place >= 0:
                head[place] = value
        head[BEGIN] = at
        if not 0 <= head[SIZE] <= len(data) - at:
            return -1
        at += head[SIZE]
        if head[KIND] == DATA or head[KIND] == DATA_2:
            if not 0 <= head[COUNT] <= rows - first:
                return -1
            first += head[COUNT]
        n += 1
    return n


@jit
def picked_numbers(data, begin, width, wanted, out):
    """The numbers `out` (m,) at some places (m,), ascending; False where the bytes end before.

    `data` (bytes,) has from `begin` on runs of numbers of `width` bits: the same number many times,
    or eight and more side by side (the hybrid of Parquet's format, "RLE" there).
    """
    at, first, k = begin, 0, 0
    bits = (1 << width) - 1
    while k < len(wanted):
        head, shift, byte = 0, 0, 128
        while byte >= 128:
            if at >= len(data) or shift > 28:
                return False
            byte = int(data[at])
            head |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
        side_by_side, count = head & 1, head >> 1
        if side_by_side:
            size, count = count * width, count * 8
        else:
            size = (width + 7) >> 3
        if count == 0:
            return False
        while k < len(wanted) and wanted[k] < first + count:
            bit = (wanted[k] - first) * width if side_by_side else 0
            place, inside, number = at + (bit >> 3), bit & 7, 0
            for b in range((inside + width + 7) >> 3):
                if place + b >= len(data):
                    return False
                number |= int(data[place + b]) << (8 * b)
            out[k] = (number >> inside) & bits
            k += 1
        at, first = at + size, first + count
    return True
