"""``bayesmatch demo`` and ``bayesmatch area``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def add_demo(commands: Any) -> None:
    """Add ``bayesmatch demo``."""
    demo = commands.add_parser("demo", help="match the bundled COSMOS catalogues",
                               description="Match XMM-COSMOS with zCOSMOS-bright, bundled.")
    demo.set_defaults(run=_demo)
    demo.add_argument("--out", default="bayesmatch-demo", metavar="DIR",
                      help="directory for tables and plots (default: bayesmatch-demo)")
    demo.add_argument("--quiet", action="store_true", help="print nothing but errors")


def add_area(commands: Any) -> None:
    """Add ``bayesmatch area``."""
    area = commands.add_parser("area", help="estimate the sky area of a catalogue",
                               description="Area of the HEALPix cells that hold an object.")
    area.set_defaults(run=_area)
    area.add_argument("file", metavar="FILE")
    area.add_argument("--order", type=int, help="HEALPix order (default: 12 objects per cell)")
    area.add_argument("--ra", metavar="COL", help="right ascension column")
    area.add_argument("--dec", metavar="COL", help="declination column")


def _demo(options: argparse.Namespace) -> None:
    from ..demo import run_demo

    text = run_demo(Path(options.out))
    if not options.quiet:
        print(text)


def _area(options: argparse.Namespace) -> None:
    from ..catalogs.area import ESTIMATE_CAVEAT
    from ..catalogs.catalog import Catalog

    # Only positions matter here; error and area have to be something.
    catalog = Catalog.read(options.file, pos_err=1.0, area=1.0, ra=options.ra, dec=options.dec)
    print(f"{catalog.estimate_area(options.order):.6g} deg^2")
    print(f"{ESTIMATE_CAVEAT} (write it as SKYAREA into the table's header)", file=sys.stderr)
