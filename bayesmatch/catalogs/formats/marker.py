"""Several files that are replaced as one.

No file system renames two files at once. So a marker, written before the first rename and removed
after the last, says which temporary file is to have which name. Before it is there, the old files
are the set; from then on the new ones are, also if the process is killed: the next who reads or
writes the set does the renames that are left.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

#: of names of files that are being written
PREFIX = ".writing-"
MARKER = ".finishing-"


def mark(finals: Sequence[Path], temporary: Sequence[Path]) -> None:
    """Decide that the temporary files, which are complete, are the set from now on."""
    entries = [
        {"temporary": path.name, "name": final.name, "replaces": _signature(final)}
        for path, final in zip(temporary, finals, strict=True)
    ]
    marker = _marker(finals)
    new = marker.with_name(f"{PREFIX}{marker.name[1:]}")
    try:
        with open(new, "w", encoding="utf-8") as file:
            json.dump(entries, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(marker)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def finish(finals: Sequence[Path]) -> None:
    """Do the renames that were decided on, if any are left."""
    if not _marker(finals).exists():
        return
    for path, final in _left(finals):
        with contextlib.suppress(FileNotFoundError):  # another process did it
            path.replace(final)
    _marker(finals).unlink(missing_ok=True)


def settled(finals: Sequence[Path]) -> list[Path]:
    """The files that hold the set, of which no rename is left where it can be done."""
    try:
        finish(finals)
    except OSError:  # a place that one may read only
        instead = {final: path for path, final in _left(finals)}
        return [instead.get(final, final) for final in finals]
    return list(finals)


def sync_folder(folder: Path) -> None:
    """Bring renames in a folder to the disk, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _left(finals: Sequence[Path]) -> list[tuple[Path, Path]]:
    """Renames decided on and not done.

    None where somebody has put other files in the place of those that were to be replaced.
    """
    marker = _marker(finals)
    try:
        entries: Any = json.loads(marker.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except ValueError:
        entries = None
    if not isinstance(entries, list) or len(entries) != len(finals):
        raise _damaged(marker)
    left = []
    for entry, final in zip(entries, finals, strict=True):
        name = entry.get("temporary") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name.startswith(PREFIX) or os.sep in name:
            raise _damaged(marker)
        path = final.with_name(name)
        if path.is_file():
            if entry.get("replaces") != _signature(final):
                return []
            left.append((path, final))
    return left


def _damaged(marker: Path) -> ValueError:
    return ValueError(f"{marker}: damaged; delete it and write the result again")


def _marker(finals: Sequence[Path]) -> Path:
    # A name of fixed length: that of the file may be as long as names can be.
    name = hashlib.sha256(os.fsencode(finals[0].name)).hexdigest()[:16]
    return finals[0].with_name(f"{MARKER}{name}")


def _signature(path: Path) -> list[int] | None:
    """Size and time of a file, None without one."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return [found.st_size, found.st_mtime_ns]
