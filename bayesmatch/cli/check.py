"""``bayesmatch check``: what speaks for and against a result."""

from __future__ import annotations

import argparse
from typing import Any


def add_check(commands: Any) -> None:
    """Add ``bayesmatch check``."""
    check = commands.add_parser(
        "check",
        help="what speaks for and against a result",
        description="What 'bayesmatch match' found when it looked at its own result: do the "
        "catalogues overlap, do radius, area, errors and priors fit what is around the sources.",
        epilog="Exit status: 0 if every check is ok or only worth a look, 1 if one is wrong, which "
        "means that the result cannot be trusted.",
    )
    check.set_defaults(run=_check)
    check.add_argument("result", metavar="RESULT", help="file that 'bayesmatch match' wrote")
    check.add_argument("--all", action="store_true", help="also print what is ok")
    check.add_argument("--out", metavar="FILE", help="also write the table: .csv")
    check.add_argument("--quiet", action="store_true", help="print nothing but errors")


def _check(options: argparse.Namespace) -> int:
    from ..catalogs.targets import check_targets
    from ..matching.checks.table import checks_text, is_wrong
    from ..matching.result import MatchResult
    from ..matching.result_files import result_paths

    if options.out is not None:
        if not str(options.out).lower().endswith(".csv"):
            raise ValueError(f"--out {options.out}: give a name that ends in .csv")
        check_targets([options.out], result_paths(options.result), option="--out")
    table = MatchResult.read(options.result).checks()
    if len(table) == 0:
        raise ValueError(
            f"{options.result} has no checks: it was written by an older version; match again"
        )
    if not options.quiet:
        print(checks_text(table, everything=options.all))
    if options.out is not None:
        from ..catalogs.formats.writing import replaced_together

        with replaced_together([options.out]) as (temporary,):
            table.write(temporary, format="ascii.csv", overwrite=True)
        if not options.quiet:
            print(f"wrote {options.out}")
    return int(is_wrong(table))
