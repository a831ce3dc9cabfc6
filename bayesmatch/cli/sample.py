"""``bayesmatch sample``: a training sample for ``bayesmatch train``, from precise positions."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from .given_errors import position_error
from .outputs import add_out, check_outputs, one_output, table_endings
from .parsing import TABLE_ENDINGS, area_files, number_or_name, per_catalogue, sky_area
from .shown import add_quiet

EPILOG = """\
A precise position (Chandra's, say) names the counterpart by itself where the sky is not crowded:
the one object inside the radius within which a chance object has a probability of 3%. The sample
holds such counterparts, and as field objects what lies 10 to 30 arcsec from exactly one source.

example:
  bayesmatch sample chandra.fits :r1 survey.fits 0.1 --out sample.fits
  bayesmatch train sample.fits --label is_counterpart --bands g,r,z --out prior.json
  bayesmatch match xmm.fits :pos_err survey.fits 0.1 --radius 20 --prior survey:prior.json \\
      --out matched.fits
"""


def add_sample(commands: Any) -> None:
    """Add ``bayesmatch sample``."""
    sample = commands.add_parser(
        "sample",
        help="make a training sample from precise positions",
        description="Collect secure counterparts of sources with precise positions, and field "
        "objects around them, as a table that 'bayesmatch train' takes.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sample.set_defaults(run=_sample)
    sample.add_argument("precise", metavar="PRECISE", help="the sources with precise positions")
    sample.add_argument(
        "precise_error",
        metavar="ERROR",
        help="their position error, as for 'bayesmatch match': a number (arcsec), :COLUMN, "
        ":RA_ERR:DEC_ERR or :MAJOR:MINOR:PA",
    )
    sample.add_argument("survey", metavar="SURVEY", help="the survey in which counterparts are")
    sample.add_argument("survey_error", metavar="ERROR", help="its position error")
    add_out(sample, f"the sample: {TABLE_ENDINGS}", required=True)
    for option, what in (
        ("area", "sky areas, A1:A2: deg^2, the file of a MOC, estimate; empty: the file's SKYAREA"),
        ("ra", "right ascension columns, COL1:COL2; empty: found by name"),
        ("dec", "declination columns, COL1:COL2; empty: found by name"),
    ):
        sample.add_argument(
            f"--{option}", metavar="A1:A2" if option == "area" else "C1:C2", help=what
        )
    _add_cuts(sample)
    add_quiet(sample)


def _add_cuts(sample: argparse.ArgumentParser) -> None:
    """Add the limits of the selection."""
    sample.add_argument(
        "--r98",
        metavar="ARCSEC|COL",
        help="98%% error radius of the precise positions (default: 2.797 times the error)",
    )
    sample.add_argument(
        "--flux", metavar="COL", help="X-ray flux column; sources without a flux are left out"
    )
    sample.add_argument("--flux-min", type=float, metavar="F", help="least flux")
    sample.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="REGION",
        help="leave a region out, such as the field to be matched: RA:DEC:ARCSEC, FILE:ARCSEC "
        "(around every source of a catalogue), or the file of a MOC; repeatable",
    )
    sample.add_argument(
        "--probability",
        type=float,
        default=0.03,
        metavar="P",
        help="of a chance object inside the radius of a counterpart (default: 0.03)",
    )
    sample.add_argument(
        "--annulus",
        default="10:30",
        metavar="IN:OUT",
        help="where field objects lie and densities are counted, arcsec (default: 10:30)",
    )
    sample.add_argument(
        "--max-separation", type=float, metavar="ARCSEC", help="largest separation of a counterpart"
    )
    sample.add_argument(
        "--duplicate-radius",
        type=float,
        default=1.0,
        metavar="ARCSEC",
        help="of sources closer than this only the first is used (default: 1)",
    )


def _sample(options: argparse.Namespace) -> None:
    from ..catalogs.formats.registry import check_columns, write_table
    from ..catalogs.formats.writing import replaced_together
    from ..truth import training_sample
    from ..truth.counts import steps_text

    paths = [options.precise, options.survey, *area_files(options.area)]
    out = one_output(options.out, {"sample": (table_endings(), "sample.fits")})
    assert out is not None  # the option is required
    excluded = [_region(text) for text in options.exclude]
    check_outputs([out], [*paths, *(file for file, _ in excluded if file)])
    precise, survey = _catalogues(options)
    table = training_sample(
        precise,
        survey,
        r98=None if options.r98 is None else number_or_name(options.r98),
        flux=options.flux,
        flux_min=options.flux_min,
        exclude=[region for _, region in excluded] or None,
        probability=options.probability,
        annulus=_pair("--annulus", options.annulus),
        max_separation=options.max_separation,
        duplicate_radius=options.duplicate_radius,
    )
    counts = table.meta.pop("counts")
    check_columns(out, table.colnames)
    with replaced_together([out]) as (temporary,):
        write_table(table, temporary)
    if not options.quiet:
        print(steps_text("training sample", {f"{precise.name}, {survey.name}": counts}))
        print(f"wrote {out}")


def _catalogues(options: argparse.Namespace) -> list[Any]:
    """The precise catalogue and the survey, in memory."""
    from ..catalogs.catalog import Catalog

    given = zip(
        (options.precise, options.survey),
        (options.precise_error, options.survey_error),
        per_catalogue("--area", options.area, 2, sky_area),
        per_catalogue("--ra", options.ra, 2, str),
        per_catalogue("--dec", options.dec, 2, str),
        strict=True,
    )
    return [
        Catalog.read(path, pos_err=position_error(error, path), area=area, ra=ra, dec=dec)
        for path, error, area, ra, dec in given
    ]


def _pair(option: str, text: str) -> tuple[float, float]:
    try:
        first, second = map(float, text.split(":"))
    except ValueError:
        raise ValueError(f"{option} is {text!r}; give two numbers as IN:OUT") from None
    return first, second


def _region(text: str) -> tuple[str | None, Any]:
    """The file that a region is read from, if any, and the region."""
    from ..catalogs.catalog import Catalog

    *before, last = text.split(":")
    numbers: Sequence[Any] = [number_or_name(part) for part in (*before, last)]
    if len(numbers) == 3 and all(isinstance(number, float) for number in numbers):
        return None, tuple(numbers)
    if before and isinstance(numbers[-1], float):
        file = ":".join(before)
        return file, (Catalog.read(file, pos_err=1.0, area=1.0), numbers[-1])
    from ..catalogs.coverage import read_moc

    try:
        return text, read_moc(text, text)
    except (ValueError, OSError) as error:
        raise ValueError(
            f"--exclude {text}: it is no region; give RA:DEC:ARCSEC, FILE:ARCSEC, or the file of a "
            "MOC (FITS, JSON, text)"
        ) from error
