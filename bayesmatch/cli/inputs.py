"""The arguments that say what is matched and how: of ``match`` and of ``calibrate``."""

from __future__ import annotations

import argparse
import warnings
from typing import Any

from ..catalogs.typed import plain
from .bad_rows import add_bad_rows
from .epochs import add_epochs, read_epochs
from .given_catalogues import PER_CATALOGUE, catalogue_arguments, read_catalogue, tell_apart
from .given_errors import position_error
from .learning import (
    adapted,
    add_learning,
    check_learned_catalogues,
    check_learning,
    learning_priors,
)
from .parsing import (
    area_files,
    completeness,
    host_covariates,
    number_or_name,
    per_catalogue,
    sky_area,
)
from .radius import radius_arcsec
from .tails import add_tails, read_tails

#: least posterior of the sample that ``--mag CAT:COL auto`` learns from
MIN_PROB = 0.9


def add_fit_errors(command: argparse.ArgumentParser) -> None:
    """Add ``--fit-errors``, for commands that match."""
    command.add_argument(
        "--fit-errors",
        action="store_true",
        help="put the position errors of the first catalogue right before the match "
        "('bayesmatch errors' shows what is found)",
    )


def add_inputs(command: argparse.ArgumentParser, *, radius_required: bool = True) -> None:
    """Add the arguments that say what is matched and how; :func:`read_inputs` reads them."""
    command.add_argument(
        "catalogues",
        nargs="+",
        metavar="FILE ERROR",
        help="each catalogue and its position error, the primary first",
    )
    command.add_argument(
        "--radius",
        type=radius_arcsec,
        required=radius_required,
        metavar="ARCSEC",
        help="largest separation within an association (exclusive), in arcsec or with its unit, "
        "as 1arcmin",
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
        help="sky areas, one per catalogue: deg^2, the file of a coverage map (MOC), or estimate; "
        "empty: the file's SKYAREA",
    )
    for option, metavar, text in PER_CATALOGUE:
        command.add_argument(f"--{option}", metavar=metavar, help=text)
    add_epochs(command)
    add_tails(command)
    add_bad_rows(command)
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
        default=MIN_PROB,
        metavar="P",
        help="for --mag CAT:COL auto without --mag-radius: least posterior of the "
        "selected sample (default: 0.9)",
    )


def files_read(options: argparse.Namespace) -> list[str]:
    """The files and data sets that the arguments name."""
    from ..catalogs.scan.opened import hats_address

    saved = [given.partition(":")[2] for given in options.prior]
    named = [path for paths, _ in catalogue_arguments(options.catalogues) for path in paths]
    return [
        *(hats_address(path) or path for path in named),
        *(source for _, source in options.mag if source != "auto"),
        *(source for source in saved if not source.startswith("@")),
        *(path for path in area_files(options.area) if path != "estimate"),
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
    areas = per_catalogue("--area", options.area, n, sky_area)
    motions, tails = read_epochs(options, n), read_tails(options, n)
    catalogs = [
        read_catalogue(
            paths,
            pos_err=position_error(spec, paths[0]),
            area=areas[k],
            **{option: values[k] for option, values in each.items() if values[k] is not None},
            **motions[k],
            **tails[k],
        )
        for k, (paths, spec) in enumerate(given)
    ]
    tell_apart(catalogs, [paths[0] for paths, _ in given])
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
        "bad_rows": options.bad_rows,
    }


def read_priors(options: argparse.Namespace) -> dict[str, list[Any]]:
    """The priors that the arguments ask for, by catalogue, read from their files."""
    _warn_without_effect(options)
    exclude = None if options.mag_radius is None else options.mag_exclude_radius
    priors: dict[str, list[Any]] = {
        catalog: [prior] for catalog, prior in learning_priors(options).items()
    }
    if not (options.mag or options.prior or priors):
        check_learning(options, priors)
        return priors  # nothing that they need is loaded
    from ..priors.auto import AutoPrior
    from ..priors.column import ColumnPrior
    from ..priors.histogram import HistogramPrior
    from ..priors.storage import read_prior

    for target, source in options.mag:
        catalog, _, column = target.partition(":")
        if not catalog or not column:
            raise ValueError(f"--mag {target}: give CATALOGUE:COLUMN")
        prior = (
            AutoPrior(
                plain(column),
                radius=options.mag_radius,
                exclude_radius=exclude,
                min_post=options.mag_auto_minprob if options.mag_radius is None else MIN_PROB,
            )
            if source == "auto"
            else HistogramPrior.read(source, column=plain(column))
        )
        if options.adapt and source != "auto":
            prior = adapted(f"--mag {target} {source}", prior)
        priors.setdefault(catalog, []).append(prior)
    for given in options.prior:
        catalog, _, source = given.partition(":")
        if not catalog or source in ("", "@"):
            raise ValueError(f"--prior {given}: give CATALOGUE:FILE or CATALOGUE:@COLUMN")
        ready = ColumnPrior(plain(source[1:])) if source.startswith("@") else read_prior(source)
        if options.adapt and not source.startswith("@"):
            ready = adapted(f"--prior {given}", ready)
        priors.setdefault(catalog, []).append(ready)
    check_learning(options, priors)
    return priors


def _warn_without_effect(options: argparse.Namespace) -> None:
    """Warn of options of ``--mag CAT:COL auto`` that nothing takes."""
    given = {
        "--mag-radius": options.mag_radius is not None,
        "--mag-exclude-radius": options.mag_exclude_radius is not None,
        "--mag-auto-minprob": options.mag_auto_minprob != MIN_PROB,
    }
    without = dict.fromkeys(given, "without --mag CAT:COL auto")
    if any(source == "auto" for _, source in options.mag):
        without = (
            {"--mag-exclude-radius": "without --mag-radius"}
            if options.mag_radius is None
            else {"--mag-auto-minprob": "with --mag-radius"}
        )
    for option, why in without.items():
        if given[option]:
            warnings.warn(f"{option} has no effect {why}", UserWarning, stacklevel=2)
