"""``bayesmatch check``: what speaks for and against a result."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from .as_json import add_json, print_json
from .colours import paint_verdicts
from .outputs import add_out, check_outputs, one_output
from .shown import add_quiet


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
    add_out(check, "also write the table: .csv")
    add_json(check)
    add_quiet(check)


def _check(options: argparse.Namespace) -> int:
    from ..catalogs.targets import check_matched
    from ..matching.checks.table import checks_text, is_wrong
    from ..matching.result import MatchResult
    from ..matching.result_files import result_paths

    out = one_output(options.out, {"table": ((".csv",), "checks.csv")})
    if out is not None:
        check_outputs([out], result_paths(options.result))
    result = MatchResult.read(options.result)
    if out is not None:
        check_matched([out], result.record.digests, option="--out")
    table = result.checks()
    if len(table) == 0:
        raise ValueError(
            f"{options.result} has no checks: it was written by an older version; match again"
        )
    if not (options.quiet or options.json):
        print(paint_verdicts(checks_text(table, everything=options.all), sys.stdout))
    if out is not None:
        from ..catalogs.formats.writing import replaced_together

        with replaced_together([out]) as (temporary,):
            table.write(temporary, format="ascii.csv", overwrite=True)
        if not (options.quiet or options.json):
            print(f"wrote {out}")
    if options.json:
        verdicts = list(table["verdict"])
        counts = {verdict: verdicts.count(verdict) for verdict in ("ok", "look", "wrong")}
        found = {"result": options.result, "verdicts": counts, "checks": table}
        print_json(options, found, [] if out is None else [out])
    return int(is_wrong(table))
