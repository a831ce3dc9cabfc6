"""What ``--out`` means, in every command the same.

A name with an ending is a file, whose ending says what is written into it. A folder (one that is
there, or a name without an ending, or with a slash behind it) gets everything that the command can
write, under names of its own; it is made if it is not there. Commands that can write several things
take the option several times.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

#: what a command can write: its endings, the first of them usual, and its name in a folder
Kinds = Mapping[str, tuple[Sequence[str], str]]


def add_out(
    command: argparse.ArgumentParser,
    what: str,
    *,
    required: bool = False,
    several: bool = False,
    default: Sequence[str] | None = None,
) -> None:
    """Add ``--out``; :func:`outputs` reads it.

    Parameters
    ----------
    command : ArgumentParser
        Gets the option.
    what : str
        Of which ending what is written, for the help.
    required, several : bool
        Whether it must be given, and may be given more than once.
    default : sequence of str, optional
        What is taken where it is not given.
    """
    command.add_argument(
        "--out",
        action="append",
        required=required,
        default=None if default is None else list(default),
        metavar="PATH",
        help=f"{what}; a folder, or a name without an ending: "
        + ("all of it, in that folder; repeatable" if several else "into that folder"),
    )


def table_endings() -> list[str]:
    """What tables are written to."""
    from ..catalogs.formats.registry import FORMATS  # slow to import

    return [ending for form in FORMATS.values() for ending in form.endings]


def outputs(given: Sequence[str] | None, kinds: Kinds) -> list[tuple[str, Path]]:
    """Every file that is to be written: what goes into it, and its path.

    Parameters
    ----------
    given : sequence of str or None
        What ``--out`` said.
    kinds : mapping
        What the command can write, by a word of its own.

    Raises
    ------
    ValueError
        If an ending is none of those.
    """
    found: list[tuple[str, Path]] = []
    for text in given or ():
        path = Path(text).expanduser()
        if is_folder(text):
            found += [(kind, path / name) for kind, (_, name) in kinds.items()]
            continue
        kind = next((k for k, (ends, _) in kinds.items() if _ends(path, ends)), None)
        if kind is None:
            endings = dict.fromkeys(ending for ends, _ in kinds.values() for ending in ends)
            raise ValueError(
                f"--out {text}: the name must end in one of {', '.join(endings)}, or be that of a "
                "folder"
            )
        found.append((kind, path))
    return found


def one_output(given: Sequence[str] | None, kinds: Kinds) -> Path | None:
    """The one file that a command writes, None where it is not asked to.

    Raises
    ------
    ValueError
        If ``--out`` comes twice, or as :func:`outputs`.
    """
    if given and len(given) > 1:
        raise ValueError(f"--out comes {len(given)} times ({', '.join(given)}); give it once")
    found = outputs(given, kinds)
    return found[0][1] if found else None


def check_outputs(paths: Iterable[Path], read: Iterable[str | Path]) -> None:
    """Refuse what cannot be written, or would change what is read, before the work.

    Folders that are not there yet are made when the files are written.
    """
    from ..catalogs.targets import check_folder, check_targets

    listed = list(paths)
    # Not isdir alone: none/.. is a folder as soon as it is resolved, as it is for writing.
    there = [path for path in listed if os.path.isdir(os.path.realpath(path.parent))]
    for path in listed:
        if path not in there:
            check_folder(path.parent, option="--out")
    check_targets(there, read, option="--out")


def is_folder(text: str) -> bool:
    """Whether a name stands for a folder: it is one, or has no ending."""
    path = Path(text).expanduser()
    return path.is_dir() or text.endswith("/") or (not path.exists() and path.suffix == "")


def _ends(path: Path, endings: Sequence[str]) -> bool:
    return path.name.lower().endswith(tuple(endings))
