"""Units as files spell them: which unit of angle (or time) a text stands for.

Files write ``[deg]``, ``deg (J2000)``, ``MAS``, ``"`` and ``none``; what is understood here is what
every such file means, and anything else is refused, never guessed.
"""

from __future__ import annotations

import contextlib
import math
import re
from typing import Any

#: what stands where there is no unit
NONE = frozenset(
    ("", "none", "null", "nan", "n/a", "na", "unitless", "dimensionless", "unknown", "?", "1", "*")
)
#: spellings of angles that astropy does not know, or takes for something else (as: attosecond)
ANGLES = {
    "deg": (
        "degree",
        "d",
        "°",
        "decimaldegrees",
        "decimaldegree",
        "decdeg",
        "degdec",
        "ddeg",
        "degs",
    ),
    "arcmin": ("'", "′", "amin", "arcminute", "arcmins"),
    "arcsec": ('"', "''", "″", "asec", "as", "arcs", "arcsecond", "secondsofarc", "secarc"),
    "mas": ("milliarcsec", "milliarcsecond", "marcsecond", "milliarcs", "masec"),
    "uas": ("microarcsec", "microarcsecond", "µas", "muas"),
    "rad": ("radian", "rads"),
    "hourangle": ("h", "hr", "hour", "hrs", "hour angle", "hourangle"),
}
#: of texts such as 12:34:56, which hold several numbers
SEXAGESIMAL = {
    "hms": ("hms", "h:m:s", "hh:mm:ss", "hhmmss", "h m s", "hh mm ss", "hms.s", "hh:mm:ss.s"),
    "dms": ("dms", "d:m:s", "dd:mm:ss", "ddmmss", "d m s", "dd mm ss", "dms.s", "dd:mm:ss.s"),
}
#: of errors in right ascension alone
TIMES = {"s": ("s", "second", "secondoftime", "timesec"), "ms": ("ms", "millisecond")}
#: of those, in seconds
SECONDS = {"s": 1.0, "ms": 0.001}
_KNOWN = {
    spelling: unit
    for table in (ANGLES, SEXAGESIMAL, TIMES)
    for unit, spellings in table.items()
    for spelling in (unit, *spellings)
}
_SEXAGESIMAL_SPELLINGS = {s: unit for unit, many in SEXAGESIMAL.items() for s in many}
#: brackets and quotes around a unit
_AROUND = (("[", "]"), ("(", ")"), ("{", "}"), ("'", "'"), ('"', '"'))
#: a column's name with brackets at its end, as text tables have it: ``err [mas]``, ``RA (deg)``
_NAMED = re.compile(r"(?P<name>.*[^\s\[(])\s*(?:\[(?P<square>[^\[\]]+)\]|\((?P<round>[^()]+)\))\s*")
#: a name that a unit is joined to: ``err_mas``, ``e_RA_mas``, ``r90.deg``, ``sigma arcmin``
_JOINED = re.compile(r"(?P<name>.*[^\s_.-])[\s_.-]+(?P<unit>[^\W\d_]+)")
#: units that joined to a name can be nothing else: as, s and min can, and rad is radio and radius
_ALONE = re.compile(
    r"deg|degrees?|arcmin(ute)?s?|arcsec(ond)?s?|asec|m(illi)?arcsec(ond)?s?|mas|microarcsec(ond)?s?|"
    r"[uµ]as|radians?",
    re.IGNORECASE,
)
#: parts of names of what is a unit's square or inverse, or was looked for in a circle of some size
_NOT_IN_IT = frozenset(
    "per within i ivar var variance cov covar covariance corr inv inverse sq squared square "
    "n num number count density".split()
)
#: numbers in names that are no sizes: per cent that a radius contains
_CONTAINED = frozenset("39 50 63 68 90 95 98 99".split())
#: least and largest right ascension, and declination, in units that names of coordinates end in
LIMITS = {
    "rad": ((-2.0 * math.pi, 2.0 * math.pi), (-0.5 * math.pi, 0.5 * math.pi)),
    "hourangle": ((0.0, 24.0), (-90.0, 90.0)),
}
#: what follows a unit of a coordinate: its frame
_FRAME = re.compile(r"[\s_,;]*[\[(]?\s*(icrs|fk[45]|j2000(\.0)?|b1950(\.0)?)\s*[\])]?$")


def has_unit(unit: Any) -> bool:
    """Whether a column's unit is one, and not a word for none."""
    return unit is not None and bool(_stripped(str(unit)))


def _stripped(text: str) -> str:
    """A spelling without case, frame, brackets and full stop; empty where there is no unit."""
    text = text.strip().lower()
    if text in _KNOWN:
        return text
    for left, right in _AROUND:
        if len(text) > 2 and text[0] == left and text[-1] == right:
            return _stripped(text[1:-1])
    shorter = _FRAME.sub("", text)
    if shorter != text:
        return _stripped(shorter)
    text = text.rstrip(".").strip()
    return "" if text in NONE or not text.strip("-–— ._") else text


def spelled(text: Any) -> str | None:
    """The unit of angle or time that a spelling stands for; None where it is not a known one.

    One of the keys of :data:`ANGLES`, :data:`SEXAGESIMAL`, :data:`TIMES`.
    """
    short = _stripped(str(text))
    if short in _SEXAGESIMAL_SPELLINGS:
        return _SEXAGESIMAL_SPELLINGS[short]
    short = re.sub(r"[\s_]", "", short)
    # arcseconds, degrees; but s is a second and as an arcsecond
    for candidate in (short, short.rstrip("s") if len(short) > 3 else short):
        if candidate in _KNOWN:
            return _KNOWN[candidate]
    return None


def in_name(column: str) -> str | None:
    """The unit of angle or time at the end of a column's name; None where there is none.

    Only longer words count in round brackets: ``error(s)`` are several.
    """
    found = _NAMED.fullmatch(column)
    if found is None:
        return None
    square, around = found["square"], found["round"] or ""
    unit = spelled(square or around)
    return None if unit in SEXAGESIMAL or (around.isalpha() and len(around) < 3) else unit


def joined_to_name(column: str) -> str | None:
    """The unit of angle that a name without brackets ends in, ``err_mas``; None: not surely one.

    Of lengths, as position errors are. ``n_within_3_arcsec`` and ``ivar_mas`` are none.
    """
    found = _JOINED.fullmatch(column)
    if found is None or _ALONE.fullmatch(found["unit"]) is None:
        return None
    parts = [part.lower() for part in re.split(r"[\s_.-]+", found["name"]) if part]
    if _NOT_IN_IT.intersection(parts) or (parts[-1].isdigit() and parts[-1] not in _CONTAINED):
        return None
    return spelled(found["unit"])


def of_coordinate(column: str) -> str | None:
    """The unit that the name of a coordinate ends in, ``ra_rad``, ``ra_hours``; None: another.

    In degrees it is without; rad is radio's ending, too, and ``ra_hour`` is a part of three.
    """
    found = _JOINED.fullmatch(column)
    unit = None if found is None else spelled(found["unit"])
    if found is None or (unit == "hourangle" and len(found["unit"]) < 5) or unit not in LIMITS:
        return None
    return unit if found["unit"].lower() != "hour" else None


def without_unit(column: str) -> str:
    """A column's name without the unit that it ends in."""
    found = _NAMED.fullmatch(column)
    return column if found is None or in_name(column) is None else found["name"]


def factor(have: Any, want: str) -> float | None:
    """What turns numbers in one unit into another; None where nothing does."""
    import astropy.units as u

    text = str(have).strip()
    spellings: list[Any] = [have, text.lower().rstrip("s")]
    named = spelled(text)
    if named is not None and is_angle(want):
        # the known ones first: for astropy, an angle in "h" is a time, and one in "d" a day
        spellings = [named, *spellings]
    elif _stripped(text):
        spellings += [_stripped(text), _stripped(text).rstrip("s")]
    for spelling in spellings:
        with contextlib.suppress(u.UnitConversionError, ValueError, TypeError):
            return float(u.Unit(spelling).to(want))
    return None


def in_unit(what: str, value: Any, want: str) -> Any:
    """Numbers that carry a unit, as numbers in the one that is wanted; others as they are.

    Raises
    ------
    ValueError
        If nothing turns the one unit into the other.
    """
    have = getattr(value, "unit", None)
    if not has_unit(have):
        return value
    times = factor(have, want)
    if times is None:
        raise ValueError(f"{what} given in {have}, which is not convertible to {want}")
    return getattr(value, "value", value) * times


def is_angle(unit: str) -> bool:
    """Whether a unit that is asked for is one of angle."""
    return unit in ANGLES
