"""Field objects in the rings around every primary: counts with the expected hosts taken out."""

from __future__ import annotations

from .jit import jit


@jit
def near_rings(
    first, last, hosts, seen, others, own, count, area, field, looked_at, mine, variance
):
    """Rings within the radius around the primaries first to last; all arrays (rings, n).

    But ``seen`` and ``others`` (n,): where there is nothing to count, and other primaries per
    arcsec^2.  ``own`` is the share of a primary's hosts in its ring, `hosts` how many it has.
    Outputs: field objects, area, hosts of the primary's own, and the variance of all hosts.
    """
    for k in range(len(count)):
        for i in range(first, last):
            of_own = hosts * own[k, i]
            of_others = hosts * others[i] * area[k, i]
            there = 1.0 if seen[i] else 0.0
            field[k, i] = there * (count[k, i] - of_own - of_others)
            looked_at[k, i] = there * area[k, i]
            mine[k, i] = of_own
            variance[k, i] = of_own * (1.0 - of_own) + of_others


@jit
def far_rings(first, last, hosts, which, number, square, sources, field, area, variance):
    """Rings between windows around the primaries first to last, the first a window itself.

    ``which`` (rings,) of the windows (n, w), ascending: objects, area and sources in them; `hosts`
    of each source.  Outputs (rings, n): field objects, area, and the variance of the hosts.
    """
    spread = hosts * (1.0 - hosts)
    for i in range(first, last):
        for r in range(len(which)):
            w = which[r]
            n, a, s = number[i, w] - hosts * sources[i, w], square[i, w], sources[i, w]
            if r > 0:
                v = which[r - 1]
                n -= number[i, v] - hosts * sources[i, v]
                a -= square[i, v]
                s -= sources[i, v]
            field[r, i] = n if a > 0.0 else 0.0
            area[r, i] = max(a, 0.0)
            variance[r, i] = spread * max(s, 0)
