"""``bayesmatch header``: a copy of a table that says its sky area and name."""

from __future__ import annotations

import argparse
from typing import Any

from .shown import add_quiet


def add_header(commands: Any) -> None:
    """Add ``bayesmatch header``."""
    header = commands.add_parser(
        "header",
        help="copy a table with its sky area and name in the header",
        description="Write a copy of a table with SKYAREA and EXTNAME, from which a match takes "
        "the sky area and the name of the catalogue. Data and everything else stay as they are; a "
        "copy of another format has the table that a match would read.",
    )
    header.set_defaults(run=_header)
    header.add_argument("file", metavar="FILE", help="a table of any format, compressed or not")
    header.add_argument(
        "--area", type=float, metavar="DEG2", help="sky area of the catalogue, deg^2: SKYAREA"
    )
    header.add_argument("--name", metavar="NAME", help="name of the catalogue: EXTNAME")
    header.add_argument(
        "--out", required=True, metavar="FILE", help="the copy: .fits, .vot, .ecsv or .parquet"
    )
    add_quiet(header)


def _header(options: argparse.Namespace) -> None:
    from ..catalogs.area import area_deg2
    from ..catalogs.formats.noted import copy_with_notes
    from ..catalogs.names import check_name
    from ..catalogs.targets import check_targets

    if options.area is None and options.name is None:
        raise ValueError("nothing to write: give --area, --name or both")
    if options.name is not None:
        check_name(options.name)
    area = None
    if options.area is not None:
        area = area_deg2(options.area, {}, options.name or options.file)
    check_targets([options.out], [options.file], option="--out")
    copy_with_notes(options.file, options.out, area, options.name)
    if not options.quiet:
        said = [] if area is None else [f"SKYAREA {area:g} deg^2"]
        said += [] if options.name is None else [f"EXTNAME {options.name}"]
        print(f"{', '.join(said)}\nwrote {options.out}")
