"""What becomes of columns that a file's format cannot hold as they are, told before it is so."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from ..catalogs.formats.holds import changes
from ..catalogs.formats.registry import file_format
from ..catalogs.warned import warn_user
from .joined import JoinedColumn


def check_catalogue_names(
    path: str | os.PathLike, names: Sequence[str], columns: Sequence[str]
) -> None:
    """Refuse, for FITS, names of catalogues or a result's columns that differ by case only."""
    if file_format(path) != "fits":
        return
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise ValueError(
                f"{path}: the catalogues {other!r} and {name!r} differ by case only, which FITS "
                "does not tell apart; give one another name (name=, --name on the command line),"
                " or write to .parquet"
            )
    seen = {}
    for column in columns:
        other = seen.setdefault(column.lower(), column)
        if other != column:
            raise ValueError(
                f"{path}: the result's columns {other!r} and {column!r} differ by case only, which "
                "FITS does not tell apart; call the catalogue otherwise (name=, --name on the "
                "command line), or write to .parquet"
            )


def warn_of_changes(
    path: str | os.PathLike,
    associations: Sequence[str],
    sources: Sequence[str],
    own: Collection[str],
    joined: Sequence[JoinedColumn] = (),
) -> None:
    """One warning that says what becomes of which column in a file.

    The columns of both tables are given, those of the associations that are the result's `own`,
    and what is known of the `joined` input columns.
    """
    kind = file_format(path)
    told = [column.told for column in joined if column.why]
    renamed: dict[str, str] = {}
    for names, kept in ((associations, own), (sources, sources)):
        renamed |= changes(kind, names, kept)
    told += [f"column {name!r} is called {new!r} there" for name, new in renamed.items()]
    if told:
        reason = " (MatchResult.read gives the names back)" if renamed else ""
        warn_user(f"{Path(path).name}: {'; '.join(told)}{reason}")
