"""Formats that say of each column what it is: FITS, VOTable, Parquet; text with a file beside."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np
from astropy.table import Table

from ...catalogs.formats.arrow import to_arrow
from ...catalogs.formats.hdu_file import write_hdus
from ...catalogs.formats.header_text import readable
from ...catalogs.formats.storage import as_json_text, storable
from ...catalogs.formats.text import write_ascii
from ...catalogs.formats.votable_fields import redeclare, without_single_characters
from .header import header_lines

KEY = "bayesmatch"
#: characters of a comment in a card of a FITS header
CARD = 72
#: keywords of a FITS header: path in the header, what it is
KEYWORDS = (
    ("BMVERS", ("bayesmatch",), "version of bayesmatch"),
    ("BMRADIUS", ("parameters", "radius_arcsec"), "[arcsec] search radius"),
    ("BMHOSTFR", ("parameters", "host_fraction"), "fraction with a counterpart"),
    ("BMHOSTER", ("parameters", "host_fraction_error"), "its standard error"),
    ("BMSECURE", ("class_cuts", "secure_p_match"), "least p_match of class secure"),
    ("BMHOSTLS", ("class_cuts", "hostless_p_hostless"), "least p_hostless of class hostless"),
)


def ucd_of(column: Any) -> str:
    """The UCD of a column, empty where it has none."""
    return str((column.info.meta or {}).get("ucd", ""))


def _bare(table: Table) -> Table:
    """The columns alone, with types that FITS and VOTable have, and their UCDs."""
    out = storable(table)
    out.meta = {}
    for name, column in table.items():
        out[name].info.meta = dict(column.info.meta or {})
        out[name].info.description = column.description
    return out


def write_fits(table: Table, paths: list[Path]) -> None:
    """One binary table: TUCD and TCOMM of each column, header in keywords and comments."""
    from astropy.io import fits

    head, bare = table.meta[KEY], _bare(table)
    ucds = [ucd_of(column) for column in bare.itercols()]
    texts = [column.description for column in bare.itercols()]
    for name in bare.colnames:
        if bare[name].dtype.kind == "U":  # bytes beyond ASCII are no FITS
            plain = np.char.encode(np.ma.getdata(bare[name]), "ascii", "replace")
            bare[name] = plain
        bare[name].info.meta = {}
    hdu = fits.table_to_hdu(bare)
    hdu.name = table.meta.get("EXTNAME", "CATALOGUE")
    for number, (ucd, text) in enumerate(zip(ucds, texts, strict=True), start=1):
        if ucd:
            hdu.header[f"TUCD{number}"] = ucd
        hdu.header[f"TCOMM{number}"] = readable(text)
    for keyword, (first, *rest), text in KEYWORDS:
        value = head[first]
        for key in rest:
            value = value[key]
        hdu.header[keyword] = (value, text)
    for number, part in enumerate(head["inputs"], start=1):
        if part["sha256"]:
            hdu.header[f"BMSHA{number}"] = part["sha256"]
    for line in header_lines(head):
        for part in wrap(_ascii(line), CARD, subsequent_indent="  "):
            hdu.header.add_comment(part)
    hdus = [fits.PrimaryHDU(), hdu]
    for unit in hdus:
        unit.add_checksum(when="")  # the time would make equal tables differ
    write_hdus(hdus, paths[0])


def write_votable(table: Table, paths: list[Path]) -> None:
    """One table with UCDs, the coordinate system of positions, and the header as INFO."""
    from astropy.io.votable import tree, writeto

    head = table.meta[KEY]
    votable = tree.VOTableFile()
    resource = tree.Resource(type="results")
    resource.description = "\n".join(header_lines(head))
    votable.resources.append(resource)
    resource.coordinate_systems.append(tree.CooSys(ID="icrs", system="ICRS"))
    resource.infos.append(tree.Info(name=KEY, value=json.dumps(head)))
    for part in head["inputs"]:
        if part["sha256"]:
            resource.infos.append(tree.Info(name=f"sha256_{part['name']}", value=part["sha256"]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of texts beyond ASCII
        element = tree.TableElement.from_table(votable, _bare(table))
        element.name = table.meta.get("EXTNAME", "CATALOGUE")
        element.description = head["title"]
        for field in element.fields:
            if field.datatype == "bit":  # as astropy has truth values, which STILTS cannot read
                redeclare(field, datatype="boolean")
            if (field.ucd or "").startswith(("pos.eq.ra", "pos.eq.dec")):
                field.ref = "icrs"
        without_single_characters(element)
        resource.tables.append(element)
        writeto(votable, str(paths[0]), tabledata_format="binary2")


def write_parquet(table: Table, paths: list[Path]) -> None:
    """One file; units, descriptions and UCDs in the metadata of its columns."""
    import pyarrow as pa
    from pyarrow import parquet

    data = to_arrow(table)
    fields = [
        field.with_metadata({**(field.metadata or {}), **({"ucd": ucd} if ucd else {})})
        for field, ucd in zip(data.schema, map(ucd_of, table.itercols()), strict=True)
    ]
    notes = {"EXTNAME": str(table.meta.get("EXTNAME", "")), KEY: json.dumps(table.meta[KEY])}
    parquet.write_table(data.cast(pa.schema(fields, metadata=notes)), paths[0])


def write_csv(table: Table, paths: list[Path]) -> None:
    """Plain CSV, and a JSON file of the header and what each column is."""
    write_ascii(as_json_text(table), paths[0], "csv")
    facts = [
        {
            "name": name,
            "unit": str(column.unit or ""),
            "description": column.description or "",
            "ucd": ucd_of(column),
        }
        for name, column in table.items()
    ]
    paths[1].write_text(json.dumps({**table.meta[KEY], "columns": facts}, indent=1) + "\n")


def write_ecsv(table: Table, paths: list[Path]) -> None:
    """ECSV: CSV with a header that says it all."""
    write_ascii(table, paths[0], "ecsv")


def _ascii(text: str) -> str:
    plain = text.encode("ascii", "replace").decode()
    return "".join(c if c.isprintable() else " " for c in plain)
