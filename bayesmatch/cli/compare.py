"""``bayesmatch compare``: a result beside NWAY's own output."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from .parsing import FIGURES
from .shown import add_quiet

EPILOG = """\
exit status: 0 if every difference above 2e-6 has a proved reason, else 1

examples:
  bayesmatch compare matched.fits nway.fits --plot compared.png
  bayesmatch compare matched.fits nway.fits --rerun \\
      "nway.py xmm.fits :pos_err optical.fits 0.1 --radius 20 --out nway.fits"
"""


def add_compare(commands: Any) -> None:
    """Add ``bayesmatch compare``."""
    compare = commands.add_parser(
        "compare",
        help="compare a result with NWAY's own output",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Compare a result of 'bayesmatch match' with what NWAY 4.x made of the same "
        "catalogues, and tell why they differ.",
    )
    compare.set_defaults(run=_compare)
    compare.add_argument(
        "result", metavar="RESULT", help="what 'bayesmatch match' wrote; --rerun writes it"
    )
    compare.add_argument("nway", metavar="NWAY", help="what nway.py wrote or nway_match returned")
    compare.add_argument(
        "--rerun",
        metavar="LINE",
        help="NWAY's command line, in quotes: run it with bayesmatch (without --min-prob) and "
        "write RESULT",
    )
    compare.add_argument("--plot", metavar="FILE", help=f"figure: {', '.join(FIGURES)}")
    compare.add_argument("--json", metavar="FILE", help="all that was found: .json")
    add_quiet(compare)


def _compare(options: argparse.Namespace) -> int:
    from ..catalogs.targets import check_matched, check_targets
    from ..diagnostics.upstream.core import compare_nway
    from ..matching.result import MatchResult
    from ..matching.result_files import result_paths
    from .inputs import files_read
    from .match import run_match

    if options.plot and not options.plot.lower().endswith(FIGURES):
        raise ValueError(f"--plot {options.plot}: the name must end in one of {', '.join(FIGURES)}")
    if options.json and not options.json.lower().endswith(".json"):
        raise ValueError(f"--json {options.json}: the name must end in .json")
    line = _line(options) if options.rerun else None
    more = result_paths(options.result) if line is None else files_read(line)
    for option, path in (("--plot", options.plot), ("--json", options.json)):
        check_targets([path] if path else [], [options.nway, *more], option=option)
    result = MatchResult.read(options.result) if line is None else run_match(line)[0]
    for option, path in (("--plot", options.plot), ("--json", options.json)):
        check_matched([path] if path else [], result.record.digests, option=option)
    found = compare_nway(result, options.nway)
    if options.json:
        found.write(options.json)
    if options.plot:
        from .. import plots  # slow to import

        plots.save(found.plot(), options.plot)
    if not options.quiet:
        print(found)
        written = [path for path in (options.json, options.plot) if path]
        print("\n".join(f"wrote {path}" for path in written), end="\n" if written else "")
    return 0 if found.explained else 1


class _Line(argparse.ArgumentParser):
    """Reads NWAY's line; what is wrong in it is an error of the option."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong."""
        raise ValueError(f"--rerun: {message}")


def _line(options: argparse.Namespace) -> argparse.Namespace:
    """The match that NWAY's command line asks for, and that writes the result."""
    from ..catalogs.targets import check_targets
    from ..matching.result_files import result_paths
    from .match import add_match
    from .nway_lines import match_arguments

    parser = _Line(prog="bayesmatch compare --rerun")
    add_match(parser.add_subparsers(dest="command"))
    line = [*match_arguments(options.rerun), f"--out={options.result}", "--quiet"]
    check_targets(result_paths(options.result), [options.nway], option="RESULT")
    return parser.parse_args(["match", *line])
