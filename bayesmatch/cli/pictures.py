"""Options about images and other X-ray catalogues on charts: of ``explain`` and of ``charts``."""

from __future__ import annotations

import argparse
from typing import Any

from .given_errors import position_error


def add_pictures(command: argparse.ArgumentParser) -> None:
    """Add the options; :func:`read_pictures` reads them."""
    command.add_argument(
        "--image",
        "--images",
        dest="images",
        action="append",
        default=[],
        metavar="FILE|FOLDER",
        help="draw on this FITS image, or on those of a folder that cover the source; given three "
        "times: red, green and blue",
    )
    command.add_argument(
        "--hips",
        metavar="NAME",
        help="draw on pieces of a sky survey, CDS/P/DSS2/red and the like, which are fetched once "
        "and kept",
    )
    command.add_argument(
        "--hips-address",
        metavar="URL",
        help="HiPS-to-FITS service for --hips (default: BAYESMATCH_HIPS_ADDRESS, else that of the "
        "CDS)",
    )
    command.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="FILE",
        help="also show the sources of this X-ray catalogue; repeatable",
    )
    command.add_argument(
        "--also-error",
        action="append",
        default=[],
        metavar="ERROR",
        help="position error of an --also, one for each: a number (arcsec), :COLUMN, "
        ":RA_ERR:DEC_ERR or :MAJOR:MINOR:PA (default: found by the columns' names)",
    )
    command.add_argument(
        "--also-secure",
        action="append",
        default=[],
        metavar="COLUMN",
        help="column of an --also, one for each, that tells which sources are secure (default: "
        "secure)",
    )


def pictures_read(options: argparse.Namespace) -> list[str]:
    """The files that the options name."""
    return [*options.images, *options.also]


def asks_for_pictures(options: argparse.Namespace) -> bool:
    """Whether any of the options is given."""
    given = options.images, options.hips, options.hips_address
    return any([*given, options.also, options.also_error, options.also_secure])


def read_pictures(options: argparse.Namespace) -> tuple[Any, tuple[Any, ...]]:
    """The images, opened (None: none), and the other X-ray catalogues."""
    for option, given in (
        ("--also-error", options.also_error),
        ("--also-secure", options.also_secure),
    ):
        if given and len(given) != len(options.also):
            raise ValueError(
                f"{option} is given {len(given)} times, --also {len(options.also)} times; give one "
                "for each"
            )
    if options.hips is None and options.hips_address is not None:
        raise ValueError("--hips-address goes with --hips NAME; give the survey's name")
    if options.hips is not None and options.images:
        raise ValueError("--hips and --image are both given; give one of them")
    from ..plots.images.hips import HipsImages
    from ..plots.images.read import open_images
    from ..plots.overlays import read_overlay

    image: Any = None
    if options.hips is not None:
        image = HipsImages(options.hips, address=options.hips_address)
    elif options.images:
        image = open_images(options.images)
    n = len(options.also)
    errors = [
        position_error(spec, path)
        for spec, path in zip(options.also_error, options.also, strict=False)
    ]
    also = tuple(
        read_overlay(path, pos_err=error, secure=secure)
        for path, error, secure in zip(
            options.also, errors or [None] * n, options.also_secure or [None] * n, strict=True
        )
    )
    return image, also
