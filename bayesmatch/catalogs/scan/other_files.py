"""Files in the place of Parquet ones: what they are, and what to do with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..formats.naming import kind_by_name, unpacked_name
from ..formats.source import Source
from .walk import hidden

ENDINGS = (".parquet", ".pq", ".parq")
CONVERT = (
    "a scan reads Parquet alone: read it into memory (Catalog.read, or by itself on the command "
    "line), or make it Parquet ('bayesmatch header FILE --name NAME --out NEW.parquet')"
)
UNPACK = "a scan reads Parquet files as they are: unpack"


def no_parquet(path: Path, reason: str) -> str:
    """What a file that cannot be read as Parquet is, as far as its first bytes tell."""
    source = Source(path)
    try:
        if source.packed:
            table = kind_by_name(path) not in (None, "parquet")
            return f"{path}: it is packed; " + (CONVERT if table else f"{UNPACK} it first")
        kind = source.kind or kind_by_name(path)
    except (OSError, ValueError):
        kind = None
    if kind not in (None, "parquet"):
        return f"{path}: it is {kind}, not parquet; {CONVERT}"
    return (
        f"{path}: cannot be read as parquet ({reason}); the file is damaged or not what its name "
        "says"
    )


def refuse_packed(files: Iterable[Path]) -> None:
    """Raise a ValueError if parts of a data set are packed: their rows would be missing.

    A packed copy beside the part itself is none.
    """
    files = list(files)
    there = set(files)
    packed = sorted(
        file
        for file in files
        if (name := unpacked_name(file.name)) != file.name
        and name.lower().endswith(ENDINGS)
        and file.with_name(name) not in there
    )
    if packed:
        more = f" (and {len(packed) - 1:,} more)" if len(packed) > 1 else ""
        raise ValueError(
            f"{packed[0]}{more}: a packed part, whose rows would be missing; {UNPACK} it, or list "
            "the files to scan"
        )


def tables_instead(files: Iterable[Path]) -> str:
    """What is to be said where no file is Parquet, but some are tables."""
    tables = sorted(f for f in files if kind_by_name(f) is not None and not hidden(f.name))
    return f"; there is {tables[0].name}: {CONVERT}" if tables else ""
