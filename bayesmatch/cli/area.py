"""``bayesmatch area``: the sky area of a catalogue, estimated."""

from __future__ import annotations

import argparse
import sys
from typing import Any


def add_area(commands: Any) -> None:
    """Add ``bayesmatch area``."""
    area = commands.add_parser(
        "area",
        help="estimate the sky area of a catalogue",
        description="Area of the HEALPix cells that hold an object.",
    )
    area.set_defaults(run=_area)
    area.add_argument("file", metavar="FILE")
    area.add_argument("--order", type=int, help="HEALPix order (default: 12 objects per cell)")
    area.add_argument("--ra", metavar="COL", help="right ascension column")
    area.add_argument("--dec", metavar="COL", help="declination column")


def _area(options: argparse.Namespace) -> None:
    from ..catalogs.area import ESTIMATE_CAVEAT
    from ..catalogs.catalog import Catalog

    # Only positions matter here; error and area have to be something.
    catalog = Catalog.read(options.file, pos_err=1.0, area=1.0, ra=options.ra, dec=options.dec)
    print(f"{catalog.estimate_area(options.order):.6g} deg^2")
    print(f"{ESTIMATE_CAVEAT} (write it as SKYAREA into the table's header)", file=sys.stderr)
