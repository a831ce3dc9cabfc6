"""Which files make up a Parquet data set, in which order, with which partition values."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import unquote

from ..scalars import shown

ENDINGS = (".parquet", ".pq", ".parq")
#: what Hive writes for a missing partition value
HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"

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
    ValueError, TypeError
        If a file is listed twice, or a path is not a local one.
    """
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if not given:
        raise ValueError("scan: the list of paths is empty; give a directory, a glob or files")
    found: list[tuple[Path, dict[str, str | None]]] = []
    for path in given:
        found += _expand(path)
    seen: set[Path] = set()
    for file, _ in found:
        if file.absolute() in seen:
            raise ValueError(f"{file}: this file is listed twice; give each part once")
        seen.add(file.absolute())
    return found


def data_set_name(paths: PathLike | Iterable[PathLike]) -> str:
    """A name for a data set: that of the directory or file; of a glob's or list's directory."""
    listed = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    path = Path(listed[0]) if len(listed) == 1 else Path(listed[0]).absolute().parent
    while path.name and any(c in path.name for c in "*?["):
        path = path.parent
    stem = path.absolute().name
    return next((stem.removesuffix(e) for e in ENDINGS if stem.endswith(e)), stem)


def is_data_set(path: PathLike) -> bool:
    """Whether a path on a command line means a data set: a directory or a glob."""
    text = os.fspath(path)
    return os.path.isdir(text) or (any(c in text for c in "*?[") and not os.path.exists(text))


def _expand(path: PathLike) -> list[tuple[Path, dict[str, str | None]]]:
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(
            f"scan: a path is {shown(path)}; give a directory, a glob or a list of files"
        )
    text = os.fspath(path)
    if "://" in text:
        raise ValueError(f"{text}: only local files can be scanned; copy or mount the data set")
    if os.path.isdir(text):
        return _directory(Path(text))
    if os.path.isfile(text):
        return [(Path(text), _partition(Path(text), None))]
    if not any(c in text for c in "*?["):
        raise FileNotFoundError(f"{text}: no such file or directory")
    fixed = Path(*_before_pattern(Path(text).parts))
    hits = sorted((Path(hit) for hit in glob.glob(text, recursive=True)), key=lambda p: p.parts)
    inside = {hit: fixed for hit in hits if hit.is_file() and _wanted(hit, fixed)}
    for folder in [hit for hit in hits if hit.is_dir()]:
        inside.update({file: fixed for file, _ in _directory(folder, required=False)})
    if not inside:
        raise FileNotFoundError(f"{text}: no Parquet file matches")
    return [(file, _partition(file, fixed)) for file in sorted(inside, key=lambda p: p.parts)]


def _before_pattern(parts: Sequence[str]) -> list[str]:
    out: list[str] = []
    for part in parts:
        if any(c in part for c in "*?["):
            break
        out.append(part)
    return out


def _directory(root: Path, required: bool = True) -> list[tuple[Path, dict[str, str | None]]]:
    collection = root / "collection.properties"
    if collection.is_file():
        table = re.search(r"^\s*hats_primary_table_url\s*=\s*(\S+)", collection.read_text(), re.M)
        if table:
            return _directory(root / table[1], required)
    files = sorted(
        (
            Path(folder) / name
            for folder, _, names in os.walk(root, followlinks=True)
            for name in names
        ),
        key=lambda p: p.parts,
    )
    files = [f for f in files if _wanted(f, root)]
    if any(_hats(f, root) for f in files):  # thumbnails and other extras repeat rows
        files = [f for f in files if _hats(f, root)]
    if not files and required:
        raise FileNotFoundError(
            f"{root}: no such file, and in the directory of that name or below "
            f"it no Parquet file ({', '.join(ENDINGS)})"
        )
    return [(file, _partition(file, root)) for file in files]


def _wanted(file: Path, root: Path) -> bool:
    inner = file.relative_to(root).parts
    return file.name.lower().endswith(ENDINGS) and not any(p.startswith(("_", ".")) for p in inner)


def _hats(file: Path, root: Path) -> bool:
    inner = "/".join(file.relative_to(root).parts)
    return re.search(r"(^|/)Norder=\d+/Dir=\d+/Npix=\d+(\.|/)", inner) is not None


def _partition(file: Path, root: Path | None) -> dict[str, str | None]:
    """The ``key=value`` directories between the root (None: wherever) and a file."""
    folders = (file if root is None else file.relative_to(root)).parts[:-1]
    pairs = (part.split("=", 1) for part in folders if "=" in part)
    return {key: None if value == HIVE_NULL else unquote(value) for key, value in pairs if key}
