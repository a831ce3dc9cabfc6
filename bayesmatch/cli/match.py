"""``bayesmatch match``, with the arguments of ``nway.py``: its command lines run unchanged."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from .as_json import add_json, print_json
from .bad_rows import add_keep_dropped, warn_of_kept
from .colours import paint_verdicts
from .given_errors import HELP as ERRORS
from .inputs import add_fit_errors, add_inputs, files_read, read_inputs, read_priors
from .learning import learned_files, learned_paths, write_learned
from .likelihood_ratio import add_likelihood_ratio, add_ratio, checked_ratio
from .output import AS_PRINTED, STANDARD_OUTPUT, command_line, print_table
from .parsing import TABLE_ENDINGS
from .shown import add_quiet, shows_progress

EPILOG = f"""\
{ERRORS}
Catalogue names are the files' EXTNAME; sky areas their SKYAREA (deg^2).  A directory or a glob of
Parquet files is streamed, never loaded whole; it can be any catalogue but the first.  So can what
'bayesmatch fetch' has fetched of a survey, and hats:PATH or hats:URL, a HATS catalogue.

examples:
  bayesmatch match xmm.fits :pos_err optical.fits 0.1 --radius 20 --out matched.fits
  bayesmatch match xmm.fits :pos_err optical.fits 0.1 --radius 20 --learn OPT:g,r,z \\
      --out matched.fits
"""


def add_match(commands: Any) -> None:
    """Add ``bayesmatch match``."""
    match = commands.add_parser(
        "match",
        help="match catalogues",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Match a primary catalogue with one or more others.",
    )
    match.set_defaults(run=_match)
    match.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help=f"result: {TABLE_ENDINGS}; folders are made; - prints the associations as CSV",
    )
    add_inputs(match)
    match.add_argument(
        "--prune",
        type=float,
        default=1e-12,
        metavar="SHARE",
        help="with three or more catalogues, share of a crowded source's total "
        "below which combinations are left out (default: 1e-12; 0: none)",
    )
    match.add_argument(
        "--checkpoint",
        metavar="DIR",
        help="keep finished parts of scanned catalogues here, so that the same "
        "command goes on where a killed one stopped",
    )
    match.add_argument(
        "--acceptable-prob",
        type=float,
        default=0.5,
        metavar="RATIO",
        help="flag 2 down to this fraction of the best p_i (default: 0.5)",
    )
    match.add_argument(
        "--min-prob",
        type=float,
        default=0.0,
        metavar="P_I",
        help="leave out associations below this p_i (default: 0, keep all)",
    )
    match.add_argument(
        "--prefilter-pair",
        nargs=3,
        action="append",
        metavar=("CAT1", "CAT2", "ARCSEC"),
        help="taken from lines of nway.py, without effect: nothing needs it here",
    )
    add_fit_errors(match)
    _add_output(match)


def _add_output(match: argparse.ArgumentParser) -> None:
    """Add the arguments that say what is written and printed."""
    match.add_argument(
        "--no-inputs", action="store_true", help="leave the input columns out of the result"
    )
    add_ratio(match, "objects")
    add_keep_dropped(match)
    add_json(match)
    add_quiet(match)


def _match(options: argparse.Namespace) -> None:
    if options.json and options.out == STANDARD_OUTPUT:
        raise ValueError("--json and --out -: both print; give a file to --out")
    result, written = run_match(options)
    if options.json:
        from ..matching.summary import summary_numbers

        found = summary_numbers(result.associations, result.sources, result.record)
        print_json(options, found, written)
    elif not options.quiet:
        stream = sys.stderr if options.out == STANDARD_OUTPUT else sys.stdout
        print(paint_verdicts(result.summary(), stream, "  "), file=stream)
        for path in written:
            print(f"wrote {path}", file=stream)


def run_match(options: argparse.Namespace) -> tuple[Any, list[Any]]:
    """Match and write as the arguments say; the result, and the files written."""
    from .._kernels import progress
    from ..catalogs.targets import check_targets
    from ..matching.core import match
    from ..matching.result_check import check_output
    from ..matching.result_files import result_paths

    printed = options.out == STANDARD_OUTPUT
    out = AS_PRINTED if printed else options.out
    if options.prefilter_pair:
        warnings.warn(
            "--prefilter-pair has no effect: crowded sources are pruned as needed (--prune)",
            UserWarning,
            stacklevel=2,
        )
    warn_of_kept(options, printed=printed)
    priors = read_priors(options)
    learned = learned_paths(out, priors)
    targets = [*([] if printed else result_paths(out)), *learned_files(learned)]
    check_targets(targets, files_read(options), option="--out")
    catalogs, how = read_inputs(options, priors)
    ratio = checked_ratio(options.likelihood_ratio, [c.name for c in catalogs[1:]])
    check_output(out, catalogs, how["priors"], include_inputs=not options.no_inputs)
    _warn_of_checkpoint(options, catalogs)
    result = match(
        *catalogs,
        **how,
        secondary_ratio=options.acceptable_prob,
        min_p_i=options.min_prob,
        prune=options.prune,
        checkpoint=options.checkpoint,
        errors="fit" if options.fit_errors else "given",
        progress=shows_progress(options),
    )
    add_likelihood_ratio(result, ratio)
    result.meta["command"] = command_line(options)
    for told, catalog in zip(result.meta["catalogues"], catalogs, strict=True):
        told["files"] = [os.path.basename(path) for path in catalog.read_from] or None
        told["sha256"] = catalog.sha256
    if printed:
        print_table(result.with_inputs() if not options.no_inputs else result.associations)
        written = []
    else:
        with progress.stage(f"writing {out}"):
            written = result.write(
                out, include_inputs=not options.no_inputs, keep_dropped=options.keep_dropped
            )
    return result, [*written, *write_learned(result, learned)]


def _warn_of_checkpoint(options: argparse.Namespace, catalogs: Sequence[Any]) -> None:
    """Warn where no catalogue is streamed: those alone keep something there."""
    from ..catalogs.scan.catalog import ScannedCatalog

    if options.checkpoint is None or any(isinstance(c, ScannedCatalog) for c in catalogs):
        return
    warnings.warn(
        "--checkpoint has no effect: no catalogue is a directory or a glob of Parquet files, which "
        "are streamed",
        UserWarning,
        stacklevel=2,
    )
