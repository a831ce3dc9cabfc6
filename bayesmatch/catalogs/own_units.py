"""New values of a column in the unit that its old ones have.

Some tables say units in the names of columns alone (``RA [h]``, ``err_mas``), or nowhere, and who
reads them says them: what has other values there, and goes by the same name, must not have another
unit.  A unit that stands with a column is another matter: it goes along, or the default is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from astropy.table import Column

from .formats.storage import parts_of
from .said import about
from .units import in_name, joined_to_name, of_coordinate, spelled


def in_own_unit(
    old: Column, was: np.ndarray, new: np.ndarray, said: str | None = None
) -> Column | None:
    """A column with new values in place of `old`; None where its unit is free to be another.

    Parameters
    ----------
    old : Column
        The numbers as they stand there, (n,).
    was, new : ndarray
        What they are in degrees (positions) or arcsec (errors), and what they become, (n,).
    said : str or None
        The unit that the caller said instead of the column's own.
    """
    name, (values, _) = old.info.name, parts_of(old)
    by_name = in_name(name) or joined_to_name(name) or of_coordinate(name)
    if values.dtype.kind not in "iuf" or (said is None and by_name is None):
        return None
    stands = values.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(stands == 0.0, np.nan, was / stands)  # of errors in seconds, row by row
    if not np.isfinite(factor).any():
        return None
    factor = np.where(np.isfinite(factor), factor, np.nanmedian(factor))
    if np.allclose(factor, 1.0, rtol=1e-9, atol=0.0):
        return None
    info = old.info
    unit = info.unit if said is None else spelled(said)
    unit = "h" if str(unit) == "hourangle" else unit  # which FITS has not
    return Column(new / factor, unit=unit, description=info.description, meta=info.meta)


def corrected_columns(
    catalog: Any, positions: Mapping[str, np.ndarray], errors: Mapping[str, np.ndarray]
) -> dict[str, Column]:
    """Columns of a catalogue with new values: degrees and arcsec where no name says another unit.

    Parameters
    ----------
    catalog : SkyCatalog
        As it is.
    positions, errors : mapping of str to ndarray, shape (n,)
        By columns of it, degrees and arcsec.
    """
    given = (about(g) for g in catalog.errors.record if isinstance(g, str))
    units, quoted = {each.column: each.unit for each in given}, catalog.errors.columns()
    out = {}
    for name, new in {**positions, **errors}.items():
        is_error = name in errors
        was = quoted[name] if is_error else catalog.columns.numbers(name, "deg")
        own = in_own_unit(catalog.table[name], was, new, units.get(name) if is_error else None)
        usual = Column(new, unit="arcsec" if is_error else "deg")
        out[name] = usual if own is None else own
    return out
