"""Columns that catalogues are known to quote other numbers in than 1 sigma per axis, in arcsec.

What each column means is from the paper or the description named with it; ``checked`` says where it
was read again when the table was made, and is empty where that could not be done. A column of that
name given as ``pos_err`` without its containment (or, without a unit of its own, its unit) is
warned of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .said import Said
from .typed import typed
from .units import TIMES, has_unit, in_name, joined_to_name, without_unit
from .values import ColumnValues
from .warned import warn_user

#: of a circular Gaussian, within sqrt(2) sigma: sqrt(sigma_ra^2 + sigma_dec^2)
TWO_D_RMS = 0.632


@dataclass(frozen=True)
class Quoted:
    """What a catalogue quotes in a column."""

    catalogue: str
    column: str
    """regular expression, any case"""
    what: str
    containment: float | None
    """of the radius; None: it is 1 sigma per axis"""
    unit: str
    """of the numbers, where the column has none"""
    source: str
    checked: str
    """where the meaning was read again, and how; empty: from the authors' memory alone"""
    beside: tuple[str, ...] = ()
    """columns that tell the catalogue; none: the name alone does"""


KNOWN = (
    Quoted(
        "ROSAT (1RXS)",
        r"poserr|e_pos|pos_err",
        "the radius of a total error of 1 sigma, 68%, its systematic 6 arcsec included",
        0.68,
        "arcsec",
        "Voges et al. 1999, A&A 349, 389",
        "",
        ("1rxs",),
    ),
    Quoted(
        "4XMM",
        r"(sc_)?poserr",
        "sqrt(sigma_ra^2 + sigma_dec^2), which holds 63% of the sources",
        TWO_D_RMS,
        "arcsec",
        "4XMM-DR13 column descriptions, POSERR; Webb et al. 2020, A&A 641, A136",
        "4XMM-DR13, Coordinates (20 columns), xmmssc.irap.omp.eu: a radius of 63%",
    ),
    Quoted(
        "4XMM or eROSITA",
        r"radec_err",
        "sqrt(sigma_ra^2 + sigma_dec^2) of the fit, without systematics; it holds 63%",
        TWO_D_RMS,
        "arcsec",
        "4XMM-DR13 column descriptions, RADEC_ERR; Merloni et al. 2024, A&A 682, A34, table D.1",
        "4XMM-DR13, Coordinates (20 columns), xmmssc.irap.omp.eu; of eROSITA: not",
    ),
    Quoted(
        "CSC",
        r"(csc_)?err_(ellipse_)?r[01]",
        "an axis of the 95% ellipse",
        0.95,
        "arcsec",
        "Evans et al. 2010, ApJS 189, 37; Chandra Source Catalog 2 columns, err_ellipse_r0",
        "the labels of the Chandra X-ray Center's own viewer: 95% confidence position error",
    ),
    Quoted(
        "4FGL",
        r"conf_95_semi(major|minor)",
        "an axis of the 95% ellipse in degrees",
        0.95,
        "deg",
        "Abdollahi et al. 2020, ApJS 247, 33, table 12",
        "the units of gll_psc of 4FGL-DR4 (deg); the containment is in the column's name",
    ),
    Quoted(
        "4FGL",
        r"conf_68_semi(major|minor)",
        "an axis of the 68% ellipse in degrees",
        0.68,
        "deg",
        "Abdollahi et al. 2020, ApJS 247, 33, table 12",
        "the units of gll_psc of 4FGL-DR4 (deg); the containment is in the column's name",
    ),
    Quoted(
        "NVSS",
        r"e_raj2000",
        "an error of right ascension in seconds of time",
        None,
        "s",
        "Condon et al. 1998, AJ 115, 1693; VizieR VIII/65, e_RAJ2000",
        "rows of VIII/65: 15 cos(dec) e_RAJ2000 is 0.7 to 1 times e_DEJ2000, as rounded",
        ("nvss|nvss_\\d", "s1.4"),
    ),
    Quoted(
        "GLEAM",
        r"err_(raj2000|dej2000)",
        "an error of the fit in degrees",
        None,
        "deg",
        "Hurley-Walker et al. 2017, MNRAS 464, 1146, catalogue columns",
        "ReadMe of VizieR VIII/100: err_RAJ2000, rms uncertainty, deg",
        ("gleam|peak_flux_wide|int_flux_wide",),
    ),
    Quoted(
        "RACS",
        r"e_(ra|dec)",
        "an error of the fit alone in arcsec: the frame is off by up to 1 arcsec more",
        None,
        "arcsec",
        "Hale et al. 2021, PASA 38, e058, sections 4 and 5",
        "",
        ("e_ra", "e_dec", "total_flux_source|total_flux|source_island_id", "tile_id|gal_lon"),
    ),
)
#: eROSITA's POS_ERR is 1 sigma as it is (Merloni et al. 2024, table D.1): nothing to say of it
#: names that say a containment: r90, R_95, err90, poserr_95, r68pc
_BY_NAME = re.compile(
    r"(?:.*_)?(?:r|rad|radius|err|error|poserr|pos_err|conf|theta)_?(39|50|68|90|95|98|99)"
    r"(?:pc|p)?(?:_.*)?",
    re.IGNORECASE,
)


def warn_of_known(values: ColumnValues, entries: Sequence[Any]) -> None:
    """Warn of columns that are known, or say by their name, to hold another number."""
    both = [values.named(entry) for entry in entries[:2] if isinstance(entry, str)]
    for k, entry in enumerate(entries[:2]):
        if isinstance(entry, str):
            # seconds of time are an error of the right ascension, the first of a pair
            beside = both[1] if k == 0 and len(entries) == len(both) == 2 else None
            text = advice(values, values.named(entry), beside)
            if text:
                warn_user(f"catalogue {values.catalog!r}: {text}")
    _tell_units_joined(values, both)


def _tell_units_joined(values: ColumnValues, errors: Sequence[Said]) -> None:
    """Say of which columns the unit was taken from a name without brackets."""
    found = {
        about.column: unit
        for about in errors
        if about.unit is None
        and not has_unit(getattr(values.table[about.column], "unit", None))
        and in_name(about.column) is None
        and (unit := joined_to_name(about.column)) not in (None, "arcsec")
    }
    if found:
        told = ", ".join(f"{column!r} in {unit}" for column, unit in found.items())
        first = typed(next(iter(found)))
        warn_user(
            f"catalogue {values.catalog!r}: no unit stands with the position error, which is read "
            f"as its name says: {told} ({first}[arcsec] would be arcsec)"
        )


def advice(values: ColumnValues, about: Said, beside: Said | None = None) -> str:
    """What to say of a column that is given as a position error; empty: nothing.

    `beside` is the second error of a pair, where `about` is the first.
    """
    if about.column not in values.table.colnames:
        return ""
    own = has_unit(values.own_unit(about.column, "arcsec")) or about.unit is not None
    known = quoted_in(values.table.colnames, about.column)
    if known is not None:
        contains = about.containment is None and known.containment is not None
        unit = not own and known.unit != "arcsec"
        if not (contains or unit or (known.containment is None and known.unit == "arcsec")):
            return ""
        better = Said(
            about.column,
            known.unit if unit else about.unit,
            known.containment if contains else about.containment,
        )
        text = f"column {about.column!r} of {known.catalogue} is {known.what} ({known.source})"
        if better == about:
            return f"{text}; add it in quadrature, or see fit_position_errors (--fit-errors)"
        return f"{text}, and is read as {_read_as(about, own)}; {_remedy(better, beside)}"
    found = _BY_NAME.fullmatch(without_unit(about.column))
    if found is None or about.containment is not None:
        return ""
    fraction = float(found[1]) / 100.0
    return (
        f"column {about.column!r} is read as {_read_as(about, own)}; if it is a radius that holds "
        f"{found[1]}% of the sources, {_remedy(Said(about.column, about.unit, fraction))}"
    )


def _read_as(about: Said, has_own: bool) -> str:
    return "1 sigma per axis" + ("" if about.unit or has_own else ", in arcsec if it has no unit")


def _remedy(better: Said, beside: Said | None = None) -> str:
    """How to say it, in Python and on the command line."""
    if better.unit in TIMES:  # understood of a pair alone
        other = beside or Said("e_DEJ2000")
        return (
            f"say pos_err=('{better}', '{other}') (':{better.typed}:{other.typed}' on the command "
            "line)"
        )
    if better.containment is None:
        return f"say pos_err='{better}' (':{better.typed}' on the command line)"
    name = str(Said(better.column, better.unit))
    return (
        f"say pos_err=Radius({name!r}, containment={better.containment:g}) "
        f"(':{better.typed}' on the command line)"
    )


def quoted_in(names: Sequence[str], column: str) -> Quoted | None:
    """What a column is known to hold, beside the others of its table."""
    low = [name.strip().lower() for name in names]
    for known in KNOWN:
        if re.fullmatch(known.column, column.strip().lower()) and all(
            any(re.fullmatch(pattern, name) for name in low) for pattern in known.beside
        ):
            return known
    return None
