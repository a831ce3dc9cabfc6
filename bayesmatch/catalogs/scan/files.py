"""Which files make up a Parquet data set, in which order, with which partition values."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from ..closest import did_you_mean_file
from ..formats.choice import split_table
from ..formats.regular import file_identity, path_status, regular_file
from ..paths import given_path
from ..scalars import shown
from .collection import is_pixel, primary_table
from .other_files import ENDINGS, refuse_packed, tables_instead
from .partitions import partition_values
from .walk import before_pattern, expand, hidden, is_folder, is_pattern, walk

PathLike = str | os.PathLike


def find_files(paths: PathLike | Iterable[PathLike]) -> list[tuple[Path, dict[str, str | None]]]:
    """Files of a data set and the ``key=value`` pairs of the directories they stand in.

    A directory or glob gives its files sorted by path (as text, component by component); the
    entries of a list keep their order.  In a HATS catalogue the files are those of
    ``Norder=*/Dir=*/Npix=*``; a HATS collection stands for its primary table.  Names that begin
    with ``_`` or ``.``, and files that do not end in .parquet, .pq or .parq, are left out.

    Raises
    ------
    FileNotFoundError
        If a path does not exist or holds no Parquet file.
    OSError
        If a directory cannot be read.
    ValueError, TypeError
        If a file comes twice, under whatever name; if what has the name of a part is no file; if
        a partition value or a HATS collection is malformed; if a path is not a local one.
    """
    given = listed_paths(paths)
    if not given:
        raise ValueError("scan: the list of paths is empty; give a directory, a glob or files")
    found: list[tuple[Path, dict[str, str | None]]] = []
    for path in given:
        found += _expand(path)
    first: dict[tuple[object, ...], Path] = {}
    for file, _ in found:
        identity = file_identity(file, regular_file(file))
        if identity in first:
            _refuse_twice(file, first[identity])
        first[identity] = file
    return found


def _refuse_twice(file: Path, other: Path) -> None:
    if file.absolute() == other.absolute():
        raise ValueError(f"{file}: this file is listed twice; give each part once")
    raise ValueError(
        f"{file}: this is the file {other} again, by a link or another spelling, and its rows "
        "would count twice; remove one, or list the files to scan"
    )


def data_set_name(paths: PathLike | Iterable[PathLike]) -> str:
    """A name for a data set: that of the directory or file; of a glob's or list's directory."""
    listed = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    path = Path(listed[0]) if len(listed) == 1 else Path(listed[0]).absolute().parent
    while path.name and is_pattern(path.name):
        path = path.parent
    stem = path.absolute().name
    return next((stem.removesuffix(e) for e in ENDINGS if stem.endswith(e)), stem)


def listed_paths(paths: PathLike | Iterable[PathLike]) -> list[PathLike]:
    """One path or several as a list."""
    try:
        return [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    except Exception as error:  # of whatever was given
        raise TypeError(
            f"scan: {shown(paths)} given; give a directory, a glob or a list of files"
        ) from error


def is_data_set(path: PathLike) -> bool:
    """Whether a path on a command line means a data set: a directory or a glob."""
    text = os.path.expanduser(os.fspath(path))
    return os.path.isdir(text) or (
        is_pattern(text) and not os.path.exists(text) and not os.path.isfile(split_table(text)[0])
    )


def _expand(path: PathLike) -> list[tuple[Path, dict[str, str | None]]]:
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        raise TypeError(
            f"scan: a path is {shown(path)}; give a directory, a glob or a list of files"
        )
    text = os.fspath(given_path(path)) + (os.sep if os.fspath(path).endswith(os.sep) else "")
    if is_pattern(text) and not os.path.lexists(text):
        return _pattern(Path(text), text.endswith(os.sep))
    try:
        status = path_status(text)
    except FileNotFoundError as error:
        if os.path.islink(text):
            raise
        meant = did_you_mean_file(text)
        raise FileNotFoundError(f"{text}: no such file or directory{meant}") from error
    if stat.S_ISDIR(status.st_mode):
        return _directory(Path(text))
    return [(Path(text), partition_values(Path(text), None))]


def _pattern(pattern: Path, folders_only: bool) -> list[tuple[Path, dict[str, str | None]]]:
    """Files that a glob stands for, also those below the directories that it stands for."""
    fixed = before_pattern(pattern)
    files: dict[Path, None] = {}
    hits: list[Path] = []
    for hit in expand(pattern):
        if is_folder(hit):
            if not any(map(hidden, hit.relative_to(fixed).parts)):
                files.update((file, None) for file, _ in _directory(hit, required=False))
        elif not folders_only and _shown(hit, fixed):
            hits.append(hit)
    refuse_packed(hits)
    files.update((hit, None) for hit in hits if _is_part(hit))
    if not files:
        raise FileNotFoundError(f"{pattern}: no Parquet file matches{tables_instead(hits)}")
    return [(f, partition_values(f, fixed)) for f in sorted(files, key=lambda p: p.parts)]


def _directory(root: Path, required: bool = True) -> list[tuple[Path, dict[str, str | None]]]:
    root = primary_table(root)
    there = sorted(
        (folder / name for folder, names in walk(root) for name in names), key=lambda p: p.parts
    )
    there = [f for f in there if _shown(f, root)]
    if any(_is_part(f) and is_pixel(f, root) for f in there):
        there = [f for f in there if is_pixel(f, root)]  # thumbnails and other extras repeat rows
    refuse_packed(there)
    files = [f for f in there if _is_part(f)]
    if not files and required:
        raise FileNotFoundError(
            f"{root}: no such file, and in the directory of that name or below "
            f"it no Parquet file ({', '.join(ENDINGS)}){tables_instead(there)}"
        )
    return [(file, partition_values(file, root)) for file in files]


def _shown(file: Path, root: Path) -> bool:
    return not any(map(hidden, file.relative_to(root).parts))


def _is_part(file: Path) -> bool:
    return file.name.lower().endswith(ENDINGS)
