"""Positions in seven columns, as the CDS has them: RAh, RAm, RAs, DE-, DEd, DEm, DEs.

Hours, minutes and seconds of right ascension; sign, degrees, minutes and seconds of declination
(Standards for astronomical catalogues, CDS, version 2.0, section 3.2.1). They become two columns of
degrees.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import astropy.units as u
import numpy as np
from astropy.table import Column, Table

from .formats.storage import decoded_texts
from .pairing import pairs_in
from .scalars import shown_item
from .split_names import split_parts
from .values import ColumnValues
from .warned import warn_user

#: names of the new columns
NEW, OLD = ("RA_deg", "DEC_deg"), ("RA_B1950", "DEC_B1950")
MINUTE, SECOND = 1.0 / 60.0, 1.0 / 3600.0
#: units of the parts, as astropy has them
UNITS = ("h", "min", "s"), ("deg", "arcmin", "arcsec")
#: what a sign may be, "-" apart; without one it is north
NORTH = ("", "+", "1", "+1", "1.0")


def joined_positions(table: Table, catalog: str, given: bool) -> Table:
    """The table with degrees in new columns, where its positions are such; else itself.

    Parameters
    ----------
    table : Table
        As it was read; it is not changed.
    catalog : str
        Name of the catalogue, for messages.
    given : bool
        Whether the user has said which columns the positions are.

    Raises
    ------
    ValueError
        If a part is out of its range, or the sign of a declination cannot be told.
    TypeError
        If a part is no number.
    """
    parts = None if given else split_parts(table.colnames)
    if parts is None:
        return table
    numbers = [
        pair
        for pair in pairs_in(table.colnames, {})
        if all(getattr(table[n].dtype, "kind", "O") in "fiu" for n in (pair.ra, pair.dec))
        and pair.kind in ("exact", "known")
    ]
    if numbers:  # the same, in degrees
        return table
    values = ColumnValues(table, catalog)
    _check_units(values, (parts[:3], parts[4:]))
    ra = 15.0 * _sum(values, parts[:3], (24.0, 60.0, 60.0))
    size = _sum(values, parts[4:], (90.0, 60.0, 60.0), signed=True)
    degrees = ra, np.where(_negative(values, parts[3], parts[4]), -size, size)
    names = OLD if _old(table, parts) else NEW
    if any(name in table.colnames for name in names):
        return table
    out = table.copy(copy_data=False)
    for name, column in zip(names, degrees, strict=True):
        out[name] = Column(column, unit="deg")
    warn_user(
        f"catalogue {catalog!r}: positions from {', '.join(filter(None, parts))}; as degrees in "
        f"columns {names[0]} and {names[1]}"
    )
    return out


def _check_units(values: ColumnValues, sides: Sequence[Sequence[str | None]]) -> None:
    """Raise if a part says that it is in another unit; one that astropy does not know is none."""
    for parts, units in zip(sides, UNITS, strict=True):
        for name, unit in zip(parts, units, strict=True):
            said = None if name is None else values.table[name].unit
            if said is None or isinstance(said, u.UnrecognizedUnit):
                continue
            if said != u.Unit(unit) and (unit, said) != ("h", u.hourangle):
                raise ValueError(
                    f"catalogue {values.catalog!r}: column {name!r} is in {said}, where a position "
                    f"in seven columns has {unit}; correct its unit, or give columns of degrees"
                )


def _sum(
    values: ColumnValues,
    parts: Sequence[str | None],
    limits: Sequence[float],
    signed: bool = False,
) -> np.ndarray:
    """Whole units, minutes and seconds together, (n,), without sign; NaN where one is missing."""
    total = np.zeros(len(values.table))
    for k, (name, limit, unit) in enumerate(zip(parts, limits, (1.0, MINUTE, SECOND), strict=True)):
        if name is None:
            continue
        part = _plain(values, name)
        part = np.abs(part) if signed and k == 0 else part
        if any(finer is not None for finer in parts[k + 1 :]):
            broken = np.isfinite(part) & (part != np.floor(part))
            if broken.any():
                values.reject(name, broken, part, "beside finer parts it must be a whole number")
        bad = (part < 0.0) | (part > limit)
        if bad.any():
            values.reject(name, bad, part, f"it must be from 0 to {limit:g}; repair those rows")
        total = total + unit * part
    if (total > limits[0]).any():
        whole = parts[0] or ""
        says = f"with its minutes and seconds it is above {limits[0]:g}; repair those rows"
        values.reject(whole, total > limits[0], _plain(values, whole), says)
    return total


def _plain(values: ColumnValues, name: str) -> np.ndarray:
    """Numbers, or texts that are numbers, as a catalogue's reader may leave them."""
    column = values.table[name]
    if getattr(column.dtype, "kind", "O") in "fiu":
        return values.numbers(name)
    out = np.full(len(column), np.nan)
    for row, text in enumerate(_texts(column).tolist()):
        try:
            out[row] = float(text) if text else np.nan
        except ValueError:
            raise TypeError(
                f"catalogue {values.catalog!r}: column {name!r} is {shown_item(text)} in "
                f"{values.row_text(row)}; it must hold one number per row"
            ) from None
    return out


def _negative(values: ColumnValues, sign: str | None, whole: str | None) -> np.ndarray:
    """Which declinations are below zero, (n,)."""
    assert whole is not None
    if sign is not None:
        return _signs(values, sign, whole)
    column = values.table[whole]
    if column.dtype.kind not in "fiu":
        return np.char.startswith(_texts(column), "-")
    degrees = _plain(values, whole)
    below: np.ndarray = np.signbit(degrees) & np.isfinite(degrees)
    zero = (degrees == 0.0) & ~below
    if below.any() and zero.any():
        values.reject(
            whole,
            zero,
            degrees,
            "there is no column of signs (DE-), so north or south of the equator cannot be told; "
            "add one, or columns of degrees",
        )
    return below


def _signs(values: ColumnValues, sign: str, whole: str) -> np.ndarray:
    """Which declinations have a minus in the column of signs, (n,)."""
    texts = _texts(values.table[sign])
    south: np.ndarray = np.char.startswith(texts, "-")
    strange = ~(south | np.isin(texts, NORTH))
    if strange.any():
        row = int(np.argmax(strange))
        raise ValueError(
            f"catalogue {values.catalog!r}: column {sign!r} is {shown_item(str(texts[row]))} in "
            f"{values.row_text(row)}; a sign of declination is + or -, or is left out"
        )
    degrees = _plain(values, whole)
    against = ~south & np.signbit(degrees) & np.isfinite(degrees)
    if against.any():
        says = f"its sign, in column {sign!r}, is another; correct one of them"
        values.reject(whole, against, degrees, says)
    return south


def _texts(column: Any) -> np.ndarray:
    """Cells as text without blanks; empty where masked."""
    data = np.asarray(np.ma.getdata(column))
    text = decoded_texts(data) if data.dtype.kind == "S" else data.astype(str)
    text = np.char.strip(text)
    for dash in "−–—":
        text = np.char.replace(text, dash, "-")
    mask = np.ma.getmaskarray(np.ma.asarray(column))
    return np.where(mask, "", text) if mask.any() else text


def _old(table: Table, parts: Sequence[str | None]) -> bool:
    """Whether the descriptions say that they are of 1950."""
    told = [str(table[name].description or "") for name in parts if name is not None]
    return any(re.search(r"\bB?1950", text) for text in told)
