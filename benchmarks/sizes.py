"""From 1,000 x 100,000 to a million x a hundred million, and four times the Lockman Hole.

A peer is not run where, by its time at the size before, it would take longer than a minute, or
where its tree would fill the memory.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import bayesmatch as bm

from .methods import BAYESMATCH, METHODS, NWAY
from .peers import LOCKMAN, RADIUS
from .settings import Settings
from .skies import large_sky, mock_sky, whole_match
from .timing import (
    BUDGET,
    forget_peak,
    median_seconds,
    memory_MB,
    peak_MB,
    print_rows,
    with_ratios,
)

DECADES = tuple((10**k, 10 ** (k + 2)) for k in range(3, 7))
#: rows of the secondary for which a peer's tree or table needs up to about 10 GB
MAX_PEER_ROWS = 30_000_000


def run(settings: Settings) -> dict[str, Any]:
    """Seconds by method and size, and how the time grows when the sky does."""
    decades = DECADES[:2] if settings.quick else DECADES
    seen: dict[str, tuple[int, float]] = {}  # method: secondary rows and seconds, last measured
    points = [at_size(n, m, settings, seen) for n, m in decades]
    return {"radius": RADIUS, "points": points, "four_times": four_times(settings)}


def at_size(
    n: int, m: int, settings: Settings, seen: dict[str, tuple[int, float]]
) -> dict[str, Any]:
    """Every method at one size; `seen` tells what to expect."""
    primary, secondary = large_sky(n, m)
    rows = []
    for name, make in METHODS.items():
        rows_before, seconds_before = seen.get(name, (m, 0.0))
        expected = seconds_before * m / rows_before
        if name != BAYESMATCH and (expected > BUDGET or m > MAX_PEER_ROWS):
            why = (
                f"about {expected:.0f} s" if expected > BUDGET else f"memory for {m:,} rows"
            ) + " expected"
            rows.append({"what": name, "seconds": None, "note": why})
            continue
        call = make(primary, secondary, RADIUS)
        if call is None:
            continue
        is_nway = name == NWAY
        repeat = 1 if is_nway and m >= 1_000_000 else settings.repeat
        if m >= 100_000_000:
            repeat = min(repeat, 3)
        seconds, calls, found = median_seconds(
            call, repeat, warm=0 if is_nway else 1, budget=None if name == BAYESMATCH else BUDGET
        )
        seen[name] = (m, seconds)
        rows.append({"what": name, "seconds": seconds, "calls": calls, "found": found})
    print_rows(f"{n:,} x {m:,}, {RADIUS:g} arcsec", with_ratios(rows))
    return {"primaries": n, "secondaries": m, "rows": rows, **stages(primary, secondary)}


def stages(primary: bm.Catalog, secondary: bm.Catalog) -> dict[str, Any]:
    """Seconds of the search and of all the rest, and the memory of one more match."""
    before = memory_MB()
    forget_peak()
    begin = time.perf_counter()
    meta = whole_match(primary, secondary, radius=RADIUS).meta
    total = time.perf_counter() - begin
    search = meta["seconds"]["search"]
    return {
        "candidates": meta["n_candidates"],
        "search_seconds": search,
        "rest_seconds": total - search,
        "above_MB": peak_MB() - before,
    }


def four_times(settings: Settings) -> dict[str, Any]:
    """The Lockman Hole and four times that sky, called in turns: the machine's moods cancel."""
    sizes = [tuple(settings.rows(k * size) for size in LOCKMAN) for k in (1, 4)]
    skies = [mock_sky(*size) for size in sizes]
    seconds: list[list[float]] = [[], []]
    for _ in range(settings.repeat + 1):
        for k, sky in enumerate(skies):
            seconds[k].append(
                median_seconds(lambda s=sky: whole_match(*s, radius=RADIUS), 1, warm=0)[0]
            )
    one, four = (statistics.median(times[1:]) for times in seconds)
    print(
        f"\nfour times the sky, {sizes[1][0]:,} x {sizes[1][1]:,}: {four:.4g} s, "
        f"{four / one:.3g} times {one:.4g} s",
        flush=True,
    )
    return {"sizes": sizes, "seconds": [one, four], "ratio": four / one}
