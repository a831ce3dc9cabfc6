"""``bayesmatch catalogue``: the table to publish."""

from __future__ import annotations

import argparse
from typing import Any

from .likelihood_ratio import add_ratio, ratio_asked
from .matched_inputs import matched_inputs
from .shown import add_quiet

#: what a published table may be written to
ENDINGS = ".fits, .vot, .parquet, .csv, .ecsv, .mrt (AAS machine-readable) or .tex (first rows)"


def add_catalogue(commands: Any) -> None:
    """Add ``bayesmatch catalogue``."""
    catalogue = commands.add_parser(
        "catalogue",
        help="the table to publish: one row per source, its counterpart and class",
        description="One row per source of the first catalogue, in its order: its columns, those "
        "of its most probable counterpart, the probabilities, and a class: secure, ambiguous, "
        "hostless, or outside (no catalogue has looked there). The header has versions, "
        "parameters, SHA-256 of the inputs and what to cite.",
    )
    catalogue.set_defaults(run=_catalogue)
    catalogue.add_argument("result", metavar="RESULT", help="file that 'bayesmatch match' wrote")
    catalogue.add_argument(
        "--out",
        action="append",
        required=True,
        metavar="FILE",
        help=f"what to write: {ENDINGS}; repeatable",
    )
    catalogue.add_argument(
        "--cuts",
        default="0.9,0.9",
        metavar="P,P",
        help="least p_match of a secure source, least p_hostless of a hostless one, each 0.5 to 1 "
        "(default: 0.9,0.9)",
    )
    catalogue.add_argument(
        "--second", action="store_true", help="also give the second candidate, as second_..."
    )
    add_ratio(catalogue, "object")
    catalogue.add_argument(
        "--inputs",
        nargs="+",
        metavar="FILE",
        help="the catalogues that were matched, in their order: for a result without their columns",
    )
    add_quiet(catalogue)


def _catalogue(options: argparse.Namespace) -> None:
    from ..catalogs.targets import check_matched, check_targets
    from ..diagnostics.published.core import checked_cuts
    from ..diagnostics.published.writing import catalogue_paths, write_catalogue
    from ..matching.result import MatchResult
    from ..matching.result_files import result_paths

    cuts = checked_cuts(_numbers(options.cuts))
    ratio = ratio_asked(options.likelihood_ratio)
    targets = [path for out in options.out for path in catalogue_paths(out)]
    read = [*result_paths(options.result), *(options.inputs or ())]
    check_targets(targets, read, option="--out")
    result = MatchResult.read(options.result)
    check_matched(targets, result.record.digests, option="--out")
    inputs = None if options.inputs is None else matched_inputs(result, options.inputs)
    table = result.catalogue(cuts, second=options.second, likelihood_ratio=ratio, catalogues=inputs)
    written = [path for out in options.out for path in write_catalogue(table, out, read=read)]
    if not options.quiet:
        from ..catalogs.scalars import plural
        from ..matching.wording import rows_left_out

        counts = table.meta["bayesmatch"]["class_counts"]
        said = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
        print(
            f"{len(table):,} {plural(len(table), 'source')}, {len(table.colnames)} columns: {said}"
        )
        if left := rows_left_out(result.record, result.catalogue_names[0]):
            print(f"without a row, as the match left them out: {left}")
        print("\n".join(f"wrote {path}" for path in written))


def _numbers(text: str) -> list[float] | str:
    """The cuts, or the text, which says itself what is wrong."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return text
