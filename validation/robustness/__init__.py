"""Generated inputs by the thousand: matches, bad calls, damaged files, faults and kills.

Every case is judged by something independent of the code that is tried: slow formulas, brute
force, digests of the inputs, what is read back. Cases run in processes of their own, so that one
which ends its process, or never ends, is a failure like the others. A failure is made as small as
can be, and kept in ``robustness_failures.json``; ``--replay`` runs what such a file holds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from ..report import Claim, Section, TableView, plain, replace_file
from .kinds import KINDS

QUICK_CASES, CASES = 300, 5000
FAILURES = "robustness_failures.json"
#: seconds that a batch may take: its start, and each case
START_SECONDS, CASE_SECONDS = 180.0, 5.0


def run(
    out: Path,
    *,
    quick: bool = False,
    seeds: int | None = None,
    cases: int | None = None,
    seed: int = 0,
    replay: Path | None = None,
) -> Section:
    """Run the protocol: new cases, or those of a file of failures."""
    if replay is not None:
        jobs = [failure["job"] for failure in json.loads(replay.read_text())]
    else:
        jobs = list(plan(cases or (QUICK_CASES if quick else CASES), seed))
    counts: dict[str, Counter[str]] = {name: Counter() for name in KINDS}
    failures: dict[str, dict[str, Any]] = {}
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        for job, found in zip(jobs, pool.map(in_child, jobs), strict=True):
            count = counts[job["kind"]]
            count.update(found["tally"], cases=found["cases"])
            count["failures"] += len(found["failures"]) + found["tally"].get("again", 0)
            for failure in found["failures"]:
                key = f"{job['kind']} {failure['key']}"
                if key not in failures:
                    failures[key] = failure
                    count["distinct"] += 1
                    print(f"  {job['kind']}: {failure['error']}", flush=True)
    replace_file(out / FAILURES, json.dumps(plain(list(failures.values())), indent=1) + "\n")
    return section(counts, list(failures.values()), sum(c["cases"] for c in counts.values()))


def plan(cases: int, seed: int) -> Iterator[dict[str, Any]]:
    """The batches of a run, the kinds in turns."""
    waiting = {}
    for at, (name, kind) in enumerate(KINDS.items()):
        n = max(5, round(cases * kind.share))
        sizes = [min(kind.batch, n - k) for k in range(0, n, kind.batch)]
        waiting[name] = [
            {"kind": name, "n": size, "seed": int(number), "shrink": True}
            for size, number in zip(
                sizes, np.random.default_rng([seed, at]).integers(0, 2**31, len(sizes)), strict=True
            )
        ]
    while any(waiting.values()):
        for jobs in waiting.values():
            if jobs:
                yield jobs.pop(0)


def in_child(job: dict[str, Any]) -> dict[str, Any]:
    """What a batch finds in a process of its own; one that does not end well is a failure."""
    with tempfile.TemporaryDirectory() as place:
        progress = Path(place) / "progress"
        argument = json.dumps({**job, "progress": str(progress)})
        command = [sys.executable, "-m", f"{__name__}.batch", argument]
        limit, ended = START_SECONDS + CASE_SECONDS * job["n"], ""
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=limit,
                env={**os.environ, "NUMBA_NUM_THREADS": "1", "TMPDIR": place},
            )
            if done.returncode:
                last = (done.stderr.strip().splitlines() or [""])[-1]
                ended = f"the process ended with status {done.returncode}: {last}"
        except subprocess.TimeoutExpired:
            ended = f"no end after {limit:.0f} s"
        if not ended:
            found: dict[str, Any] = json.loads(progress.with_suffix(".json").read_text())
            return found
        n = int(progress.read_text() or 0) if progress.exists() else 0
    again = {k: v for k, v in job.items() if k != "shrink"} | ({"n": n} if n else {})
    return {
        "cases": n,
        "tally": {},
        "failures": [{"job": again, "error": ended, "where": "?", "key": ended, "drawn": ""}],
    }


def section(counts: dict[str, Counter[str]], failures: list[dict[str, Any]], cases: int) -> Section:
    """Counts by kind, and the failures."""
    tried = {name: count for name, count in counts.items() if count["cases"] or count["failures"]}
    claims = [
        Claim(
            f"{name}: failures in {count['cases']:,} cases",
            f"{count['failures']}, {count['distinct']} ways" if count["failures"] else "0",
            "0",
            not count["failures"],
        )
        for name, count in tried.items()
    ]
    head = ["kind", "cases", "accepted", "refused", "killed", "failed", "in different ways"]
    keys = ("cases", "accepted", "refused", "killed", "failures", "distinct")
    tables = [
        TableView(
            "Cases by kind",
            head,
            [[name, *(count[key] for key in keys)] for name, count in tried.items()],
            "accepted and refused are calls of the library, of which a case may make several.",
        )
    ]
    if failures:
        rows = [[f["job"]["kind"], f["where"], f["error"][:160]] for f in failures]
        tables.append(TableView("Failures", ["kind", "where", "what"], rows))
    text = [
        f"{cases:,} generated cases. " + " ".join(f"{n}: {KINDS[n].text}" for n in tried),
        "A call may succeed or be refused in one line by a ValueError, TypeError or OSError. "
        f"Anything else is a failure; the smallest case of each is kept in {FAILURES}.",
    ]
    numbers = {"cases": cases, "kinds": tried, "failures": [f["error"] for f in failures]}
    return Section(
        "robustness", "Generated inputs, damage, faults and kills", text, claims, tables,
        numbers=numbers,
    )  # fmt: skip
