"""``bayesmatch fake`` and ``bayesmatch shift``: catalogues at positions that belong to nothing."""

from __future__ import annotations

import argparse
import math
import warnings
from pathlib import Path
from typing import Any

MAX_ARCSEC = 45 * 3600


def add_fake(commands: Any) -> None:
    """Add ``bayesmatch fake``."""
    fake = _add(commands, "fake", _fake, "move sources to positions that belong to nothing",
                "Move each source to a random place between itself and a near neighbour, not "
                "closer than the radius to any source or other new place.")
    fake.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")


def add_shift(commands: Any) -> None:
    """Add ``bayesmatch shift``."""
    shift = _add(commands, "shift", _shift, "move all sources by an offset",
                 "Move all sources by one offset, and leave out those that come closer than the "
                 "radius to a source.")
    for axis, where in (("ra", "east, on the sky"), ("dec", "north")):
        shift.add_argument(f"--shift-{axis}", type=float, default=0.0, metavar="ARCSEC",
                           help=f"to the {where} (default: 0)")


def _add(commands: Any, name: str, run: Any, text: str, description: str) -> Any:
    command = commands.add_parser(name, help=text, description=description)
    command.set_defaults(run=run)
    command.add_argument("catalogue", metavar="CATALOGUE")
    command.add_argument("--radius", type=float, required=True, metavar="ARCSEC",
                         help="distance to keep from real sources: the radius of the match")
    command.add_argument("--out", required=True, metavar="FILE",
                         help="the same table with other positions: .fits, .vot, .ecsv, .csv or "
                              ".parquet")
    command.add_argument("--ra", metavar="COL", help="right ascension column")
    command.add_argument("--dec", metavar="COL", help="declination column")
    command.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return command


def _fake(options: argparse.Namespace) -> None:
    import numpy as np

    from ..diagnostics.false_matches.positions import fake_positions

    if options.seed < 0:
        raise ValueError(f"--seed is {options.seed}; give 0 or more")
    catalog = _read(options)
    ra, dec = fake_positions(catalog, options.radius, np.random.default_rng(options.seed))
    _write(options, catalog, ra, dec, np.arange(len(catalog)))


def _shift(options: argparse.Namespace) -> None:
    import numpy as np

    from ..catalogs.places import shifted_positions
    from ..diagnostics.false_matches.positions import near_sources

    catalog = _read(options)
    offset = math.hypot(options.shift_ra, options.shift_dec)
    if not options.radius < offset <= MAX_ARCSEC:
        raise ValueError(f"the offset is {offset:g} arcsec; with --shift-ra and --shift-dec, make "
                         f"it larger than the radius ({options.radius:g}), at most 45 degrees")
    if offset <= 2 * options.radius:
        warnings.warn(f"the offset, {offset:g} arcsec, is not larger than twice the radius: an "
                      "object can be a candidate both before and after", UserWarning, stacklevel=2)
    ra, dec = shifted_positions(catalog, options.shift_ra, options.shift_dec)
    rows = np.flatnonzero(~near_sources(catalog, ra, dec, options.radius))
    if len(rows) == 0:
        raise ValueError(f"{options.catalogue}: every source comes within {options.radius:g} "
                         "arcsec of a source; use a smaller radius or another offset")
    _write(options, catalog, ra[rows], dec[rows], rows)


def _read(options: argparse.Namespace) -> Any:
    """The catalogue, after checking the arguments common to both commands."""
    from ..catalog import Catalog
    from ..catalogs.formats.registry import check_writable, read_table

    path, out = Path(options.catalogue), Path(options.out)
    check_writable(out)
    if path.exists() and out.exists() and path.samefile(out):
        raise ValueError(f"--out {out} would overwrite the input; give another name")
    if not 0 < options.radius <= MAX_ARCSEC:
        raise ValueError(f"--radius is {options.radius:g} arcsec; it must be above 0 and at most "
                         "45 degrees")
    table = read_table(path)
    # Only positions matter here; the rest has to be something.
    some_id = next((c.name for c in table.itercols() if c.dtype.kind in "iuSU" and c.ndim == 1),
                   None)
    return Catalog(table, name="sources", pos_err=1.0, area=1.0, ra=options.ra, dec=options.dec,
                   id=some_id)


def _write(options: argparse.Namespace, catalog: Any, ra: Any, dec: Any, rows: Any) -> None:
    """Write these rows of the table with these positions."""
    from astropy.table import Column

    from ..catalogs.formats.registry import write_table
    from ..catalogs.formats.writing import replaced_together

    table = catalog.table[rows]
    for column, values in ((catalog.ra_name, ra), (catalog.dec_name, dec)):
        old = table[column].info
        table.replace_column(column, Column(values, unit=old.unit and "deg", meta=old.meta,
                                            description=old.description))
    with replaced_together([options.out]) as (temporary,):
        write_table(table, temporary)
    if not options.quiet:
        left_out = len(catalog) - len(rows)
        print(f"{len(rows)} sources moved" + (f", {left_out} left out" if left_out else "")
              + f"\nwrote {options.out}")
