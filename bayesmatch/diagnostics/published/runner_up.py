"""The association that is second in probability, of every primary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy.table import Column

from ...catalogs.formats.storage import masked_column, parts_of
from ...catalogs.held import HeldCatalog
from ...matching.result import MatchResult
from ...matching.table_columns import input_column
from .inputs import member_columns, source_of


def second_rows(result: MatchResult) -> np.ndarray:
    """Row, among the associations, of the second in ``p_match`` of each primary; -1: none.

    Ties go to the first in the table, as the best does; the best is not counted, whichever row of
    equal probability it is.
    """
    table, sources = result.associations, result.sources
    names = result.catalogue_names
    n = len(sources)
    primary = source_of(result)
    members = np.column_stack([np.asarray(table[name]) for name in names[1:]])
    best = np.column_stack([np.asarray(sources[name]) for name in names[1:]])[primary]
    counts = (members >= 0).any(axis=1) & (members != best).any(axis=1)
    at = np.flatnonzero(counts)
    p = np.asarray(table["p_match"], float)[at]
    order = at[np.lexsort((at, -p, primary[at]))]
    _, first = np.unique(primary[order], return_index=True)
    out = np.full(n, -1)
    out[primary[order[first]]] = order[first]
    return out


def runner_up(result: MatchResult, catalogs: Sequence[HeldCatalog]) -> dict[str, Any]:
    """Columns of the runner-up: identifiers, positions where known, separations, ``p_match``."""
    record, table = result.record, result.associations
    primary = record.primary
    at = second_rows(result)
    none = at < 0
    columns: dict[str, Any] = {}
    for k, known in enumerate(record.catalogues[1:], start=1):
        row = np.where(none, -1, np.asarray(table[known.name])[at])
        absent = row < 0
        ids, mask = parts_of(table[f"{known.name}_{known.id}"][at])
        hidden = absent if mask is None else absent | mask
        columns[f"second_{known.name}_{known.id}"] = masked_column(
            ids, hidden, f"{known.id} in {known.name}"
        )
        joined = member_columns(result, catalogs, k, row)
        columns |= {
            f"second_{known.name}_{name}": joined[name]
            for name in (known.ra, known.dec)
            if name in joined
        }
        name = f"Separation_{primary.name}_{known.name}"
        separation = np.where(absent, np.nan, np.asarray(table[name], float)[at])
        said = f"Separation of {primary.name} and {known.name} in the runner-up"
        column = Column(separation, unit="arcsec", description=said)
        columns[f"second_{name}"] = input_column(column, absent)  # NaN is masked
    columns["second_p_match"] = Column(
        np.where(none, 0.0, np.asarray(table["p_match"], float)[at]),
        description="p_match of the runner-up, 0 if there is none",
    )
    return columns
