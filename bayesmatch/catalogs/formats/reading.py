"""Tables read from files: which format one has, by its content and its name."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from astropy.table import Table

from ..scalars import shown_text
from .asked import Asked
from .choice import split_table
from .naming import READ_ONLY, kind_by_name
from .registry import FORMATS, known_endings
from .regular import regular_file
from .single import single_values, without_empty
from .source import Source

#: characters of a note that are shown
MOST = 400


def read_table(path: str | os.PathLike, asked: Asked | None = None) -> Table:
    """Read a table of a file: FITS, VOTable, ECSV, CSV and other text, Parquet, Arrow, HDF5.

    Parameters
    ----------
    path : path
        The file; ``file.fits#2``, ``file.fits[2]`` and ``file.fits#NAME`` name one of its tables.
    asked : Asked, optional
        Which table is wanted. Default: the first with positions, or the only one.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OSError
        If it cannot be looked at.
    ValueError
        If it is a pipe or a device, its format is not known, or it cannot be read as that format.

    Warns
    -----
    UserWarning
        If something had to be guessed or left out.
    """
    asked = Asked() if asked is None else asked
    file, named = split_table(path)
    regular_file(file)
    if named is not None:
        if asked.hdu is not None and str(asked.hdu).strip().lower() != named.lower():
            raise ValueError(
                f"{path} names table {named}, and hdu= (--hdu on the command line) table "
                f"{asked.hdu}; give one of them"
            )
        asked = replace(asked, hdu=named)
    source, kind = Source(file), ""
    try:
        kind = kind_by_name(file) or "text"
        with warnings.catch_warnings():
            # Unit strings outside the standard and the like: facts about the file, not the match.
            warnings.simplefilter("ignore")
            kind = source.kind or kind_by_name(file) or _kind_of_text(source, path)
            table = without_empty(single_values(_reader(kind)(source, asked)), asked)
    except _UnknownFormatError:
        raise
    except Exception as error:  # astropy and pyarrow raise many kinds for a damaged file
        reason = shown_text(str(error), 2000) or type(error).__name__
        raise ValueError(f"{path}: cannot be read as {kind} ({reason})") from error
    for note in asked.notes:
        warnings.warn(f"{path}: {shown_text(note, MOST)}", UserWarning, stacklevel=3)
    return table


class _UnknownFormatError(ValueError):
    pass


def _reader(kind: str) -> Callable[[Source, Asked], Table]:
    return READ_ONLY[kind][1] if kind in READ_ONLY else FORMATS[kind].read_table


def _kind_of_text(source: Source, path: Any) -> str:
    """Text in a file whose name tells nothing is tried as a table."""
    if source.is_text and source.size and source.head.lstrip()[:1] not in (b"{", b"["):
        return "text"
    known = ", ".join((*known_endings(), *(e for ends, _ in READ_ONLY.values() for e in ends)))
    raise _UnknownFormatError(
        f"{path}: unknown table format; give a table whose name ends in one of {known} "
        "(also compressed: .gz, .bz2, .xz, .zip)"
    )
