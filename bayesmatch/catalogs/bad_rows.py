"""Rows that cannot be matched: without a position, or with a position error that is none.

What becomes of them depends on what their catalogue is in a match, which it does not know when it
is made: of the others they are left out and counted, those of a primary are refused unless
``bad_rows="drop"`` leaves them out.  Rows without a position are set aside when the catalogue is
made; errors are judged for what is matched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .positions import DEC_RANGE, RA_RANGE, position_remedy, ra_limits_of
from .values import ColumnValues

#: reasons that a record gives
POSITION, ERROR = "position", "error"
DROP = "leave them out with bad_rows='drop' (--bad-rows drop on the command line)"
WORDS = {POSITION: "position", ERROR: "position error that can be used"}
#: with a larger share of rows without a position, the columns are taken for the wrong ones
MOST = 0.5
#: right ascensions and declinations that stand for none where a row has both (they would be
#: allowed, one by one): all nines, with the decimal point where the format had room for it
RA_NINES = (-99.0, -99.9, -99.99, -99.999, -99.9999)
DEC_NINES = (-9.0, -9.9, -9.99, -9.999, -9.9999)


def lacking(catalog: str, n: int, of: str, reason: str) -> str:
    """That n of what is there of a catalogue lack something, and are left out."""
    has, are = ("has", "is") if n == 1 else ("have", "are")
    return f"catalogue {catalog!r}: {n:,} {of} {has} no {WORDS[reason]} and {are} left out"


@dataclass(frozen=True)
class Aside:
    """Rows of the given table that a catalogue holds no more, by what they lack."""

    position: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    """(m,) row numbers"""
    error: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    """(k,) row numbers"""
    fault: str = ""
    """the first row without a position, as messages name it"""
    beyond: str = ""
    """the first of these whose numbers are there, but out of range, in words"""
    told: bool = False
    """whether a warning has named them"""

    n_position: int = 0
    """rows without a position whose numbers are not known"""

    def __len__(self) -> int:
        return len(self.position) + self.n_position + len(self.error)

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of rows by reason, as records have them."""
        listed = {POSITION: len(self.position) + self.n_position, ERROR: len(self.error)}
        return {reason: n for reason, n in listed.items() if n}


NOTHING_ASIDE = Aside()


def without_position(
    ra: np.ndarray, dec: np.ndarray, limits: Callable[[], tuple[float, float]] | None = None
) -> np.ndarray | None:
    """Which of some rows have no position, (n,) bool; None: all have one.

    Missing (NaN), out of range, or fill values in both coordinates.  `limits` gives those of the
    right ascensions of their catalogue, where some are beyond the usual; default: of these rows.
    """
    if len(ra) == 0:
        return None
    low = ra.min()
    # NaN if any is
    whole = RA_RANGE[0] <= low and ra.max() <= RA_RANGE[1]
    if whole and DEC_RANGE[0] <= dec.min() and dec.max() <= DEC_RANGE[1]:
        if low >= 0.0:
            return None
        filled = np.isin(ra, RA_NINES) & np.isin(dec, DEC_NINES)
        return filled if filled.any() else None
    lowest, highest = ra_limits_of(ra) if limits is None else limits()
    bad: np.ndarray = ~(
        (ra >= lowest)
        & (ra <= highest)
        & (dec >= DEC_RANGE[0])
        & (dec <= DEC_RANGE[1])
        & ~(np.isin(ra, RA_NINES) & np.isin(dec, DEC_NINES))
    )
    return bad if bad.any() else None


def at_fault(ra: np.ndarray, dec: np.ndarray, bad: np.ndarray) -> int:
    """Which coordinate is to be named of the first bad row: 0 the right ascension, 1 the other."""
    at, (lowest, highest) = int(np.argmax(bad)), ra_limits_of(ra)
    return 0 if not lowest <= ra[at] <= highest else 1


def beyond_range(
    names: Sequence[str], ra: np.ndarray, dec: np.ndarray, limits: tuple[float, float], first: int
) -> str:
    """The first position whose numbers are there, but out of range, in words; "": there is none.

    `first`: number of the first of these rows.
    """
    for name, degrees, (low, high) in zip(names, (ra, dec), (limits, DEC_RANGE), strict=True):
        bad = (degrees < low) | (degrees > high)
        if bad.any():
            row = int(np.argmax(bad))
            return f"{name!r} is {degrees[row]!s} in row {first + row}"
    return ""


def faulty_positions(
    values: ColumnValues, names: Sequence[str], ra: np.ndarray, dec: np.ndarray
) -> tuple[np.ndarray, str, str] | None:
    """Rows without a position, (n,) bool, the first in words, and as :func:`beyond_range` says.

    None: there are none.

    Raises
    ------
    ValueError
        If most rows have none: these are hardly the columns of positions, or not in degrees.
    """
    bad = without_position(ra, dec)
    if bad is None:
        return None
    which = at_fault(ra, dec, bad)
    column, degrees, low = names[which], (ra, dec)[which], (RA_RANGE, DEC_RANGE)[which][0]
    if bad.mean() > MOST:
        values.reject(
            column,
            bad,
            degrees,
            f"{position_remedy(low)}; most rows have none, so check the columns (ra=, dec=; --ra, "
            "--dec on the command line) and their unit",
        )
    beyond = beyond_range(names, ra, dec, ra_limits_of(ra), 0)
    return bad, values.fault(column, bad, degrees), beyond


@dataclass
class Faults:
    """Position errors that are none, gathered while they are read."""

    n_rows: int
    all_allowed: bool = False
    """whether every row may have one: of candidates, which are judged together"""
    mask: np.ndarray | None = None
    """(n,) rows with such an error; None: there are none"""
    text: str = ""
    """the first row found, as messages name it"""

    def take(
        self, values: ColumnValues, column: str, bad: np.ndarray, given: np.ndarray, remedy: str
    ) -> None:
        """Note rows with a bad value; refuse where every row has one."""
        self.note(f"{values.fault(column, bad, given)}; {remedy}", bad, given.ndim > 0)

    def note(self, text: str, bad: np.ndarray, per_row: bool) -> None:
        """Note such rows, and what is to be said of the first one."""
        if not per_row or (bad.all() and not self.all_allowed):
            raise ValueError(text)
        self.text = self.text or text
        self.mask = bad if self.mask is None else self.mask | bad

    def filled(self, part: np.ndarray, value: float) -> np.ndarray:
        """A part of the errors with a value in the place of what is none: nothing reads it."""
        return part if self.mask is None or part.ndim == 0 else np.where(self.mask, value, part)


class NoFaults(Faults):
    """Takes none: every row must have a position error."""

    def __init__(self) -> None:
        super().__init__(0)

    def note(self, text: str, bad: np.ndarray, per_row: bool) -> None:
        """Refuse."""
        raise ValueError(text)
