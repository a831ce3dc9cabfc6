"""Where a table's positions stand: the pair that is meant, and never silently one of several."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from . import columns
from .pairing import Pair, pairs_in, partner
from .units import LIMITS, has_unit, in_name, of_coordinate
from .values import ColumnValues
from .warned import warn_user

#: degrees by which two roundings of one position may differ beyond their last digits: 1 mas
SAME = 1.0 / 3.6e6
#: decimals that are looked at to tell the last digit of a column
DECIMALS = 10


@dataclass(frozen=True)
class Located:
    """The columns of the positions, and what was said of them."""

    ra: str
    dec: str | None
    """None: `ra` holds both, an astropy SkyCoord"""
    units: tuple[str | None, str | None] = (None, None)
    """units that were said beside the columns' names"""
    kind: str = "known"
    """as of :class:`bayesmatch.catalogs.pairing.Pair`"""

    def origins(self, ra: str, dec: str) -> dict[str, str]:
        """Of new columns of degrees, which of the given ones they were made of."""
        given = (self.ra, self.ra if self.dec is None else self.dec)
        return {new: old for new, old in zip((ra, dec), given, strict=True) if new != old}


def located(
    values: ColumnValues, ra: str | None, dec: str | None, ucds: Mapping[str, str]
) -> Located:
    """The columns of right ascension and declination that are given, or found.

    Raises
    ------
    ValueError, TypeError
        If there are none, or two pairs of numbers that say different things.
    """
    names = values.table.colnames
    right = values.named(ra) if ra is not None else None
    down = values.named(dec) if dec is not None else None
    if right is not None and down is None and is_sky(values, right.column):
        return Located(right.column, None)
    if right is None and down is None:
        pair = chosen(values, pairs_in(names, ucds))
        if pair is not None and pair.kind == "exact":
            for role in (columns.RA, columns.DEC):  # RA and ra, and one declination
                values.find(None, dict(ucds), role)
        if pair is not None:
            names_say = _with_those_of_names(values, (pair.ra, pair.dec), (None, None))
            return Located(pair.ra, pair.dec, names_say, pair.kind)
        sky = [name for name in names if is_sky(values, name)]
        if len(sky) == 1:
            return Located(sky[0], None)
    ra_name = right.column if right else down and partner(names, ucds, down.column)
    dec_name = down.column if down else right and partner(names, ucds, right.column)
    ra_name = ra_name or values.find(None, dict(ucds), columns.RA)
    dec_name = dec_name or values.find(None, dict(ucds), columns.DEC)
    kinds = {(p.ra, p.dec): p.kind for p in pairs_in([ra_name, dec_name], ucds)}
    said = right.unit if right else None, down.unit if down else None
    return Located(
        ra_name,
        dec_name,
        _with_those_of_names(values, (ra_name, dec_name), said),
        kinds.get((ra_name, dec_name), "known"),
    )


def _with_those_of_names(
    values: ColumnValues, names: tuple[str, str], said: tuple[str | None, str | None]
) -> tuple[str | None, str | None]:
    """Units that are said, or else those of numbers that the names end in, but for degrees."""
    found = list(said)
    for k, name in enumerate(names):
        numbers = getattr(getattr(values.table[name], "dtype", None), "kind", "O") in "fiu"
        if found[k] is None and numbers and not has_unit(getattr(values.table[name], "unit", None)):
            unit = in_name(name)
            found[k] = unit if unit != "deg" else None
    if found == [None, None] and len(values.table):
        found = list(joined_units(values, names, _bounds(values, names)))
    return found[0], found[1]


def joined_units(
    values: ColumnValues, names: tuple[str, str], bounds: np.ndarray
) -> tuple[str | None, str | None]:
    """Units that the names of columns without any end in, where the values may be in them.

    Both in radians, or the right ascension in hours; ``ra_rad`` is that of a radio source, too.

    Parameters
    ----------
    values : ColumnValues
        The columns.
    names : tuple of str
        Right ascension and declination.
    bounds : ndarray, shape (2, 2)
        Least and largest value of each; NaN: not known.
    """
    nothing = None, None
    unit, other = map(of_coordinate, names)
    if unit is None or (other == "rad") != (unit == "rad") or not _without_units(values, names):
        return nothing
    limits = np.array(LIMITS[unit]) * (1.0 + 1e-6)
    if not np.all((bounds[:, 0] >= limits[:, 0]) & (bounds[:, 1] <= limits[:, 1])):
        return nothing
    both = unit == "rad"
    what = f"{names[0]} and {names[1]} are" if both else f"{names[0]} is"
    instead = f"{names[0]}[deg] and {names[1]}[deg]" if both else f"{names[0]}[deg]"
    word = "radians" if both else "hours"
    warn_user(
        f"catalogue {values.catalog!r}: {what} read in {word}, as the name says ({instead} would "
        "be degrees)"
    )
    return unit, unit if both else None


def _bounds(values: ColumnValues, names: tuple[str, str]) -> np.ndarray:
    """Least and largest value of both columns, (2, 2); of what is a position in degrees, at least.

    NaN where the columns are none of numbers.
    """
    if not _without_units(values, names):
        return np.full((2, 2), np.nan)
    ra, dec = (np.asarray(values.numbers(name)) for name in names)
    known = (ra >= -360.0) & (ra <= 720.0) & (np.abs(dec) <= 90.0)
    if not known.any():
        return np.full((2, 2), np.nan)
    return np.array([[c[known].min(), c[known].max()] for c in (ra, dec)])


def _without_units(values: ColumnValues, names: Sequence[str]) -> bool:
    """Whether columns are numbers without a unit, and their names have none in brackets."""
    return all(
        getattr(getattr(values.table[name], "dtype", None), "kind", "O") in "fiu"
        and not has_unit(getattr(values.table[name], "unit", None))
        and in_name(name) is None
        for name in names
    )


def is_sky(values: ColumnValues, name: str) -> bool:
    """Whether a column holds astropy's SkyCoord."""
    return type(values.table[name]).__name__ == "SkyCoord"


def is_numeric(values: ColumnValues, pair: Pair) -> bool:
    """Whether both columns of a pair hold numbers."""
    kinds = [getattr(getattr(values.table[c], "dtype", None), "kind", "") for c in _both(pair)]
    return all(kind and kind in "fiu" for kind in kinds)


def _is_text(values: ColumnValues, pair: Pair) -> bool:
    kinds = [getattr(getattr(values.table[c], "dtype", None), "kind", "") for c in _both(pair)]
    return all(kind and kind in "USO" for kind in kinds)


def _both(pair: Pair) -> tuple[str, str]:
    return pair.ra, pair.dec


def chosen(values: ColumnValues, pairs: Sequence[Pair]) -> Pair | None:
    """The pair that is meant; None where there is none.

    Numbers go before texts, an object's own name before one with an addition (RA before RA_opt),
    the equinox of today before 1950, both before galactic coordinates.
    """
    today = [p for p in pairs if p.kind not in ("old", "galactic")]
    numbers = [p for p in today if is_numeric(values, p)]
    texts = [p for p in today if _is_text(values, p)]
    plain = [p for p in numbers if p.kind != "own"]
    if plain:
        return _settled(values, plain, [p for p in numbers if p.kind == "own"])
    plain = [p for p in texts if p.kind != "own"]
    if numbers and plain:  # of another object, perhaps
        raise _several(values, [*plain, *numbers], "")
    if numbers or plain or texts:
        return _settled(values, numbers or plain or texts, [])
    rest = [p for p in pairs if p.kind in ("old", "galactic")]
    return rest[0] if rest else None


def _settled(values: ColumnValues, pairs: Sequence[Pair], others: Sequence[Pair]) -> Pair:
    """The first of some pairs, if the other ones say the same; `others` may differ, if named."""
    first = pairs[0]
    rivals = [*pairs[1:], *(p for p in others if p.anonymous)]
    apart = [(p, *_apart(values, first, p)) for p in rivals]
    different = [(p, text) for p, differ, text in apart if differ]
    if different:
        raise _several(values, [first, *(p for p, _ in different)], different[0][1])
    if rivals:
        _note(values, f"{first} say the same as {'; '.join(map(str, rivals))} and are taken")
    if not len(values.table):
        return first
    told = [p for p in others if not p.anonymous and _apart(values, first, p)[0]]
    if told:
        _note(
            values,
            f"{first} are taken, and not {'; '.join(map(str, told))}: other positions, which ra= "
            f"and dec= (--ra and --dec on the command line) would take",
        )
    return first


def _note(values: ColumnValues, text: str) -> None:
    warn_user(f"catalogue {values.catalog!r}: the positions {text}")


def _several(values: ColumnValues, pairs: Sequence[Pair], differ: str) -> ValueError:
    return ValueError(
        f"catalogue {values.catalog!r}: {len(pairs)} pairs of columns could be the position "
        f"({'; '.join(map(str, pairs))}){differ}; say which with ra= and dec= (--ra and --dec on "
        f"the command line), as {pairs[0].ra} and {pairs[0].dec}"
    )


def _apart(values: ColumnValues, one: Pair, two: Pair) -> tuple[bool, str]:
    """Whether two pairs differ by more than their rounding in any row, and a text about where."""
    if not len(values.table):  # of a data set that is not read here
        return True, ""
    if not (is_numeric(values, one) and is_numeric(values, two)):
        return True, ""
    try:
        read = [_read(values, p) for p in (one, two)]
    except (ValueError, TypeError):
        return True, ""
    (ra_1, dec_1), (ra_2, dec_2) = read
    turn = (ra_1 - ra_2 + 180.0) % 360.0 - 180.0
    east = np.abs(turn) * np.cos(np.radians(np.clip(dec_1, -90.0, 90.0)))
    far = east > _step(ra_1, values, one.ra) + _step(ra_2, values, two.ra) + SAME
    north = np.abs(dec_1 - dec_2)
    far |= north > _step(dec_1, values, one.dec) + _step(dec_2, values, two.dec) + SAME
    both = np.isfinite(turn) & np.isfinite(north)
    missing = np.isfinite(ra_1 + dec_1) != np.isfinite(ra_2 + dec_2)
    if not (far | missing).any():
        return False, ""
    if not (far & both).any():
        return True, ", of which not all have every row"
    distance = np.where(both, np.hypot(east, north), 0.0)
    row = int(np.argmax(distance))
    return True, f", up to {distance[row] * 3600.0:.3g} arcsec apart ({values.row_text(row)})"


def _read(values: ColumnValues, pair: Pair) -> list[np.ndarray]:
    """Degrees of the rows, (n,) each."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # said where they are taken
        units = joined_units(values, _both(pair), _bounds(values, _both(pair)))
    return [
        values.numbers(column if unit is None else f"{column}[{unit}]", "deg")
        for column, unit in zip(_both(pair), units, strict=True)
    ]


def _step(degrees: np.ndarray, values: ColumnValues, column: str) -> float:
    """Half of the last digit that a column has, degrees; 0 where it has ten or more."""
    kind = values.table[column].dtype
    single = (
        360.0 * float(np.finfo(np.float32).eps) if kind.kind == "f" and kind.itemsize <= 4 else 0.0
    )
    some = degrees[np.isfinite(degrees)][:1000]
    for decimals in range(DECIMALS):
        scaled = some * 10.0**decimals
        if len(some) and np.all(np.abs(scaled - np.rint(scaled)) < 1e-6 * 10.0 ** (decimals / 5)):
            return max(0.5 * 10.0**-decimals, single)
    return single
