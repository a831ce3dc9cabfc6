"""``benchmarks.json``: the sections of one or several runs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = "benchmarks.json"


def read(directory: Path) -> dict[str, Any]:
    """All sections by name; none where nothing was measured yet."""
    path = directory / FILE
    return json.loads(path.read_text()) if path.exists() else {}


def keep(directory: Path, name: str, section: Mapping[str, Any]) -> Path:
    """Add a section to those of earlier runs, or put it in its place; whole or not at all."""
    from bayesmatch.catalogs.formats.writing import replaced_together

    path = directory / FILE
    sections = {**read(directory), name: dict(section)}
    with replaced_together([path]) as (temporary,):
        Path(temporary).write_text(json.dumps(sections, indent=1) + "\n")
    return path


def machine() -> dict[str, Any]:
    """What was measured on, with which versions."""
    from validation.versions import versions

    return {
        "cpus": os.cpu_count(),
        "processor": processor(),
        "system": platform.system(),
        "versions": versions(),
    }


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
