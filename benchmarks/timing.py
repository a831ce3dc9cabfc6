"""Measuring seconds and memory."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
#: one method takes at most about this long for all its calls, seconds
BUDGET = 60.0


def median_seconds(
    call: Callable[[], Any], repeat: int, *, warm: int = 1, budget: float | None = None
) -> tuple[float, int, Any]:
    """Median seconds of up to `repeat` calls after `warm` uncounted ones.

    With a `budget` fewer are made where they would take longer than that, but one at least: of a
    call that alone takes a fifth of it the first one counts.

    Returns
    -------
    seconds, calls, found
        The median, how many calls it is of, and what the last call returned.
    """
    found, seconds = None, []
    for number in range(warm + repeat):
        gc.collect()
        begin = time.perf_counter()
        found = call()
        seconds.append(time.perf_counter() - begin)
        if budget is not None:
            if number < warm and seconds[0] > budget / 5:
                warm = 0
            if sum(seconds) + seconds[-1] > budget and len(seconds) > warm:
                break
    counted = seconds[warm:]
    return statistics.median(counted), len(counted), found


def with_ratios(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to every row how many times the first row's seconds it took."""
    for row in rows:
        row["ratio"] = None if row["seconds"] is None else row["seconds"] / rows[0]["seconds"]
    return rows


def print_rows(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows as a Markdown table."""
    print(f"\n| {title} | seconds | times | found |\n|---|---|---|---|")
    for row in rows:
        if row["seconds"] is None:
            print(f"| {row['what']} | not run: {row['note']} | | |")
            continue
        found = f"{row['found']:,}" if isinstance(row.get("found"), int) else ""
        print(f"| {row['what']} | {row['seconds']:.4g} | {row['ratio']:.3g} | {found} |")
    sys.stdout.flush()


def memory_MB() -> float:
    """Memory of this process now, MB, after what is free has been given back."""
    gc.collect()
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    ctypes.CDLL(None).malloc_trim(0)
    return _status("VmRSS")


def forget_peak() -> None:
    """Let :func:`peak_MB` count from here (Linux; elsewhere the peak is that of the process)."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")


def peak_MB() -> float:
    """Largest memory of this process, MB."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return _status("VmHWM")


def _status(key: str) -> float:
    return int(re.search(rf"{key}:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024


def in_process(module: str, *arguments: Any, threads: int | None = None) -> dict[str, Any]:
    """What ``python -m module arguments`` prints as JSON on its last line."""
    environment = dict(os.environ)
    if threads:
        environment["NUMBA_NUM_THREADS"] = str(threads)
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"python -m {module} {' '.join(map(str, arguments))} failed")
    return json.loads(done.stdout.strip().splitlines()[-1])
