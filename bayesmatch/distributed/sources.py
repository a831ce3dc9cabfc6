"""The primaries of a match on LSDB, from all partitions, as a catalogue in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..catalogs.catalog import Catalog
from ..catalogs.epochs import said_of
from ..catalogs.identifiers import read_identifiers
from ..catalogs.values import ColumnValues
from .order import sky_order
from .partition import Partition, Survey, plain_table
from .passes import over_partitions
from .reading import together


class Sources(Partition):
    """All rows of the primary, in an order that does not depend on its partitions."""

    home: np.ndarray
    """(n,) number of the pixel of each row's partition"""
    at: np.ndarray
    """(n,) its row there"""
    kept: pd.DataFrame | None = None
    """all columns and the index of the rows, where these are kept, as they stand in partitions"""
    kept_at: np.ndarray
    """(n,) where each row is there"""

    def row_text(self, row: int) -> str:
        """A row, as messages name it: partitions have no row numbers that mean anything."""
        return f"the row at {self.ra_name} {self.table[self.ra_name][row]}"


Catalog.register(Sources)


def all_sources(
    primary: Any, survey: Survey, columns: tuple[str, ...], keep: bool = False
) -> Sources:
    """The rows of an LSDB catalogue, all of them, with some columns, those of the positions first.

    `keep`: all columns as well, in :attr:`Sources.kept`.

    Raises
    ------
    ValueError, TypeError
        If one is wrong, or there are none.
    """
    names = None if keep else columns
    parts = over_partitions(primary, some_columns, names, n_rows=survey.n_rows)
    size = [len(part) for _, part in parts]
    if not sum(size):
        raise ValueError(f"catalogue {survey.name!r} is empty: it has no rows")
    kept = together([part for _, part in parts if len(part)], primary.meta, names)
    frame = pd.DataFrame(kept[list(columns)])
    order = sky_order(frame, *columns[:2])
    out = Sources(frame.iloc[order].reset_index(drop=True), survey, *columns[:2])
    out.home = np.repeat(np.array([number for number, _ in parts], np.int64), size)[order]
    out.at = np.concatenate([np.arange(n) for n in size])[order]
    if keep:
        out.kept, out.kept_at = kept, order
    return out


def some_columns(part: Any, columns: tuple[str, ...] | None) -> Any:
    """Some columns of a partition, or all."""
    return part.take(columns, None)


def columns_for(
    catalog: Any, survey: Survey, more: Sequence[str], every: bool = False
) -> tuple[str, ...]:
    """Columns that a match needs: of positions, errors and identifiers, and some more.

    `every`: all that have one value a row.
    """
    info = catalog.hc_structure.catalog_info
    survey.check_columns(catalog.columns, more)
    table = plain_table(catalog.meta)
    identifiers = read_identifiers(ColumnValues(table, survey.name), survey.id, {})
    named = [] if identifiers.values is None else [identifiers.name]
    rest = table.colnames if every else []
    moved = said_of(
        ColumnValues(table, survey.name), {}, survey.epoch, survey.pm, survey.pm_err
    ).columns
    return tuple(
        dict.fromkeys(
            [
                info.ra_column,
                info.dec_column,
                *survey.error_columns(table.colnames),
                *named,
                *moved,
                *more,
                *rest,
            ]
        )
    )
