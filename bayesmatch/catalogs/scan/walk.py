"""Directories walked and patterns expanded, so that nothing is passed over and nothing met twice.

Not with `os.walk` and `glob`, which pass over directories that they cannot read, and go round in
links.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ..formats.regular import file_identity, path_status


def is_pattern(text: str) -> bool:
    """Whether a path has a wildcard."""
    return any(c in text for c in "*?[")


def hidden(name: str) -> bool:
    """Whether a name marks what is no data: ``_metadata``, ``.cache``."""
    return name.startswith(("_", ".")) and name != ".."


def is_folder(path: Path) -> bool:
    """Whether a path leads to a directory; an error if that cannot be told."""
    try:
        return stat.S_ISDIR(path_status(path).st_mode)
    except (FileNotFoundError, ValueError):  # said if it has the name of a part
        return False


def walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Every directory from `root` down, links followed, hidden ones left out; its files' names.

    Raises
    ------
    OSError
        If a directory cannot be read.
    ValueError
        If a directory is met twice, by a link.
    """
    met: dict[tuple[object, ...], Path] = {}
    folders = [root]
    while folders:
        folder = folders.pop()
        before = met.setdefault(file_identity(folder, path_status(folder)), folder)
        if before is not folder:
            raise ValueError(
                f"{folder}: this directory is {before} again, by a link, and its rows would count "
                "twice; remove the link, or list the files to scan"
            )
        names = []
        for name, is_folder in _entries(folder):
            if is_folder and not hidden(name):
                folders.append(folder / name)
            elif not is_folder:
                names.append(name)
        yield folder, names


def expand(pattern: Path) -> list[Path]:
    """What exists that a pattern (``*``, ``?``, ``[...]``, ``**``) stands for, in any order.

    Names that begin with a dot are matched by patterns that do; a ``**`` at the end gives the
    directory alone.

    Raises
    ------
    OSError, ValueError
        As for :func:`walk`.
    """
    fixed = before_pattern(pattern)
    found = [fixed]
    rest = pattern.parts[len(fixed.parts) :]
    for k, part in enumerate(rest):
        if part == "**":
            if k < len(rest) - 1:
                found = [folder for root in found if is_folder(root) for folder, _ in walk(root)]
        elif is_pattern(part):
            found = [
                root / name
                for root in found
                if is_folder(root)
                for name, _ in _entries(root)
                if fnmatch.fnmatch(name, part)
                and (part.startswith(".") or not name.startswith("."))
            ]
        else:
            found = [root / part for root in found if _exists(root / part)]
    return found


def before_pattern(path: Path) -> Path:
    """The directories before the first wildcard of a pattern."""
    first = next(k for k, part in enumerate((*path.parts, "*")) if is_pattern(part))
    return Path(*path.parts[:first])


def _entries(folder: Path) -> list[tuple[str, bool]]:
    """Names in a directory, and whether they are directories themselves."""
    try:
        with os.scandir(folder) as entries:
            return [(entry.name, _is_folder(entry)) for entry in entries]
    except OSError as error:
        raise type(error)(
            f"{folder}: this directory cannot be read ({error.strerror or error}), so rows would "
            "be missing; make it readable, or list the files to scan"
        ) from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno == errno.ELOOP:  # said if its name is that of a part
            return False
        raise


def _exists(path: Path) -> bool:
    try:
        path_status(path)
    except FileNotFoundError:
        return os.path.islink(path)  # to nowhere: said when it is read
    return True
