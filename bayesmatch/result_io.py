"""Results in files: two tables and a record, in five formats, written whole or not at all."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Table

from .io import (
    check_writable,
    file_format,
    file_stem,
    from_arrow,
    replaced_together,
    to_arrow,
    write_hdus,
)
from .storage import as_json_text, column_notes, restored, storable

if TYPE_CHECKING:
    from .result import MatchResult

#: where the record stands in each format
META_KEY = "bayesmatch"
FITS_KEY = "BMATCH"
#: of the FITS standard
FITS_MAX_COLUMNS = 999
NAMES = ("ASSOCIATIONS", "SOURCES")

Tables = tuple[Table, Table]
Record = dict[str, Any]


def write_result(result: MatchResult, path: str | os.PathLike, associations: Table) -> list[str]:
    """Write a result with the given associations; return the names of the files."""
    kind = file_format(path)
    paths = _paths(path, kind)
    check_writable(path)
    tables = (associations, result.sources)
    # Seconds would make two equal runs differ.
    record = {"meta": {k: v for k, v in result.meta.items() if k != "seconds"},
              "columns": [column_notes(table) for table in tables]}
    with replaced_together(paths) as temporary:
        _WRITERS[kind](temporary, tables, record)
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
    paths = _paths(path, kind)
    for part in paths:
        if not part.is_file():
            raise FileNotFoundError(f"{part}: no such file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # units outside a format's standard
            tables, record = _READERS[kind](paths)
        associations, sources = map(restored, tables, record["columns"])
    except Exception as error:  # astropy and pyarrow raise many kinds for a damaged file
        raise ValueError(f"{path}: does not hold a bayesmatch result, or is damaged "
                         f"({' '.join(str(error).split()) or type(error).__name__})") from error
    associations.meta, sources.meta = ({"EXTNAME": name} for name in NAMES)
    return associations, sources, record["meta"]


def _paths(path: str | os.PathLike, kind: str) -> list[Path]:
    path = Path(path)
    if kind in ("fits", "votable"):
        return [path]
    stem = file_stem(path)
    paths = [path, path.with_name(f"{stem}.sources{path.name[len(stem):]}")]
    return paths if kind != "csv" else [*paths, path.with_name(f"{stem}.meta.json")]


def _write_fits(paths: list[Path], tables: Tables, record: Record) -> None:
    from astropy.io import fits

    hdus: list[Any] = [fits.PrimaryHDU()]
    hdus[0].header[FITS_KEY] = json.dumps(record)
    for name, table in zip(NAMES, tables, strict=True):
        if len(table.colnames) > FITS_MAX_COLUMNS:
            raise ValueError(f"{len(table.colnames)} columns, and FITS holds {FITS_MAX_COLUMNS}; "
                             "write without the input columns, or to .parquet")
        hdus.append(_fits_table(storable(table), name))
    write_hdus(hdus, paths[0])


def _fits_table(table: Table, name: str) -> Any:
    from astropy.io import fits

    texts = [column.description for column in table.itercols()]
    table.meta = {"EXTNAME": name}
    for number, column in enumerate(table.colnames, start=1):
        if table[column].dtype.kind == "U":
            table[column] = np.char.encode(np.ma.getdata(table[column]), "utf-8")
        if not column.isascii():
            table.rename_column(column, f"column_{number}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # units outside the FITS standard
        hdu = fits.table_to_hdu(table)
    for number, text in enumerate(texts, start=1):
        if text:
            plain = text.encode("ascii", "replace").decode()
            hdu.header[f"TCOMM{number}"] = " ".join(plain.split())
    return hdu


def _read_fits(paths: list[Path]) -> tuple[list[Table], Record]:
    from astropy.io import fits

    with fits.open(paths[0], memmap=False) as hdus:
        tables = [Table.read(hdus, hdu=name, mask_invalid=False) for name in NAMES]
        return tables, json.loads(hdus[0].header[FITS_KEY])


def _write_votable(paths: list[Path], tables: Tables, record: Record) -> None:
    from astropy.io.votable import tree, writeto

    votable = tree.VOTableFile()
    resource = tree.Resource()
    votable.resources.append(resource)
    resource.infos.append(tree.Info(name=META_KEY, value=json.dumps(record)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # non-ASCII units and the like
        for name, table in zip(NAMES, tables, strict=True):
            bare = storable(table)
            bare.meta = {}
            element = tree.TableElement.from_table(votable, bare)
            element.name = name
            resource.tables.append(element)
        writeto(votable, str(paths[0]), tabledata_format="binary2")


def _read_votable(paths: list[Path]) -> tuple[list[Table], Record]:
    from astropy.io.votable import parse

    resource = parse(paths[0]).resources[0]
    tables = {t.name: t.to_table(use_names_over_ids=True) for t in resource.tables}
    record = json.loads(next(i.value for i in resource.infos if i.name == META_KEY))
    return [tables[name] for name in NAMES], record


def _write_parquet(paths: list[Path], tables: Tables, record: Record) -> None:
    from pyarrow import parquet

    for path, table in zip(paths, tables, strict=True):
        arrow = to_arrow(table)
        parquet.write_table(arrow.replace_schema_metadata({META_KEY: json.dumps(record)}), path)


def _read_parquet(paths: list[Path]) -> tuple[list[Table], Record]:
    from pyarrow import parquet

    arrow = [parquet.read_table(path) for path in paths]
    return ([from_arrow(part) for part in arrow],
            json.loads(arrow[0].schema.metadata[META_KEY.encode()]))


def _write_ecsv(paths: list[Path], tables: Tables, record: Record) -> None:
    for path, table in zip(paths, tables, strict=True):
        with_meta = Table(table, copy=False)
        with_meta.meta = {**table.meta, META_KEY: record}
        with_meta.write(path, format="ascii.ecsv", overwrite=True)


def _read_ecsv(paths: list[Path]) -> tuple[list[Table], Record]:
    tables = [Table.read(path, format="ascii.ecsv") for path in paths]
    return tables, json.loads(json.dumps(tables[0].meta[META_KEY]))


def _write_csv(paths: list[Path], tables: Tables, record: Record) -> None:
    for path, table in zip(paths, tables, strict=False):
        as_json_text(table).write(path, format="ascii.csv", overwrite=True)
    paths[2].write_text(json.dumps(record))


def _read_csv(paths: list[Path]) -> tuple[list[Table], Record]:
    import pyarrow as pa
    from pyarrow import csv

    record = json.loads(paths[2].read_text())
    tables = []
    for path, notes in zip(paths, record["columns"], strict=False):
        # Types as noted: an identifier like 007 is text, whatever it looks like.
        types = {note["name"]: pa.string() if note["shape"] or note["dtype"][1] == "U"
                 else pa.from_numpy_dtype(note["dtype"]) for note in notes}
        tables.append(from_arrow(csv.read_csv(
            path, parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(column_types=types, null_values=[""],
                                               strings_can_be_null=True))))
    return tables, record


_WRITERS: dict[str, Callable[[list[Path], Tables, Record], None]] = {
    "fits": _write_fits, "votable": _write_votable, "parquet": _write_parquet,
    "ecsv": _write_ecsv, "csv": _write_csv}
_READERS: dict[str, Callable[[list[Path]], tuple[list[Table], Record]]] = {
    "fits": _read_fits, "votable": _read_votable, "parquet": _read_parquet,
    "ecsv": _read_ecsv, "csv": _read_csv}
