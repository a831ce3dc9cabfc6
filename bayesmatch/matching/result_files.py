"""Results in files: two tables and a record, in any format, written whole or not at all."""

from __future__ import annotations

import os
from typing import Any

from astropy.table import Table

from ..catalogs.formats.registry import (
    check_writable,
    file_format,
    read_tables,
    table_paths,
    write_tables,
)
from ..catalogs.formats.storage import column_notes, restored
from ..catalogs.formats.writing import replaced_together

NAMES = ("ASSOCIATIONS", "SOURCES")


def write_result(
    path: str | os.PathLike, associations: Table, sources: Table, meta: dict[str, Any]
) -> list[str]:
    """Write the tables and the meta data of a result; return the names of the files."""
    kind = file_format(path)
    paths = table_paths(path, NAMES)
    check_writable(path)
    tables = dict(zip(NAMES, (associations, sources), strict=True))
    # Seconds would make two equal runs differ.
    record = {
        "meta": {k: v for k, v in meta.items() if k != "seconds"},
        "columns": [column_notes(table) for table in tables.values()],
    }
    with replaced_together(paths) as temporary:
        write_tables(kind, temporary, tables, record)
    return [str(p) for p in paths]


def read_result(path: str | os.PathLike) -> tuple[Table, Table, dict[str, Any]]:
    """Associations, sources and meta data of a file.

    Raises
    ------
    FileNotFoundError
        If one of the files does not exist.
    ValueError
        If the file is damaged or does not hold a result.
    """
    kind = file_format(path)
    paths = table_paths(path, NAMES)
    for part in paths:
        if not part.is_file():
            raise FileNotFoundError(f"{part}: no such file")
    try:
        tables, record = read_tables(kind, paths, NAMES)
        associations, sources = map(restored, tables, record["columns"])
    except Exception as error:  # astropy and pyarrow raise many kinds for a damaged file
        raise ValueError(
            f"{path}: does not hold a bayesmatch result, or is damaged "
            f"({' '.join(str(error).split()) or type(error).__name__})"
        ) from error
    associations.meta, sources.meta = ({"EXTNAME": name} for name in NAMES)
    return associations, sources, record["meta"]
