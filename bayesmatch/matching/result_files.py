"""Results in files: two tables and a record, in any format, which are one or are refused.

A record goes with the tables: in the files of formats that hold such, else (CSV) in a file of its
own. It has a digest of each table's contents, and one over all, ``run``: equal runs have equal
ones. Reading compares, so that no file of one run is read with one of another, and what was
damaged or edited is not taken for a result. Files of 0.1.0 have no digests; the other checks, of
:mod:`.result_check`, are for them too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from astropy.table import Table

from ..catalogs.closest import did_you_mean_file
from ..catalogs.formats.digest import json_digest, table_digest
from ..catalogs.formats.escaped import with_escapes
from ..catalogs.formats.marker import settled
from ..catalogs.formats.registry import (
    check_columns,
    file_format,
    read_tables,
    table_paths,
    write_tables,
)
from ..catalogs.formats.storage import column_notes, restored
from ..catalogs.formats.writing import real_path, replaced_together
from ..catalogs.targets import check_matched, check_targets
from .kept_dropped import KEPT, Kept, without_dropped
from .record import MatchRecord
from .result_check import check_result, own_columns

NAMES = ("ASSOCIATIONS", "SOURCES")
#: in the record: digests of the tables, and of everything
TABLES, RUN = "tables_sha256", "run"


def result_paths(path: str | os.PathLike) -> list[Path]:
    """The files of a result."""
    return table_paths(path, NAMES)


def check_writable(
    path: str | os.PathLike, tables: Iterable[Sequence[str]], read: Iterable[str] = ()
) -> None:
    """Raise, before anything is written, if tables with these columns cannot be there."""
    check_targets(result_paths(path), read)
    for names in tables:
        check_columns(path, names)


def write_result(
    path: str | os.PathLike,
    associations: Table,
    sources: Table,
    meta: dict[str, Any],
    read: Iterable[str] = (),
) -> list[str]:
    """Write the tables and the meta data of a result; return the names of the files.

    `read` are the files that the result was made from, which are not overwritten.
    """
    kind = file_format(path)
    paths = result_paths(path)
    tables = dict(zip(NAMES, (associations, sources), strict=True))
    check_writable(path, [table.colnames for table in tables.values()], read)
    check_matched(paths, MatchRecord.from_meta(meta).digests)
    notes = [column_notes(table) for table in tables.values()]
    digests = [table_digest(table) for table in tables.values()]
    own = own_columns(MatchRecord.from_meta(meta)), sources.colnames
    tables = {
        name: with_escapes(table, noted, kind, kept)
        for (name, table), noted, kept in zip(tables.items(), notes, own, strict=True)
    }
    # Seconds would make two equal runs differ.
    record = {
        "meta": {k: v for k, v in meta.items() if k != "seconds"},
        "columns": notes,
        TABLES: digests,
    }
    record = json.loads(json.dumps(record))  # as it will be read
    record[RUN] = json_digest(record)
    with replaced_together(paths, marked=True) as temporary:
        write_tables(kind, temporary, tables, record)
    return [str(p) for p in paths]


def read_result(path: str | os.PathLike) -> tuple[Table, Table, dict[str, Any], Kept]:
    """Associations, sources and meta data of a file, and its rows of sources left out.

    Raises
    ------
    FileNotFoundError
        If one of the files does not exist.
    ValueError
        If the files are of two runs, damaged, edited, or do not hold a result.
    """
    kind = file_format(path)
    paths = result_paths(path)
    files = settled([real_path(part) for part in paths])
    for part, file in zip(paths, files, strict=True):
        if not file.is_file():
            raise FileNotFoundError(f"{part}: no such file{did_you_mean_file(part)}")
    try:
        tables, record = read_tables(kind, files, NAMES)
        associations, sources = map(restored, tables, record["columns"])
        _check_digests(paths, (associations, sources), record)
        plain = record["meta"].pop(KEPT, ((), ()))
        parts = map(without_dropped, (associations, sources), plain)
        (associations, no_associations), (sources, no_sources) = parts
        check_result(associations, sources, record["meta"])
    except PermissionError:
        raise
    except Exception as error:  # astropy and pyarrow raise many kinds for a damaged file
        raise ValueError(
            f"{path}: does not hold a bayesmatch result, or is damaged "
            f"({' '.join(str(error).split()) or type(error).__name__})"
        ) from error
    associations.meta, sources.meta = ({"EXTNAME": name} for name in NAMES)
    return associations, sources, record["meta"], (no_associations, no_sources)


def _check_digests(paths: list[Path], tables: tuple[Table, Table], record: dict[str, Any]) -> None:
    """Raise unless everything is as it was written; files of 0.1.0 cannot tell."""
    if RUN not in record and TABLES not in record:
        return
    if record.get(RUN) != json_digest({k: v for k, v in record.items() if k != RUN}):
        raise ValueError(f"the record in {paths[-1].name} was changed after it was written")
    for number, (name, table) in enumerate(zip(NAMES, tables, strict=True)):
        if record[TABLES][number] != table_digest(table):
            where = paths[number] if len(paths) > 1 else paths[0]
            raise ValueError(
                f"the table {name} in {where.name} is of another run than its record, or was "
                "changed after it was written; write the result again"
            )
