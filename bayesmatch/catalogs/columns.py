"""Finding position and identifier columns: by exact name, then by UCD, then by known alias.

Nothing is guessed from a part of a name (RANK is not RA), and whenever two columns would do, the
caller is asked. Positions are looked for in pairs first, see :mod:`bayesmatch.catalogs.pairing`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .closest import did_you_mean
from .scalars import shown
from .sentinels import of_magnitudes, without_sentinels


@dataclass(frozen=True)
class Role:
    """What a column is for, and how one is known."""

    what: str
    option: str
    """argument that names the column"""
    exact: str
    """name in any case"""
    ucd: tuple[str, ...]
    aliases: tuple[str, ...]


RA = Role(
    "right ascension",
    "ra",
    "RA",
    ("pos.eq.ra;meta.main", "pos_eq_ra_main"),
    (
        "ra_icrs",
        "raj2000",
        "_raj2000",
        "ra_j2000",
        "ra2000",
        "ra_corr",
        "alpha_j2000",
        "alphawin_j2000",
        "ra_deg",
        "radeg",
        "ra_mean",
        "ramean",
        "right_ascension",
    ),
)
DEC = Role(
    "declination",
    "dec",
    "DEC",
    ("pos.eq.dec;meta.main", "pos_eq_dec_main"),
    (
        "dec_icrs",
        "de_icrs",
        "dej2000",
        "decj2000",
        "_dej2000",
        "_decj2000",
        "dec_j2000",
        "dec2000",
        "dec_corr",
        "delta_j2000",
        "deltawin_j2000",
        "dec_deg",
        "decdeg",
        "dedeg",
        "de_deg",
        "dec_mean",
        "decmean",
        "declination",
    ),
)
ID = Role(
    "identifier",
    "id",
    "ID",
    ("meta.id;meta.main", "id_main"),
    (
        "source_id",
        "sourceid",
        "objid",
        "obj_id",
        "objectid",
        "object_id",
        "srcid",
        "src_id",
        "detuid",
        "iauname",
        "iau_name",
        "source_name",
        "src_name",
        "designation",
        "target_id",
        "targetid",
        "recno",
        "name",
    ),
)


#: names of the numbers of a list, without blanks, dots and the like: Src No, Source No., SRCNUM
NUMBERS = (
    *(f"{word}{end}" for word in ("source", "src") for end in ("number", "num", "no", "nr")),
    *("number", "no", "nr", "seqno", "seqnum", "seqnr", "seq"),
)
#: aliases that come after the others, and only where they are different in every row
WEAK_ID = ("iau_name", "source_name", "src_name", "target_id", "targetid", "name", *NUMBERS)


def plain_name(name: str) -> str:
    """A column's name in small letters; that of a list's numbers as :data:`NUMBERS` has it."""
    low = name.lower()
    bare = re.sub(r"[\s_.\-#]+", "", low)
    return bare if bare in NUMBERS else low


def _is_number(name: str, role: Role) -> bool:
    """Whether a column, by its name, has the numbers of a list."""
    return role is ID and plain_name(name) in NUMBERS


def find_column(names: Sequence[str], ucds: dict[str, str], role: Role) -> list[str]:
    """Columns that answer to a role, by the first of the three rules that finds any."""
    rules = (
        [n for n in names if n.lower() == role.exact.lower()],
        [n for n in names if str(ucds.get(n, "")).strip().lower().replace(" ", "") in role.ucd],
        [n for n in names if n.lower() in role.aliases or _is_number(n, role)],
    )
    return next((found for found in rules if found), [])


def column_ucds(table: Any) -> dict[str, str]:
    """UCD of each column that has one, from the column's meta."""
    ucds = {name: (table[name].info.meta or {}).get("ucd") for name in table.colnames}
    return {name: str(ucd) for name, ucd in ucds.items() if ucd}


def pick_column(found: Sequence[str], names: Sequence[str], *, catalog: str, role: Role) -> str:
    """The one column found, or an error that lists the candidates."""
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(
            f"catalogue {catalog!r}: {len(found)} columns could be the {role.what} "
            f"({', '.join(found)}); say which with {role.option}= (--{role.option} on the command "
            "line)"
        )
    raise ValueError(
        f"catalogue {catalog!r}: no {role.what} column found among "
        f"{', '.join(names) or 'no columns'}; name it with {role.option}= "
        f"(--{role.option} on the command line)"
    )


def table_columns(table: Any) -> list[str]:
    """Column names of a Table, DataFrame or mapping."""
    if isinstance(table, type) or not hasattr(table, "keys"):
        raise TypeError(
            f"the table is {shown(table)}; give a Table, a DataFrame or a mapping of arrays"
        )
    return list(getattr(table, "colnames", None) or map(str, getattr(table, "columns", table)))


def column_values(table: Any, name: str, *, sentinels: bool = True) -> np.ndarray:
    """A numeric column as float64, NaN where missing: masked, not finite, or a sentinel.

    Which numbers are sentinels says :mod:`bayesmatch.catalogs.sentinels`; without `sentinels` none.

    Raises
    ------
    ValueError, TypeError
        If the column does not exist or does not hold one number per row.
    """
    if name not in table_columns(table):
        raise ValueError(
            f"there is no column {name!r}{did_you_mean(name, table_columns(table))}; the columns "
            f"are {', '.join(table_columns(table))}"
        )
    data = table[name]
    if hasattr(data, "to_numpy"):  # pandas: nullable numbers become NaN, text stays text
        numeric = getattr(data.dtype, "kind", "O") in "fiub"
        data = data.to_numpy(dtype=np.float64, na_value=np.nan) if numeric else data.to_numpy()
    mask = getattr(data, "mask", None)
    try:
        raw = np.asarray(np.ma.getdata(getattr(data, "unmasked", data)))
    except Exception as error:  # of whatever was given
        raise TypeError(f"column {name!r}: {shown(data)} given; give one number per row") from error
    if raw.dtype.kind not in "fiub" or raw.ndim != 1:
        raise TypeError(
            f"column {name!r} is of type {raw.dtype} and shape {raw.shape}; it must "
            "hold one number per row"
        )
    values = raw.astype(np.float64)
    if mask is not None:
        values[np.asarray(mask)] = np.nan
    if not sentinels:
        return np.where(np.isfinite(values), values, np.nan)
    return without_sentinels(values, of_magnitudes(getattr(table[name], "unit", None), raw.dtype))
