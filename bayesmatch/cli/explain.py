"""``bayesmatch explain``: why one source got the counterpart it got."""

from __future__ import annotations

import argparse
import re
from typing import Any

from .outputs import add_out, check_outputs, one_output
from .parsing import FIGURES
from .pictures import add_pictures, asks_for_pictures, pictures_read, read_pictures
from .shown import add_quiet


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
    add_out(explain, f"also draw a finding chart and the evidence: {' or '.join(FIGURES)}")
    add_pictures(explain)
    add_quiet(explain)


def _explain(options: argparse.Namespace) -> None:
    from ..matching.result import MatchResult
    from ..matching.result_files import result_paths

    name = re.sub(r"[^\w.+-]", "_", options.id)
    out = one_output(options.out, {"figure": (FIGURES, f"explain_{name}.png")})
    if out is not None:
        check_outputs([out], [*result_paths(options.result), *pictures_read(options)])
    elif asks_for_pictures(options):
        raise ValueError(
            "images and other catalogues are for the chart; give --out FILE, where it is drawn"
        )
    image, also = read_pictures(options) if out is not None else (None, ())
    result = MatchResult.read(options.result)
    explanation = result.explain(options.id, image=image, also=also)
    if not options.quiet:
        print(explanation)
    if out is not None:
        from .. import plots  # slow to import

        plots.save(explanation.plot(), out)
        if not options.quiet:
            print(f"\nwrote {out}")
