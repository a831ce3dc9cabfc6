"""Every combination of candidates around each primary, every catalogue possibly absent.

Candidates lie in blocks: block ``i * n_other + k`` holds those of primary i in other catalogue k,
at ``start[block]:start[block + 1]``.  An association is one slot (or -1, absent) per other
catalogue; they come out in lexicographic order with -1 first.
"""

from __future__ import annotations

import numpy as np

from .jit import jit
from .sphere import DEGREE, NEAR, separation, separation_near, separation_of


@jit
def fits(slot, level, choice, block, start, ra, dec, cos_dec, radius, exact, apart):
    """Whether `slot` is within `radius` of all members chosen so far.

    With `exact` it notes the separations.  Otherwise trigonometry is needed only where a flat
    sky, which is right to 2.5e-5 below one degree, leaves it open.
    """
    for other in range(level):
        b = choice[other]
        if b < start[block + other]:  # absent
            continue
        x, y = ra[slot] - ra[b], dec[slot] - dec[b]
        if abs(x) < 1.0 and abs(y) < 1.0:
            excess = 3600.0**2 * (x * x * cos_dec[slot] * cos_dec[b] + y * y) / radius**2 - 1.0
            if excess > 1e-4:
                return False
            if excess < -1e-4 and not exact:
                continue
        s = separation(ra[b], dec[b], cos_dec[b], ra[slot], dec[slot], cos_dec[slot])
        if not s < radius:
            return False
        apart[other, level] = s
    return True


@jit
def enumerate_primary(
    block, start, ra, dec, cos_dec, radius, choice, apart, row, limit, member, between
):
    """Write the associations of the primary at `block` from `row` on; return the row after them.

    With an empty `member` they are only counted, and counting stops beyond `limit`.  `between`
    takes the separations between the other catalogues' members, (0,1), (0,2), (1,2), ...
    """
    n_other = len(choice)
    filling = len(member) > 0
    level = 0
    choice[0] = start[block] - 2  # one before "absent", which is start - 1
    while level >= 0:
        choice[level] += 1
        slot = choice[level]
        if slot >= start[block + level + 1]:
            level -= 1
            continue
        if slot >= start[block + level] and not fits(
            slot, level, choice, block, start, ra, dec, cos_dec, radius, filling, apart
        ):
            continue
        if level < n_other - 1:
            level += 1
            choice[level] = start[block + level] - 2
            continue
        if filling:
            write_row(row, block, start, choice, apart, member, between)
        row += 1
        if row > limit:
            return row
    return row


@jit
def write_row(row, block, start, choice, apart, member, between):
    """Store one association: slots (-1 absent) and separations (NaN where one is absent)."""
    column = 0
    for b in range(len(choice)):
        present = choice[b] >= start[block + b]
        member[row, b] = choice[b] if present else -1
        for a in range(b):
            both = present and choice[a] >= start[block + a]
            between[row, column] = apart[a, b] if both else np.nan
            column += 1


@jit
def count_associations(
    i_first, i_last, n_other, start, ra, dec, cos_dec, radius, each, limit, count
):
    """Number of associations of each primary in the range, counted up to ``each + 1``.

    Returns the sum over the primaries with at most `each`; stops when it passes `limit`.
    """
    if n_other == 2:
        return count_triples(i_first, i_last, start, ra, dec, cos_dec, radius, each, limit, count)
    choice = np.empty(n_other, np.int64)
    apart = np.empty((n_other, n_other))
    nothing, no_between = np.empty((0, n_other), np.int64), np.empty((0, 0))
    total = 0
    for i in range(i_first, i_last):
        count[i] = enumerate_primary(
            i * n_other,
            start,
            ra,
            dec,
            cos_dec,
            radius,
            choice,
            apart,
            0,
            each,
            nothing,
            no_between,
        )
        if count[i] <= each:
            total += count[i]
        if total > limit:
            break
    return total


@jit
def fill_pairs(i_first, i_last, start, first, member):
    """The same with one other catalogue: no counterpart, then every candidate."""
    for i in range(i_first, i_last):
        row = first[i]
        member[row, 0] = -1
        for slot in range(start[i], start[i + 1]):
            row += 1
            member[row, 0] = slot


@jit
def fill_associations(
    i_first, i_last, start, ra, dec, cos_dec, radius, complete, first, member, between
):
    """Fill the rows ``first[i]:first[i + 1]`` of each `complete` primary in the range."""
    n_other = member.shape[1]
    if n_other == 2:
        fill_triples(
            i_first, i_last, start, ra, dec, cos_dec, radius, complete, first, member, between
        )
        return
    choice = np.empty(n_other, np.int64)
    apart = np.empty((n_other, n_other))
    for i in range(i_first, i_last):
        if complete[i]:
            enumerate_primary(
                i * n_other,
                start,
                ra,
                dec,
                cos_dec,
                radius,
                choice,
                apart,
                first[i],
                np.int64(1) << 62,
                member,
                between,
            )


@jit
def apart_from(a, begin, end, ra, dec, cos_dec, out):
    """Separations of slots begin to end from slot `a`, arcsec, in ``out[:end - begin]``.

    As :func:`separation` has them. Where all are near, which is nearly always so, in a loop
    without branches, of which the compiler makes vector instructions.
    """
    ra_a, dec_a, cos_a, n_far = ra[a], dec[a], cos_dec[a], 0
    ra_b, dec_b, cos_b = ra[begin:end], dec[begin:end], cos_dec[begin:end]
    for k in range(len(ra_b)):
        x, y = 0.5 * DEGREE * (ra_b[k] - ra_a), 0.5 * DEGREE * (dec_b[k] - dec_a)
        n_far += not ((abs(x) < NEAR) & (abs(y) < NEAR))
        out[k] = separation_near(x, y, cos_a, cos_b[k])
    if n_far > 0:
        for k in range(len(ra_b)):
            out[k] = separation_of(ra_b[k] - ra_a, dec_b[k] - dec_a, cos_a, cos_b[k])


@jit
def count_triples(i_first, i_last, start, ra, dec, cos_dec, radius, each, limit, count):
    """:func:`count_associations` with two other catalogues."""
    apart = np.empty(most_in_block(i_first, i_last, start))
    total = 0
    for i in range(i_first, i_last):
        begin, end = start[2 * i + 1], start[2 * i + 2]
        n = 1 + end - start[2 * i]
        for a in range(start[2 * i], begin):
            if n > each:
                break
            apart_from(a, begin, end, ra, dec, cos_dec, apart)
            for b in range(end - begin):
                n += apart[b] < radius
        count[i] = min(n, each + 1)
        if n <= each:
            total += n
        if total > limit:
            break
    return total


@jit
def most_in_block(i_first, i_last, start):
    """Candidates in the second of the two other catalogues around a primary, at most."""
    most = 0
    for i in range(i_first, i_last):
        most = max(most, start[2 * i + 2] - start[2 * i + 1])
    return most


@jit
def fill_triples(
    i_first, i_last, start, ra, dec, cos_dec, radius, complete, first, member, between
):
    """:func:`fill_associations` with two other catalogues."""
    apart = np.empty(most_in_block(i_first, i_last, start))
    for i in range(i_first, i_last):
        if not complete[i]:
            continue
        row, begin, end = first[i], start[2 * i + 1], start[2 * i + 2]
        for a in range(start[2 * i] - 1, begin):
            absent = a < start[2 * i]
            member[row, 0], member[row, 1], between[row, 0] = -1 if absent else a, -1, np.nan
            row += 1
            if absent:
                for b in range(begin, end):
                    member[row, 0], member[row, 1], between[row, 0] = -1, b, np.nan
                    row += 1
                continue
            apart_from(a, begin, end, ra, dec, cos_dec, apart)
            for b in range(end - begin):
                if apart[b] < radius:
                    member[row, 0], member[row, 1], between[row, 0] = a, begin + b, apart[b]
                    row += 1
