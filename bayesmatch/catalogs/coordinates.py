"""Positions in whatever form a table has them, as ICRS degrees: texts, hours, other frames.

What is plain numbers in degrees is used as it is. Everything else is converted, through astropy
where it is a frame, with a warning of what was done, into two new columns of degrees.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from astropy.table import Column, Table

from . import units
from .formats.storage import decoded_texts
from .located import Located, is_sky
from .sexagesimal import Angles, in_hours, parsed
from .values import ColumnValues
from .warned import warn_user

#: names of the new columns
NEW = ("RA_ICRS", "DEC_ICRS")
GALACTIC, ICRS = "galactic", "ICRS"
#: FK5 of this equinox is ICRS to 0.03 arcsec, and catalogues that say FK5 mean either
J2000 = 2000.0


def in_degrees(values: ColumnValues, found: Located) -> tuple[Table, str, str]:
    """A table with positions in columns of ICRS degrees, and the names of these.

    It is the table of `values` itself where that has them already.

    Raises
    ------
    ValueError, TypeError
        If a text is no angle, or could be hours and degrees; the message says both readings.
    """
    table = values.table
    if found.dec is None:
        return _of_sky(values, found.ra)
    names = found.ra, found.dec
    frame = frame_of(table, found)
    numeric = [getattr(table[name].dtype, "kind", "O") in "fiub" for name in names]
    if all(numeric) and frame == ICRS:
        if found.units == (None, None):
            return table, *names
        return with_units(table, names, found.units), *names
    ra, dec, notes = degrees_of(values, found, frame)
    header = frame not in (ICRS, GALACTIC) and found.kind != "old" and all(numeric)
    new, table = (names if header else _new_names(table)), table.copy(copy_data=False)
    table.meta = dict(table.meta)
    for name, degrees in zip(new, (ra, dec), strict=True):
        column = Column(degrees, name=name, unit="deg")
        if header:
            column.description = table[name].description
            table.replace_column(name, column)
        else:
            table.add_column(column)
    if header:
        _forget_frame(table, names)
    _note(values, f"{'; '.join(notes)}; as ICRS degrees in columns {new[0]} and {new[1]}")
    return table, *new


def check_scanned(values: ColumnValues, found: Located) -> None:
    """Raise a ValueError unless the positions are those of a data set that can be streamed."""
    names = [name for name in (found.ra, found.dec) if name is not None]
    kinds = [getattr(values.table[name].dtype, "kind", "O") for name in names]
    frame = frame_of(values.table, found)
    if frame != ICRS or any(kind in "USO" for kind in kinds):
        what = "texts" if frame == ICRS else f"{frame} coordinates"
        raise ValueError(
            f"catalogue {values.catalog!r}: columns {' and '.join(names)} are {what}, and a "
            "scanned catalogue is searched by numbers in ICRS: read one file of it whole (by its "
            "name, or with Catalog.read), or name columns with ra= and dec= (--ra and --dec on "
            "the command line)"
        )


def degrees_of(
    values: ColumnValues, found: Located, frame: str = ICRS
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """ICRS right ascensions and declinations, degrees, float64, NaN where missing: (n,) each.

    And what was done, for a note.
    """
    assert found.dec is not None
    notes: list[str] = []
    read = []
    for name, said, is_ra in ((found.ra, found.units[0], True), (found.dec, found.units[1], False)):
        if getattr(values.table[name].dtype, "kind", "O") in "fiub":
            read.append(values.numbers(name if said is None else f"{name}[{said}]", "deg"))
        else:
            read.append(text_degrees(values, name, said, is_ra and frame != GALACTIC, notes))
    first, second = read
    if frame == ICRS:
        return first, second, notes
    bad = ~((second >= -90.0) & (second <= 90.0)) & np.isfinite(second)
    if bad.any():
        values.reject(
            found.dec, bad, second, "it must be from -90 to 90 degrees; remove or repair those rows"
        )
    from astropy.coordinates import SkyCoord

    known = np.isfinite(first) & np.isfinite(second)
    ra, dec = np.full(len(first), np.nan), np.full(len(first), np.nan)
    sky = SkyCoord(first[known], second[known], unit="deg", frame=_astropy_frame(frame)).icrs
    ra[known], dec[known] = sky.ra.deg, sky.dec.deg
    return ra, dec, [*notes, f"{found.ra} and {found.dec} read as {frame} and turned to ICRS"]


def text_degrees(
    values: ColumnValues, name: str, said: str | None, is_ra: bool, notes: list[str]
) -> np.ndarray:
    """A column of texts as degrees, (n,) float64, NaN where missing."""
    texts, mask = _texts(values.table[name])
    own = getattr(values.table[name], "unit", None)
    unit = said if said is not None else str(own) if units.has_unit(own) else None
    if unit is None and is_ra and re.search(r"hms|h:m:s", name.lower()):
        unit = "hms"
    spelled = None if unit is None else units.spelled(unit)
    if unit is not None and spelled is None:
        values.unit_factor(unit, "deg", f"column {name!r}")
    angles = parsed(np.where(mask, "", texts) if mask is not None else texts)
    if angles.bad.any():
        values.reject(
            name,
            angles.bad,
            texts,
            "it must be a number of degrees, or hours (degrees), minutes and seconds, as "
            "12:34:56.7; repair those rows or name other columns with ra= and dec= (--ra and "
            "--dec on the command line)",
        )
    hours = in_hours(angles, spelled) if is_ra else False
    if hours is None:
        raise _both_readings(values, name, texts, angles)
    single = ~angles.sexagesimal & np.isfinite(angles.value)
    if hours and angles.sexagesimal.any() and single.any():
        values.reject(
            name,
            single,
            texts,
            "the others are hours, minutes and seconds, and of one number nothing tells whether it "
            "is hours or degrees; repair those rows",
        )
    if angles.sexagesimal.any() or spelled in units.SEXAGESIMAL:
        how = "hours" if hours else "degrees"
        notes.append(f"{name} read as {how}, minutes and seconds")
        if is_ra and not angles.letter and spelled is None:
            notes[-1] += f" ({name}[dms] would be degrees)" if hours else ""
        return angles.value * 15.0 if hours else angles.value
    notes.append(f"{name}: texts read as numbers" + (f" in {spelled}" if spelled else ""))
    factor = 1.0 if spelled is None else values.unit_factor(spelled, "deg", f"column {name!r}")
    return angles.value * factor


def _both_readings(values: ColumnValues, name: str, texts: Any, angles: Angles) -> ValueError:
    slips = np.flatnonzero(angles.no_hours)
    row = int((slips if len(slips) else np.flatnonzero(angles.sexagesimal))[0])
    degrees = angles.value[row]
    hours = (
        f"no hour of a day, as {len(slips)} of {int(angles.sexagesimal.sum())} are not; repair "
        "it if these are hours"
        if len(slips)
        else f"{degrees * 15.0:.6f} deg if these are hours"
    )
    return ValueError(
        f"catalogue {values.catalog!r}: column {name!r} is {str(texts[row]).strip()!r} in "
        f"{values.row_text(row)}, which is {hours} and {degrees:.6f} deg if they are degrees; say "
        f"which as ra='{name}[hms]' or ra='{name}[dms]' (--ra '{name}[hms]' or --ra "
        f"'{name}[dms]' on the command line)"
    )


def _texts(column: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """A column as text, and where it is masked."""
    mask = getattr(column, "mask", None)
    data = np.asarray(np.ma.getdata(getattr(column, "unmasked", column)))
    if data.dtype.kind == "S":
        data = decoded_texts(data)
    elif data.dtype.kind != "U":
        data = np.array(["" if v is None or v != v else str(v) for v in data.ravel()], dtype=str)
    return data, None if mask is None else np.asarray(mask)


def frame_of(table: Table, found: Located) -> str:
    """The frame of the positions: what their names say, else the columns, else the header."""
    if found.kind in (GALACTIC, "old"):
        return GALACTIC if found.kind == GALACTIC else "FK4 B1950"
    if re.search(r"j2000|icrs|2000", found.ra.lower()):
        return ICRS
    own = (table[found.ra].info.meta or {}).get("coosys")
    if own:
        return named_frame(*(str(own).split() + [None])[:2])
    meta = {str(k).upper(): v for k, v in table.meta.items() if isinstance(k, str)}
    system = meta.get("RADESYS") or meta.get("RADECSYS") or meta.get("COOSYS")
    return named_frame(system, meta.get("EQUINOX"))


def named_frame(system: Any, equinox: Any) -> str:
    """A frame as FITS and VOTable name it, one of "ICRS", "galactic", "FK4 B1950", "FK5 J1975".

    Without a system, an equinox before 1984 means FK4 (FITS standard 4.0, section 8.3).
    """
    name = re.sub(r"^eq_", "", str(system or "").strip(" '\"").lower())
    number = re.search(r"\d+(\.\d*)?", str(equinox)) if equinox is not None else None
    year = float(number[0]) if number else None
    if name.startswith("gal"):
        return GALACTIC
    if name == "icrs" or (name not in ("", "fk5", "fk4", "fk4-no-e") and year is None):
        return ICRS
    if name.startswith("fk4") or (not name and year is not None and year < 1984.0):
        return f"FK4 B{1950.0 if year is None else year:g}"
    return ICRS if year is None or year == J2000 else f"FK5 J{year:g}"


def _astropy_frame(frame: str) -> Any:
    if frame == GALACTIC:
        return GALACTIC
    from astropy.coordinates import FK4, FK5

    system, equinox = frame.split()
    return {"FK4": FK4, "FK5": FK5}[system](equinox=equinox)


def _of_sky(values: ColumnValues, name: str) -> tuple[Table, str, str]:
    """A table with two columns of degrees in place of a column of SkyCoord."""
    sky = values.table[name]
    notes = [f"{name} (SkyCoord, {sky.frame.name})"]
    new = _new_names(values.table)
    rest = [c for c in values.table.colnames if not is_sky(values, c)]
    table = Table([values.table[c] for c in rest], names=rest, meta=values.table.meta, copy=False)
    icrs = sky.icrs
    for column, angle in zip(new, (icrs.ra, icrs.dec), strict=True):
        degrees = np.array(np.ma.getdata(getattr(angle.deg, "unmasked", angle.deg)), dtype=float)
        degrees[np.broadcast_to(np.asarray(getattr(angle, "mask", False)), degrees.shape)] = np.nan
        table.add_column(Column(degrees, name=column, unit="deg"))
    _note(values, f"{'; '.join(notes)}; as ICRS degrees in columns {new[0]} and {new[1]}")
    return table, *new


def _new_names(table: Table) -> tuple[str, str]:
    """Names that the table does not have yet."""
    there = {name.lower() for name in table.colnames}
    end = ""
    while any((name + end).lower() in there for name in NEW):
        end += "_"
    return NEW[0] + end, NEW[1] + end


def with_units(table: Table, names: tuple[str, str], said: tuple[str | None, str | None]) -> Table:
    """The table with units that were said in place of the columns' own."""
    if said == (None, None):
        return table
    table = table.copy(copy_data=False)
    for name, unit in zip(names, said, strict=True):
        if unit is not None:
            table[name].unit = units.spelled(unit) or unit
    return table


def _forget_frame(table: Table, names: Mapping[str, str] | tuple[str, str]) -> None:
    """The header of a table whose positions are ICRS now."""
    for key in list(table.meta):
        if str(key).upper() in ("RADESYS", "RADECSYS", "COOSYS", "EQUINOX"):
            del table.meta[key]
    for name in names:
        column = table[name]
        column.info.meta = {k: v for k, v in (column.info.meta or {}).items() if k != "coosys"}


def _note(values: ColumnValues, text: str) -> None:
    warn_user(f"catalogue {values.catalog!r}: positions from {text}")
