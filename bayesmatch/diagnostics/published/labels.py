"""Names, units, descriptions and UCDs of a table to publish, as the CDS (VizieR) takes them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Any

from astropy import units
from astropy.table import Table

from ...matching.record import CatalogueRecord, MatchRecord
from ...matching.table_columns import later_columns, mean_ratio_column

#: unit formats that every file and the CDS read
UNIT_FORMATS = ("cds", "fits", "vounit")
#: longest name, which FITS holds in one card
MAX_NAME = 60
#: UCDs of columns of the result, which are called the same for all catalogues
UCDS = {
    "p_any": "stat.probability",
    "p_hostless": "stat.probability",
    "log10_odds_host": "stat.probability;arith.ratio",
    "n_candidates": "meta.number",
    "p_i": "stat.probability",
    "p_match": "stat.probability",
    "second_p_i": "stat.probability",
    "second_p_match": "stat.probability",
    "n_claims": "meta.number",
    "same_source": "meta.record",
    "likelihood_ratio": "stat.likelihood;arith.ratio",
    "reliability": "stat.probability",
    "class": "meta.code.class",
}


def labelled(columns: Mapping[str, Any], record: MatchRecord) -> Table:
    """The columns as a table with valid names, units, descriptions and UCDs.

    Nothing of a value is changed: a unit that the standards do not know goes to the description.
    """
    known, bare = _known_ucds(record), _bare_units(record)
    whose = {
        name: (c, column)
        for c in record.catalogues
        for name, column in _input_names(columns, c).items()
    }
    out = Table()
    taken = {name for name in columns if plain_name(name) == name}  # these stay as they are
    for name, column in columns.items():
        new = column.copy()
        meta = column.info.meta or {}
        numeric = column.dtype.kind in "iuf"
        unit, said = valid_unit(column.unit or (bare.get(name) if numeric else None))
        description = " ".join((column.description or "").split())
        if name in whose and not description:
            description = f"{whose[name][1]} of {whose[name][0].name}, as given"
        if name in whose and name.startswith("second_"):
            description = f"{description}, of the runner-up"
        description = description or name
        if said:
            description = f"{description} (in {said})"
        new.unit = unit
        new.description = _ascii(description)
        ucd = known.get(name) or valid_ucd(meta.get("ucd")) or guessed_ucd(unit)
        new.info.meta = {"ucd": ucd} if ucd else {}
        valid = name if name in taken else valid_name(name, taken)
        taken.add(valid)
        out[valid] = new
    return out


def _known_ucds(record: MatchRecord) -> dict[str, str]:
    """UCDs of the columns whose meaning the match knows."""
    found = dict(UCDS)
    primary = record.primary
    for k, c in enumerate(record.catalogues):
        main = "" if k else ";meta.main"
        for start in ("", "second_"):
            found[f"{start}{c.name}_{c.ra}"] = f"pos.eq.ra{main}"
            found[f"{start}{c.name}_{c.dec}"] = f"pos.eq.dec{main}"
            found[f"{start}{c.name}_{c.id}"] = "meta.id;meta.main" if k == 0 else "meta.id.cross"
            found[f"{start}Separation_{primary.name}_{c.name}"] = "pos.angDistance"
        found |= {f"{c.name}_{e}": "stat.error;pos.eq" for e in _errors(c)}
        found[c.name] = "meta.record"
        found[f"p_{c.name}"] = "stat.probability"
        found[f"n_claims_{c.name}"] = "meta.number"
        density, within = later_columns(c.name)
        found |= {density: "src.density", within: "meta.code"}
        found[mean_ratio_column(c.name)] = "stat.value;arith.ratio;stat.mean"
    return found


def _errors(c: CatalogueRecord) -> list[str]:
    """Columns of position errors; of an ellipse the axes, which are sizes."""
    return [part for part in c.pos_err or () if isinstance(part, str)][:2]


def _bare_units(record: MatchRecord) -> dict[str, str]:
    """Units that the match took columns without one to be in."""
    found: dict[str, str] = {}
    for c in record.catalogues:
        for start in ("", "second_"):
            found |= {f"{start}{c.name}_{column}": "deg" for column in (c.ra, c.dec)}
        parts = zip(c.pos_err or (), ("arcsec", "arcsec", "deg"), strict=False)
        found |= {f"{c.name}_{part}": unit for part, unit in parts if isinstance(part, str)}
    return found


def _input_names(columns: Mapping[str, Any], c: CatalogueRecord) -> dict[str, str]:
    """Columns that are the catalogue's own, and their names there."""
    prefixes = (f"{c.name}_", f"second_{c.name}_")
    return {
        name: name.removeprefix(prefix)
        for prefix in prefixes
        for name in columns
        if name.startswith(prefix)
    }


def valid_unit(unit: Any) -> tuple[Any, str]:
    """The unit if all formats know it, else none and its text for the description."""
    if unit is None or str(unit) == "":
        return None, ""
    text = str(unit)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # units that a standard would not have in new tables
            parsed = units.Unit(text)
            if isinstance(parsed, units.MagUnit):
                return units.mag, "" if parsed == units.mag else text
            for form in UNIT_FORMATS:
                written = parsed.to_string(form)
                if units.Unit(written, format=form) != parsed:
                    return None, text
    except Exception:  # astropy raises and warns in many ways for a unit it does not know
        return None, text
    return parsed, ""


def valid_ucd(ucd: Any) -> str | None:
    """The UCD if the IVOA's list has its words."""
    from astropy.io.votable.ucd import check_ucd

    text = str(ucd or "").strip()
    if text and check_ucd(text, check_controlled_vocabulary=True, has_colon=True):
        return text
    return None


def guessed_ucd(unit: Any) -> str | None:
    """What a unit tells of a column: magnitudes and fluxes."""
    if unit is None:
        return None
    if unit == units.mag:
        return "phot.mag"
    try:
        kind = unit.physical_type
    except Exception:  # of units without one
        return None
    if "spectral flux density" in kind:
        return "phot.flux.density"
    return "phot.flux" if "energy flux" in kind else None


def plain_name(name: str) -> str:
    """A name of letters, digits and underscores that begins with a letter."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)[:MAX_NAME]
    return plain if plain[:1].isalpha() else f"c_{plain}"[:MAX_NAME]


def valid_name(name: str, taken: set[str]) -> str:
    """Such a name that is not taken yet; large letters are others than small ones, as for bands."""
    plain = new = plain_name(name)
    number = 2
    while new in taken:
        new, number = f"{plain}_{number}", number + 1
    return new


def _ascii(text: str) -> str:
    """Text of printable ASCII, which every format holds."""
    plain = text.encode("ascii", "replace").decode()
    return "".join(c if c.isprintable() else " " for c in plain)
