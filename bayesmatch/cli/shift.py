"""``bayesmatch shift``: a catalogue moved by one offset."""

from __future__ import annotations

import argparse
import math
import warnings
from typing import Any

from .moving import MAX_ARCSEC, add_moving, read_sources, write_moved


def add_shift(commands: Any) -> None:
    """Add ``bayesmatch shift``."""
    shift = add_moving(
        commands,
        "shift",
        _shift,
        "move all sources by an offset",
        "Move all sources by one offset, and leave out those that come closer than "
        "the radius to a source.",
    )
    for axis, where in (("ra", "east, on the sky"), ("dec", "north")):
        shift.add_argument(
            f"--shift-{axis}",
            type=float,
            default=0.0,
            metavar="ARCSEC",
            help=f"to the {where} (default: 0)",
        )


def _shift(options: argparse.Namespace) -> None:
    import numpy as np

    from ..catalogs.places import shifted_positions
    from ..diagnostics.false_matches.positions import near_sources

    catalog = read_sources(options)
    offset = math.hypot(options.shift_ra, options.shift_dec)
    if not options.radius < offset <= MAX_ARCSEC:
        raise ValueError(
            f"the offset is {offset:g} arcsec; with --shift-ra and --shift-dec, make "
            f"it larger than the radius ({options.radius:g}), at most 45 degrees"
        )
    if offset <= 2 * options.radius:
        warnings.warn(
            f"the offset, {offset:g} arcsec, is not larger than twice the radius: an "
            "object can be a candidate both before and after",
            UserWarning,
            stacklevel=2,
        )
    ra, dec = shifted_positions(catalog, options.shift_ra, options.shift_dec)
    rows = np.flatnonzero(~near_sources(catalog, ra, dec, options.radius))
    if len(rows) == 0:
        raise ValueError(
            f"{options.catalogue}: every source comes within {options.radius:g} "
            "arcsec of a source; use a smaller radius or another offset"
        )
    write_moved(options, catalog, ra[rows], dec[rows], rows)
