"""What a checkpoint was computed from, in a file beside its parts."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
#: of checkpoints; those before 2 kept no digests, those before 3 counted no objects in cells, those
#: before 4 did not tell one MOC from another
FORMAT = 4
#: no manifest is larger: hundreds of column names are some ten thousand bytes
MAX_BYTES = 1 << 24


class DamagedError(ValueError):
    """A file of a checkpoint is not what was written."""


@dataclass(frozen=True)
class MadeFrom:
    """Everything that the parts of a stage depend on."""

    bayesmatch: str
    """version"""
    catalogue: str
    radius_arcsec: float
    primary_rows: int
    primary_positions: str
    """digest"""
    files: int
    """number of"""
    files_sizes_times: str
    """digest"""
    position_columns: tuple[str, ...]
    tasks: int
    """of the search"""
    task_rows: int
    """most rows of a task"""
    task_ranges: str
    """digest of the row groups of each task of the search"""
    footprint: str = ""
    """digest of the MOC outside which rows are left out, if there is one"""
    cells: str = ""
    """digest of the cells in which all objects are counted, if they are"""
    columns: tuple[str, ...] = ()
    """read for the candidates, if the stage does that"""
    candidates: str = ""
    """digest of their row numbers and of `columns`"""

    @property
    def digest(self) -> str:
        """SHA-256 of all of it; parts are bound to it."""
        return _digest(FORMAT, asdict(self))

    def text(self) -> str:
        """The manifest."""
        record = {"format": FORMAT, "made_from": asdict(self), "sha256": self.digest}
        return json.dumps(record, indent=1)


def check_manifest(path: Path, made_from: MadeFrom) -> None:
    """Compare a manifest with what a stage is to be made from.

    Raises
    ------
    DamagedError
        If it is not what was written, or cannot be read.
    ValueError
        If it is whole, and of another match or of another version's format.
    """
    found = _read(path)
    if found == made_from:
        return
    ours, theirs = asdict(made_from), asdict(found)
    what = "; ".join(
        f"{key} is {ours[key]!r} now and was {theirs[key]!r}"
        for key in ours
        if ours[key] != theirs[key]
    )
    raise ValueError(
        f"checkpoint {path.parent} is of another match: {what}; give another directory, or "
        "delete this one"
    )


def _read(path: Path) -> MadeFrom:
    """The content of a manifest, its types and its digest checked."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise DamagedError
        record = json.loads(data.decode())
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedError from error
    if not isinstance(record, dict):
        raise DamagedError
    if "format" not in record and isinstance(record.get("files_sizes_times"), str):
        raise _other_format(path, "an older version")
    if record.keys() != {"format", "made_from", "sha256"}:
        raise DamagedError
    number, content = record["format"], record["made_from"]
    if type(number) is not int or record["sha256"] != _digest(number, content):
        raise DamagedError
    if number != FORMAT:
        raise _other_format(path, "another version")
    return _typed(content)


def _other_format(path: Path, what: str) -> ValueError:
    return ValueError(
        f"checkpoint {path.parent} is of {what} of bayesmatch, and its parts cannot be verified; "
        "give another directory, or delete this one"
    )


def _typed(content: Any) -> MadeFrom:
    """The fields, each of its type."""
    if not isinstance(content, Mapping) or content.keys() != {f.name for f in fields(MadeFrom)}:
        raise DamagedError
    values: dict[str, Any] = {}
    for field in fields(MadeFrom):
        value = content[field.name]
        if field.type == "tuple[str, ...]":
            if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
                raise DamagedError
            value = tuple(value)
        elif type(value).__name__ != field.type or (
            isinstance(value, float) and not math.isfinite(value)
        ):
            raise DamagedError
        values[field.name] = value
    return MadeFrom(**values)


def _digest(number: int, content: Any) -> str:
    record = json.dumps([number, content], sort_keys=True)
    return hashlib.sha256(record.encode()).hexdigest()
