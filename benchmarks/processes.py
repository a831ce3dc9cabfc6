"""One process, measured: seconds, processor seconds, memory.

The system counts the memory of a process from that of the one that starts it: it is started by a
small one, this file as a script, which imports nothing but what Python comes with.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """What a process took."""

    seconds: float
    cpu_seconds: float
    """of all its threads, and of the processes that it waited for"""
    peak_MB: float
    """of the largest of them"""
    error: str
    """what it said last, if it failed; else empty"""


def run_process(argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Run:
    """Run a process in a folder; what it prints is not shown."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", __file__, *argv],
        cwd=folder,
        env=dict(environment),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return Run(**json.loads(done.stdout))


def measured(argv: Sequence[str]) -> Run:
    """Run a process, and wait for it."""
    with tempfile.TemporaryFile() as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        said = errors.read().decode(errors="replace")
    unit = 1024 if sys.platform == "linux" else 1024**2  # kB here, bytes on macOS
    return Run(
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / unit,
        failure(process.returncode, said) if process.returncode else "",
    )


def failure(status: int, said: str) -> str:
    """Why a process failed: its last line that tells of an error, or its last line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"error|exception", line, re.I)]
    return f"exit status {status}: {(errors or lines or [''])[-1]}"


if __name__ == "__main__":
    print(json.dumps(vars(measured(sys.argv[1:]))))
