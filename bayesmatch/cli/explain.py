"""``bayesmatch explain``: why one source got the counterpart it got."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .pictures import add_pictures, pictures_read, read_pictures

FIGURES = (".png", ".pdf")


def add_explain(commands: Any) -> None:
    """Add ``bayesmatch explain``."""
    explain = commands.add_parser(
        "explain",
        help="why one source got the counterpart it got",
        description="Every candidate of a source, and the terms that make its probability.",
    )
    explain.set_defaults(run=_explain)
    explain.add_argument("result", metavar="RESULT", help="file that 'bayesmatch match' wrote")
    explain.add_argument("id", metavar="ID", help="identifier of the source")
    explain.add_argument(
        "--out", metavar="FILE", help="also draw a finding chart and the evidence: .png or .pdf"
    )
    add_pictures(explain)
    explain.add_argument("--quiet", action="store_true", help="print nothing but errors")


def _explain(options: argparse.Namespace) -> None:
    from ..catalogs.targets import check_targets
    from ..matching.result import MatchResult
    from ..matching.result_files import result_paths

    if options.out is not None:
        _check_figure(Path(options.out))
        read: list[Any] = [*result_paths(options.result), *pictures_read(options)]
        check_targets([options.out], read, option="--out")
    elif options.images or options.hips or options.also:
        raise ValueError("an image is for the chart; give --out FILE, where it is drawn")
    image, also = read_pictures(options) if options.out is not None else (None, ())
    result = MatchResult.read(options.result)
    explanation = result.explain(options.id, image=image, also=also)
    if not options.quiet:
        print(explanation)
    if options.out is not None:
        from .. import plots  # slow to import

        plots.save(explanation.plot(), options.out)
        if not options.quiet:
            print(f"\nwrote {options.out}")


def _check_figure(path: Path) -> None:
    """Refuse, before any work, a name that is no figure's."""
    if path.suffix.lower() not in FIGURES:
        raise ValueError(f"{path}: a figure's name ends in {' or '.join(FIGURES)}")
