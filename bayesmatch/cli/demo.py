"""``bayesmatch demo``: the bundled catalogues matched."""

from __future__ import annotations

import argparse
import os
from typing import Any

from .shown import add_quiet


def add_demo(commands: Any) -> None:
    """Add ``bayesmatch demo``."""
    demo = commands.add_parser(
        "demo",
        help="match the bundled COSMOS catalogues",
        description="Match XMM-COSMOS with zCOSMOS-bright, bundled.",
    )
    demo.set_defaults(run=_demo)
    demo.add_argument(
        "--out",
        default="bayesmatch-demo",
        metavar="PATH",
        help="folder for tables and plots, made if it is not there (default: bayesmatch-demo)",
    )
    add_quiet(demo)


def _demo(options: argparse.Namespace) -> None:
    from ..catalogs.paths import given_path
    from ..catalogs.targets import check_folder, check_targets
    from ..demo import OUTPUTS, run_demo

    folder = given_path(options.out)
    check_folder(folder, option="--out")
    if os.path.isdir(folder):
        check_targets([folder / name for name in OUTPUTS], [], option="--out")
    text = run_demo(folder, option="--out")
    if not options.quiet:
        print(text)
