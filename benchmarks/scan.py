"""``python -m benchmarks scan``: a Parquet data set of 100 million rows, streamed.

Makes the data set (20 files, positions and five magnitudes; kept in `--data`, or made anew and
deleted), then measures, each in a process of its own: rows per second of ``match()`` with the files
in the page cache, and its peak memory; whether 5 million rows give the same bytes as in memory; and
whether runs killed at random moments and started again do. Where other work shares the machine,
the seconds of CPU tell more than the rate: on two free cores the rate is twice the rows per such
second.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import bayesmatch as bm
from bayesmatch.catalogs.scan import checkpoint

from .settings import Settings
from .skies import whole_match
from .timing import peak_MB

FILES = 20
SIDE = (120.0, 0.0)  # lower-left corner, degrees
AREA = 1800.0
N_PRIMARY = 50_000
RADIUS = 15.0
BANDS = ("g", "r", "z", "w1", "w2")


def make(folder: Path, n_rows: int, codec: str = "zstd") -> None:
    """A survey over 1,800 deg^2 in `FILES` files, sorted by declination as surveys often are."""
    import pyarrow as pa
    from pyarrow import parquet

    folder.mkdir(parents=True, exist_ok=True)
    per_file = n_rows // FILES
    for number in range(FILES):
        rng = np.random.default_rng([7, number])
        low, high = (AREA / 60.0 * (number + step) / FILES for step in (0, 1))
        columns = {
            "RA": SIDE[0] + 60.0 * rng.random(per_file),
            "DEC": SIDE[1] + low + (high - low) * rng.random(per_file),
        }
        for k, band in enumerate(BANDS):
            columns[band] = (22 - k / 2 + 1.5 * rng.standard_normal(per_file)).astype(np.float32)
        parquet.write_table(
            pa.table(columns),
            folder / f"part-{number:02d}.parquet",
            compression=codec,
            row_group_size=1 << 20,
        )


def sources(n: int = N_PRIMARY) -> bm.Catalog:
    """Primaries all over the survey's area."""
    rng = np.random.default_rng(8)
    return bm.Catalog(
        {
            "ID": np.arange(n),
            "RA": SIDE[0] + 60.0 * rng.random(n),
            "DEC": SIDE[1] + AREA / 60.0 * rng.random(n),
            "sigma": rng.uniform(1.0, 3.0, n),
        },
        name="X",
        pos_err="sigma",
        area=AREA,
    )


def survey(folder: Path) -> bm.Catalog:
    """The data set, scanned."""
    return bm.Catalog.scan(folder, name="OPT", pos_err=0.2, area=AREA)


def digest(result: bm.MatchResult, out: Path) -> str:
    """Of everything that is written."""
    files = result.write(out, include_inputs=True)
    return hashlib.sha256(b"".join(Path(f).read_bytes() for f in files)).hexdigest()


def one(task: str, folder: str, out: str) -> dict:
    """What a process of its own does; prints JSON."""
    primary, scratch = sources(), Path(out)
    if task == "whole":
        import pyarrow as pa
        from pyarrow import parquet

        table = pa.concat_tables([parquet.read_table(f) for f in sorted(Path(folder).iterdir())])
        whole = bm.Catalog(
            {n: table[n].to_numpy() for n in table.column_names}, name="OPT", pos_err=0.2, area=AREA
        )
        return {"sha256": digest(bm.match(primary, whole, radius=RADIUS), scratch / "o.parquet")}
    bm.match(sources(100), survey(folder), radius=RADIUS)  # compiles
    begin, begin_cpu = time.perf_counter(), time.process_time()
    other = survey(folder)
    options = {"checkpoint": scratch / "checkpoint"} if task == "resume" else {}
    checkpoint.SAVE_SECONDS = 0.1  # the run takes seconds: else there would be nothing to resume
    print("started", flush=True)
    result = whole_match(primary, other, radius=RADIUS, **options)
    seconds, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    peak = peak_MB()
    found = {
        "seconds": seconds,
        "rows": len(other),
        "rows_per_second": len(other) / seconds,
        "cpu_seconds": cpu,
        "search": result.meta["seconds"]["search"],
        "peak_MB": peak,
        "candidates": result.meta["n_candidates"],
    }
    if task in ("same", "resume"):
        found["sha256"] = digest(result, scratch / "o.parquet")
        found["peak_written_MB"] = peak_MB()
    return found


def child(task: str, folder: Path, out: Path, **extra) -> subprocess.Popen:
    """Start a process that measures."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.scan", task, str(folder), str(out)],
        stdout=subprocess.PIPE,
        text=True,
        **extra,
    )


def finished(task: str, folder: Path, out: Path) -> dict:
    """What a process of its own measured."""
    process = child(task, folder, out)
    text, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"benchmarks.scan {task} failed")
    return json.loads(text.splitlines()[-1])


def killed_and_resumed(folder: Path, out: Path, seconds: float, kills: int = 3) -> dict:
    """Kill a run at random moments, each time starting it again, and let the last one finish."""
    done = []
    while len(done) < kills:
        process = child("resume", folder, out)
        process.stdout.readline()  # the match has begun
        try:
            process.wait(random.uniform(0.2, 0.6) * seconds)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            saved = sorted((out / "checkpoint").glob("*/search/*.arrow"))
            done.append(int(saved[-1].name.split("-")[1].split(".")[0]) if saved else 0)
        else:  # it came to its end before: begin again
            shutil.rmtree(out / "checkpoint")
            done.clear()
        process.communicate()
    return {**finished("resume", folder, out), "tasks_done_when_killed": done}


def position_bytes(folder: Path) -> float:
    """Bytes per row that the two coordinate columns take on disk, compressed."""
    from pyarrow import parquet

    total = rows = 0
    for file in sorted(folder.iterdir()):
        meta = parquet.read_metadata(file)
        rows += meta.num_rows
        for group in range(meta.num_row_groups):
            for k in range(meta.num_columns):
                column = meta.row_group(group).column(k)
                if column.path_in_schema in ("RA", "DEC"):
                    total += column.total_compressed_size
    return total / rows


def run(settings: Settings) -> dict[str, Any]:
    """Measure, print a Markdown table, return the numbers."""
    n_rows, n_small = (2_000_000, 400_000) if settings.quick else (100_000_000, 5_000_000)
    with tempfile.TemporaryDirectory() as scratch:
        folder = settings.data or Path(scratch) / "survey"
        small = Path(scratch) / "small"
        if not folder.is_dir():
            make(folder, n_rows)
        make(small, n_small)
        rates = [finished("rate", folder, Path(scratch)) for _ in range(settings.repeat)]
        same = [finished(task, small, Path(scratch))["sha256"] for task in ("whole", "same")]
        reference = finished("same", folder, Path(scratch))
        resumed = killed_and_resumed(folder, Path(scratch), reference["seconds"])
        shutil.rmtree(Path(scratch) / "checkpoint")
        found = {
            "rows": rates[0]["rows"],
            "primaries": N_PRIMARY,
            "radius": RADIUS,
            "area": AREA,
            "candidates": rates[0]["candidates"],
            "rows_per_second_best": max(r["rows_per_second"] for r in rates),
            "rows_per_second_median": statistics.median(r["rows_per_second"] for r in rates),
            "cpu_seconds_median": statistics.median(r["cpu_seconds"] for r in rates),
            "position_bytes_per_row": position_bytes(folder),
            "peak_MB": max(r["peak_MB"] for r in rates),
            "peak_with_output_MB": reference["peak_written_MB"],
            "rows_compared_with_memory": n_small,
            "same_bytes_as_in_memory": same[0] == same[1],
            "tasks_done_when_killed": resumed["tasks_done_when_killed"],
            "same_bytes_resumed": resumed["sha256"] == reference["sha256"],
        }
    print("| `Catalog.scan` | |\n|---|---|")
    for key, value in found.items():
        shown = f"{value:,.4g}" if isinstance(value, float) else value
        print(f"| {key.replace('_', ' ')} | {shown} |")
    return found


if __name__ == "__main__":
    print(json.dumps(one(*sys.argv[1:])))
