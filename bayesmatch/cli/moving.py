"""What ``fake`` and ``shift`` share: a table in, the same table at other positions out."""

from __future__ import annotations

import argparse
from typing import Any

from .outputs import add_out, check_outputs, one_output, table_endings
from .parsing import TABLE_ENDINGS
from .radius import radius_arcsec
from .shown import add_quiet

MAX_ARCSEC = 45 * 3600


def add_moving(commands: Any, name: str, run: Any, text: str, description: str) -> Any:
    """Add a command with the arguments of both."""
    command = commands.add_parser(name, help=text, description=description)
    command.set_defaults(run=run)
    command.add_argument("catalogue", metavar="CATALOGUE", help="table of sources with positions")
    command.add_argument(
        "out_as_nway", nargs="?", metavar="FILE", help="the same as --out FILE, as NWAY's has it"
    )
    command.add_argument(
        "--radius",
        type=radius_arcsec,
        required=True,
        metavar="ARCSEC",
        help="distance to keep from real sources: the radius of the match",
    )
    add_out(command, f"the same table with other positions: {TABLE_ENDINGS}")
    command.add_argument(
        "--ra", metavar="COL", help="right ascension column (default: found by name)"
    )
    command.add_argument("--dec", metavar="COL", help="declination column (default: found by name)")
    add_quiet(command)
    return command


def read_sources(options: argparse.Namespace) -> Any:
    """The catalogue, after checking the arguments common to both commands."""
    from ..catalogs.catalog import Catalog
    from ..catalogs.formats.asked import Asked
    from ..catalogs.formats.reading import read_table
    from ..catalogs.formats.registry import check_columns
    from ..catalogs.left_out import with_positions

    if (not options.out) == (options.out_as_nway is None):
        raise ValueError("give one file to write: --out FILE, or FILE after the catalogue")
    options.out = options.out or [options.out_as_nway]
    options.out = one_output(options.out, {"table": (table_endings(), f"{options.command}.fits")})
    check_outputs([options.out], [options.catalogue])
    if not 0 < options.radius <= MAX_ARCSEC:
        raise ValueError(
            f"--radius is {options.radius:g} arcsec; it must be above 0 and at most 45 degrees"
        )
    table = read_table(options.catalogue, Asked(ra=options.ra, dec=options.dec))
    check_columns(options.out, table.colnames)
    # Only positions matter here; the rest has to be something.
    some_id = next(
        (c.name for c in table.itercols() if c.dtype.kind in "iuSU" and c.ndim == 1), None
    )
    found = Catalog(
        table, name="sources", pos_err=1.0, area=1.0, ra=options.ra, dec=options.dec, id=some_id
    )
    return with_positions(found)


def write_moved(options: argparse.Namespace, catalog: Any, ra: Any, dec: Any, rows: Any) -> None:
    """Write these rows of the table with these positions."""
    from astropy.table import Column

    from ..catalogs.formats.registry import write_table
    from ..catalogs.formats.writing import replaced_together
    from ..catalogs.own_units import in_own_unit
    from ..catalogs.said import said
    from ..catalogs.scalars import plural

    table = catalog.table[rows]
    for column, values, given in (
        (catalog.ra_name, ra, options.ra),
        (catalog.dec_name, dec, options.dec),
    ):
        old, was = table[column].info, catalog.columns.numbers(column, "deg")[rows]
        own = in_own_unit(table[column], was, values, said(given).unit if given else None)
        if own is None:
            unit = old.unit and "deg"
            own = Column(values, unit=unit, meta=old.meta, description=old.description)
        table.replace_column(column, own)
    with replaced_together([options.out]) as (temporary,):
        write_table(table, temporary)
    if not options.quiet:
        left_out = len(catalog) - len(rows)
        print(
            f"{len(rows)} {plural(len(rows), 'source')} moved"
            + (f", {left_out} left out" if left_out else "")
            + f"\nwrote {options.out}"
        )
