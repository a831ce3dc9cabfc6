"""The page on the whole sky: ``python -m benchmarks.allsky [DIR]`` writes ALLSKY.md.

What was measured on half the sky comes from ``benchmarks/allsky.json``, into which the section
``allsky`` of a full run in DIR is taken; what is calculated beyond that, from it and
``benchmarks/results.json``.  A test compares page and numbers.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import store
from .readme import RESULTS
from .skies import DENSITY_PER_DEG2
from .sky_page import sky_lines

MEASURED = RESULTS.with_name("allsky.json")
PLAN = RESULTS.with_name("ALLSKY.md")
N_PRIMARY, N_SECONDARY, AREA = 930_000, 2_000_000_000, 20_000.0
RADIUS = 30.0
DISKS = (0.5, 2.0, 10.0)  # GB/s
ROWS_PER_PARTITION = 1_000_000


def costs(s: Mapping[str, Any], sky: Mapping[str, Any] | None = None) -> dict[str, float]:
    """What one row, candidate or partition takes, from the measurements.

    `sky`: of half the sky, which counts where it is there.
    """
    scan, point, lsdb = s["scan"], s["sizes"]["points"][-1], s["distributed"]
    one, two = (row["seconds"] for row in lsdb["rows"][1:3])
    # one = fixed + shared, two = fixed + shared / 2; where noise hides it, all of it is shared
    shared = min(max(2 * (one - two), 0.0), one) or one
    found = {
        "cpu_per_row": scan["cpu_seconds_median"] / scan["rows"],
        "random_per_row": point["search_seconds"] / point["secondaries"],
        "bytes_per_row": scan["position_bytes_per_row"],
        "rest_per_candidate": point["rest_seconds"] / point["candidates"],
        "memory_per_candidate": point["above_MB"] * 1024**2 / point["candidates"],
        "dask_per_row": shared / lsdb["secondaries"],
        "dask_per_partition": (one - shared) / lsdb["partitions"][1],
    }
    if sky is not None:
        run, reading = sky["distance_warm"], sky["read_cold"]
        rest = run["seconds"] - run["stages"]["search"]
        found["cpu_per_row"] = (run["user_seconds"] + run["system_seconds"] - rest) / run["rows"]
        found["bytes_per_row"] = reading["bytes_read"] / reading["rows"]
    return found


def plan(s: Mapping[str, Any], sky: Mapping[str, Any] | None = None) -> str:
    """The whole text."""
    c = costs(s, sky)
    scan, dense = s["scan"], (s["scan"]["primaries"], s["scan"]["area"])
    seconds = scan["rows"] / scan["rows_per_second_median"]
    shared = f"{scan['cpu_seconds_median']:.3g} s of CPU in {seconds:.3g} s"
    if sky is not None:
        dense, run = (sky["survey"]["sources"], sky["survey"]["area"]), sky["distance_warm"]
        both = run["user_seconds"] + run["system_seconds"]
        shared = f"{both:.3g} s of CPU in {run['seconds']:.3g} s"
    candidates = N_PRIMARY * N_SECONDARY / AREA * math.pi * (RADIUS / 3600) ** 2
    rest = candidates * c["rest_per_candidate"]
    cpu = N_SECONDARY * c["cpu_per_row"]
    gigabytes = N_SECONDARY * c["bytes_per_row"] / 1e9
    partitions = N_SECONDARY / ROWS_PER_PARTITION
    planning = partitions * c["dask_per_partition"]
    dask = N_SECONDARY * c["dask_per_row"]
    # what reading overlaps with, and what comes after or beside it
    parts = {2: (cpu / 2, rest), 32: (cpu / 32, rest), 1000: (dask / 1000, planning)}
    wall = {n: sum(part) for n, part in parts.items()}
    return "\n".join(
        [
            *(
                [
                    "# A plan for the whole sky",
                    "",
                    "Made by `python -m benchmarks.allsky` from `benchmarks/results.json`. The "
                    "costs per row are measured;",
                    "the times for the whole sky are **calculated from them, not measured**.",
                    "",
                ]
                if sky is None
                else sky_lines(sky)
            ),
            f"{N_PRIMARY:,} X-ray sources (eROSITA) against {N_SECONDARY:,} objects (Legacy "
            "Survey) "
            f"over {AREA:,.0f} deg^2,",
            f"{RADIUS:g} arcsec.",
            "",
            "## What was measured" if sky is None else "## What it is calculated from",
            "",
            *measured(s, c, sky),
            "",
            "## The work",
            "",
            f"- Candidates: {N_PRIMARY:,} x {N_SECONDARY / AREA:,.0f} per deg^2 x pi ({RADIUS:g} "
            f"arcsec)^2 = {candidates / 1e6:.1f} million,",
            f"  {candidates / N_PRIMARY:.1f} per "
            "source. (`max_rows`, 200 million, holds them; a radius of five times each survey's "
            "largest",
            "  position error loses nothing and is often smaller.)",
            f"- Searching: {N_SECONDARY:,} rows x {c['cpu_per_row'] * 1e9:.0f} ns = "
            f"**{_time(cpu)} of CPU**, shared by the cores.",
            "  That is for files that cover a part of the sky each, as those of surveys do: their "
            "rows look at the same few",
            "  sources. Rows in no order, among sources "
            f"{density(s) / (N_PRIMARY / AREA):.0f} times denser, took "
            f"{c['random_per_row'] * 1e9:.0f}"
            f" ns each on {s['peers']['machine']['cpus']} cores together, which would be",
            f"  {_time(N_SECONDARY * c['random_per_row'])} here: the upper limit.",
            f"- Probabilities, host fraction, tables: {candidates / 1e6:.1f} million candidates x "
            f"{c['rest_per_candidate'] * 1e9:.0f} ns = {_time(rest)}, taken as it is on the cores",
            "  measured, however many there are.",
            f"- Reading: {N_SECONDARY:,} rows x {c['bytes_per_row']:.1f} bytes (two compressed "
            f"float64 columns) = {gigabytes:.0f} GB.",
            f"- Memory: {candidates / 1e6:.1f} million candidates x "
            f"{c['memory_per_candidate']:.0f} "
            f"bytes = {candidates * c['memory_per_candidate'] / 1024**3:.1f} GB, and what scanning "
            f"needs at any size",
            f"  (at most the {s['scan']['peak_MB'] / 1024:.1f} GB of the measured process).",
            "",
            "## How long it takes",
            "",
            "| | arithmetic | time, were reading free |",
            "|---|---|---|",
            *(
                f"| {n} cores, one machine | {_time(cpu)} / {n} + {_time(rest)} | "
                f"**{_time(wall[n])}** |"
                for n in (2, 32)
            ),
            f"| 1,000 cores, Dask | {N_SECONDARY:,} x {c['dask_per_row'] * 1e6:.2f} us / 1,000 + "
            f"{partitions:,.0f} partitions x {c['dask_per_partition'] * 1e3:.0f} ms | "
            f"**{_time(wall[1000])}** |",
            "",
            "| disk | reading alone | 2 cores | 32 cores | 1,000 cores | bound by the disk "
            "from ... "
            "cores on |",
            "|---|---|---|---|---|---|",
            *(
                f"| {disk:g} GB/s | {_time(gigabytes / disk)} | "
                + " | ".join(_bound(*part, gigabytes / disk) for part in parts.values())
                + f" | {max(1, cpu / (gigabytes / disk)):,.0f} |"
                for disk in DISKS
            ),
            "",
            "Reading overlaps with searching, so the longer of the two counts; (I/O) where that is "
            "reading. What this assumes: "
            "the search shares out",
            f"evenly (measured on 2 cores only: {shared}); the sources are as "
            "dense as in the measurement, where",
            f"{dense[0]:,} lay on {dense[1]:,.0f} deg^2 "
            f"(here {N_PRIMARY / AREA:.0f} per deg^2); LSDB's time per partition stays what it was "
            f"for {s['distributed']['partitions'][1]}",
            "partitions, on one scheduler. Downloading, and writing the result, are not in it.",
            "",
            "## Commands",
            "",
            "One machine; the survey is a directory of Parquet files (also HATS). Killed, the same "
            "command goes on where it",
            "stopped:",
            "",
            "```text",
            COMMAND,
            "```",
            "",
            "A Dask cluster; both catalogues are HATS, with a margin of the survey of at least the "
            "radius:",
            "",
            "```text",
            DASK,
            "```",
            "",
        ]
    )


def density(s: Mapping[str, Any]) -> float:
    """Sources per deg^2 of the largest match in memory."""
    point = s["sizes"]["points"][-1]
    return point["primaries"] / (point["secondaries"] / DENSITY_PER_DEG2)


COMMAND = """\
bayesmatch match erosita.fits :POS_ERR legacysurvey/ 0.1 --area 20000:20000 --radius 30 \\
    --checkpoint matching.checkpoint --out matched.parquet"""
DASK = """\
import lsdb
from dask.distributed import Client
from bayesmatch.distributed import match

client = Client("tcp://scheduler:8786")  # workers with one thread each: --nthreads 1
sources = lsdb.open_catalog("hats/erosita")
objects = lsdb.open_catalog("hats/legacysurvey", margin_cache="hats/legacysurvey_margin_30arcsec",
                            columns=["ls_id", "ra", "dec"])
matched = match(sources, objects, radius=30, primary_pos_err="POS_ERR", secondary_pos_err=0.1,
                secondary_area=20_000)
matched.write_catalog("hats/matched")"""


def measured(
    s: Mapping[str, Any], c: Mapping[str, float], sky: Mapping[str, Any] | None = None
) -> list[str]:
    """The table of costs."""
    machine, scan, point, lsdb = (
        s["peers"]["machine"],
        s["scan"],
        s["sizes"]["points"][-1],
        s["distributed"],
    )
    one, two = (row["seconds"] for row in lsdb["rows"][1:3])
    return [
        f"`python -m benchmarks` on {machine['cpus']} cores ({machine['processor']}).",
        "",
        "| what | from | each |",
        "|---|---|---|",
        *of_scan(scan, c, sky),
        f"| searching a row in memory, in no order on the sky | {point['search_seconds']:.3g} s "
        f"for {point['primaries']:,} x {point['secondaries']:,} | "
        f"{c['random_per_row'] * 1e9:.0f} ns |",
        f"| everything after the search | {point['rest_seconds']:.3g} s for "
        f"{point['candidates']:,} candidates | {c['rest_per_candidate'] * 1e9:.0f} ns |",
        f"| memory above the inputs | {point['above_MB']:,.0f} MB for the same | "
        f"{c['memory_per_candidate']:.0f} bytes |",
        f"| LSDB on Dask, a row | {one:.3g} s with one worker, {two:.3g} s with two, "
        f"{lsdb['secondaries']:,} rows | {c['dask_per_row'] * 1e6:.2f} us |",
        f"| LSDB on Dask, what a second worker does not shorten | the same, "
        f"{lsdb['partitions'][1]} partitions | {c['dask_per_partition'] * 1e3:.0f} ms each |",
    ]


def of_scan(
    scan: Mapping[str, Any], c: Mapping[str, float], sky: Mapping[str, Any] | None
) -> list[str]:
    """What a row of a scanned survey takes: on half the sky where that was measured."""
    seconds, rows = scan["cpu_seconds_median"], scan["rows"]
    if sky is not None:
        rows = sky["distance_warm"]["rows"]
        seconds = c["cpu_per_row"] * rows
    return [
        f"| searching a row of the survey, Parquet decoded | {seconds:.3g} s of "
        f"CPU for {rows:,} rows | {c['cpu_per_row'] * 1e9:.0f} ns |",
        f"| its two coordinates on disk (zstd) | the files | {c['bytes_per_row']:.1f} bytes |",
    ]


def _bound(busy: float, after: float, reading: float) -> str:
    """Time where `busy` overlaps with `reading`, and whether reading is what it waits for."""
    return _time(max(busy, reading) + after) + (" (I/O)" if reading > busy else "")


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def half_the_sky() -> dict[str, Any] | None:
    """What was measured there; None: nothing yet."""
    return json.loads(MEASURED.read_text()) if MEASURED.exists() else None


def main(directory: str | None = None) -> None:
    """Take over a new measurement, and write the page."""
    if directory is not None:
        section = store.read(Path(directory))["allsky"]
        if section["quick"]:
            raise SystemExit(f"{directory} holds a quick run; the page shows full ones")
        MEASURED.write_text(json.dumps(section, indent=1) + "\n")
    PLAN.write_text(plan(json.loads(RESULTS.read_text()), half_the_sky()))


if __name__ == "__main__":
    main(*sys.argv[1:])
