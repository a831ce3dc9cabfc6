"""Files that will be written, compared with those that are read, before any work.

Every command and every ``write`` that knows what was read asks :func:`check_targets`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from .formats.choice import split_table
from .formats.digest import file_sha256
from .formats.writing import check_place, real_path
from .paths import given_path
from .scan.files import ENDINGS, find_files, is_data_set

PathLike = str | os.PathLike


def as_read(paths: Any) -> tuple[str, ...]:
    """What was read, a path or several, so that it can be found from any directory."""
    given = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    return tuple(os.path.abspath(split_table(path)[0]) for path in given)


def check_targets(
    targets: Sequence[PathLike], read: Iterable[PathLike], *, option: str = ""
) -> None:
    """Raise unless all targets can be written, and nothing that is read is lost or changed.

    Parameters
    ----------
    targets : sequence of path
        Every file that will be written.
    read : iterable of path
        What is read: files, and directories and globs of Parquet files. A target must be none of
        them, under whatever name, and no file that the next look into a directory would find.
    option : str, default ""
        The option that gave the targets, which messages begin with.

    Raises
    ------
    ValueError
        If a target is read, would become part of a data set, or is written twice.
    OSError
        If a target cannot be written.
    """
    said = f"{option} " if option else ""
    finals: dict[Any, PathLike] = {}
    real = {}
    for target in targets:
        check_place(target)
        real[target] = real_path(target)  # the way may lead through what is not there: none/../x
        other = finals.setdefault(_identity(real[target]), target)
        if other is not target:
            raise ValueError(
                f"{said}{target}: two outputs would be the same file"
                + (f" ({other})" if str(other) != str(target) else "")
                + "; give each another name"
            )
    sources = list(dict.fromkeys(_expanded(path) for path in read))
    which = "the input" if len(sources) == 1 else "an input"
    for source in sources:
        there = any(path.exists() for path in real.values())
        joining = is_data_set(source) and any(_is_part(target) for target in targets)
        files = _files(source) if there or joining else []
        same = {_identity(file): file for file in files} if there else {}
        for target in targets:
            hit = same.get(_identity(real[target]))
            if hit is not None:
                raise ValueError(
                    f"{said}{target} would overwrite {which}, {hit}; give another name"
                )
            if joining and _joins(real[target], source, files):
                raise ValueError(
                    f"{said}{target} would become a part of {source}, which is read; "
                    "write it to another directory"
                )


def check_matched(
    targets: Iterable[PathLike], matched: Iterable[tuple[str, str | None]], *, option: str = ""
) -> None:
    """Raise if a target is a file that a result, read from its own file, was matched from.

    Such a result does not know where its inputs lie, but what they held.

    Parameters
    ----------
    targets : iterable of path
        Every file that will be written.
    matched : iterable of (str, str or None)
        Name and SHA-256 of each catalogue; one that is not known, None or empty, is passed over.
    option : str, default ""
        The option that gave the targets, which messages begin with.

    Raises
    ------
    ValueError
        If a target is there and holds what a catalogue of the match held.
    """
    known = {sha256: name for name, sha256 in matched if sha256}
    said = f"{option} " if option else ""
    for target in targets:
        real = real_path(target)
        if known and real.is_file():
            name = known.get(file_sha256(real))
            if name is not None:
                raise ValueError(
                    f"{said}{target} would overwrite an input, the file that {name} was matched "
                    "from; give another name"
                )


def check_folder(folder: PathLike, *, option: str = "") -> None:
    """Raise unless a directory is there, or can be made, and takes files."""
    said = f"{option} " if option else ""
    path = given_path(folder)
    while not os.path.lexists(path) and path != path.parent:
        path = path.parent
    if not path.is_dir():
        raise NotADirectoryError(f"{said}{folder}: {path} is not a directory; give another name")
    if not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(f"{said}{folder}: the directory {path} is not writable")


def make_folder(folder: PathLike, *, option: str = "") -> None:
    """Make a directory, and those that it is in, where they are not there.

    Raises
    ------
    OSError
        If that cannot be done; names it.
    """
    try:
        given_path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        said = f"{option} " if option else ""
        raise type(error)(
            f"{said}{folder}: the directory cannot be made ({error.strerror}); give another name"
        ) from None


def _expanded(path: PathLike) -> str:
    """What was read as the system knows it: a home directory and a file: address expanded."""
    text = os.fspath(path)
    with contextlib.suppress(ValueError):  # said when it is read
        text = os.fspath(given_path(text)) if text.lower().startswith("file:") else text
    return os.path.expanduser(text)


def _is_part(target: PathLike) -> bool:
    return os.fspath(target).lower().endswith(ENDINGS) or os.path.islink(target)


def _identity(path: Path) -> tuple[Any, ...]:
    """What is the same for two names of one file, also of one that does not exist yet."""
    try:
        found = path.stat()
        return found.st_dev, found.st_ino
    except OSError:
        return os.path.realpath(path.parent), path.name


def _files(source: str) -> list[Path]:
    """The files that a path stands for; none where reading it will say what is wrong."""
    with contextlib.suppress(ValueError):
        source = os.fspath(split_table(source)[0])
    if not is_data_set(source):
        return [Path(source)]
    with contextlib.suppress(OSError, ValueError):
        return [file for file, _ in find_files(source)]
    return []


def _joins(target: Path, source: str, files: Sequence[Path]) -> bool:
    """Whether a new file would be found where a data set is looked for."""
    if not _is_part(target):
        return False
    folders = {_identity(folder): folder for folder in target.parents}
    if os.path.isdir(source):
        return _identity(Path(source)) in folders or any(
            _identity(folder) in folders for folder in {file.parent for file in files}
        )
    parts = Path(source).parts
    n_fixed = next(k for k, part in enumerate(parts) if any(c in part for c in "*?["))
    root = folders.get(_identity(Path(*parts[:n_fixed])))
    if root is None:
        return any(_identity(folder) in folders for folder in {file.parent for file in files})
    inner = target.relative_to(root).parts
    return any(_fits(inner[:n], parts[n_fixed:]) for n in range(1, len(inner) + 1))


def _fits(names: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether names of directories and a file fit a glob, component by component."""
    if not pattern:
        return not names
    if pattern[0] == "**":
        return any(_fits(names[n:], pattern[1:]) for n in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], pattern[0]) and _fits(names[1:], pattern[1:])
