"""``bayesmatch report``: one HTML file with all that is to say of a result."""

from __future__ import annotations

import argparse
from typing import Any

from .shown import add_quiet


def add_report(commands: Any) -> None:
    """Add ``bayesmatch report``."""
    report = commands.add_parser(
        "report",
        help="one HTML file: method, checks, figures, charts, a table of all sources",
        description="A report of a result in one HTML file that needs no network and nothing "
        "beside it: what was matched and how, checks, expected purity and completeness, figures, "
        "finding charts, and a table of all sources in which each opens its evidence.",
    )
    report.set_defaults(run=_report)
    report.add_argument("result", metavar="RESULT", help="file that 'bayesmatch match' wrote")
    report.add_argument("--out", required=True, metavar="FILE", help="what to write: .html")
    report.add_argument(
        "--images", metavar="FILE|FOLDER", help="FITS images to draw the finding charts on"
    )
    report.add_argument(
        "--charts",
        type=int,
        default=12,
        metavar="N",
        help="finding charts of each kind of source (default: 12)",
    )
    add_quiet(report)


def _report(options: argparse.Namespace) -> None:
    from ..diagnostics.report.core import report
    from ..matching.result import MatchResult
    from ..matching.result_files import result_paths

    result = MatchResult.read(options.result)
    (written,) = report(
        result,
        options.out,
        images=options.images,
        n_charts=options.charts,
        read=result_paths(options.result),
    )
    if not options.quiet:
        print(f"wrote {written}")
