"""Copies of tables in files that say their sky area and name, all else being as it was."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .asked import Asked
from .choice import split_table
from .external import refuse_external_data
from .held_table import held_table
from .naming import kind_by_name
from .reading import read_table
from .registry import FORMATS, file_format
from .regular import regular_file
from .source import Source
from .tables_in import TableHead, chosen_table
from .writing import replaced_together

AREA, NAME = "SKYAREA", "EXTNAME"
AREA_TEXT = "sky area of the catalogue, deg^2"


def copy_with_notes(
    path: str | os.PathLike, out: str | os.PathLike, area: float | None, name: str | None
) -> None:
    """Write a copy of a table with SKYAREA (deg^2) and EXTNAME, those that are not None.

    Where the copy is of the same format, everything else is as it was in the file, compressed or
    not; of other formats it has the table that a match would read.

    Raises
    ------
    ValueError
        If the copy's format holds no such thing (CSV), or the file cannot be read.
    FileNotFoundError
        If there is no file.
    """
    source, named = split_table(path)
    regular_file(source)
    kind = file_format(out)
    if kind not in _COPY:
        raise ValueError(
            f"{out}: {kind} has no header that holds an area or a name; write the copy as .fits, "
            ".vot, .ecsv or .parquet, or give area= and name= (--area and --name on the command "
            "line) to each match"
        )
    with replaced_together([out]) as (temporary,), TemporaryDirectory() as folder:
        if named is not None or (Source(source).kind or kind_by_name(source)) != kind:
            table = held_table(read_table(path, Asked()), kind)
            source = Path(folder) / f"table{FORMATS[kind].endings[0]}"
            FORMATS[kind].write_table(table, source)
        try:
            _COPY[kind](source, temporary, area, name)
        except (OSError, ValueError):
            raise
        except Exception as error:  # astropy and pyarrow raise many kinds for a damaged file
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ValueError(f"{path}: cannot be read as {kind} ({reason})") from error


def _fits(source: Path, target: Path, area: float | None, name: str | None) -> None:
    from astropy.io import fits

    from .fits import _ucds
    from .hdu_file import write_hdus

    with fits.open(
        Source(source).readable, memmap=False, do_not_scale_image_data=True, character_as_bytes=True
    ) as hdus:
        heads = [
            TableHead(number, hdu.name, hdu.columns.names, _ucds(hdu))
            for number, hdu in enumerate(hdus)
            if isinstance(hdu, (fits.BinTableHDU, fits.TableHDU))
        ]
        table = hdus[chosen_table(heads, Asked()).number]  # that a match would read
        if area is not None:
            table.header[AREA] = (area, AREA_TEXT)
        if name is not None:
            table.header[NAME] = name
        write_hdus(list(hdus), target)


def _votable(source: Path, target: Path, area: float | None, name: str | None) -> None:
    from astropy.io.votable import parse, tree

    refuse_external_data(Source(source))
    document = parse(Source(source).readable)
    table = next(document.iter_tables(), None)
    if table is None:
        raise ValueError(f"{source}: it holds no table")
    new = []
    if area is not None:
        how = {"datatype": "double", "unit": "deg2", "value": area}
        new.append(tree.Param(document, name=AREA, **how))
        new[-1].description = AREA_TEXT
    if name is not None:
        how = {"datatype": "char", "arraysize": "*", "value": name}
        new.append(tree.Param(document, name=NAME, **how))
    for param in new:
        for old in [p for p in table.params if p.name == param.name]:
            table.params.remove(old)
        table.params.append(param)
    document.to_xml(str(target))


def _ecsv(source: Path, target: Path, area: float | None, name: str | None) -> None:
    from .text import read_ecsv, write_ascii

    table = read_ecsv(Source(source), Asked())
    table.meta |= _notes(area, name)
    write_ascii(table, target, "ecsv")


def _parquet(source: Path, target: Path, area: float | None, name: str | None) -> None:
    from pyarrow import parquet

    table = parquet.read_table(Source(source).readable, partitioning=None)
    notes = {k: v for k, v in (table.schema.metadata or {}).items()}
    notes |= {k.encode(): str(v).encode() for k, v in _notes(area, name).items()}
    parquet.write_table(table.replace_schema_metadata(notes), target)


def _notes(area: float | None, name: str | None) -> dict[str, Any]:
    return {k: v for k, v in ((AREA, area), (NAME, name)) if v is not None}


_COPY = {"fits": _fits, "votable": _votable, "ecsv": _ecsv, "parquet": _parquet}
