"""The command line: each subcommand a few lines over the public API.

``bayesmatch match`` takes the arguments of ``nway.py``, so that its command lines run unchanged.
"""

from __future__ import annotations

import argparse
import re
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
    match.add_argument("--mag", nargs=2, action="append", default=[],
                       metavar=("CAT:COL", "FILE|auto"),
                       help="histogram prior for a column, from a text file of lo hi selected "
                            "others; auto: learned from this match, and written beside --out")
    match.add_argument("--prior", action="append", default=[], metavar="CAT:FILE",
                       help="saved prior (JSON), as 'bayesmatch train' writes it; repeatable")
    match.add_argument("--mag-radius", type=float, metavar="ARCSEC",
                       help="for --mag CAT:COL auto: radius of the selected sample")
    match.add_argument("--mag-exclude-radius", type=float, metavar="ARCSEC",
                       help="for --mag CAT:COL auto: radius kept out of the field sample")
    match.add_argument("--mag-auto-minprob", type=float, default=0.9, metavar="P",
                       help="for --mag CAT:COL auto without --mag-radius: least posterior of the "
                            "selected sample (default: 0.9)")
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

    train = commands.add_parser(
        "train", help="learn a photometric prior",
        description="Train a LightGBM prior on counterparts and field objects with magnitudes.")
    train.set_defaults(run=_train)
    train.add_argument("table", metavar="TABLE", help="one row per object, FITS, VOTable, ...")
    train.add_argument("--label", required=True, metavar="COL",
                       help="column that is true, or 1, for counterparts")
    train.add_argument("--bands", required=True, metavar="B,B,...",
                       help="bands, from blue to red; their colours are used too")
    train.add_argument("--mag", default="{band}", metavar="PATTERN",
                       help="name of a band's magnitude column, as dered_mag_{band} (default: "
                            "the band's name)")
    train.add_argument("--context", metavar="COL,COL",
                       help="columns with properties of the primary source, as its X-ray flux, "
                            "which the match must then find in the primary catalogue")
    train.add_argument("--name", default="photometry", help="name of the prior")
    train.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")
    train.add_argument("--out", required=True, metavar="FILE", help="the prior, .json")
    train.add_argument("--quiet", action="store_true", help="print nothing but errors")

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
    for path in [*options.catalogues[::2], *(source for _, source in options.mag),
                 *(source.partition(":")[2] for source in options.prior)]:
        if Path(path).exists() and Path(options.out).exists() and Path(path).samefile(options.out):
            raise ValueError(f"--out {options.out} would overwrite an input; give another name")
    if len(options.catalogues) % 2 or len(options.catalogues) < 4:
        raise ValueError(f"{len(options.catalogues)} catalogue arguments; give FILE ERROR for the "
                         "primary and for at least one other catalogue")
    priors = _priors(options)
    catalogs = [Catalog.read(path, pos_err=_position_error(spec, path)) for path, spec in
                zip(options.catalogues[::2], options.catalogues[1::2], strict=True)]
    result = match(
        *catalogs,
        radius=options.radius,
        prior_completeness=_completeness(options.prior_completeness),
        priors=priors,
        host_fraction=_number_or_name(options.host_fraction),
        host_covariates=_host_covariates(options.host_covariates),
        correct_unrelated=not options.ignore_unrelated_associations,
        secondary_ratio=options.acceptable_prob,
        min_p_i=options.min_prob,
        progress=sys.stderr.isatty() and not options.quiet,
    )
    written = result.write(options.out, include_inputs=not options.no_inputs)
    written = [*written, *_write_learned(result, options.out)]
    if not options.quiet:
        print(result.summary())
        print("\n".join(f"wrote {path}" for path in written))


def _write_learned(result: Any, out: str) -> list[str]:
    """The histograms learned from the match and their plots, beside the result."""
    from .io import file_stem

    written = []
    for catalog, learned in result.meta["auto_priors"].items():
        from . import plots  # slow to import, and seldom needed

        for prior in result.priors[catalog]:
            if prior.name in learned:
                column = re.sub(r"[^\w.+-]", "_", prior.column)
                path = Path(out).parent / f"{file_stem(out)}_{catalog}_{column}_fit.txt"
                prior.write(path)
                plots.save(prior.plot(), path.with_suffix(".png"))
                written += [str(path), str(path.with_suffix(".png"))]
    return written


def _train(options: argparse.Namespace) -> None:
    from . import plots
    from .columns import column_values
    from .io import read_table
    from .photometry import Features
    from .priors.diagnostics import diagnose
    from .priors.lightgbm import LightGBMPrior

    out = Path(options.out)
    if out.suffix != ".json":
        raise ValueError(f"--out {out}: a prior is a .json file")
    if not out.parent.is_dir():
        raise FileNotFoundError(f"{out}: the directory {out.parent} does not exist; create it "
                                "first")
    features = Features(options.bands.split(","), mag=options.mag)
    table = read_table(options.table)
    context = None
    if options.context:
        context = {name: column_values(table, name) for name in options.context.split(",")}
    prior = LightGBMPrior.fit(table, options.label, features=features, context=context,
                              name=options.name, seed=options.seed,
                              progress=sys.stderr.isatty() and not options.quiet)
    figure = plots.prior_diagnostics(diagnose(prior), f"{options.name}, from {options.table}")
    prior.save(out)
    plots.save(figure, out.with_suffix(".png"))
    if not options.quiet:
        print(f"{options.table}: trained on {prior.counts['counterparts']:,} counterparts and "
              f"{prior.counts['field']:,} field objects, {len(prior.feature_names)} features")
        print(f"wrote {out}\nwrote {out.with_suffix('.png')}")


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


def _priors(options: argparse.Namespace) -> dict[str, list[Any]]:
    from .priors.auto import AutoPrior
    from .priors.histogram import HistogramPrior
    from .priors.storage import read_prior

    exclude = options.mag_exclude_radius
    if options.mag_radius is None and exclude is not None:
        if any(source == "auto" for _, source in options.mag):
            warnings.warn("--mag-exclude-radius has no effect without --mag-radius", UserWarning,
                          stacklevel=2)
        exclude = None
    priors: dict[str, list[Any]] = {}
    for target, source in options.mag:
        catalog, _, column = target.partition(":")
        if not catalog or not column:
            raise ValueError(f"--mag {target}: give CATALOGUE:COLUMN")
        prior = (AutoPrior(column, radius=options.mag_radius, exclude_radius=exclude,
                           min_post=options.mag_auto_minprob) if source == "auto"
                 else HistogramPrior.read(source, column=column))
        priors.setdefault(catalog, []).append(prior)
    for given in options.prior:
        catalog, _, path = given.partition(":")
        if not catalog or not path:
            raise ValueError(f"--prior {given}: give CATALOGUE:FILE")
        priors.setdefault(catalog, []).append(read_prior(path))
    return priors


def _host_covariates(text: str) -> str | list[str] | None:
    if text in ("sigma", "none"):
        return text if text == "sigma" else None
    return text.split(",")
