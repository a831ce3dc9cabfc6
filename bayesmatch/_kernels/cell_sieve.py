"""Objects sieved by the cell of a box on the sky that they lie in, and counted on the way.

Where circles of a search lie far apart, most objects are in cells that none touches.  A bit for
every cell tells, in a table that stays in the processor's cache where that of the search itself
(:mod:`bayesmatch._kernels.grid`), whose cells are as small as the circles, does not.  Cells are
those of a box in which objects are counted, divided further: an object's cell is found once.
"""

from __future__ import annotations

import math

import numpy as np

from .cell_counts import add_to
from .jit import jit
from .sphere import DEGREE

#: objects that are gone through at a time.  All of them are often in one cell, where files are in
#: the order of the sky: then one number is added, and the processor need not wait for the last
BLOCK = 256


@jit
def touch_cells(circle, radius, layout, shift, touched):
    """Set the bits, in words of 64, of the cells that a search circle touches.

    ``circle`` (n, 4): right ascension, declination, its cosine, and half the range of right
    ascension of the circle, degrees.  ``radius`` in degrees, padded.  ``layout`` of the box as
    :func:`sift` takes it.  Bit 0 is for all that is outside of the box, cells follow row by row.
    """
    times = 1 << shift
    low_ra, low_dec, per_ra, per_dec = layout[0], layout[1], times * layout[2], times * layout[3]
    n_rows, n_columns = times * layout[4], times * layout[5]
    cosine = np.empty(n_rows + 1)
    for row in range(n_rows + 1):
        cosine[row] = math.cos((low_dec + row / per_dec) * DEGREE)
    square = math.sin(0.5 * radius * DEGREE) ** 2
    for i in range(len(circle)):
        x, y, half = circle[i, 0] - low_ra, circle[i, 1] - low_dec, circle[i, 3]
        x += 360.0 if x < 0.0 else 0.0
        low, high = math.floor((y - radius) * per_dec), math.floor((y + radius) * per_dec)
        a, b = math.floor((x - half) * per_ra), math.floor((x + half) * per_ra)
        if low < 0 or high >= n_rows or a < 0 or b >= n_columns:
            touched[0] |= np.uint64(1)
        turns = 0 if x - half >= 0.0 and x + half < 360.0 else 1  # over the seam it goes on
        for row in range(max(low, 0), min(high, n_rows - 1) + 1):
            off = max(row / per_dec - y, y - (row + 1) / per_dec, 0.0)
            narrowest = min(cosine[row], cosine[row + 1]) * circle[i, 2]
            wide = min(half, half_range(square, off, narrowest))
            for turn in range(-turns, turns + 1):
                a = max(0, math.floor((x + 360.0 * turn - wide) * per_ra))
                b = min(n_columns - 1, math.floor((x + 360.0 * turn + wide) * per_ra))
                for column in range(a, b + 1):
                    bit = np.uint64(row * n_columns + column + 1)
                    touched[bit >> np.uint64(6)] |= np.uint64(1) << (bit & np.uint64(63))


@jit
def half_range(square, off, cosines):
    """Half the range of right ascension (degrees) of a circle from `off` on, or a little more.

    Haversines: `square` is that of the radius; `cosines` of the declinations there and of the
    centre, multiplied.
    """
    side = (0.5 * off * DEGREE) ** 2
    ratio = max(square - side * (1.0 - side / 3.0), 0.0) / cosines
    if not 0.0 <= ratio < 1.0:  # over a pole
        return 180.0
    sine = math.sqrt(ratio)
    arc = sine * (1.0 + 0.2 * ratio) if ratio < 0.1 else math.asin(sine)  # the former: not less
    return 2.0 * arc / DEGREE


@jit
def find_cells(ra, dec, layout, shift, fine, cell):
    """Cells of some objects (``cell``, -1 outside) and those divided further (``fine``, 0 outside).

    Several at a time, without a branch for each.  The former only if there is room for them;
    returns the first and the last.
    """
    low_ra, low_dec, per_ra, per_dec, n_rows, n_columns = layout
    times, by = float(1 << shift), np.int32(shift)  # a power of 2: products with it are exact
    per_ra, per_dec, rows, columns = (
        times * per_ra,
        times * per_dec,
        times * n_rows,
        times * n_columns,
    )
    step, fine_step = np.int32(n_columns), np.int32(n_columns << shift)
    first, last, wanted = np.int32(0x7FFFFFFF), np.int32(-1), len(cell) > 0
    for a in range(len(ra)):
        x = ra[a] - low_ra
        x = (x + (360.0 if x < 0.0 else 0.0)) * per_ra
        y = (dec[a] - low_dec) * per_dec
        inside = (y >= 0.0) & (y < rows) & (x < columns)
        row, column = np.int32(y), np.int32(x)
        fine[a] = row * fine_step + column + np.int32(1) if inside else np.int32(0)
        if wanted:
            at = (row >> by) * step + (column >> by) if inside else np.int32(-1)
            first, last = min(first, at), max(last, at)
            cell[a] = at
    return first, last


@jit
def sift(ra, dec, layout, shift, touched, low, high, near, near_ra, near_dec):
    """List which objects lie in a cell that a circle touches, and where; returns how many.

    ``layout``: lowest right ascension and declination, cells per degree of both, rows and columns
    of the box; for ``touched`` (see :func:`touch_cells`) each is 2**shift cells wide and high.
    ``near``, ``near_ra`` and ``near_dec`` (n,) take the objects.  All are added to what the cells
    hold, ``low`` and ``high`` (rows * columns,), too.  Without elements of ``touched`` or of these
    either is left out.
    """
    fine, cell = np.empty(BLOCK, np.int32), np.empty(BLOCK if len(low) else 0, np.int32)
    row, n = np.empty(BLOCK, np.int32), 0
    for begin in range(0, len(ra), BLOCK):
        m = min(BLOCK, len(ra) - begin)
        some_ra, some_dec = ra[begin : begin + m], dec[begin : begin + m]
        first, last = find_cells(some_ra, some_dec, layout, shift, fine, cell)
        if len(low):
            add_cells(cell[:m], first, last, low, high)
        if len(touched) == 0:
            continue
        held = 0
        for a in range(m):  # without a branch there is none to mispredict
            row[held], bit = a, np.uint32(fine[a])
            word = touched[bit >> np.uint32(6)]
            held += np.int64((word >> np.uint64(bit & np.uint32(63))) & np.uint64(1))
        for k in range(held):
            a = np.uint32(row[k])
            near[n + k], near_ra[n + k], near_dec[n + k] = begin + a, some_ra[a], some_dec[a]
        n += held
    return n


@jit
def add_cells(cell, first, last, low, high):
    """Add an object to every cell, from `first` to `last`; there are none below 0."""
    if first == last:
        if first >= 0:
            add_to(low, high, np.uint32(first), len(cell))
    elif first >= 0:
        for a in range(len(cell)):
            add_to(low, high, np.uint32(cell[a]), 1)
    else:
        for a in range(len(cell)):
            if cell[a] >= 0:
                add_to(low, high, np.uint32(cell[a]), 1)
