"""Results in files: two tables and a record, in five formats, written whole or not at all."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Column, MaskedColumn, Table

from .io import check_writable, file_format, file_stem, from_arrow, replaced_together, to_arrow
from .tables import masked_column

if TYPE_CHECKING:
    from .result import MatchResult

#: where the record stands in each format
META_KEY = "bayesmatch"
FITS_KEY = "BMATCH"

Parts = tuple[Table, Table, dict[str, Any]]


def write_result(result: MatchResult, path: str | os.PathLike, associations: Table) -> list[str]:
    """Write a result with the given associations; return the names of the files."""
    kind = file_format(path)
    paths = _paths(path, kind)
    check_writable(path)
    # Seconds would make two equal runs differ.
    meta = {k: v for k, v in result.meta.items() if k != "seconds"}
    with replaced_together(paths) as temporary:
        _WRITERS[kind](temporary, associations, result.sources, meta)
    return [str(p) for p in paths]


def read_result(path: str | os.PathLike) -> Parts:
    """Associations, sources and record of a file.

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
        associations, sources, meta = _READERS[kind](paths)
        names = [c["name"] for c in meta["catalogues"]]
    except Exception as error:  # astropy and pyarrow raise many kinds for a damaged file
        raise ValueError(f"{path}: does not hold a bayesmatch result, or is damaged "
                         f"({' '.join(str(error).split()) or type(error).__name__})") from error
    return _restored(associations, names), _restored(sources, names), meta


def _paths(path: str | os.PathLike, kind: str) -> list[Path]:
    path = Path(path)
    if kind in ("fits", "votable"):
        return [path]
    stem = file_stem(path)
    paths = [path, path.with_name(f"{stem}.sources{path.name[len(stem):]}")]
    return paths if kind != "csv" else [*paths, path.with_name(f"{stem}.meta.json")]


def _restored(table: Table, names: list[str]) -> Table:
    """Undo what the formats do to byte order, text, masks and descriptions."""
    absent = {name: np.asarray(table[name]) < 0 for name in names}
    for column in table.colnames:
        found = table[column]
        values = np.ma.getdata(np.ma.asarray(found))
        values = (np.char.decode(values, "utf-8") if values.dtype.kind == "S"
                  else values.astype(values.dtype.newbyteorder("="), copy=False))
        mask = np.ma.getmaskarray(np.ma.asarray(found)).copy()
        owner = next((n for n in names if column.startswith(f"{n}_")), None)
        if owner is not None:
            mask[absent[owner]] = True
        text = " ".join((found.description or "").split())
        table.replace_column(column, masked_column(values, mask, text, found.unit) if mask.any()
                             else Column(values, description=text or None, unit=found.unit))
    return table


def _write_fits(paths: list[Path], associations: Table, sources: Table, meta: dict) -> None:
    from astropy.io import fits

    hdus: list[Any] = [fits.PrimaryHDU()]
    hdus[0].header[FITS_KEY] = json.dumps(meta)
    for name, table in (("ASSOCIATIONS", associations), ("SOURCES", sources)):
        bare = Table(table, copy=False)
        bare.meta = {"EXTNAME": name}
        hdu = fits.table_to_hdu(bare)
        for number, column in enumerate(table.colnames, start=1):
            if table[column].description:
                hdu.header[f"TCOMM{number}"] = table[column].description
        hdus.append(hdu)
    fits.HDUList(hdus).writeto(paths[0], overwrite=True)


def _read_fits(paths: list[Path]) -> Parts:
    from astropy.io import fits

    with fits.open(paths[0]) as hdus:
        tables = []
        for name in ("ASSOCIATIONS", "SOURCES"):
            table = Table.read(hdus, hdu=name, mask_invalid=False)
            header = hdus[name].header
            for number, column in enumerate(table.colnames, start=1):
                table[column].description = header.get(f"TCOMM{number}")
            table.meta = {"EXTNAME": name}
            tables.append(table)
        return tables[0], tables[1], json.loads(hdus[0].header[FITS_KEY])


def _write_votable(paths: list[Path], associations: Table, sources: Table, meta: dict) -> None:
    from astropy.io.votable import tree, writeto

    votable = tree.VOTableFile()
    resource = tree.Resource()
    votable.resources.append(resource)
    resource.infos.append(tree.Info(name=META_KEY, value=json.dumps(meta)))
    for name, table in (("ASSOCIATIONS", associations), ("SOURCES", sources)):
        bare = Table(table, copy=False)
        bare.meta = {}
        element = tree.TableElement.from_table(votable, bare)
        element.name = name
        resource.tables.append(element)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # non-ASCII units and the like
        writeto(votable, str(paths[0]), tabledata_format="binary2")


def _read_votable(paths: list[Path]) -> Parts:
    from astropy.io.votable import parse

    resource = parse(paths[0]).resources[0]
    tables = {t.name: t.to_table(use_names_over_ids=True) for t in resource.tables}
    meta = json.loads(next(i.value for i in resource.infos if i.name == META_KEY))
    for name, table in tables.items():
        table.meta = {"EXTNAME": name}
        for column in table.colnames:
            values = table[column]
            if isinstance(values, MaskedColumn) and values.dtype.kind == "f":
                # A NaN is null in a VOTable; here it is a value.
                table.replace_column(column, Column(
                    values.filled(np.nan), unit=values.unit, description=values.description))
            elif values.dtype.kind == "O":
                table.replace_column(column, _from_objects(values))
    return tables["ASSOCIATIONS"], tables["SOURCES"], meta


def _from_objects(column: Any) -> MaskedColumn:
    """Text that the VOTable reader gives as objects."""
    mask = np.ma.getmaskarray(np.ma.asarray(column))
    values = np.array([("" if m else str(v)) for v, m in
                       zip(np.ma.getdata(np.ma.asarray(column)), mask, strict=True)])
    return MaskedColumn(values, mask=mask, unit=column.unit, description=column.description)


def _write_parquet(paths: list[Path], associations: Table, sources: Table, meta: dict) -> None:
    from pyarrow import parquet

    for path, table in zip(paths, (associations, sources), strict=True):
        arrow = to_arrow(table)
        parquet.write_table(arrow.replace_schema_metadata({META_KEY: json.dumps(meta)}), path)


def _read_parquet(paths: list[Path]) -> Parts:
    from pyarrow import parquet

    arrow = [parquet.read_table(path) for path in paths]
    return (from_arrow(arrow[0]), from_arrow(arrow[1]),
            json.loads(arrow[0].schema.metadata[META_KEY.encode()]))


def _write_ecsv(paths: list[Path], associations: Table, sources: Table, meta: dict) -> None:
    for path, table in zip(paths, (associations, sources), strict=True):
        with_meta = Table(table, copy=False)
        with_meta.meta = {**table.meta, META_KEY: meta}
        with_meta.write(path, format="ascii.ecsv", overwrite=True)


def _read_ecsv(paths: list[Path]) -> Parts:
    associations, sources = (Table.read(path, format="ascii.ecsv") for path in paths)
    meta = associations.meta.pop(META_KEY)
    sources.meta.pop(META_KEY)
    return associations, sources, json.loads(json.dumps(meta))


def _write_csv(paths: list[Path], associations: Table, sources: Table, meta: dict) -> None:
    notes = []
    for path, table in zip(paths, (associations, sources), strict=False):
        Table(table, copy=False).write(path, format="ascii.csv", overwrite=True)
        notes.append({n: [str(table[n].unit or ""), table[n].description or "",
                          table[n].dtype.str] for n in table.colnames})
    paths[2].write_text(json.dumps({"meta": meta, "columns": notes}))


def _read_csv(paths: list[Path]) -> Parts:
    record = json.loads(paths[2].read_text())
    tables = []
    for path, notes in zip(paths, record["columns"], strict=False):
        # An identifier like 007 is text, whatever it looks like.
        converters = {n: str for n, (_, _, dtype) in notes.items() if dtype[1] == "U"}
        table = Table.read(path, format="ascii.csv", converters=converters)
        for name, (unit, description, dtype) in notes.items():
            if dtype[1] not in "US":
                table[name] = table[name].astype(dtype)
            table[name].unit, table[name].description = unit or None, description or None
        tables.append(table)
    return tables[0], tables[1], record["meta"]


_WRITERS: dict[str, Callable[[list[Path], Table, Table, dict], None]] = {
    "fits": _write_fits, "votable": _write_votable, "parquet": _write_parquet,
    "ecsv": _write_ecsv, "csv": _write_csv}
_READERS: dict[str, Callable[[list[Path]], Parts]] = {
    "fits": _read_fits, "votable": _read_votable, "parquet": _read_parquet,
    "ecsv": _read_ecsv, "csv": _read_csv}
