"""A field with clumps of a minute of arc in which the host fraction is another."""

import numpy as np

SIDE, CORE, N = 0.8, 0.8 / 60, 1200


def sky(seed, inside, outside=0.85):
    """Sources and a field, both with clumps of a minute of arc; hosts of those in clumps differ.

    Sources and survey as columns, whether a source has a host, and whether it lies in a clump.
    """
    rng = np.random.default_rng(seed)
    place = rng.uniform(-0.5, 0.5, (2, 14)) * SIDE

    def clumped(n, share):
        at = rng.uniform(-0.5, 0.5, (2, n)) * SIDE
        inner = rng.random(n) < share
        at[:, inner] = place[:, rng.integers(0, 14, inner.sum())]
        at[:, inner] += rng.normal(0, CORE, (2, inner.sum()))
        return at

    x, field = clumped(N, 0.5), clumped(22_000, 0.35)
    apart = np.hypot(*(x[:, :, None] - place[:, None, :])).min(axis=1)
    clump = apart < 1.5 * CORE
    sigma = rng.uniform(0.5, 2.5, N)
    has = rng.random(N) < np.where(clump, inside, outside)
    hosts = (x + rng.normal(size=x.shape) * sigma / 3600)[:, has]
    (xa, xd), (oa, od) = ((150 + a, d) for a, d in (x, np.c_[field, hosts]))
    return {"RA": xa, "DEC": xd, "s": sigma}, {"RA": oa, "DEC": od}, has, clump
