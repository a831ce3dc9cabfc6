"""The command line: each subcommand a few lines over the public API.

``bayesmatch match`` takes the arguments of ``nway.py``, so that its command lines run unchanged.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from . import __version__

EPILOG = """\
An error is a number (arcsec, 1 sigma per axis), :COLUMN, :RA_ERR:DEC_ERR, or :MAJOR:MINOR:PA
(an ellipse, position angle east of north).  Catalogue names are the files' EXTNAME; sky areas
their SKYAREA (deg^2).

example:
  bayesmatch match xmm.fits :pos_err optical.fits 0.1 --radius 20 --out matched.fits
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, 1 (failed) or 2 (wrong usage)."""
    try:
        options = _parser().parse_args(argv)
    except SystemExit as stop:  # argparse has said why
        return int(stop.code or 0)
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_, **__: print(
            f"bayesmatch: warning: {message}", file=sys.stderr)
        try:
            options.run(options)
        except (ValueError, TypeError, OSError, MemoryError) as error:
            text = " ".join(str(error).split()) or type(error).__name__
            print(f"bayesmatch {options.command}: error: {text}", file=sys.stderr)
            return 1
    return 0


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the whole usage before it."""

    def error(self, message: str) -> NoReturn:
        """Print the message and leave with status 2."""
        self.exit(2, f"{self.prog}: error: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="bayesmatch", description="Bayesian cross-matching of astronomical catalogues.")
    parser.add_argument("--version", action="version", version=f"bayesmatch {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    match = commands.add_parser(
        "match", help="match catalogues", epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Match a primary catalogue with one or more others.")
    match.set_defaults(run=_match)
    match.add_argument("catalogues", nargs="+", metavar="FILE ERROR",
                       help="each catalogue and its position error, the primary first")
    match.add_argument("--radius", type=float, required=True, metavar="ARCSEC",
                       help="largest separation within an association (exclusive)")
    match.add_argument("--out", required=True, metavar="FILE",
                       help="result: .fits, .vot, .ecsv, .csv or .parquet")
    match.add_argument("--prior-completeness", default="1", metavar="C",
                       help="expected fraction with a counterpart: one number, or one per other "
                            "catalogue, c2:c3 (default: 1)")
    match.add_argument("--mag", nargs=2, action="append", default=[], metavar=("CAT:COL", "FILE"),
                       help="histogram prior for a column, from a text file of lo hi selected "
                            "others")
    match.add_argument("--mag-radius", type=float, metavar="ARCSEC",
                       help="for --mag CAT:COL auto: radius of the selected sample")
    match.add_argument("--mag-exclude-radius", type=float, metavar="ARCSEC",
                       help="for --mag CAT:COL auto: radius kept out of the field sample")
    match.add_argument("--mag-auto-minprob", type=float, default=0.9, metavar="P",
                       help="for --mag CAT:COL auto: least posterior of the selected sample")
    match.add_argument("--acceptable-prob", type=float, default=0.5, metavar="RATIO",
                       help="flag 2 down to this fraction of the best p_i (default: 0.5)")
    match.add_argument("--min-prob", type=float, default=0.0, metavar="P_I",
                       help="leave out associations below this p_i (default: 0, keep all)")
    match.add_argument("--ignore-unrelated-associations", action="store_true",
                       help="do not consider associations without the primary")
    match.add_argument("--host-fraction", default="fit", metavar="F",
                       help="fraction of sources with a counterpart (default: fitted)")
    match.add_argument("--host-covariates", default="sigma", metavar="COL,COL",
                       help="primary columns the host fraction may depend on, or 'none' "
                            "(default: the error radius)")
    match.add_argument("--no-inputs", action="store_true",
                       help="leave the input columns out of the result")
    match.add_argument("--quiet", action="store_true", help="print nothing but errors")

    demo = commands.add_parser("demo", help="match the bundled COSMOS catalogues",
                               description="Match XMM-COSMOS with zCOSMOS-bright, bundled.")
    demo.set_defaults(run=_demo)
    demo.add_argument("--out", default="bayesmatch-demo", metavar="DIR",
                      help="directory for tables and plots (default: bayesmatch-demo)")
    demo.add_argument("--quiet", action="store_true", help="print nothing but errors")

    area = commands.add_parser("area", help="estimate the sky area of a catalogue",
                               description="Area of the HEALPix cells that hold an object.")
    area.set_defaults(run=_area)
    area.add_argument("file", metavar="FILE")
    area.add_argument("--order", type=int, help="HEALPix order (default: 12 objects per cell)")
    area.add_argument("--ra", metavar="COL", help="right ascension column")
    area.add_argument("--dec", metavar="COL", help="declination column")
    return parser


def _match(options: argparse.Namespace) -> None:
    from .catalog import Catalog
    from .io import check_writable
    from .matching import match

    check_writable(options.out)
    for path in [*options.catalogues[::2], *(source for _, source in options.mag)]:
        if Path(path).exists() and Path(options.out).exists() and Path(path).samefile(options.out):
            raise ValueError(f"--out {options.out} would overwrite an input; give another name")
    if len(options.catalogues) % 2 or len(options.catalogues) < 4:
        raise ValueError(f"{len(options.catalogues)} catalogue arguments; give FILE ERROR for the "
                         "primary and for at least one other catalogue")
    catalogs = [Catalog.read(path, pos_err=_position_error(spec, path)) for path, spec in
                zip(options.catalogues[::2], options.catalogues[1::2], strict=True)]
    result = match(
        *catalogs,
        radius=options.radius,
        prior_completeness=_completeness(options.prior_completeness),
        priors=_mag_priors(options.mag),
        host_fraction=_number_or_name(options.host_fraction),
        host_covariates=_host_covariates(options.host_covariates),
        correct_unrelated=not options.ignore_unrelated_associations,
        secondary_ratio=options.acceptable_prob,
        min_p_i=options.min_prob,
        progress=sys.stderr.isatty() and not options.quiet,
    )
    written = result.write(options.out, include_inputs=not options.no_inputs)
    if not options.quiet:
        print(result.summary())
        print("\n".join(f"wrote {path}" for path in written))


def _demo(options: argparse.Namespace) -> None:
    from .demo import run_demo

    text = run_demo(Path(options.out))
    if not options.quiet:
        print(text)


def _area(options: argparse.Namespace) -> None:
    from .area import ESTIMATE_CAVEAT
    from .catalog import Catalog

    # Only positions matter here; error and area have to be something.
    catalog = Catalog.read(options.file, pos_err=1.0, area=1.0, ra=options.ra, dec=options.dec)
    print(f"{catalog.estimate_area(options.order):.6g} deg^2")
    print(f"{ESTIMATE_CAVEAT} (write it as SKYAREA into the table's header)", file=sys.stderr)


def _position_error(spec: str, path: str) -> Any:
    from .errors import ErrorEllipse

    if not spec.startswith(":"):
        try:
            return float(spec)
        except ValueError:
            raise ValueError(f"position error of {path} is {spec!r}; give a number (arcsec), "
                             ":COLUMN, :RA_ERR:DEC_ERR or :MAJOR:MINOR:PA") from None
    parts = [_number_or_name(part) for part in spec[1:].split(":")]
    if len(parts) > 3 or "" in parts:
        raise ValueError(f"position error of {path} is {spec!r}; give :COLUMN, :RA_ERR:DEC_ERR or "
                         ":MAJOR:MINOR:PA")
    return parts[0] if len(parts) == 1 else (tuple(parts) if len(parts) == 2
                                             else ErrorEllipse(*parts))


def _number_or_name(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _completeness(text: str) -> float | list[float]:
    try:
        values = [float(part) for part in text.split(":")]
    except ValueError:
        raise ValueError(f"--prior-completeness is {text!r}; give a number, or one per other "
                         "catalogue as c2:c3") from None
    return values[0] if len(values) == 1 else values


def _mag_priors(pairs: Sequence[Sequence[str]]) -> dict[str, list[Any]]:
    from .priors.histogram import HistogramPrior

    priors: dict[str, list[Any]] = {}
    for target, source in pairs:
        catalog, _, column = target.partition(":")
        if not catalog or not column:
            raise ValueError(f"--mag {target}: give CATALOGUE:COLUMN")
        if source == "auto":
            raise ValueError(f"--mag {target} auto: learning a histogram from the match is not in "
                             "this version; give a histogram file (lo hi selected others)")
        priors.setdefault(catalog, []).append(HistogramPrior.read(source, column=column))
    return priors


def _host_covariates(text: str) -> str | list[str] | None:
    if text in ("sigma", "none"):
        return text if text == "sigma" else None
    return text.split(",")
