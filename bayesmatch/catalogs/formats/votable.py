"""VOTable: the XML tables of the Virtual Observatory."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path

from astropy.table import Table

from .interface import RECORD_KEY, Format, Record, one_file
from .storage import storable


def read_table(path: Path) -> Table:
    """The first table of a file."""
    from astropy.io.votable import parse

    for table in parse(path).iter_tables():
        return table.to_table(use_names_over_ids=True)
    raise ValueError("it holds no table")


def write_table(table: Table, path: Path) -> None:
    """Write one table."""
    table.write(path, format="votable", overwrite=True)


def write_tables(paths: list[Path], tables: dict[str, Table], record: Record) -> None:
    """Write tables and the record, as an INFO, into one resource."""
    from astropy.io.votable import tree, writeto

    votable = tree.VOTableFile()
    resource = tree.Resource()
    votable.resources.append(resource)
    resource.infos.append(tree.Info(name=RECORD_KEY, value=json.dumps(record)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # non-ASCII units and the like
        for name, table in tables.items():
            bare = storable(table)
            bare.meta = {}
            element = tree.TableElement.from_table(votable, bare)
            element.name = name
            resource.tables.append(element)
        writeto(votable, str(paths[0]), tabledata_format="binary2")


def read_tables(paths: list[Path], names: Sequence[str]) -> tuple[list[Table], Record]:
    """The tables of these names, and the record."""
    from astropy.io.votable import parse

    resource = parse(paths[0]).resources[0]
    tables = {t.name: t.to_table(use_names_over_ids=True) for t in resource.tables}
    record = json.loads(next(i.value for i in resource.infos if i.name == RECORD_KEY))
    return [tables[name] for name in names], record


VOTABLE = Format(
    "votable",
    (".vot", ".votable", ".xml"),
    read_table,
    write_table,
    one_file,
    write_tables,
    read_tables,
)
