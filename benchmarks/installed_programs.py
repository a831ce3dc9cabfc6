"""Which programs are here, and how they are started.

xmatcher needs Python 3.13: it has an environment of its own, made here with the interpreter that
``--python313`` names, or the one on the PATH.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from .program_calls import Call
from .settings import Settings
from .timing import ROOT

XMATCHER = "xmatcher==0.6.0"


class MissingError(Exception):
    """Why a program is left out."""


@dataclass(frozen=True)
class Found:
    """The programs that are here."""

    commands: Mapping[str, list[str]]
    """first word of a call (of ``benchmarks.pairs`` the library): what starts it"""
    versions: Mapping[str, str]
    left_out: Mapping[str, str]
    """program: why"""

    def argv(self, line: str) -> list[str]:
        """A call as it is run."""
        first, *rest = shlex.split(line)
        return [*(self.commands[first] if first != "python" else [sys.executable]), *rest]

    def environment(self, call: Call) -> dict[str, str]:
        """Variables of its process: what is in the checkout is found by our own alone."""
        kept = {
            k: v
            for k, v in os.environ.items()
            if k not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
        }
        ours = call.program == "bayesmatch" or call.line.startswith("python ")
        return {**kept, "PYTHONPATH": str(ROOT)} if ours else kept


def find_programs(settings: Settings, scratch: Path) -> Found:
    """All that can be called; `scratch` is where environments are made that are not kept."""
    commands = {name: [sys.executable] for name in ("astropy", "scipy")}
    commands["bayesmatch"] = [sys.executable, "-m", "bayesmatch"]
    versions = {name: metadata.version(name) for name in ("astropy", "scipy")}
    left_out = {}
    for name, find in (("nway.py", _nway), ("lsdb", _lsdb), ("stilts", _stilts)):
        try:
            commands[name], versions[name] = find()
        except MissingError as error:
            left_out[name] = str(error)
    try:
        place = settings.environments or scratch
        commands["xmatcher"] = xmatcher(settings.python313, place / "xmatcher")
        versions["xmatcher"] = XMATCHER.partition("==")[2]
    except MissingError as error:
        left_out["xmatcher"] = str(error)
    return Found(commands, versions, left_out)


def _nway() -> tuple[list[str], str]:
    program = Path(sys.executable).parent / "nway.py"
    if not program.exists():
        raise MissingError("not installed: pip install '.[upstream]'")
    return [sys.executable, str(program)], metadata.version("nway")


def _lsdb() -> tuple[list[str], str]:
    if util.find_spec("lsdb") is None:
        raise MissingError("not installed: pip install '.[distributed]'")
    return [sys.executable], metadata.version("lsdb")


def _stilts() -> tuple[list[str], str]:
    program = shutil.which("stilts")
    if program is None:
        raise MissingError("no stilts on the PATH; on Debian: apt-get install stilts")
    told = subprocess.run([program, "-version"], capture_output=True, text=True).stdout
    lines = [line.split() for line in told.splitlines() if "STILTS version" in line]
    return [program], lines[0][-1] if lines else "unknown"


def xmatcher(python: str, folder: Path) -> list[str]:
    """What starts xmatcher; its environment is made in a folder, if it is not there."""
    program = folder / "bin" / "xmatcher"
    if not program.exists():
        interpreter = shutil.which(python)
        if interpreter is None:
            raise MissingError(f"no {python}, which it needs; name one with --python313")
        for argv in (
            [interpreter, "-m", "venv", "--clear", str(folder)],
            [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", XMATCHER],
        ):
            made = subprocess.run(argv, capture_output=True, text=True)
            if made.returncode:
                said = made.stderr.strip().splitlines() or [f"exit status {made.returncode}"]
                raise MissingError(f"{' '.join(argv[1:4])} failed: {said[-1]}")
    return [str(program)]
