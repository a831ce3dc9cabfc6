"""The arguments that say what is matched and how: of ``match`` and of ``calibrate``."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from typing import Any

from .given_errors import is_error, position_error
from .learning import (
    adapted,
    add_learning,
    check_learned_catalogues,
    check_learning,
    learning_priors,
)
from .parsing import completeness, host_covariates, number_or_name, per_catalogue

#: ends of the names of files that a data set has
PARQUET = (".parquet", ".pq")
#: options with one value per catalogue, in the order of their values
PER_CATALOGUE = (
    ("id", "COL1:COL2", "identifier columns, one per catalogue; empty: found by name"),
    ("name", "N1:N2", "names of the catalogues; empty: EXTNAME, or the file's name"),
    (
        "ra",
        "COL1:COL2",
        "right ascension columns; empty: found by name or UCD; COL[hms], COL[deg] "
        "and the like say the unit",
    ),
    ("dec", "COL1:COL2", "declination columns; empty: those that go with the right ascension"),
    (
        "hdu",
        "T1:T2",
        "tables of files with several, by number or name; empty: the first with positions",
    ),
)


def add_inputs(command: argparse.ArgumentParser) -> None:
    """Add the arguments that say what is matched and how; :func:`read_inputs` reads them."""
    command.add_argument(
        "catalogues",
        nargs="+",
        metavar="FILE ERROR",
        help="each catalogue and its position error, the primary first",
    )
    command.add_argument(
        "--radius",
        type=float,
        required=True,
        metavar="ARCSEC",
        help="largest separation within an association (exclusive)",
    )
    command.add_argument(
        "--ignore-unrelated-associations",
        action="store_true",
        help="do not consider associations without the primary",
    )
    command.add_argument(
        "--host-fraction",
        default="fit",
        metavar="F",
        help="fraction of sources with a counterpart (default: fitted)",
    )
    command.add_argument(
        "--host-covariates",
        default="sigma",
        metavar="COL,COL",
        help="primary columns the host fraction may depend on, or 'none' "
        "(default: the error radius)",
    )
    command.add_argument(
        "--max-rows",
        type=int,
        default=200_000_000,
        metavar="N",
        help="refuse a match with more candidates or associations than this (default: 200000000)",
    )
    command.add_argument(
        "--area",
        metavar="A1:A2",
        help="sky areas (deg^2), one per catalogue; empty: the file's SKYAREA",
    )
    for option, metavar, text in PER_CATALOGUE:
        command.add_argument(f"--{option}", metavar=metavar, help=text)
    _add_model(command)
    _add_priors(command)


def _add_model(command: argparse.ArgumentParser) -> None:
    """Add the arguments that say how sources and the field are."""
    command.add_argument(
        "--claims",
        default="exclusive",
        choices=("exclusive", "independent"),
        help="whether an object is the counterpart of one source at most, or may be of several "
        "(default: exclusive)",
    )
    command.add_argument(
        "--field",
        default="local",
        choices=("local", "uniform"),
        help="density of field objects: around each source, or one for each catalogue "
        "(default: local)",
    )


def _add_priors(command: argparse.ArgumentParser) -> None:
    """Add the arguments that say what counterparts look like."""
    command.add_argument(
        "--prior-completeness",
        default="1",
        metavar="C",
        help="expected fraction with a counterpart: one number, or one per other "
        "catalogue, c2:c3 (default: 1)",
    )
    command.add_argument(
        "--mag",
        nargs=2,
        action="append",
        default=[],
        metavar=("CAT:COL", "FILE|auto"),
        help="histogram prior for a column, from a text file of lo hi selected "
        "others; auto: learned from this match, and written beside --out",
    )
    command.add_argument(
        "--prior",
        action="append",
        default=[],
        metavar="CAT:FILE|CAT:@COL",
        help="saved prior (JSON), as 'bayesmatch train' and --learn write it; or @ and a column of "
        "the catalogue with log10 ratios; repeatable",
    )
    add_learning(command)
    command.add_argument(
        "--mag-radius",
        type=float,
        metavar="ARCSEC",
        help="for --mag CAT:COL auto: radius of the selected sample",
    )
    command.add_argument(
        "--mag-exclude-radius",
        type=float,
        metavar="ARCSEC",
        help="for --mag CAT:COL auto: radius kept out of the field sample",
    )
    command.add_argument(
        "--mag-auto-minprob",
        type=float,
        default=0.9,
        metavar="P",
        help="for --mag CAT:COL auto without --mag-radius: least posterior of the "
        "selected sample (default: 0.9)",
    )


def files_read(options: argparse.Namespace) -> list[str]:
    """The files and data sets that the arguments name."""
    saved = [given.partition(":")[2] for given in options.prior]
    return [
        *(path for paths, _ in catalogue_arguments(options.catalogues) for path in paths),
        *(source for _, source in options.mag if source != "auto"),
        *(source for source in saved if not source.startswith("@")),
    ]


def read_inputs(
    options: argparse.Namespace, priors: dict[str, list[Any]] | None = None
) -> tuple[list[Any], dict[str, Any]]:
    """The catalogues, and how to match them: arguments of :func:`bayesmatch.match`.

    `priors` are those that :func:`read_priors` has read already.
    """
    given = catalogue_arguments(options.catalogues)
    if len(given) < 2:
        raise ValueError(
            f"{len(options.catalogues)} catalogue arguments; give FILE ERROR for the "
            "primary and for at least one other catalogue"
        )
    priors = read_priors(options) if priors is None else priors
    n = len(given)
    each = {
        option: per_catalogue(f"--{option}", getattr(options, option), n, str)
        for option, *_ in PER_CATALOGUE
    }
    areas = per_catalogue("--area", options.area, n, float)
    catalogs = [
        _catalog(
            paths,
            pos_err=position_error(spec, paths[0]),
            area=areas[k],
            **{option: values[k] for option, values in each.items() if values[k] is not None},
        )
        for k, (paths, spec) in enumerate(given)
    ]
    _tell_apart(catalogs, [paths[0] for paths, _ in given])
    check_learned_catalogues(options, [catalog.name for catalog in catalogs])
    return catalogs, {
        "radius": options.radius,
        "prior_completeness": completeness(options.prior_completeness),
        "priors": priors,
        "host_fraction": number_or_name(options.host_fraction),
        "host_covariates": host_covariates(options.host_covariates),
        "correct_unrelated": not options.ignore_unrelated_associations,
        "max_rows": options.max_rows,
        "field": options.field,
        "claims": options.claims,
    }


def catalogue_arguments(arguments: Sequence[str]) -> list[tuple[list[str], str]]:
    """The files of each catalogue and its error; several where the shell has expanded a glob."""
    if len(arguments) % 2 == 0 and not any(map(is_error, arguments[::2])):
        return [([path], spec) for path, spec in zip(arguments[::2], arguments[1::2], strict=True)]
    given: list[tuple[list[str], str]] = []
    paths: list[str] = []
    for argument in arguments:
        if paths and is_error(argument):
            given.append((paths, argument))
            paths = []
        else:
            paths.append(argument)
    if paths:
        raise ValueError(
            f"{len(arguments)} catalogue arguments, and {paths[0]} has no position error: give "
            f"FILE ERROR for each catalogue, an error being a number (arcsec) or :COLUMN"
        )
    for several, _ in given:
        other = next((p for p in several if not p.lower().endswith(PARQUET)), None)
        if len(several) > 1 and other is not None:
            raise ValueError(
                f"{other} has no position error: give FILE ERROR for each catalogue; several "
                f"files are one catalogue if their names end in {' or '.join(PARQUET)}"
            )
    return given


def _catalog(paths: list[str], *, hdu: str | None = None, **how: Any) -> Any:
    """A file in memory; a directory, a glob or several files, scanned."""
    from ..catalogs.catalog import Catalog
    from ..catalogs.scan.files import is_data_set

    if len(paths) > 1 or is_data_set(paths[0]):
        if hdu is not None:
            raise ValueError(f"--hdu {hdu}: {paths[0]} is a Parquet data set, which is one table")
        return Catalog.scan(paths if len(paths) > 1 else paths[0], **how)
    table: dict[str, Any] = {} if hdu is None else {"hdu": int(hdu) if hdu.isdigit() else hdu}
    return Catalog.read(paths[0], **table, **how)


def _tell_apart(catalogs: Sequence[Any], paths: Sequence[str]) -> None:
    """Give catalogues of the same name different ones: the files of a command have what they have.

    Columns of the result carry the names.
    """
    for k, catalog in enumerate(catalogs):
        taken = {c.name for c in catalogs[:k]}
        if catalog.name not in taken:
            continue
        taken |= {c.name for c in catalogs}
        name = next(n for i in range(2, 99) if (n := f"{catalog.name}_{i}") not in taken)
        warnings.warn(
            f"{paths[k]} is called {catalog.name!r} as a catalogue before it; it is called "
            f"{name!r} here (--name gives other names)",
            UserWarning,
            stacklevel=2,
        )
        catalog.name = name


def read_priors(options: argparse.Namespace) -> dict[str, list[Any]]:
    """The priors that the arguments ask for, by catalogue, read from their files."""
    from ..priors.auto import AutoPrior
    from ..priors.column import ColumnPrior
    from ..priors.histogram import HistogramPrior
    from ..priors.storage import read_prior

    exclude = options.mag_exclude_radius
    if options.mag_radius is None and exclude is not None:
        if any(source == "auto" for _, source in options.mag):
            warnings.warn(
                "--mag-exclude-radius has no effect without --mag-radius", UserWarning, stacklevel=2
            )
        exclude = None
    priors: dict[str, list[Any]] = {
        catalog: [prior] for catalog, prior in learning_priors(options).items()
    }
    for target, source in options.mag:
        catalog, _, column = target.partition(":")
        if not catalog or not column:
            raise ValueError(f"--mag {target}: give CATALOGUE:COLUMN")
        prior = (
            AutoPrior(
                column,
                radius=options.mag_radius,
                exclude_radius=exclude,
                min_post=options.mag_auto_minprob,
            )
            if source == "auto"
            else HistogramPrior.read(source, column=column)
        )
        if options.adapt and source != "auto":
            prior = adapted(f"--mag {target} {source}", prior)
        priors.setdefault(catalog, []).append(prior)
    for given in options.prior:
        catalog, _, source = given.partition(":")
        if not catalog or source in ("", "@"):
            raise ValueError(f"--prior {given}: give CATALOGUE:FILE or CATALOGUE:@COLUMN")
        ready = ColumnPrior(source[1:]) if source.startswith("@") else read_prior(source)
        if options.adapt and not source.startswith("@"):
            ready = adapted(f"--prior {given}", ready)
        priors.setdefault(catalog, []).append(ready)
    check_learning(options, priors)
    return priors
