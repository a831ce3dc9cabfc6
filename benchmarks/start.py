"""``python -m benchmarks.start``: how long processes take beside importing what they stand on.

A process with the bundled files, the first call of ``match()`` in a process, ``import bayesmatch``
and ``bayesmatch --help`` take turns with a process that only imports numpy, astropy.io.fits and
numba.  The ratios are of processor time, which other work on the machine disturbs least.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from .calls import as_installed, processes
from .timing import ROOT

IMPORTS = "import numpy, astropy.io.fits, numba"
FIRST = "first call of match() in a process, 1,000 x 30,000"
ONE = """
import json, time
import bayesmatch as bm
from benchmarks.skies import mock_sky
catalogs = mock_sky(1_000, 30_000)
processor, begin = time.process_time(), time.perf_counter()
bm.match(*catalogs, radius=10)
print(json.dumps([time.process_time() - processor, time.perf_counter() - begin]))
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Print medians of processor time and of seconds, and the ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start", description=__doc__)
    parser.add_argument("--repeat", type=int, default=15, metavar="N")
    options = parser.parse_args(argv)
    seen = measure(options.repeat)
    print("| | processor seconds | seconds | times the imports |\n|---|---|---|---|")
    for what, found in seen.items():
        times = [cpu / imports for (cpu, _), (imports, _) in zip(found, seen[IMPORTS], strict=True)]
        cells = [statistics.median(values) for values in (*zip(*found, strict=True), times)]
        print(f"| {what} | {' | '.join(f'{value:.3f}' for value in cells)} |")
    return 0


def measure(repeat: int) -> dict[str, list[tuple[float, float]]]:
    """Processor time and seconds of each, round by round, after one round that fills caches."""
    seen: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        commands = {
            IMPORTS: ["-c", IMPORTS],
            **{what: [a.format(scratch=scratch) for a in given] for what, given in processes()},
            "process: `bayesmatch --help`": ["-m", "bayesmatch", "--help"],
        }
        for number in range(repeat + 1):
            found = {what: of_process(arguments) for what, arguments in commands.items()}
            found[FIRST] = of_first_call()
            for what in found if number else ():
                seen.setdefault(what, []).append(found[what])
    return seen


def of_process(arguments: list[str]) -> tuple[float, float]:
    """Processor time and seconds of a whole process."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    _python(arguments)
    seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, seconds


def of_first_call() -> tuple[float, float]:
    """The same of the first call alone, in a process that has made its catalogues."""
    processor, seconds = json.loads(_python(["-c", ONE]))
    return processor, seconds


def _python(arguments: list[str]) -> str:
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, check=True, cwd=ROOT, env=as_installed(), stdout=subprocess.PIPE, text=True
    )
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main())
