"""Tables in and out of files: one reader for all formats, and writing whole or not at all."""

from __future__ import annotations

import contextlib
import gzip
import os
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Column, MaskedColumn, Table

from .storage import native_values, parts_of

if TYPE_CHECKING:
    import pyarrow

FORMATS = {
    "fits": (".fits", ".fit", ".fits.gz", ".fit.gz"),
    "votable": (".vot", ".votable", ".xml"),
    "ecsv": (".ecsv",),
    "csv": (".csv",),
    "parquet": (".parquet", ".pq"),
}


def file_format(path: str | os.PathLike) -> str:
    """Format of a file by its extension; an unknown one is an error that lists the known ones."""
    name = Path(path).name.lower()
    for kind, endings in FORMATS.items():
        if name.endswith(endings):
            return kind
    known = ", ".join(e for endings in FORMATS.values() for e in endings)
    raise ValueError(f"{path}: unknown table format; the name must end in one of {known}")


def file_stem(path: str | os.PathLike) -> str:
    """File name without the extension of its format."""
    name = Path(path).name
    for ending in sorted((e for endings in FORMATS.values() for e in endings), key=len)[::-1]:
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name


def read_table(path: str | os.PathLike) -> Table:
    """Read the (first) table of a FITS, VOTable, ECSV, CSV or Parquet file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the extension is unknown or the file cannot be read as that format.
    """
    kind = file_format(path)
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        with warnings.catch_warnings():
            # Unit strings outside the standard and the like: facts about the file, not the match.
            warnings.simplefilter("ignore")
            return _READERS[kind](path)
    except Exception as error:  # astropy and pyarrow raise many kinds for a damaged file
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{path}: cannot be read as {kind} ({reason})") from error


def _read_fits(path: Any) -> Table:
    from astropy.io import fits

    with fits.open(path) as hdus:
        for number, hdu in enumerate(hdus):
            if isinstance(hdu, (fits.BinTableHDU, fits.TableHDU)):
                table = Table.read(hdus, hdu=number, mask_invalid=False)
                for column, name in enumerate(table.colnames, start=1):
                    # Numbers would be wrong as soon as somebody selects columns.
                    ucd = table.meta.pop(f"TUCD{column}", None)
                    if ucd:
                        table[name].info.meta = {"ucd": ucd}
                return table
    raise ValueError("it holds no table")


def _read_votable(path: Any) -> Table:
    from astropy.io.votable import parse

    for table in parse(path).iter_tables():
        return table.to_table(use_names_over_ids=True)
    raise ValueError("it holds no table")


def _read_parquet(path: Any) -> Table:
    from pyarrow import parquet

    data = parquet.read_table(path)
    table = from_arrow(data)
    table.meta.update(table_notes(data.schema))
    return table


def _read_ascii(path: Any, kind: str) -> Table:
    table = Table.read(path, format=f"ascii.{kind}")
    first = table.colnames[0]
    table.rename_column(first, first.lstrip("\ufeff").strip('"'))  # spreadsheets' byte-order mark
    return table


_READERS = {
    "fits": _read_fits,
    "votable": _read_votable,
    "parquet": _read_parquet,
    "ecsv": lambda path: _read_ascii(path, "ecsv"),
    "csv": lambda path: _read_ascii(path, "csv"),
}


def table_notes(schema: pyarrow.Schema) -> dict[str, str]:
    """EXTNAME and SKYAREA, where the key-value metadata of a Parquet file has them."""
    notes = {k.decode("utf-8", "replace").upper(): v.decode("utf-8", "replace")
             for k, v in (schema.metadata or {}).items()}
    return {key: notes[key] for key in ("EXTNAME", "SKYAREA") if key in notes}


def from_arrow(data: pyarrow.Table) -> Table:
    """An astropy Table from a pyarrow Table: nulls masked, units and descriptions kept."""
    out = Table()
    for field, column in zip(data.schema, data.columns, strict=True):
        notes = {k.decode(): v.decode() for k, v in (field.metadata or {}).items()}
        values, mask = arrow_values(column)
        kind = MaskedColumn if mask is not None else Column
        extra = {"mask": mask} if mask is not None else {}
        out[field.name] = kind(values, unit=notes.get("unit"),
                               description=notes.get("description"), **extra)
    return out


def arrow_values(column: pyarrow.ChunkedArray) -> tuple[np.ndarray, np.ndarray | None]:
    """Values of an arrow column, and the mask of its nulls (None when it has none)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_fixed_size_list(column.type) and not column.null_count:
        values, mask = arrow_values(pc.list_flatten(column))
        shape = (len(column), column.type.list_size, *values.shape[1:])
        return values.reshape(shape), None if mask is None else mask.reshape(shape)
    mask = np.asarray(column.is_null()) if column.null_count else None
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)
            or pa.types.is_boolean(column.type)):  # text, dates, decimals, lists
        return np.array(["" if v is None else str(v) for v in column.to_pylist()], dtype=str), mask
    if mask is not None:
        column = pc.fill_null(column, pa.scalar(0).cast(column.type))
    return column.to_numpy(), mask


def to_arrow(table: Table) -> pyarrow.Table:
    """A pyarrow Table from an astropy Table: masked values null, units and descriptions kept."""
    import pyarrow as pa

    arrays, fields = [], []
    for name, column in table.items():
        values, mask = parts_of(column)
        flat = np.ascontiguousarray(native_values(values)).ravel()
        array = pa.array(flat, mask=None if mask is None else mask.ravel())
        for size in values.shape[:0:-1]:
            array = pa.FixedSizeListArray.from_arrays(array, size)
        arrays.append(array)
        notes = {"unit": column.unit and column.unit.to_string(),
                 "description": column.description}
        fields.append(pa.field(name, array.type, metadata={k: v for k, v in notes.items() if v}))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def write_hdus(hdus: Sequence[Any], path: Path) -> None:
    """Write the units of a FITS file; compressed if its name says so."""
    from astropy.io import fits

    with contextlib.ExitStack() as stack:
        file: Any = stack.enter_context(open(path, "wb"))
        if path.suffix == ".gz":  # without name and time, which would make equal runs differ
            file = stack.enter_context(gzip.GzipFile("", "wb", 6, file, mtime=0))
        fits.HDUList(list(hdus)).writeto(file)


def write_table(table: Table, path: Path) -> None:
    """Write a table; the file's extension tells the format."""
    kind = file_format(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # units outside a format's standard
        if kind == "fits":
            _write_fits(table, path)
        elif kind == "parquet":
            from pyarrow import parquet

            parquet.write_table(to_arrow(table), path)
        else:
            table.write(path, format="votable" if kind == "votable" else f"ascii.{kind}",
                        overwrite=True)


def _write_fits(table: Table, path: Path) -> None:
    from astropy.io import fits

    hdu = fits.table_to_hdu(table)
    for number, column in enumerate(table.itercols(), start=1):
        if (column.meta or {}).get("ucd"):
            hdu.header[f"TUCD{number}"] = column.meta["ucd"]
    write_hdus([fits.PrimaryHDU(), hdu], path)


def check_writable(path: str | os.PathLike) -> None:
    """Raise, before any work, if a table could not be written to `path`."""
    file_format(path)
    check_place(path)


def check_place(path: str | os.PathLike) -> None:
    """Raise, before any work, if no file could be written to `path`."""
    parent = Path(path).parent
    if not parent.is_dir():
        raise FileNotFoundError(f"{path}: the directory {parent} does not exist; create it first")
    if not os.access(parent, os.W_OK):
        raise PermissionError(f"{path}: the directory {parent} is not writable")
    if Path(path).is_dir():
        raise IsADirectoryError(f"{path}: is a directory; give a file name")


@contextlib.contextmanager
def replaced_together(paths: Sequence[str | os.PathLike]) -> Iterator[list[Path]]:
    """Temporary names beside `paths`; they take the real names only if the block succeeds."""
    finals = [Path(p) for p in paths]
    temporary = []
    try:
        for final in finals:
            # The extension stays last: writers and compression go by it.
            descriptor, name = tempfile.mkstemp(prefix=".writing-", suffix=f"-{final.name}",
                                                dir=final.parent)
            os.close(descriptor)
            temporary.append(Path(name))
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        for path, final in zip(temporary, finals, strict=True):
            path.chmod(0o666 & ~umask)
            path.replace(final)
    finally:
        for path in temporary:
            path.unlink(missing_ok=True)
