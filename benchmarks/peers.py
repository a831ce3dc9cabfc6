"""The Lockman Hole's size, beside every peer that is installed, in one run."""

from __future__ import annotations

from typing import Any

from .methods import METHODS, NWAY
from .settings import Settings
from .skies import mock_sky
from .timing import in_process, median_seconds, print_rows, with_ratios

LOCKMAN = (6_885, 2_418_574)
RADIUS = 30.0


def run(settings: Settings) -> dict[str, Any]:
    """Seconds of every method, and peak memory of bayesmatch and NWAY."""
    n, m = (settings.rows(size) for size in LOCKMAN)
    primary, secondary = mock_sky(n, m)
    rows = []
    for name, make in METHODS.items():
        call = make(primary, secondary, RADIUS)
        if call is None:
            continue
        is_nway = name == NWAY
        seconds, calls, found = median_seconds(
            call, settings.nway_repeat if is_nway else settings.repeat, warm=0 if is_nway else 1
        )
        rows.append({"what": name, "seconds": seconds, "calls": calls, "found": found})
        print(f"{name}: {seconds:.4g} s", flush=True)
    size = f"{n:,} x {m:,}, {RADIUS:g} arcsec"
    print_rows(size, with_ratios(rows))
    methods = ["bayesmatch", *(["nway"] if any(r["what"] == NWAY for r in rows) else [])]
    memory = {method: in_process("benchmarks.memory", method, n, m, RADIUS) for method in methods}
    for method, found in memory.items():
        print(f"{method}: peak memory {found['above_MB']:.0f} MB above {found['before_MB']:.0f} MB")
    return {"size": size, "rows": rows, "memory": memory}
