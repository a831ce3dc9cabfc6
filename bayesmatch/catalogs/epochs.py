"""Epochs and proper motions as users give them, or as they are found among the columns."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .motions import Motions
from .scalars import shown
from .values import ColumnValues
from .warned import warn_user
from .years import REMEDY, column_years, year_of_text

#: Julian years that are taken for an epoch: a date as a number (20160101, an MJD) is none
FIRST_YEAR, LAST_YEAR = 1600.0, 2500.0
#: mas/yr: the fastest star moves by 10,400
FASTEST = 1e6
RATES = (
    f"proper motions and their errors are at most {FASTEST:g} mas/yr: repair those rows (NaN: no "
    "motion), or correct the unit"
)
#: columns that are found by name, in any case (Gaia, Hipparcos, LS DR10, VizieR's)
EPOCH_NAMES = ("ref_epoch", "refepoch")
EPOCH_UCDS = ("meta.ref;time.epoch", "time.epoch;meta.ref", "meta.ref;time.epoch;meta.main")
PM_NAMES = (("pmra", "pmdec"), ("pm_ra_cosdec", "pm_dec"), ("pmra", "pmde"), ("pm_ra", "pm_dec"))
PM_UCDS = (("pos.pm;pos.eq.ra", "pos.pm;pos.eq.dec"), ("pos_eq_pmra", "pos_eq_pmdec"))
ERROR_NAMES = (
    ("pmra_error", "pmdec_error"),
    ("e_pmra", "e_pmde"),
    ("e_pmra", "e_pmdec"),
    ("pm_ra_cosdec_error", "pm_dec_error"),
)
ERROR_UCDS = (("stat.error;pos.pm;pos.eq.ra", "stat.error;pos.pm;pos.eq.dec"),)


@dataclass(frozen=True, eq=False)
class Said:
    """What is known of the epoch and the motions of a catalogue, before any row is read."""

    epoch: Any = None
    """column, Julian year, array (n,) of them; None: not known"""
    pm: tuple[Any, Any] | None = None
    """columns or numbers; None: there are none"""
    pm_err: tuple[Any, Any] | None = None
    given: bool = False
    """whether the motions were given: found ones are applied with a note"""

    @property
    def columns(self) -> list[str]:
        """Columns that they are made from."""
        parts = (self.epoch, *(self.pm or ()), *(self.pm_err or ()))
        return list(dict.fromkeys(p for p in parts if isinstance(p, str)))

    @property
    def moves(self) -> bool:
        """Whether motions are known, and since when."""
        return self.pm is not None and self.epoch is not None

    @property
    def record(self) -> dict[str, Any]:
        """What was given or found, as columns, numbers, or None for values per row."""

        def plain(part: Any) -> Any:
            return part if isinstance(part, str) else float(part) if np.ndim(part) == 0 else None

        if self.pm is None and self.epoch is None:
            return {}
        listed = {"pm": self.pm, "pm_err": self.pm_err}
        parts = {k: [plain(p) for p in v] for k, v in listed.items() if v is not None}
        return parts if self.epoch is None else {"epoch": plain(self.epoch), **parts}


NOTHING_SAID = Said()


def said_of(
    values: ColumnValues,
    ucds: Mapping[str, str],
    epoch: Any = None,
    pm: Any = None,
    pm_err: Any = None,
) -> Said:
    """What was given, completed by columns that are found by name or UCD.

    Raises
    ------
    ValueError, TypeError
        If something that was given is neither a column nor a value.
    """
    given = pm is not None or pm_err is not None
    pair = _pair(values, "pm", pm)
    if pair is None and pm_err is not None:
        pair = _found(values, ucds, PM_NAMES, PM_UCDS) or (0.0, 0.0)
    pair = pair or _found(values, ucds, PM_NAMES, PM_UCDS)
    errors = _pair(values, "pm_err", pm_err if _is_pair(pm_err) else (pm_err, pm_err))
    if errors is None and pair is not None and any(isinstance(p, str) for p in pair):
        errors = _found(values, ucds, ERROR_NAMES, ERROR_UCDS)
    if pair is not None and errors is None and all(np.ndim(p) == 0 and p == 0 for p in pair):
        pair = None  # said to be none
    since = _epoch_given(values, epoch)
    if since is None:
        since = _found_epoch(values, ucds)
    if given and pair is not None and since is None:
        raise ValueError(
            f"catalogue {values.catalog!r} has proper motions and no epoch since which they have "
            f"moved its objects; give epoch= (--epoch on the command line): {REMEDY}"
        )
    return Said(since, pair, errors if pair is not None else None, given)


def read_epoch(values: ColumnValues, said: Said) -> np.ndarray | None:
    """Epochs in Julian years, () where all rows have one, or (n,), NaN where missing."""
    if said.epoch is None:
        return None
    if not isinstance(said.epoch, str):
        return np.asarray(said.epoch, np.float64)
    years = column_years(values, said.epoch)
    known = years[np.isfinite(years)]
    bad = np.isfinite(years) & ~((years >= FIRST_YEAR) & (years <= LAST_YEAR))
    if bad.any():
        values.reject(said.epoch, bad, years, f"epochs are Julian years; {REMEDY}")
    if len(known) == len(years) and len(known) and known.min() == known.max():
        return np.asarray(known[0])
    return years


def read_motions(
    values: ColumnValues, said: Said, ra: np.ndarray, dec: np.ndarray
) -> Motions | None:
    """The motions of rows at some positions (degrees); None: there are none.

    What is missing is 0: the motion, its error, and all of it where the epoch is missing.
    """
    epoch = read_epoch(values, said)
    if epoch is None or said.pm is None:
        return None

    def read(part: Any, what: str) -> np.ndarray:
        rate = np.broadcast_to(values.number_or_column(part, "mas/yr", what), ra.shape)
        fast = np.isfinite(rate) & (np.abs(rate) > FASTEST)
        if fast.any() and not isinstance(part, str):
            raise ValueError(f"catalogue {values.catalog!r}: {what} is {rate[fast][0]}; {RATES}")
        if fast.any() and said.given:
            values.reject(part, fast, rate, RATES)
        if fast.any():  # of columns that nobody named
            warn_user(
                f"catalogue {values.catalog!r}: column {part!r} has fill values, over "
                f"{FASTEST:g} mas/yr, which are taken for no proper motion"
            )
        return np.where(np.isfinite(rate) & ~fast, rate, 0.0)

    pm = [read(part, "pm") for part in said.pm]
    error = None
    if said.pm_err is not None:
        error = np.column_stack([read(part, "pm_err") for part in said.pm_err])
        if (error < 0).any():
            raise ValueError(
                f"catalogue {values.catalog!r}: pm_err is negative in "
                f"{values.row_text(int(np.flatnonzero((error < 0).any(axis=1))[0]))}; give errors "
                "of proper motions in mas/yr, 0 or more"
            )
    if epoch.ndim:
        missing = ~np.isfinite(epoch)
        if missing.any():
            pm = [np.where(missing, 0.0, part) for part in pm]
            error = None if error is None else np.where(missing[:, None], 0.0, error)
            epoch = np.where(missing, 2000.0, epoch)
    return Motions(ra, dec, pm[0], pm[1], error, epoch)


def _is_pair(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and len(value) == 2


def _pair(values: ColumnValues, what: str, given: Any) -> tuple[Any, Any] | None:
    if given is None or (_is_pair(given) and given[0] is None and given[1] is None):
        return None
    if not _is_pair(given):
        raise TypeError(
            f"catalogue {values.catalog!r}: {what} is {shown(given)}; give a pair (pmra times "
            "cos(dec), pmdec) of columns or numbers, mas/yr"
        )
    for part in given:
        part = values.number_or_column(part, "mas/yr", what)
        if part.ndim == 0 and not np.isfinite(part):
            raise ValueError(
                f"catalogue {values.catalog!r}: {what} is {part}; give numbers in mas/yr or columns"
            )
    first, second = (
        p if isinstance(p, str) else values.number_or_column(p, "mas/yr", what) for p in given
    )
    return first, second


def _epoch_given(values: ColumnValues, epoch: Any) -> Any:
    """A column, a Julian year or some, from what a user gives; None: nothing."""
    if epoch is None:
        return None
    what = f"catalogue {values.catalog!r}: epoch is {shown(epoch)}"
    if isinstance(epoch, str):
        if epoch in values.table.colnames:
            return epoch
        year: Any = year_of_text(epoch)
        if year is None:
            raise ValueError(
                f"{what}, which is no column ({', '.join(values.table.colnames)}) nor a date; "
                f"{REMEDY}"
            )
    elif hasattr(epoch, "jyear"):
        year = epoch.jyear
    else:
        year = getattr(epoch, "value", epoch)
    try:
        year = np.asarray(year, np.float64)
    except Exception as error:  # of whatever was given
        raise TypeError(f"{what}; {REMEDY}") from error
    if year.ndim > 1 or (year.ndim == 1 and len(year) != len(values.table)):
        raise ValueError(f"{what}, of shape {year.shape}; {REMEDY}")
    if not np.all((year >= FIRST_YEAR) & (year <= LAST_YEAR)):
        raise ValueError(f"{what}, no Julian year from 1600 to 2500; {REMEDY} (of an MJD, too)")
    if year.ndim and len(year) and year.min() == year.max():
        return float(year[0])
    return float(year) if year.ndim == 0 else year


def _found(
    values: ColumnValues,
    ucds: Mapping[str, str],
    names: tuple[tuple[str, str], ...],
    ucd_pairs: tuple[tuple[str, str], ...],
) -> tuple[str, str] | None:
    """A pair of numeric columns by name, else by UCD; None where there is not exactly one."""
    by_name = {n.lower(): n for n in values.table.colnames}
    for first, second in names:
        if first in by_name and second in by_name:
            pair = by_name[first], by_name[second]
            return pair if all(_is_rate(values, p) for p in pair) else None
    said = {n: str(u).strip().lower().replace(" ", "") for n, u in ucds.items()}
    for pair_of in ucd_pairs:
        found = [[n for n, u in said.items() if u.removesuffix(";meta.main") == c] for c in pair_of]
        if all(len(f) == 1 for f in found):
            pair = found[0][0], found[1][0]
            return pair if all(_is_rate(values, p) for p in pair) else None
    return None


def _is_rate(values: ColumnValues, column: str) -> bool:
    """Whether a column that was found can be a proper motion; else it is left alone."""
    with contextlib.suppress(ValueError, TypeError):
        first = ColumnValues(values.table[[column]][:1], values.catalog)
        first.numbers(column, "mas/yr")
        return True
    return False


def _found_epoch(values: ColumnValues, ucds: Mapping[str, str]) -> str | None:
    names = [n for n in values.table.colnames if n.lower() in EPOCH_NAMES]
    said = {n: str(u).strip().lower().replace(" ", "") for n, u in ucds.items()}
    names = names or [n for n, u in said.items() if u in EPOCH_UCDS]
    if len(names) != 1 or np.asarray(values.table[names[0]][:1]).dtype.kind not in "fiu":
        return None
    with contextlib.suppress(ValueError, TypeError):
        read_epoch(values, Said(names[0]))
        return str(names[0])
    return None
