"""Positions: which columns they are, read as degrees and checked."""

from __future__ import annotations

import math

import numpy as np

from .located import Located, located
from .values import ColumnValues
from .warned import warn_user

#: degrees that are taken for a right ascension, and for a declination
RA_RANGE, DEC_RANGE = (-180.0, 360.0), (-90.0, 90.0)
#: right ascensions of a catalogue that counts from a turn before or after
RA_TURNS = (-360.0, 720.0)
#: degrees that a catalogue extends whose right ascensions run on beyond 360 or -180
RUNS_ON = 180.0


def position_columns(
    values: ColumnValues, ra: str | None, dec: str | None, ucds: dict[str, str]
) -> Located:
    """The right ascension and declination columns that are given, or found."""
    return located(values, ra, dec, ucds)


def read_positions(values: ColumnValues, ra: str, dec: str) -> tuple[np.ndarray, np.ndarray]:
    """Right ascensions from 0 to below 360 and declinations, degrees, (n,) each, read-only."""
    degrees = degrees_given(values, ra, dec)
    ranges = ra_limits_of(degrees[0]), DEC_RANGE
    for column, given, limits in zip((ra, dec), degrees, ranges, strict=True):
        check_range(values, column, given, limits)
    return read_only(turned(degrees[0])), read_only(degrees[1])


def degrees_given(values: ColumnValues, ra: str, dec: str) -> tuple[np.ndarray, np.ndarray]:
    """Right ascensions and declinations in degrees as they stand, whether they can be or not."""
    read = []
    for column in (ra, dec):
        read.append(values.numbers(column, "deg"))
        warn_single_precision(values, column)
    return read[0], read[1]


def check_range(
    values: ColumnValues, column: str, degrees: np.ndarray, limits: tuple[float, float]
) -> None:
    """Raise a ValueError that names the first row whose coordinate is not within the limits."""
    bad = ~((degrees >= limits[0]) & (degrees <= limits[1]))
    if bad.any():
        values.reject(column, bad, degrees, position_remedy(limits[0]))


def ra_limits(low: float, high: float) -> tuple[float, float]:
    """Right ascensions that a catalogue may have, whose least and largest are these.

    Those of `RA_RANGE`, and beyond it where the whole catalogue is a turn off, or is a field whose
    right ascensions run on over the seam (359.5, 360.5).  A single 400 among others is a mistake.
    """
    whole_turn = high <= 0.0 or low >= 360.0
    within = RA_TURNS[0] <= low and high <= RA_TURNS[1]
    return RA_TURNS if within and (whole_turn or high - low <= RUNS_ON) else RA_RANGE


def ra_limits_of(ra: np.ndarray) -> tuple[float, float]:
    """As :func:`ra_limits`, of all right ascensions of a catalogue, NaN where there is none."""
    low, high = (float(f.reduce(ra, initial=np.nan)) for f in (np.fmin, np.fmax))
    return ra_limits(low, high)


def warn_single_precision(values: ColumnValues, column: str) -> None:
    """Warn if a coordinate is stored in steps that matter; an error if nothing else is left."""
    kind = values.table[column].dtype
    if kind.kind == "f" and kind.itemsize < 4:
        raise ValueError(
            f"catalogue {values.catalog!r}: column {column!r} is stored in half precision, in "
            "steps of up to 0.25 degrees; get it in double precision"
        )
    if kind.kind == "f" and kind.itemsize <= 4:
        warn_user(
            f"catalogue {values.catalog!r}: column {column!r} is stored in single "
            "precision, which moves positions in steps of up to 0.03 arcsec; use "
            "double precision"
        )


def position_remedy(low: float) -> str:
    """What to do about a coordinate below `low` or otherwise out of range."""
    limits = "0 to 360" if low < -90 else "-90 to 90"
    return f"positions must be finite degrees ({limits}); remove or repair those rows"


def turned(ra: np.ndarray) -> np.ndarray:
    """Right ascensions from 0 to below 360 degrees; the same array where they are already."""
    if len(ra) == 0 or 0.0 <= ra.min() <= ra.max() < 360.0:
        return ra
    with np.errstate(invalid="ignore"):  # of rows that have none
        ra = np.mod(ra, 360.0)
    ra[ra == 360.0] = 0.0  # what a tiny negative number becomes
    return ra


def read_only(values: np.ndarray) -> np.ndarray:
    """A view that cannot be written to, whatever came in: kernels are compiled for one kind."""
    view = values.view()
    view.flags.writeable = False
    return view


def square_degrees(radius_arcsec: float) -> float:
    """Area of a circle of a radius in arcsec, deg^2."""
    return math.pi * (radius_arcsec / 3600.0) ** 2


def shortest_arc(ra: np.ndarray) -> tuple[float, float]:
    """Where the shortest arc that holds all right ascensions begins, and how long it is."""
    at = np.unique(ra)
    gap = np.diff(at, append=at[0] + 360.0)
    widest = int(gap.argmax())
    return float(at[(widest + 1) % len(at)]), float(360.0 - gap[widest])
