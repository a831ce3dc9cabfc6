"""``bayesmatch calibrate``: false fractions against cutoffs, from fake positions."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .inputs import add_inputs, files_read, read_inputs
from .parsing import FIGURES

TABLES = (".csv", ".ecsv")


def add_calibrate(commands: Any) -> None:
    """Add ``bayesmatch calibrate``."""
    calibrate = commands.add_parser(
        "calibrate",
        help="measure false matches with fake positions",
        description="Match the catalogues, then the primary's sources at positions that belong to "
        "nothing: how many sources without a counterpart does each cutoff select?",
    )
    calibrate.set_defaults(run=_calibrate)
    calibrate.add_argument(
        "--out",
        action="append",
        default=[],
        metavar="FILE",
        help="figure (.png, .pdf, .svg) or table (.csv, .ecsv); repeatable",
    )
    add_inputs(calibrate)
    calibrate.add_argument(
        "--method",
        default="fake",
        choices=("fake", "shift"),
        help="move each source towards a neighbour, or all by one small offset (default: fake)",
    )
    calibrate.add_argument("--realizations", type=int, default=10, metavar="N", help="default: 10")
    calibrate.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")
    calibrate.add_argument(
        "--score",
        default="p_any",
        choices=("p_any", "p_match", "p_hostless"),
        help="what to cut on: selected at p_any or p_match >= cutoff, or at "
        "p_hostless <= cutoff (default: p_any)",
    )
    calibrate.add_argument("--quiet", action="store_true", help="print nothing but errors")


def _calibrate(options: argparse.Namespace) -> None:
    from ..catalogs.formats.writing import replaced_together
    from ..catalogs.targets import check_targets
    from ..diagnostics.false_matches.core import calibrate

    for out in options.out:
        if Path(out).suffix.lower() not in TABLES + FIGURES:
            raise ValueError(
                f"--out {out}: the name must end in one of {', '.join(TABLES + FIGURES)}"
            )
    check_targets(options.out, files_read(options), option="--out")
    catalogs, how = read_inputs(options)
    found = calibrate(
        *catalogs,
        **how,
        method=options.method,
        n_realizations=options.realizations,
        seed=options.seed,
        score=options.score,
    )
    for out in options.out:
        if Path(out).suffix.lower() in FIGURES:
            from .. import plots  # slow to import

            plots.save(found.plot(), out)
        else:
            with replaced_together([out]) as (temporary,):
                found.table.write(
                    temporary, format=f"ascii{Path(out).suffix.lower()}", overwrite=True
                )
    if not options.quiet:
        print(found)
        print("\n".join(f"wrote {out}" for out in options.out), end="\n" if options.out else "")
