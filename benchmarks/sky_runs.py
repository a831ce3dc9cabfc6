"""``python -m benchmarks allsky --rows 1e9 --data DIR``: half the sky for real.

Makes the survey of :mod:`benchmarks.whole_sky` where `--data` does not hold it yet (20 GB, half an
hour of a core), then measures, each in a process of its own: reading the two coordinates with
pyarrow alone; a match by distance only, with local density and claims, with a LightGBM prior on
five bands; and one with a checkpoint, killed twice and resumed.  "Warm" is after reading the same
columns, "cold" after the files were dropped from the page cache.  Each part is written as soon as
it is measured; `--only` names those to run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import whole_sky as sky
from .settings import Settings

#: part: what a process of its own does, and whether its files are dropped from the cache before
PARTS = {
    "read_cold": ("read", True),
    "read_warm": ("read", False),
    "distance_cold": ("distance", True),
    "distance_warm": ("distance", False),
    "local_warm": ("local", False),
    "resumed": ("distance", False),
    "prior_cold": ("prior", True),
    "prior_warm": ("prior", False),
}
#: when a run with a checkpoint is killed, as parts of the seconds of one that is not
KILLS = (0.3, 0.4)


def parts(settings: Settings) -> Iterator[tuple[str, dict[str, Any]]]:
    """Measure part by part; the numbers of each with its name."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = settings.data or Path(scratch) / "sky"
        if sky.made(folder) is None:
            sky.make(folder, 2_000_000 if settings.quick else settings.n_rows)
        about = sky.made(folder)
        yield "survey", {**about, "bytes": sum(p.stat().st_size for p in sky.survey_files(folder))}
        distance: dict[str, Any] = {}
        for name in settings.only or PARTS:
            task, cold = PARTS[name]
            if task == "prior":
                finished("train", folder)  # what training needs is no part of the match
            if cold:
                drop(folder)
            if name == "resumed":
                distance = distance or finished("distance", folder)
                found = resumed(folder, Path(scratch) / "checkpoint", distance)
            else:
                found = finished(task, folder)
            if name == "distance_warm":
                distance = found
            show(name, found)
            yield name, found


def drop(folder: Path) -> None:
    """Forget the survey's files in the page cache."""
    with suppress(OSError):  # root alone may
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("1")
    if hasattr(os, "posix_fadvise"):
        for path in sky.survey_files(folder):
            file = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(file)


def child(task: str, folder: Path, *more: Any) -> subprocess.Popen:
    """Start a process that measures, and wait until its match has begun."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sky_task", task, str(folder), *map(str, more)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    process.stdout.readline()
    return process


def finished(task: str, folder: Path, *more: Any) -> dict[str, Any]:
    """What a process of its own measured."""
    process = child(task, folder, *more)
    text, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"benchmarks.sky_task {task} failed")
    return json.loads(text.splitlines()[-1])


def resumed(folder: Path, checkpoint: Path, whole: dict[str, Any]) -> dict[str, Any]:
    """Kill a run twice, start it again each time, and let the last one finish."""
    kept, killed = [], []
    shutil.rmtree(checkpoint, ignore_errors=True)
    for part in KILLS:
        process = child("distance", folder, checkpoint)
        begin = time.perf_counter()
        try:
            process.wait(part * whole["stages"]["search"])
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        killed.append(time.perf_counter() - begin)
        saved = sorted(checkpoint.glob("*/search/*.arrow"))
        kept.append(int(saved[-1].name.split("-")[1].split(".")[0]) if saved else 0)
    last = finished("distance", folder, checkpoint)
    last["same_bytes"] = last["sha256"] == whole["sha256"]
    last |= {"seconds_until_killed": killed, "tasks_kept": kept}
    last["checkpoint_bytes"] = sum(f.stat().st_size for f in checkpoint.rglob("*") if f.is_file())
    return last


def show(name: str, found: dict[str, Any]) -> None:
    """A line of what was measured."""
    print(
        f"{name:14} {found['seconds']:7.1f} s  {found['rows_per_second'] / 1e6:5.1f} M rows/s  "
        f"user {found['user_seconds']:6.1f} s  system {found['system_seconds']:5.1f} s  "
        f"{found['peak_MB']:6,.0f} MB  from disk {found['bytes_from_disk'] / 1e9:5.1f} GB  "
        f"{found.get('same_bytes', '')}",
        flush=True,
    )
