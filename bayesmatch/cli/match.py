"""``bayesmatch match``, with the arguments of ``nway.py``: its command lines run unchanged."""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

EPILOG = """\
An error is a number (arcsec, 1 sigma per axis), :COLUMN, :RA_ERR:DEC_ERR, or :MAJOR:MINOR:PA
(an ellipse, position angle east of north).  Catalogue names are the files' EXTNAME; sky areas
their SKYAREA (deg^2).  A directory or a quoted glob of Parquet files is streamed, never loaded
whole; it can be any catalogue but the first.

example:
  bayesmatch match xmm.fits :pos_err optical.fits 0.1 --radius 20 --out matched.fits
"""


def add_match(commands: Any) -> None:
    """Add ``bayesmatch match``."""
    match = commands.add_parser(
        "match", help="match catalogues", epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Match a primary catalogue with one or more others.")
    match.set_defaults(run=_match)
    match.add_argument("--out", required=True, metavar="FILE",
                       help="result: .fits, .vot, .ecsv, .csv or .parquet")
    add_inputs(match)
    match.add_argument("--prune", type=float, default=1e-12, metavar="SHARE",
                       help="with three or more catalogues, share of a crowded source's total "
                            "below which combinations are left out (default: 1e-12; 0: none)")
    match.add_argument("--checkpoint", metavar="DIR",
                       help="keep finished parts of scanned catalogues here, so that the same "
                            "command goes on where a killed one stopped")
    match.add_argument("--acceptable-prob", type=float, default=0.5, metavar="RATIO",
                       help="flag 2 down to this fraction of the best p_i (default: 0.5)")
    match.add_argument("--min-prob", type=float, default=0.0, metavar="P_I",
                       help="leave out associations below this p_i (default: 0, keep all)")
    match.add_argument("--no-inputs", action="store_true",
                       help="leave the input columns out of the result")
    match.add_argument("--quiet", action="store_true", help="print nothing but errors")


def add_inputs(match: argparse.ArgumentParser) -> None:
    """Add the arguments that say what is matched and how; :func:`read_inputs` reads them."""
    match.add_argument("catalogues", nargs="+", metavar="FILE ERROR",
                       help="each catalogue and its position error, the primary first")
    match.add_argument("--radius", type=float, required=True, metavar="ARCSEC",
                       help="largest separation within an association (exclusive)")
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
    match.add_argument("--ignore-unrelated-associations", action="store_true",
                       help="do not consider associations without the primary")
    match.add_argument("--host-fraction", default="fit", metavar="F",
                       help="fraction of sources with a counterpart (default: fitted)")
    match.add_argument("--host-covariates", default="sigma", metavar="COL,COL",
                       help="primary columns the host fraction may depend on, or 'none' "
                            "(default: the error radius)")
    match.add_argument("--area", metavar="A1:A2",
                       help="sky areas (deg^2), one per catalogue; empty: the file's SKYAREA")
    match.add_argument("--id", metavar="COL1:COL2",
                       help="identifier columns, one per catalogue; empty: found by name")


def _match(options: argparse.Namespace) -> None:
    from ..catalogs.formats.registry import check_writable
    from ..matching import match

    check_writable(options.out)
    refuse_inputs(options.out, options)
    catalogs, how = read_inputs(options)
    result = match(*catalogs, **how, secondary_ratio=options.acceptable_prob,
                   min_p_i=options.min_prob, prune=options.prune, checkpoint=options.checkpoint,
                   progress=sys.stderr.isatty() and not options.quiet)
    written = result.write(options.out, include_inputs=not options.no_inputs)
    written = [*written, *_write_learned(result, options.out)]
    if not options.quiet:
        print(result.summary())
        print("\n".join(f"wrote {path}" for path in written))


def refuse_inputs(out: str, options: argparse.Namespace) -> None:
    """Raise if `out` is one of the files to read."""
    for path in [*options.catalogues[::2], *(source for _, source in options.mag),
                 *(source.partition(":")[2] for source in options.prior)]:
        if Path(path).exists() and Path(out).exists() and Path(path).samefile(out):
            raise ValueError(f"--out {out} would overwrite an input; give another name")


def read_inputs(options: argparse.Namespace) -> tuple[list[Any], dict[str, Any]]:
    """The catalogues, and how to match them: arguments of :func:`bayesmatch.match`."""
    if len(options.catalogues) % 2 or len(options.catalogues) < 4:
        raise ValueError(f"{len(options.catalogues)} catalogue arguments; give FILE ERROR for the "
                         "primary and for at least one other catalogue")
    priors = _priors(options)
    n = len(options.catalogues) // 2
    catalogs = [
        _catalog(path, pos_err=_position_error(spec, path), area=area, id=name)
        for path, spec, area, name in zip(
            options.catalogues[::2], options.catalogues[1::2],
            _per_catalogue("--area", options.area, n, float),
            _per_catalogue("--id", options.id, n, str), strict=True)]
    return catalogs, {
        "radius": options.radius,
        "prior_completeness": _completeness(options.prior_completeness),
        "priors": priors,
        "host_fraction": _number_or_name(options.host_fraction),
        "host_covariates": _host_covariates(options.host_covariates),
        "correct_unrelated": not options.ignore_unrelated_associations,
    }


def _per_catalogue(option: str, text: str | None, n: int, kind: Callable[[str], Any]
                   ) -> list[Any]:
    """One value per catalogue, None where it is left to the file."""
    if text is None:
        return [None] * n
    try:
        values = [kind(part) if part else None for part in text.split(":")]
    except ValueError:
        values = []
    if len(values) != n:
        raise ValueError(f"{option} is {text!r}; give {n} values, one per catalogue, separated by "
                         "colons, empty where the file tells")
    return values


def _catalog(path: str, **how: Any) -> Any:
    """A file in memory; a directory or glob, scanned."""
    from ..catalog import Catalog
    from ..scan.files import is_data_set

    return (Catalog.scan if is_data_set(path) else Catalog.read)(path, **how)


def _write_learned(result: Any, out: str) -> list[str]:
    """The histograms learned from the match and their plots, beside the result."""
    from ..catalogs.formats.registry import file_stem

    written = []
    for catalog, learned in result.meta["auto_priors"].items():
        from .. import plots  # slow to import, and seldom needed

        for prior in result.priors[catalog]:
            if prior.name in learned:
                column = re.sub(r"[^\w.+-]", "_", prior.column)
                path = Path(out).parent / f"{file_stem(out)}_{catalog}_{column}_fit.txt"
                prior.write(path)
                plots.save(prior.plot(), path.with_suffix(".png"))
                written += [str(path), str(path.with_suffix(".png"))]
    return written


def _position_error(spec: str, path: str) -> Any:
    from ..errors import ErrorEllipse

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
    from ..priors.auto import AutoPrior
    from ..priors.histogram import HistogramPrior
    from ..priors.storage import read_prior

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
