"""Whole programs with the same files: seconds, memory, and how right the answers are.

The mock is the first of the validation's protocol `priors`, with known counterparts.  Each call of
:data:`~benchmarks.program_calls.CALLS` is one process, which reads both FITS files and writes its
answer.  Calls take turns; one of bayesmatch beforehand, uncounted, fills the cache of compiled
code.  Processor seconds (of all threads, and of processes within) tell more than seconds where
other programs run on the machine.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table

from bayesmatch import mock
from bayesmatch.diagnostics import metrics

from .installed_programs import Found, find_programs
from .processes import Run, run_process
from .program_calls import CALLS, RADIUS, Answer, Call
from .settings import Settings
from .skies import DENSITY_PER_DEG2

#: sources, and objects on 9 deg^2
SKY = (4_000, 522_000)
#: no counterpart in the survey
NONE = -1


def run(settings: Settings) -> dict[str, Any]:
    """Every call of every program that is here."""
    n, m = (settings.rows(size) for size in SKY)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        found = find_programs(settings, folder / "environments")
        true = write_files(folder, n, m)
        load = [os.getloadavg()[0]]
        calls = [call for call in CALLS if call.program in found.commands]
        rows = [
            measured(call, runs, true) for call, runs in in_turns(calls, found, settings, folder)
        ]
    load.append(os.getloadavg()[0])
    for name, why in found.left_out.items():
        print(f"{name}: left out, {why}")
    return {
        "size": f"{n:,} x {m:,}, {RADIUS:g} arcsec",
        "with_counterpart": int((true != NONE).sum()),
        "load": sum(load) / 2,
        "rows": rows,
        "left_out": found.left_out,
        "programs": found.versions,
    }


def write_files(folder: Path, n: int, m: int) -> np.ndarray:
    """Write ``x.fits`` and ``o.fits``; the counterpart's identifier of each source."""
    primary, survey, truth = mock.survey(n_primary=n, area=m / DENSITY_PER_DEG2, seed=1)
    for name, extension, table in (("x", "XRAY", primary), ("o", "OPT", survey)):
        table.meta["EXTNAME"] = extension
        table.write(folder / f"{name}.fits")
    return counterparts(truth)


def counterparts(truth: Table) -> np.ndarray:
    """(n,) identifiers of the counterparts, -1 where there is none; sources are numbered."""
    of = np.asarray(truth["counterpart"])
    return np.where(of == "hostless", str(NONE), of).astype(np.int64)


def in_turns(
    calls: list[Call], found: Found, settings: Settings, folder: Path
) -> list[tuple[Call, list[tuple[Run, Answer | None]]]]:
    """All calls once, all of them again, ...: those of NWAY `nway_repeat` times."""
    runs: dict[Call, list[tuple[Run, Answer | None]]] = {call: [] for call in calls}
    for number in range(-1, max(settings.repeat, settings.nway_repeat)):
        for call in calls:
            limit = settings.nway_repeat if call.program == "nway.py" else settings.repeat
            if number >= limit or (number < 0 and call.program != "bayesmatch"):
                continue
            with tempfile.TemporaryDirectory(dir=folder) as place:
                for name in ("x.fits", "o.fits"):
                    (Path(place) / name).symlink_to(folder / name)
                done = run_process(found.argv(call.line), Path(place), found.environment(call))
                answer = None if done.error or number < 0 else call.read(Path(place))
            if number >= 0:
                runs[call].append((done, answer))
                took = f"{done.seconds:.3g} s, {done.cpu_seconds:.3g} s of CPU"
                print(f"{call.what}: {done.error or took}", flush=True)
    return list(runs.items())


def measured(call: Call, runs: list[tuple[Run, Answer | None]], true: np.ndarray) -> dict[str, Any]:
    """The row of a call; of one that failed its message."""
    row: dict[str, Any] = {"what": call.what, "line": call.line, "score": call.score}
    failed = [done.error for done, _ in runs if done.error]
    if failed:
        return {**row, "seconds": None, "note": failed[0]}
    answer = runs[-1][1]
    assert answer is not None
    cut, value = purity_is_completeness(answer, true)
    return {
        **row,
        "seconds": statistics.median(done.seconds for done, _ in runs),
        "cpu_seconds": statistics.median(done.cpu_seconds for done, _ in runs),
        "peak_MB": max(done.peak_MB for done, _ in runs),
        "calls": len(runs),
        "found": len(answer.source),
        "cutoff": cut,
        "purity_is_completeness": value,
    }


def purity_is_completeness(answer: Answer, true: np.ndarray) -> metrics.Crossing:
    """Cutoff of the score where purity equals completeness, and the value there.

    Each source has the candidate of the highest score, the first on ties.
    """
    order = np.lexsort((-answer.score, answer.source))
    source, first = np.unique(answer.source[order], return_index=True)
    best = order[first]
    score = np.full(len(true), -np.inf)
    matched, right = np.zeros((2, len(true)), dtype=bool)
    score[source], matched[source] = answer.score[best], True
    right[source] = answer.member[best] == true[source]
    curve = metrics.Ranking(score, matched, right).curve()
    return metrics.crossing(curve, int((true != NONE).sum()))
