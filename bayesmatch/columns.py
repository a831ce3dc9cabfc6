"""Finding position and identifier columns: by exact name, then by UCD, then by known alias.

Nothing is guessed from a part of a name (RANK is not RA), and whenever two columns would do, the
caller is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

RA_UCD = ("pos.eq.ra;meta.main", "pos_eq_ra_main")
DEC_UCD = ("pos.eq.dec;meta.main", "pos_eq_dec_main")
ID_UCD = ("meta.id;meta.main", "id_main")

RA_ALIASES = (
    "ra_icrs", "raj2000", "_raj2000", "ra_j2000", "ra2000", "ra_corr", "alpha_j2000",
    "alphawin_j2000", "ra_deg", "radeg", "ra_mean", "ramean", "right_ascension",
)
DEC_ALIASES = (
    "dec_icrs", "de_icrs", "dej2000", "decj2000", "_dej2000", "_decj2000", "dec_j2000", "dec2000",
    "dec_corr", "delta_j2000", "deltawin_j2000", "dec_deg", "decdeg", "dedeg", "de_deg",
    "dec_mean", "decmean", "declination",
)
ID_ALIASES = ("source_id", "objid", "obj_id", "object_id", "iauname", "detuid", "designation",
              "srcid", "src_id", "recno")


def find_column(
    names: Sequence[str],
    ucds: dict[str, str],
    *,
    exact: str,
    ucd: Sequence[str],
    aliases: Sequence[str],
) -> list[str]:
    """Columns that answer to a role, by the first of the three rules that finds any."""
    rules = (
        [n for n in names if n.lower() == exact.lower()],
        [n for n in names if str(ucds.get(n, "")).strip().lower().replace(" ", "") in ucd],
        [n for n in names if n.lower() in aliases],
    )
    return next((found for found in rules if found), [])


def column_ucds(table: Any) -> dict[str, str]:
    """UCD of each column: a VOTable's in the column's meta, a FITS file's TUCDn in the table's."""
    ucds = {}
    meta = {str(k).upper(): v for k, v in getattr(table, "meta", {}).items()}
    for number, name in enumerate(table.colnames, start=1):
        ucd = (table[name].info.meta or {}).get("ucd") or meta.get(f"TUCD{number}")
        if ucd:
            ucds[name] = str(ucd)
    return ucds


def pick_column(
    found: Sequence[str], names: Sequence[str], *, catalog: str, role: str, option: str
) -> str:
    """The one column found, or an error that lists the candidates."""
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"catalogue {catalog!r}: {len(found)} columns could be the {role} "
                         f"({', '.join(found)}); say which with {option}=")
    raise ValueError(f"catalogue {catalog!r}: no {role} column found among "
                     f"{', '.join(names) or 'no columns'}; name it with {option}=")
