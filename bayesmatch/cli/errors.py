"""``bayesmatch errors``: how large the primary's position errors really are."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .as_json import add_json, print_json
from .inputs import add_inputs, files_read, read_inputs
from .outputs import add_out, check_outputs, outputs, table_endings
from .parsing import FIGURES, TABLE_ENDINGS, columns
from .shown import add_quiet


def add_errors(commands: Any) -> None:
    """Add ``bayesmatch errors``."""
    errors = commands.add_parser(
        "errors",
        help="fit the position errors of the first catalogue",
        description="Fit the position errors of the first catalogue to its counterparts in the "
        "others: scale, floor, offset; tails and a turned or stretched frame where the data ask "
        "for them. Takes the arguments of 'bayesmatch match'; those that concern neither the "
        "catalogues nor the radius nor priors change nothing here.",
    )
    errors.set_defaults(run=_errors)
    add_out(
        errors,
        f"Rayleigh plot (.png, .pdf, .svg), or the corrected catalogue ({TABLE_ENDINGS})",
        several=True,
    )
    add_inputs(errors)
    errors.add_argument(
        "--tails",
        default="auto",
        choices=("auto", "yes", "no"),
        help="a share of the errors that is wider than the others (default: auto, where the data "
        "ask for it)",
    )
    errors.add_argument(
        "--frame",
        default="auto",
        choices=("auto", "offset", "affine"),
        help="whether the frame may be turned and stretched (default: auto)",
    )
    errors.add_argument(
        "--covariates",
        metavar="COL,COL",
        help="columns of the first catalogue that the scale of its errors depends on",
    )
    add_json(errors)
    add_quiet(errors)


def _errors(options: argparse.Namespace) -> None:
    from ..catalogs.formats.registry import check_columns
    from ..catalogs.left_out import checked_primary
    from ..diagnostics.position_errors import fit_position_errors, no_measure
    from ..matching.error_fit.wording import correction_text

    targets = outputs(
        options.out,
        {"figure": (FIGURES, "rayleigh.png"), "table": (table_endings(), "corrected.fits")},
    )
    tables = [out for kind, out in targets if kind == "table"]
    paths = [out for _, out in targets]
    check_outputs(paths, files_read(options))
    (primary, *others), how = read_inputs(options)
    for out in tables:
        check_columns(out, primary.table.colnames)
    primary = checked_primary(primary, options.bad_rows)  # the corrected table is of these rows
    fit = fit_position_errors(
        primary,
        *others,
        radius=how["radius"],
        priors=how["priors"],
        tails="auto" if options.tails == "auto" else options.tails == "yes",
        frame=options.frame,
        covariates=columns(options.covariates) if options.covariates else (),
        bad_rows=options.bad_rows,
    )
    kept = no_measure(fit)
    if kept and tables:
        raise ValueError(f"--out {tables[0]}: there is no correction to write: {kept}")
    for kind, out in targets:
        _write(fit, primary, out, table=kind == "table")
    if options.json:
        from ..matching.error_fit.numbers import fit_numbers

        print_json(options, fit_numbers(fit), paths)
    elif not options.quiet:
        name = primary.name
        told = f"nothing to write into {name}: its errors stay as they are quoted"
        print(f"{fit}\n\n{told if kept else correction_text(fit)}")
        print("\n".join(f"wrote {out}" for out in paths), end="\n" if paths else "")


def _write(fit: Any, primary: Any, out: Path, *, table: bool) -> None:
    """The plot, or the corrected catalogue."""
    from ..catalogs.formats.registry import write_table
    from ..catalogs.formats.writing import replaced_together

    if table:
        with replaced_together([out]) as (temporary,):
            write_table(fit.apply(primary).table, temporary)
        return
    from .. import plots  # slow to import

    plots.save(fit.plot(), out)
