"""Position errors as texts on the command line: numbers, columns, their units and containment."""

from __future__ import annotations

import re
from typing import Any

from ..catalogs.typed import parts, plain
from .parsing import quoting

HELP = """\
An error is a number (arcsec, 1 sigma per axis), :COLUMN, :RA_ERR:DEC_ERR, or :MAJOR:MINOR:PA
(an ellipse, position angle east of north).  A unit in brackets stands for the column's own, and
@ says which fraction of the sources a radius holds: :e_RA[mas]:e_DEC[mas], :r90[arcmin]@90%,
:major:minor:pa@95%, 1.5@68%.  :r90:arcmin@90% is the same as :r90[arcmin]@90%.
A name with a colon or a comma stands in double quotes: ':"err:pos"'."""
WAYS = ":COLUMN, :RA_ERR:DEC_ERR or :MAJOR:MINOR:PA, with units in brackets and @90% for radii"
#: units that may stand as a part of their own, where a column could
WORDS = ("arcsec", "arcmin", "deg", "degree", "degrees", "mas", "rad", "uas", "arcseconds")


def position_error(spec: str, path: str) -> Any:
    """The position error of the catalogue in a file, as :class:`bayesmatch.Catalog` takes it."""
    from ..catalogs.errors import ErrorEllipse
    from ..catalogs.said import Radius, split_containment

    # Blanks before a bracket stay: a column may have the whole for its name.
    body, containment = split_containment(spec)
    if not body.startswith(":"):
        number = _number(body)
        if number is None:
            raise ValueError(
                f"position error of {path} is {spec!r}; give a number (arcsec), or {WAYS}"
            )
        return number if containment is None else Radius(number, containment)
    texts = parts(body[1:], ":")
    unit = texts.pop() if len(texts) > 1 and texts[-1].strip().lower() in WORDS else None
    if len(texts) > 3 or "" in texts:
        raise ValueError(f"position error of {path} is {spec!r}; give {WAYS}{quoting(spec[1:])}")
    axes: list[Any] = [_part(text, unit, column=len(texts) == 1) for text in texts[:2]]
    if containment is not None:
        axes = [Radius(axis, containment) for axis in axes]
    if len(texts) == 3:
        return ErrorEllipse(axes[0], axes[1], _part(texts[2], None))
    return axes[0] if len(axes) == 1 else tuple(axes)


def is_error(spec: str) -> bool:
    """Whether an argument is a position error, and not a file."""
    from ..catalogs.said import split_containment

    return spec.startswith(":") or _number(split_containment(spec)[0]) is not None


def _part(text: str, unit: str | None, *, column: bool = False) -> Any:
    """A number, or the name of a column: where only that can be meant, also one called 90."""
    number = None if column else _number(text)
    if number is not None:
        return number if unit is None else _with_unit(number, unit)
    text = plain(text)
    return text if unit is None else f"{text}[{unit.strip()}]"


def _number(text: str) -> Any:
    """A number, or one with its unit in brackets; None if it is neither."""
    found = re.fullmatch(r"\s*([^\[\]]+?)\s*(?:\[([^\[\]]+)\])?\s*", text)
    try:
        value = float(found[1]) if found else None
    except ValueError:
        return None
    if value is None or found is None or found[2] is None:
        return value
    return _with_unit(value, found[2])


def _with_unit(value: float, unit: str) -> Any:
    """A number of arcsec, from one in another unit."""
    from ..catalogs import units

    factor = units.factor(unit, "arcsec")
    if factor is None:
        raise ValueError(
            f"position error {value:g}[{unit}]: {unit} is no unit of angle; give one of "
            "arcsec, arcmin, deg, mas"
        )
    return value * factor
