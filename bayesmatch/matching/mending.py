"""What becomes of columns that a file's format cannot hold as they are, told before it is so."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..catalogs.formats.holds import changes
from ..catalogs.formats.registry import file_format
from ..catalogs.warned import warn_user
from .joined import JoinedColumn


def check_catalogue_names(path: str | os.PathLike, names: Sequence[str]) -> None:
    """Refuse, for FITS, catalogues whose names differ by case only: their columns would, too."""
    if file_format(path) != "fits":
        return
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise ValueError(
                f"{path}: the catalogues {other!r} and {name!r} differ by case only, which FITS "
                "does not tell apart; give one another name (name=, EXTNAME in its file), or "
                "write to .parquet"
            )


def warn_of_changes(
    path: str | os.PathLike, tables: Sequence[Sequence[str]], joined: Sequence[JoinedColumn] = ()
) -> None:
    """One warning that says what becomes of which column in a file.

    `tables` are the names of the columns of each table, `joined` what is known of the input
    columns among them.
    """
    kind = file_format(path)
    told = [column.told for column in joined if column.why]
    renamed: dict[str, str] = {}
    for names in tables:
        renamed |= changes(kind, names)
    told += [f"column {name!r} is called {new!r} there" for name, new in renamed.items()]
    if told:
        reason = " (MatchResult.read gives the names back)" if renamed else ""
        warn_user(f"{Path(path).name}: {'; '.join(told)}{reason}")
