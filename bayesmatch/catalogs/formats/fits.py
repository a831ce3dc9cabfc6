"""FITS: binary tables, units and UCDs in their headers."""

from __future__ import annotations

import gzip
import io
import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import MaskedColumn, Table

from .asked import Asked
from .fits_scaled import as_stored, rescale
from .fits_texts import as_bytes, texts_of_bytes
from .hdu_file import write_hdus
from .header_text import add_cards, continued_json, described, history_lines, plain_ascii, readable
from .interface import Format, Record, check_different, one_file
from .source import Source
from .storage import parts_of, storable
from .tables_in import TableHead, chosen_table

#: of the primary header, where the record of several tables stands
RECORD_KEYWORD = "BMATCH"
#: of the FITS standard: columns of a table
MAX_COLUMNS = 999


def check_columns(names: Sequence[str]) -> None:
    """Raise a ValueError if there are too many columns; names are made to fit."""
    if len(names) > MAX_COLUMNS:
        raise ValueError(
            f"{len(names)} columns, and FITS holds {MAX_COLUMNS}; write without the input columns "
            "(include_inputs=False, --no-inputs on the command line), or to .parquet"
        )


def read_table(source: Source, asked: Asked) -> Table:
    """The table of a file that is asked for."""
    from astropy.io import fits

    with fits.open(source.readable) as hdus:
        heads, texts, scaled = [], {}, {}
        for number, hdu in enumerate(hdus):
            if isinstance(hdu, (fits.BinTableHDU, fits.TableHDU)):
                _plain_cards(hdu.header)
                texts[number] = as_bytes(hdu.header)
                scaled[number] = [] if hdu.header["XTENSION"] == "TABLE" else as_stored(hdu.header)
                heads.append(TableHead(number, hdu.name, hdu.columns.names, _ucds(hdu)))
        chosen = chosen_table(heads, asked)
        header = hdus[chosen.number].header
        check_different(hdus[chosen.number].columns.names)
        if header.get("ZTABLE"):
            raise ValueError("its table is compressed (fpack); unpack it first (funpack does)")
        _check_length(hdus[chosen.number], source)
        _compare_checksum(hdus[chosen.number], asked)
        nulls = _nulls_of_scaled(hdus[chosen.number])
        with warnings.catch_warnings():  # that nulls become False: they are masked below
            warnings.filterwarnings("ignore", "Column .* contains NULL")
            table = Table.read(hdus, hdu=chosen.number, mask_invalid=False)
        # Astropy makes one column of several where it has written a SkyCoord or a Time.
        stored = hdus[chosen.number].columns.names
        texts_of_bytes(table, [stored[k - 1] for k in texts[chosen.number]])
        _take_said(table, stored)
        rescale(table, [(stored[s.number - 1], s) for s in scaled[chosen.number]])
        _mask_scaled(table, hdus[chosen.number], nulls)
        _mask_logicals(table, hdus[chosen.number])
        return table


def _take_said(table: Table, stored: Sequence[str]) -> None:
    """UCDs and descriptions from the header to the columns, in place.

    Astropy leaves them there, by the numbers of the columns, which are wrong as soon as somebody
    selects some; descriptions it takes from comments that it wrote itself, which go first.
    """
    for number, name in enumerate(stored, start=1):
        ucd, text = (table.meta.pop(f"{key}{number}", None) for key in ("TUCD", "TCOMM"))
        if name not in table.colnames:  # a part of another
            continue
        if ucd:
            table[name].info.meta = {"ucd": ucd}
        if text and not table[name].info.description:
            table[name].info.description = str(text).strip()


def _plain_cards(header: Any) -> None:
    """Undo what astropy makes of a column's name like "Unnamed: 0": a card of several values.

    Its columns would have no name.
    """
    from astropy.io import fits

    with fits.conf.set_temp("enable_record_valued_keyword_cards", False):
        for k, card in enumerate(header.cards):
            if card.field_specifier and card.rawkeyword.startswith("T"):
                header.insert(k, fits.Card(card.rawkeyword, card.rawvalue, card.comment))
                del header[k + 1]


def _nulls_of_scaled(hdu: Any) -> dict[str, int]:
    """TNULL of columns that have TSCAL or TZERO, too, and of which astropy is not to see it.

    It is of stored numbers, and astropy compares it with the scaled ones.
    """
    found = {}
    for column in hdu.columns:
        if isinstance(column.null, int) and not (
            column.bscale in ("", None) and column.bzero in ("", None)
        ):
            found[column.name] = column.null
            column.null = None
    return found


def _mask_scaled(table: Table, hdu: Any, nulls: dict[str, int]) -> None:
    """Mask where stored numbers are those that stand for missing ones."""
    stored: Any = hdu.data.view(np.ndarray) if nulls else None
    for name, null in nulls.items():
        if name in table.colnames and stored[name].dtype.kind in "iu":
            _mask(table, name, stored[name] == null)


def _mask_logicals(table: Table, hdu: Any) -> None:
    """Mask the logicals that are neither true nor false, a zero byte; astropy takes them as F."""
    if not isinstance(hdu.data, np.ndarray):
        return
    stored: Any = hdu.data.view(np.ndarray)
    for name in table.colnames:
        # Those of ASCII tables are texts, and of arrays of any length there are descriptors.
        kind = getattr(getattr(table[name], "dtype", None), "kind", "")  # a SkyCoord has none
        if kind == "b" and stored[name].dtype.kind == "i":
            absent = stored[name] == 0
            if absent.any():
                _mask(table, name, absent)


def _mask(table: Table, name: str, absent: np.ndarray) -> None:
    old = table[name]
    new = MaskedColumn(np.ma.getdata(old), mask=absent, unit=old.unit, description=old.description)
    new.info.meta = old.info.meta
    table.replace_column(name, new)


def _check_length(hdu: Any, source: Source) -> None:
    """Raise a ValueError if the file ends before its table does."""
    header, size = hdu.header, source.size
    end = hdu.fileinfo()["datLoc"] + header["NAXIS1"] * header["NAXIS2"] + header.get("PCOUNT", 0)
    if end > size:
        raise ValueError(
            f"it is cut short: {size:,} bytes of at least {end:,} are there; get it again"
        )


def _compare_checksum(hdu: Any, asked: Asked) -> None:
    """Note where the data are others than those that the header has a checksum of."""
    if hdu.verify_datasum() == 0:
        asked.notes.append(
            "its data are not those that DATASUM is of: they were changed or damaged after they "
            "were written; get it again, unless you know who changed it"
        )


def _ucds(hdu: Any) -> dict[str, str]:
    found = {n: hdu.header.get(f"TUCD{k}") for k, n in enumerate(hdu.columns.names, start=1)}
    return {name: str(ucd) for name, ucd in found.items() if ucd}


def write_table(table: Table, path: Path) -> None:
    """Write one table."""
    from astropy.io import fits

    bare = table.copy(copy_data=False)
    for column in bare.itercols():
        column.unit = None
    hdu = fits.table_to_hdu(bare)
    for number, column in enumerate(table.itercols(), start=1):
        if unit := _unit(column.unit):
            hdu.header.set(f"TUNIT{number}", unit, after=f"TFORM{number}")
        if (column.meta or {}).get("ucd"):
            hdu.header[f"TUCD{number}"] = column.meta["ucd"]
    _store_null_logicals(table, hdu)
    write_hdus([fits.PrimaryHDU(), hdu], path)


def _store_null_logicals(table: Table, hdu: Any) -> None:
    """Masked logicals as zero bytes; astropy would write them as true ones."""
    stored = hdu.data.view(np.ndarray)
    for name, column in table.items():
        values, mask = parts_of(column)
        if values.dtype.kind == "b" and mask is not None and mask.any():
            stored[name][mask.reshape(stored[name].shape)] = 0
            hdu.data._converted.pop(name, None)  # from which it would be written again


def write_tables(paths: list[Path], tables: dict[str, Table], record: Record) -> None:
    """Write tables as extensions of one file, and the record into its primary header."""
    from astropy.io import fits

    hdus: list[Any] = [fits.PrimaryHDU()]
    hdus[0].header[RECORD_KEYWORD] = continued_json(record)
    history = history_lines(record)
    add_cards(hdus[0].header, "HISTORY", history)
    for name, table in tables.items():
        check_columns(table.colnames)
        hdus.append(_extension(storable(table), name, history))
    # Every card is made here, by astropy, which would look at each of them once more.
    write_hdus(hdus, paths[0], verify="ignore")


def read_tables(paths: list[Path], names: Sequence[str]) -> tuple[list[Table], Record]:
    """The tables of these names, and the record."""
    from astropy.io import fits

    with fits.open(_content(paths[0]), memmap=False) as hdus:
        tables = [Table.read(hdus, hdu=name, mask_invalid=False) for name in names]
        return tables, json.loads(hdus[0].header[RECORD_KEYWORD])


def _content(path: Path) -> Any:
    """What astropy opens: of a compressed file its content, whose checksum is compared so.

    Astropy's own reading of a damaged one can go on for ever.
    """
    with open(path, "rb") as file:
        if file.read(2) != b"\x1f\x8b":
            return path
        file.seek(0)
        with gzip.GzipFile(fileobj=file) as content:
            return io.BytesIO(content.read())


def _extension(table: Table, name: str, history: Sequence[str] = ()) -> Any:
    """A table as an extension: texts in UTF-8, descriptions as TCOMM and as astropy reads them."""
    from astropy.io import fits

    table.meta = {"EXTNAME": name}
    texts = {name: plain_ascii(column.description or "") for name, column in table.items()}
    units = {name: _unit(column.unit) for name, column in table.items()}
    for column in table.colnames:
        if table[column].dtype.kind == "U":
            table[column] = np.char.encode(np.ma.getdata(table[column]), "utf-8")
    for column in table.itercols():
        column.description = None
        column.unit = None
    hdu = fits.table_to_hdu(table)
    for number, column in enumerate(table.colnames, start=1):
        if units[column]:
            hdu.header.set(f"TUNIT{number}", units[column], after=f"TFORM{number}")
        if texts[column]:
            hdu.header[f"TCOMM{number}"] = readable(texts[column])
    add_cards(hdu.header, "COMMENT", described(table, texts))
    add_cards(hdu.header, "HISTORY", history)
    return hdu


def _unit(unit: Any) -> str:
    """A unit as FITS has it, or in the words of who made the table; "" for none."""
    if unit is None:
        return ""
    try:
        text = unit.to_string(format="fits")
    except (ValueError, TypeError, AttributeError):
        text = str(unit)
    return plain_ascii(text)[:68]


FITS = Format(
    "fits",
    (".fits", ".fit", ".fits.gz", ".fit.gz"),
    read_table,
    write_table,
    one_file,
    write_tables,
    read_tables,
    check_columns,
)
