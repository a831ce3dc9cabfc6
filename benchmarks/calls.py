"""The first call of a process and the second, and whole processes.

Compiled code is cached on disk, Python's and the kernels', as after any earlier use of what pip has
installed. ``python -m benchmarks.calls N M`` is the
process whose calls are measured.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from .settings import Settings
from .timing import in_process, median_seconds, print_rows, with_ratios

SECOND = "second call"


def run(settings: Settings) -> dict[str, Any]:
    """Medians over processes."""
    from .peers import LOCKMAN, RADIUS

    n, m = (settings.rows(size) for size in LOCKMAN)
    in_process("benchmarks.calls", 100, 10_000, RADIUS)  # fills the cache of compiled code
    seen = [in_process("benchmarks.calls", n, m, RADIUS) for _ in range(settings.repeat)]
    rows = [
        {"what": what, "seconds": statistics.median(s[key] for s in seen), "calls": len(seen)}
        for what, key in ((SECOND, "second"), ("first call of a process", "first"))
    ]
    for what, arguments in processes():
        with tempfile.TemporaryDirectory() as scratch:
            command = [sys.executable, *(a.format(scratch=scratch) for a in arguments)]
            seconds, calls, _ = median_seconds(
                lambda c=command: subprocess.run(c, check=True, env=as_installed()), settings.repeat
            )
        rows.append({"what": what, "seconds": seconds, "calls": calls})
    size = f"{n:,} x {m:,}, {RADIUS:g} arcsec"
    print_rows(size, with_ratios(rows))
    return {"size": size, "rows": rows}


def as_installed() -> dict[str, str]:
    """The environment, but Python keeps its bytecode, as pip does for what it installs."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def processes() -> list[tuple[str, list[str]]]:
    """Whole processes: their names and the interpreter's arguments."""
    import bayesmatch

    data = Path(bayesmatch.__file__).parent / "data"
    return [
        ("process: `python -c pass`", ["-c", "pass"]),
        ("process: `import bayesmatch`", ["-c", "import bayesmatch"]),
        (
            "process: `bayesmatch match`, bundled COSMOS files",
            [
                "-m",
                "bayesmatch",
                "match",
                str(data / "cosmos_xmm.fits.gz"),
                ":pos_err",
                str(data / "cosmos_zcosmos.fits.gz"),
                "0.1",
                "--radius",
                "20",
                "--quiet",
                "--out",
                "{scratch}/out.fits",
            ],
        ),
    ]


def one(n_primary: int, n_secondary: int, radius: float) -> dict[str, float]:
    """Seconds of the first call and of the second."""
    from .skies import mock_sky, whole_match

    catalogs = mock_sky(n_primary, n_secondary)
    seconds = []
    for _ in range(2):
        begin = time.perf_counter()
        whole_match(*catalogs, radius=radius)
        seconds.append(time.perf_counter() - begin)
    return {"first": seconds[0], "second": seconds[1]}


if __name__ == "__main__":
    print(json.dumps(one(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))))
