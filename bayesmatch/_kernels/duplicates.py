"""Second entries of sources among the close pairs of a list: a mixture of two, by EM."""

from __future__ import annotations

import math

from .jit import jit

#: relative change at which the steps end
SETTLED = 1e-3


@jit
def mixture(u, end, chance, all_chance, spread, steps, least):
    """Most likely number of second entries and spread, pairs that are ones, and gain in ln L.

    See :func:`bayesmatch.matching.same_source.find_duplicates`; `u`, `end`, `chance` and
    `all_chance` (m,) by pair, `spread` to begin with and `least` its least.
    """
    d, total = 1e-12, 0.0
    for step in range(steps):
        if step == 0:
            many, few = 0.0, 0.0
            for k in range(len(u)):
                many += math.exp(-u[k] / spread) / spread / chance[k]
                few += -math.expm1(-end[k] / spread) / all_chance[k]
            if many <= few:
                return 0.0, 1.0, 0.0, 0.0  # close pairs are no more than chance makes them
            d = 0.05
        d_before, before = d if step else 1e-12, spread
        total, square, inside = 0.0, 0.0, 0.0
        for k in range(len(u)):
            twice = d * math.exp(-u[k] / spread) / spread
            share = twice / (twice + chance[k])
            total += share
            square += share * u[k]
        for k in range(len(u)):
            all_twice = -math.expm1(-end[k] / spread)
            inside += all_twice / (d * all_twice + all_chance[k])
        d = min(max(total / inside, 1e-12), 1.0)
        spread = min(max((square + 1e-300) / (total + 1e-300), least), 1.0)
        if abs(d / d_before - 1.0) < SETTLED and abs(spread / before - 1.0) < SETTLED:
            break
    gain = 0.0
    for k in range(len(u)):
        gain += math.log1p(d * math.exp(-u[k] / spread) / spread / chance[k])
        gain -= math.log1p(-d * math.expm1(-end[k] / spread) / all_chance[k])
    return d, spread, total, gain
