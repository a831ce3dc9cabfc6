"""``bayesmatch calibrate``: false fractions against cutoffs, from fake positions."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .as_json import add_json, print_json
from .inputs import add_fit_errors, add_inputs, files_read, read_inputs
from .outputs import add_out, check_outputs, outputs
from .parsing import FIGURES
from .shown import add_quiet, shows_progress

TABLES = (".csv", ".ecsv")
#: options that two outputs are compared with; --score can be what they are compared in, p_any
OF_OUTPUTS = ("out", "score", "false_fraction", "json", "quiet", "progress", "help")


def add_calibrate(commands: Any) -> None:
    """Add ``bayesmatch calibrate``."""
    calibrate = commands.add_parser(
        "calibrate",
        help="measure false matches with fake positions",
        description="Match the catalogues, then the primary's sources at positions that belong to "
        "nothing: how many sources without a counterpart does each cutoff select? Two outputs of "
        "matches alone, of the sources and of such positions, without --radius, are compared as "
        "they are, as nway-calibrate-cutoff.py does (cutoffs in p_any).",
    )
    calibrate.set_defaults(run=_calibrate)
    add_out(calibrate, "figure (.png, .pdf, .svg) or table (.csv, .ecsv)", several=True)
    add_inputs(calibrate, radius_required=False)
    add_fit_errors(calibrate)
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
        default=None,  # told from p_match when it is asked for
        choices=("p_any", "p_match", "p_hostless"),
        help="what to cut on: selected at p_any or p_match >= cutoff, or at "
        "p_hostless <= cutoff (default: p_match; p_any, NWAY's, does not see rivals)",
    )
    calibrate.add_argument(
        "--cutoff",
        type=float,
        action="append",
        metavar="C",
        help="row of the table; repeatable (default: 0, 0.01 ... 1)",
    )
    calibrate.add_argument(
        "--false-fraction",
        type=float,
        action="append",
        default=[],
        metavar="F",
        help="also print the cutoff that this share of the sources without a counterpart reaches; "
        "repeatable",
    )
    add_json(calibrate)
    add_quiet(calibrate)
    calibrate.set_defaults(options_known=calibrate.known)


def _calibrate(options: argparse.Namespace) -> None:
    from ..catalogs.formats.writing import replaced_together
    from ..catalogs.scalars import number_within
    from ..diagnostics.false_matches.core import calibrate

    found_out = outputs(
        options.out,
        {"table": (TABLES, "calibration.csv"), "figure": (FIGURES, "calibration.png")},
    )
    paths = [path for _, path in found_out]
    if options.radius is None:
        check_outputs(paths, options.catalogues)
        _two_outputs(options, found_out)
        return
    check_outputs(paths, files_read(options))
    for share in options.false_fraction:
        number_within("false_fraction", share, 0.0, 1.0)
    catalogs, how = read_inputs(options)
    found = calibrate(
        *catalogs,
        **how,
        errors="fit" if options.fit_errors else "given",
        progress=shows_progress(options),
        method=options.method,
        n_realizations=options.realizations,
        seed=options.seed,
        score=options.score or "p_match",
        cutoffs=options.cutoff,
    )
    cutoffs, reached = _reached(found, options.false_fraction)
    for kind, out in found_out:
        if kind == "figure":
            from .. import plots  # slow to import

            plots.save(found.plot(), out)
        else:
            with replaced_together([out]) as (temporary,):
                found.table.write(temporary, format=f"ascii{out.suffix.lower()}", overwrite=True)
    if options.json:
        at = [{"false_fraction": share, "cutoff": cutoff} for share, cutoff in cutoffs.items()]
        print_json(options, {**found.meta, "cutoffs": at, "table": found.table}, paths)
    elif not options.quiet:
        print("\n".join([str(found), *reached]))
        print("\n".join(f"wrote {out}" for out in paths), end="\n" if paths else "")


def _reached(found: Any, shares: Sequence[float]) -> tuple[dict[float, float | None], list[str]]:
    """The cutoff for each false fraction, None where none has it, and that in words."""
    cutoffs: dict[float, float | None] = {}
    told = []
    for share in shares:
        try:
            cutoffs[share] = found.cutoff(share)
            told.append(
                f"{cutoffs[share]:.4g} is the cutoff in {found.meta['score']} for a false fraction "
                f"of {share:g}"
            )
        except ValueError as error:  # what was measured is told all the same
            cutoffs[share] = None
            told.append(str(error))
    return cutoffs, told


def _two_outputs(options: argparse.Namespace, wanted: list[tuple[str, Path]]) -> None:
    """Cutoffs from the outputs of two matches."""
    from ..catalogs.formats.writing import replaced_together
    from ..diagnostics.false_matches.two_outputs import RATES, rates_of_outputs

    if len(options.catalogues) != 2:
        raise ValueError(
            "--radius is needed to match catalogues; without it give two outputs of matches, of "
            "the sources and of fake positions"
        )
    if options.score not in (None, "p_any"):
        raise ValueError(
            f"--score {options.score}: two outputs are compared in p_any; leave it out, or give "
            "catalogues and --radius"
        )
    for name, action in options.options_known.items():
        given = getattr(options, action.dest, None)
        if action.dest not in OF_OUTPUTS and given != action.default:
            raise ValueError(
                f"{name} says how catalogues are matched, and two outputs are compared as they "
                "are; leave it out, or give catalogues and --radius"
            )
    for kind, out in wanted:
        if kind == "figure":
            raise ValueError(f"--out {out}: of two outputs a table is written, .csv or .ecsv")
    found = rates_of_outputs(*options.catalogues)
    for _, out in wanted:
        with replaced_together([out]) as (temporary,):
            found.table.write(temporary, format=f"ascii{out.suffix.lower()}", overwrite=True)
    if options.json:
        rates = [
            {"false_fraction": rate, "cutoff": found.cutoff(rate)}
            for rate in options.false_fraction or RATES
        ]
        counts = {"score": found.score, "n_sources": found.n_sources, "n_fake": found.n_fake}
        told = {**counts, "cutoffs": rates, "table": found.table}
        print_json(options, told, [out for _, out in wanted])
    elif not options.quiet:
        print(found.text(options.false_fraction or RATES))
        print("\n".join(f"wrote {out}" for _, out in wanted), end="\n" if wanted else "")
