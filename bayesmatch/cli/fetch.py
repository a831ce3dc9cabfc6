"""``bayesmatch fetch``: a part of a survey from a TAP service, as a data set that is matched."""

from __future__ import annotations

import argparse
import re
import shlex
from typing import Any

from .radius import radius_arcsec
from .shown import add_quiet, shows_progress

EPILOG = """\
examples:
  bayesmatch fetch gaia_dr3 --around xmm.fits --margin 5arcmin --out gaia
  bayesmatch match xmm.fits :pos_err gaia :ra_error[mas]:dec_error[mas] --radius 10 --out m.fits
  bayesmatch fetch legacy_dr10 --cone 150.1 2.2 1deg --out ls10
  bayesmatch fetch --tap https://dc.zah.uni-heidelberg.de/tap --table rosat.photons \\
      --ra raj2000 --dec dej2000 --cone 10 -3 20arcmin --out photons

An interrupted fetch goes on where it stopped when the same command is given again; until it is
complete, the folder is no catalogue. Its area is that of the sky that was asked for.
"""


def add_fetch(commands: Any) -> None:
    """Add ``bayesmatch fetch``."""
    fetch = commands.add_parser(
        "fetch",
        help="fetch a part of a survey from a TAP service",
        description="Fetch the rows of a survey in a region into a folder of Parquet files, which "
        "'bayesmatch match' takes as a catalogue and whose area it knows.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    fetch.set_defaults(run=_fetch)
    fetch.add_argument("survey", nargs="?", metavar="SURVEY", help="its name; --list shows them")
    fetch.add_argument("--list", action="store_true", help="show the surveys that are known")
    region = fetch.add_mutually_exclusive_group()
    region.add_argument(
        "--cone",
        nargs=3,
        metavar=("RA", "DEC", "RADIUS"),
        help="a circle: degrees, and a radius in arcsec or with its unit, as 0.5deg",
    )
    region.add_argument("--moc", metavar="FILE", help="a MOC (FITS, JSON or text)")
    region.add_argument("--around", metavar="FILE", help="the surroundings of these sources")
    fetch.add_argument(
        "--margin",
        type=radius_arcsec,
        default=300.0,
        metavar="ARCSEC",
        help="around sources, in arcsec or with its unit: more than the radius of the match, for "
        "the field is counted beside them (default: 5arcmin)",
    )
    fetch.add_argument("--out", metavar="FOLDER", help="a folder, new or of the same fetch")
    _add_service(fetch)
    add_quiet(fetch)


def _add_service(fetch: argparse.ArgumentParser) -> None:
    """Add the arguments that say of which service and table, and what of it."""
    fetch.add_argument("--tap", metavar="URL", help="address of another service, without /sync")
    fetch.add_argument("--table", metavar="T", help="its table, as ADQL has it")
    fetch.add_argument("--columns", metavar="C,C", help="columns to have; *: all")
    fetch.add_argument("--where", metavar="ADQL", help="condition on the rows to have")
    fetch.add_argument("--ra", metavar="COL", help="right ascension column (default: ra)")
    fetch.add_argument("--dec", metavar="COL", help="declination column (default: dec)")
    fetch.add_argument("--name", metavar="NAME", help="of the catalogue (default: the survey's)")
    fetch.add_argument(
        "--mode",
        choices=("async", "sync"),
        help="run queries as jobs, or have them answered at once (default: as the survey says)",
    )
    fetch.add_argument(
        "--timeout",
        type=float,
        default=600.0,
        metavar="S",
        help="seconds to wait for an answer (default: 600)",
    )


def _fetch(options: argparse.Namespace) -> None:
    from ..catalogs.services.core import fetch

    if options.list:
        _list()
        return
    survey = _survey(options)
    region = _region(options)
    if options.out is None:
        raise ValueError("no folder to fetch into; give --out FOLDER")
    options.checkpoint = options.out  # a signal says that the same command goes on
    fetched = fetch(
        survey,
        region,
        options.out,
        margin=options.margin,
        timeout=options.timeout,
        progress=shows_progress(options),
    )
    if options.quiet:
        return
    kept = f", {fetched.n_kept} of them there already" if fetched.n_kept else ""
    print(
        f"{fetched.survey.name}: {fetched.n_rows:,} rows on {fetched.area_deg2:.4g} deg^2, in "
        f"{fetched.n_cells} cells{kept} ({fetched.n_queries} queries)"
    )
    print(f"wrote {fetched.folder}")
    error = _error_of(fetched)
    print(
        "match it: bayesmatch match SOURCES ERROR "
        f"{shlex.quote(str(fetched.folder))} {shlex.quote(error)} --radius ARCSEC --out FILE"
    )


def _error_of(fetched: Any) -> str:
    """The position error as ``bayesmatch match`` takes it, of the columns as they have come.

    A unit that a column has itself stays in force where it is another than the survey is known for.
    """
    from ..catalogs.said import Said, said
    from ..catalogs.typed import parts
    from ..catalogs.units import factor, has_unit

    error: str = fetched.survey.error
    if not error.startswith(":"):
        return error or "ERROR"
    table = fetched.scan(pos_err=1.0).table
    there = {name.lower(): name for name in table.colnames}
    out = []
    for text in parts(error[1:], ":"):
        about = said(text)
        name = there.get(about.column.lower())
        if name is None:  # of other columns than were asked for
            return "ERROR"
        own = table[name].unit
        other = about.unit is not None and has_unit(own) and factor(own, about.unit) != 1.0
        out.append(Said(name, None if other else about.unit, about.containment).typed)
    return ":" + ":".join(out)


def _list() -> None:
    """Print the surveys: name, service, table and error."""
    from ..catalogs.services.surveys import SURVEYS

    for name, survey in SURVEYS.items():
        print(f"{name:14} {survey.table:24} error {survey.error:30} {survey.tap}")


def _survey(options: argparse.Namespace) -> Any:
    """The survey that the arguments name, with what they change of it."""
    from dataclasses import replace

    from ..catalogs.names import as_name
    from ..catalogs.services.surveys import Survey, survey_named

    changed = {k: getattr(options, k) for k in ("where", "ra", "dec", "mode", "name")}
    if options.columns is not None:
        every = options.columns.strip() == "*"
        listed = () if every else re.split(r"\s*,\s*", options.columns.strip())
        changed["columns"] = tuple(listed)
    changed = {k: v for k, v in changed.items() if v is not None}
    if options.survey is not None:
        if options.tap or options.table:
            raise ValueError(
                f"both {options.survey} and --tap or --table; give a survey by its name, or the "
                "address and the table of a service"
            )
        return replace(survey_named(options.survey), **changed)
    if not (options.tap and options.table):
        raise ValueError(
            "no survey; give its name ('bayesmatch fetch --list' shows them), or --tap URL and "
            "--table T"
        )
    bare = options.table.strip('"').rpartition(".")[2].rpartition("/")[2]
    return Survey(**{"name": as_name(bare), "tap": options.tap, "table": options.table, **changed})


def _region(options: argparse.Namespace) -> Any:
    """The region that the arguments give: a circle, a MOC, or sources."""
    if options.cone is not None:
        ra, dec, radius = options.cone
        try:
            return float(ra), float(dec), radius_arcsec(radius) / 3600.0
        except (ValueError, argparse.ArgumentTypeError) as error:
            raise ValueError(
                f"--cone {' '.join(options.cone)}: give right ascension and declination in "
                f"degrees and a radius, as 150.1 2.2 0.5deg ({error})"
            ) from None
    if options.moc is not None:
        from ..catalogs.coverage import read_moc

        return read_moc(options.moc, f"--moc {options.moc}")
    if options.around is not None:
        from .sources import one_catalogue

        return one_catalogue([options.around], pos_err=1.0, area=1.0)
    raise ValueError("no region; give --cone RA DEC RADIUS, --moc FILE or --around FILE")
