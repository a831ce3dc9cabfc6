"""``bayesmatch regions``: sources and candidates for DS9."""

from __future__ import annotations

import argparse
from typing import Any

from .outputs import add_out, check_outputs, one_output
from .shown import add_quiet

#: candidates that are less probable are left out, if nothing is said
MIN_P = 0.01


def add_regions(commands: Any) -> None:
    """Add ``bayesmatch regions``."""
    regions = commands.add_parser(
        "regions",
        help="sources and candidates as regions for DS9; coverage as a MOC",
        description="Write a region file for DS9: the sources as circles or ellipses that hold 68% "
        "of their position errors, the candidates as points with their probabilities. Green: "
        "secure, one association has p_match >= 0.9; red: hostless, p_hostless >= 0.9; yellow: "
        "everything else; cyan: no catalogue has looked there.",
        epilog="example: bayesmatch regions matched.fits --out matched.reg; "
        "ds9 image.fits -regions matched.reg",
    )
    regions.set_defaults(run=_regions)
    regions.add_argument(
        "result",
        metavar="RESULT",
        help="what 'bayesmatch match' wrote, with the input columns (without --no-inputs)",
    )
    add_out(regions, "the regions: .reg; with --moc the map: .fits or .json", required=True)
    regions.add_argument(
        "--moc",
        metavar="NAME",
        help="write instead where catalogue NAME has looked, as a coverage map (MOC) for Aladin "
        "and TOPCAT",
    )
    regions.add_argument(
        "--inputs",
        nargs="+",
        metavar="FILE",
        help="with --moc: the catalogues that were matched, in their order; a result has all "
        "positions of the first one alone",
    )
    regions.add_argument(
        "--min-p",
        type=float,
        default=MIN_P,
        metavar="P",
        help="leave out candidates that are less probable (default: 0.01; 0: none)",
    )
    add_quiet(regions)


def _regions(options: argparse.Namespace) -> None:
    from ..catalogs.formats.writing import replaced_together
    from ..catalogs.targets import check_matched
    from ..diagnostics.regions import ds9_regions
    from ..matching.result import MatchResult
    from ..matching.result_files import result_paths

    if options.moc is not None:
        if options.min_p != MIN_P:
            raise ValueError("--min-p is for regions, and --moc asks for a map; give one of them")
        _coverage(options)
        return
    if options.inputs is not None:
        raise ValueError("--inputs goes with --moc NAME: regions are of the result alone")
    if not 0 <= options.min_p <= 1:
        raise ValueError(f"--min-p is {options.min_p:g}; give a probability, 0 to 1")
    out = one_output(options.out, {"regions": ((".reg",), "regions.reg")})
    assert out is not None  # the option is required
    check_outputs([out], result_paths(options.result))
    result = MatchResult.read(options.result)
    check_matched([out], result.record.digests, option="--out")
    text = ds9_regions(result, options.min_p)
    with replaced_together([out]) as (temporary,):
        temporary.write_text(text, encoding="utf-8")
    if not options.quiet:
        print(f"wrote {out}")


def _coverage(options: argparse.Namespace) -> None:
    """The map of one catalogue in place of the regions."""
    from ..catalogs.coverage import MOC_ENDINGS, write_moc
    from ..catalogs.targets import check_matched
    from ..matching.result import MatchResult
    from ..matching.result_files import result_paths
    from .matched_inputs import matched_inputs

    out = one_output(options.out, {"map": (tuple(MOC_ENDINGS), f"{options.moc}_coverage.fits")})
    assert out is not None  # the option is required
    read = [*result_paths(options.result), *(options.inputs or ())]
    check_outputs([out], read)
    result = MatchResult.read(options.result)
    check_matched([out], result.record.digests, option="--out")
    inputs = None if options.inputs is None else matched_inputs(result, options.inputs)
    moc = result.coverage(options.moc, catalogues=inputs)
    write_moc(moc, out)
    if not options.quiet:
        print(f"wrote {out}")
