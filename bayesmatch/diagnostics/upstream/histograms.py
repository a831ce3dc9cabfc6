"""NWAY's histogram priors again, from NWAY's own table: what its ``auto`` learned, or a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy.table import Table

from ...catalogs.held import HeldCatalog
from ...matching.record import MatchRecord
from ...priors.auto import MAX_FIELD_POST
from ...priors.histogram import HistogramPrior
from .rows import Rows
from .table import NwayTable


def expected_biases(
    rows: Rows,
    there: np.ndarray,
    post: np.ndarray,
    separation_max: np.ndarray,
    nway: NwayTable,
    record: MatchRecord,
    catalogs: Sequence[HeldCatalog],
) -> dict[str, np.ndarray]:
    """Ratios (R,) by column that NWAY's priors give; a prior that cannot be made again is left out.

    Parameters
    ----------
    rows, nway, record
        The associations.
    there : ndarray of bool, shape (R,)
        Which NWAY had.
    post, separation_max : ndarray, shape (R,)
        NWAY's ``dist_post``, and the largest separation (arcsec).
    catalogs : sequence of HeldCatalog
        With all their rows; empty: nothing can be made again.
    """
    out: dict[str, np.ndarray] = {}
    for name in nway.biases:
        found = _of_column(name, nway, record)
        if found is None or not catalogs:
            continue
        k, column, how = found
        whole = catalogs[k].whole or catalogs[k]
        if column not in whole.table.colnames or whole.rows is not None:
            continue
        raw = np.ma.filled(np.ma.asarray(whole.table[column]).astype(np.float64), np.nan)
        values = np.where(raw == -99, np.nan, raw)
        member = rows.member[:, k]
        if isinstance(how, str):
            if nway.folder is None or not (nway.folder / how).is_file():
                continue
            prior = HistogramPrior.read(nway.folder / how, column=column)
        else:
            prior = _learned(
                column, values, member, there, post, separation_max, how, nway.from_api
            )
        at = np.clip(member, 0, len(values) - 1)
        ratio = 10.0 ** prior.log10_ratio(_bare(whole, column, values))
        out[name] = np.where(member >= 0, ratio[at], 1.0)
    return out


def _of_column(
    name: str, nway: NwayTable, record: MatchRecord
) -> tuple[int, str, dict[str, Any] | str] | None:
    """Catalogue, column, and the rules or the file of the prior in a column of NWAY's."""
    for k, catalogue in enumerate(nway.names):
        prefix = f"bias_{catalogue}_"
        if not name.startswith(prefix):
            continue
        column = name.removeprefix(prefix)
        command = nway.command
        for target, source in command.mags:
            if target == f"{catalogue}:{column}":
                auto = {
                    "radius_arcsec": command.mag_radius,
                    "exclude_radius_arcsec": command.mag_exclude_radius or command.mag_radius,
                    "min_post": command.mag_min_post,
                }
                return k, column, auto if source == "auto" else source
        own = (record.auto_priors or {}).get(record.catalogues[k].name, {}).get(column)
        if own is not None and "min_post" in own:
            return k, column, own
    return None


def _learned(
    column: str,
    values: np.ndarray,
    member: np.ndarray,
    there: np.ndarray,
    post: np.ndarray,
    separation_max: np.ndarray,
    how: dict[str, Any],
    api: bool,
) -> HistogramPrior:
    """What NWAY's ``auto`` learns; its functions weigh objects by those of other rows."""
    defined = there & (member >= 0)
    if how["radius_arcsec"] is None:
        chosen, near, weight = post > how["min_post"], post > MAX_FIELD_POST, post
    else:
        chosen = separation_max < how["radius_arcsec"]
        near = separation_max < how["exclude_radius_arcsec"]
        weight = np.ones(len(post))
    chosen = chosen & defined
    picked, first = np.unique(member[chosen], return_index=True)
    weights = weight[defined if api else chosen][first]
    known = np.isfinite(values[picked])
    field = np.isfinite(values)
    field[np.unique(member[near & defined])] = False
    return HistogramPrior.fit(column, values[picked][known], values[field], weights=weights[known])


def _bare(catalog: HeldCatalog, column: str, values: np.ndarray) -> HeldCatalog:
    rows = np.arange(len(catalog))
    part = catalog.bare(rows, [])
    part.table = Table({column: values})
    return part
