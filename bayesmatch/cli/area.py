"""``bayesmatch area``: the sky area of a catalogue, estimated."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from .sources import one_catalogue


def add_area(commands: Any) -> None:
    """Add ``bayesmatch area``."""
    area = commands.add_parser(
        "area",
        help="estimate the sky area of a catalogue",
        description="Estimate the sky area that a catalogue covers, in square degrees: the area of "
        "the HEALPix cells that hold an object.",
        epilog="A match needs the area of every catalogue: write it into the file "
        "('bayesmatch header FILE --area DEG2 --out NEW'), or give it with --area.",
    )
    area.set_defaults(run=_area)
    area.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="the catalogue: a file, or a folder, a glob or several files of Parquet, which are "
        "taken as one data set",
    )
    area.add_argument(
        "--order",
        type=int,
        metavar="N",
        help="HEALPix order, 0 to 29: cells of about 58.6 / 2^N degrees (default: 12 objects per "
        "cell)",
    )
    area.add_argument("--ra", metavar="COL", help="right ascension column (default: found by name)")
    area.add_argument("--dec", metavar="COL", help="declination column (default: found by name)")
    area.add_argument(
        "--moc",
        metavar="FILE",
        help="also write the cells as a coverage map (MOC) for Aladin and TOPCAT: .fits or .json",
    )


def _area(options: argparse.Namespace) -> None:
    from ..catalogs.area import ESTIMATE_CAVEAT, FULL_SKY_DEG2
    from ..catalogs.coverage import coverage_map, moc_path, write_moc
    from ..catalogs.targets import check_targets

    if options.moc is not None:
        check_targets([moc_path(options.moc)], options.files, option="--moc")
    # Only positions matter here; error and area have to be something.
    catalog = one_catalogue(options.files, pos_err=1.0, area=1.0, ra=options.ra, dec=options.dec)
    cells = coverage_map(catalog, options.order)
    print(f"{float(cells.sky_fraction) * FULL_SKY_DEG2:.6g} deg^2")
    print(
        f"{ESTIMATE_CAVEAT} (write it as SKYAREA into the table's header: "
        "bayesmatch header FILE --area DEG2 --out NEW)",
        file=sys.stderr,
    )
    if options.moc is not None:
        at = write_moc(cells, options.moc)
        print(f"wrote {at}", file=sys.stderr)
