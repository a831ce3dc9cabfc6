"""Field objects in the rings around every primary: counts with the expected hosts taken out."""

from __future__ import annotations

from .jit import jit


@jit
def near_rings(
    first, last, hosts, seen, others, own, count, area, field, looked_at, mine, variance
):
    """Rings within the radius around the primaries first to last; all arrays (rings, n).

    But ``seen`` and ``others`` (n,): share that is looked at, and other primaries per arcsec^2.
    ``own`` is the share of a primary's hosts in its ring, `hosts` how many it has.  Outputs: field
    objects, area, hosts of the primary's own, and the variance of all hosts.
    """
    for k in range(len(count)):
        for i in range(first, last):
            of_own = hosts * own[k, i]
            of_others = hosts * others[i] * area[k, i]
            field[k, i] = seen[i] * (count[k, i] - of_own - of_others)
            looked_at[k, i] = seen[i] * area[k, i]
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


@jit
def expected_in(count, area, host, density, max_leak, told, expected, seen):
    """What the `density` (n,) so far lets one expect in a ring: `told` objects, `expected`, area.

    Nothing where the primary's own host is more than `max_leak` of them.
    """
    for i in range(len(count)):
        chance = density[i] * area[i]
        tells = 1.0 if host[i] <= max_leak * chance else 0.0
        told[i], expected[i], seen[i] = count[i] * tells, chance * tells, area[i] * tells


@jit
def excess_variance(count, expected, taken, steps, least, enough, sure):
    """Variance of rates over the expected ones beyond Poisson's; 0: not beyond doubt.

    All arrays (n,); each primary of which anything is expected has the weight of what it tells.
    Fewer than `least` of them, or `enough` objects, tell nothing.
    """
    n, total = 0, 0.0
    for e in expected:
        n += e > 0.0
        total += e
    if n < least or total < enough:
        return 0.0
    variance = 0.0
    for _ in range(steps):
        information, scatter = 0.0, 0.0
        for i in range(len(count)):
            e = expected[i]
            if e > 0.0:
                # The variance of what is beyond chance: few expected objects tell little.
                chance, square = e + taken[i], e * e
                wide = chance + variance * square
                told_by = square / (2.0 * wide * wide + chance)
                information += told_by * square
                scatter += told_by * ((count[i] - e) * (count[i] - e) - chance)
        variance = scatter / information
        if variance * information**0.5 < sure:
            return 0.0
    return variance


@jit
def shrunk(count, area, shape, before, density):
    """The `density` (n,) in a ring: its counts with what the rings beyond it say, ``before``."""
    for i in range(len(count)):
        density[i] = (max(count[i], 0.0) + shape) / (area[i] + shape / before[i])
