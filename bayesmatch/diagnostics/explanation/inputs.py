"""Input columns of a few rows of a result: from the catalogues at hand, or from the result."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.table import Table

from ...catalogs.catalog import Catalog
from ...catalogs.errors import ErrorEllipse, error_columns
from ...matching.record import CatalogueRecord
from ...matching.result import MatchResult
from ...matching.table_columns import later_columns


@dataclass(frozen=True)
class InputRows:
    """Some rows of a catalogue as it was matched."""

    catalog: Catalog
    error_known: bool
    """whether its position errors are those of the match"""


def number_of(result: MatchResult, row: int) -> int:
    """Row of the primary catalogue that a row of ``sources`` is about."""
    return int(result.sources[result.catalogue_names[0]][row])


def input_catalog(
    result: MatchResult, k: int, rows: np.ndarray, primary_row: int
) -> InputRows | None:
    """Rows of catalogue k as far as the associations of a primary carry them; None: they do not.

    Parameters
    ----------
    result : MatchResult
        Read from a file.
    k : int
        Which catalogue, the primary being 0.
    rows : ndarray of int, shape (m,)
        Rows of it that are members of associations of the primary.
    primary_row : int
        The primary.
    """
    name = result.record.catalogues[k].name
    return _as_matched(result.record.catalogues[k], input_columns(result, name, rows, primary_row))


def all_input_rows(result: MatchResult, k: int) -> tuple[np.ndarray, InputRows] | None:
    """All rows of catalogue k that associations have, ascending, as far as they carry them."""
    name = result.record.catalogues[k].name
    table = result.associations
    rows, first = np.unique(np.asarray(table[name]), return_index=True)
    rows, first = rows[rows >= 0], first[rows >= 0]
    found = _as_matched(result.record.catalogues[k], _input_table(table, name, first))
    return None if found is None else (rows, found)


def _as_matched(record: CatalogueRecord, table: Table) -> InputRows | None:
    """Input columns of some rows as a catalogue, with what is recorded of it."""
    pos_err = _recorded_error(record)
    if not {record.ra, record.dec} <= set(table.colnames):
        return None
    has_error = pos_err is not None and set(error_columns(pos_err, table.colnames)) <= set(
        table.colnames
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # said where the match was made
        try:
            catalog = Catalog(
                table,
                name=record.name,
                area=record.area_deg2,
                pos_err=pos_err if has_error else 1.0,
                ra=record.ra,
                dec=record.dec,
                tail_fraction=record.tail_fraction,
                tail_factor=record.tail_factor,
            )
        except (ValueError, TypeError):  # the file was changed: do without
            return None
    return InputRows(catalog, has_error)


def input_columns(result: MatchResult, name: str, rows: np.ndarray, primary_row: int) -> Table:
    """Input columns of rows of a catalogue, as far as the associations carry them."""
    table = result.associations
    mine = np.flatnonzero(np.asarray(table[result.catalogue_names[0]]) == primary_row)
    member, first = np.unique(np.asarray(table[name])[mine], return_index=True)
    at = mine[first[np.searchsorted(member, rows)]]
    return _input_table(table, name, at)


def _input_table(table: Table, name: str, at: np.ndarray) -> Table:
    """The input columns of a catalogue in some rows of the associations."""
    prefix = f"{name}_"
    return Table(
        {
            column.removeprefix(prefix): table[column][at]
            for column in table.colnames
            if column.startswith(prefix)
        }
    )


def _recorded_error(record: CatalogueRecord) -> Any:
    """``pos_err`` of a catalogue as the meta data have it; None: it is not known."""
    parts = record.pos_err
    if not parts or None in parts:
        return None
    return (
        parts[0] if len(parts) == 1 else tuple(parts) if len(parts) == 2 else ErrorEllipse(*parts)
    )


def those_that_looked(source: Any, names: Sequence[str]) -> list[str]:
    """The other catalogues whose area holds a source; all, where a file does not tell."""
    within = {name: later_columns(name)[1] for name in names}
    return [name for name, c in within.items() if c not in source.colnames or source[c]]
