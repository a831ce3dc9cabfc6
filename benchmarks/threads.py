"""One thread and two; and with 1, 2 and 4 the same bytes.

``python -m benchmarks.threads N M RADIUS REPEAT`` is the process of one number of threads, which
NUMBA_NUM_THREADS gives.
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

import numba
import numpy as np

import bayesmatch as bm

from .peers import LOCKMAN, RADIUS
from .settings import Settings
from .skies import mock_sky, whole_match
from .timing import in_process, median_seconds, print_rows, with_ratios


def run(settings: Settings) -> dict[str, Any]:
    """Seconds by number of threads; raises if a byte differs."""
    n, m = (settings.rows(size) for size in LOCKMAN)
    seen = [
        in_process("benchmarks.threads", n, m, RADIUS, settings.repeat, threads=threads)
        for threads in (1, 2, 4)
    ]
    if len({one["sha256"] for one in seen}) > 1:
        raise RuntimeError(f"the result depends on the number of threads: {seen}")
    size = f"{n:,} x {m:,}, {RADIUS:g} arcsec"
    rows = [
        {
            "what": f"{one['threads']} thread{'s' * (one['threads'] > 1)}",
            "seconds": one["seconds"],
            "calls": one["calls"],
            "found": one["found"],
        }
        for one in seen[:2]
    ]
    print_rows(size, with_ratios(rows))
    print("1, 2 and 4 threads: the same bytes", flush=True)
    return {"size": size, "rows": rows, "same_bytes": [one["threads"] for one in seen]}


def one(n_primary: int, n_secondary: int, radius: float, repeat: int) -> dict[str, Any]:
    """With this process's number of threads."""
    catalogs = mock_sky(n_primary, n_secondary)
    seconds, calls, result = median_seconds(lambda: whole_match(*catalogs, radius=radius), repeat)
    return {
        "threads": numba.get_num_threads(),
        "seconds": seconds,
        "calls": calls,
        "found": result.meta["n_candidates"],
        "sha256": digest(result),
    }


def digest(result: bm.MatchResult) -> str:
    """Of every column of both tables."""
    sha = hashlib.sha256()
    for table in (result.sources, result.associations):
        for name in table.colnames:
            sha.update(name.encode())
            sha.update(np.ascontiguousarray(np.ma.getdata(table[name])).tobytes())
            sha.update(np.ascontiguousarray(np.ma.getmaskarray(table[name])).tobytes())
    return sha.hexdigest()


if __name__ == "__main__":
    print(json.dumps(one(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))))
