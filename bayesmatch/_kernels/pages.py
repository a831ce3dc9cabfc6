"""Single numbers out of those that a Parquet page has in runs, without the others."""

from __future__ import annotations

from .jit import jit


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
