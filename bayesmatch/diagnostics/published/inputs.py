"""Input columns of members of a result, a row per primary: from catalogues, or from a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy.table import Column, MaskedColumn, Table

from ...catalogs.formats.storage import masked_column, parts_of
from ...catalogs.held import HeldCatalog
from ...matching.record import MatchRecord
from ...matching.result import MatchResult
from ...matching.result_check import given_catalogs
from ...matching.table_columns import input_column
from ...matching.tables import association_columns, source_columns


def source_of(result: MatchResult, associations: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Place among the sources of the primary of each association, or of some, (r,).

    The row of a primary in its catalogue, which tables have, is another where rows were dropped.
    """
    name = result.catalogue_names[0]
    listed = np.asarray(result.sources[name])  # ascending
    return np.searchsorted(listed, np.asarray(result.associations[name])[associations])


def check_catalogues(
    result: MatchResult, catalogues: Sequence[Any] | None
) -> tuple[HeldCatalog, ...]:
    """The catalogues that the input columns are taken from; none: from the associations.

    Raises
    ------
    ValueError, TypeError
        If those given are not the catalogues of the match, in their order.
    """
    if catalogues is None:
        return result._catalogs
    record = result.record
    listed = given_catalogs(catalogues)
    if len(listed) != len(record.catalogues):
        raise ValueError(
            f"{len(listed)} catalogues are given, and the match was of "
            f"{len(record.catalogues)}: {', '.join(result.catalogue_names)}; "
            "give all, in this order"
        )
    for catalog, known in zip(listed, record.catalogues, strict=True):
        if not isinstance(catalog, HeldCatalog):
            raise TypeError(
                f"catalogue {known.name!r} is given as a {type(catalog).__name__}; give the "
                "bayesmatch.Catalog that was matched"
            )
        if catalog.n_listed != known.rows:
            raise ValueError(
                f"catalogue {known.name!r} has {catalog.n_listed:,} rows, and the one that was "
                f"matched had {known.rows:,}; give the same one"
            )
        _check_ids(result, catalog, known.name, known.id)
    return listed


def _check_ids(result: MatchResult, catalog: HeldCatalog, name: str, id_name: str) -> None:
    """Raise unless the identifiers in the result are those of the catalogue's rows."""
    rows = np.asarray(result.sources[name])
    column = result.sources[f"{name}_{id_name}"]
    there = (rows >= 0) & ~np.ma.getmaskarray(np.ma.asarray(column))
    mine = np.char.strip(np.ma.getdata(column)[there].astype(str))
    if id_name not in catalog.table.colnames:  # row numbers, or a catalogue of other columns
        if catalog.id_name == id_name:
            return
        raise ValueError(
            f"catalogue {name!r} has no column {id_name!r}, which the match took its identifiers "
            "from; give the same one"
        )
    held = parts_of(input_column(catalog.input_rows(rows[there])[id_name], ~there[there]))[0]
    theirs = np.char.strip(held.astype(str))
    wrong = np.flatnonzero(mine != theirs)
    if len(wrong):
        raise ValueError(
            f"catalogue {name!r}: row {rows[there][wrong[0]]} has {id_name} "
            f"{str(theirs[wrong[0]])!r}, and in the result {str(mine[wrong[0]])!r}; "
            "give the catalogue that was matched, in the same order"
        )


def member_columns(
    result: MatchResult, catalogs: Sequence[HeldCatalog], k: int, rows: np.ndarray
) -> dict[str, Column]:
    """Input columns of catalogue k for some of its rows, masked where the row is -1.

    Parameters
    ----------
    result : MatchResult
        In memory or from a file.
    catalogs : sequence of HeldCatalog
        That were matched; empty: the columns are those that the associations carry.
    k : int
        Which catalogue, the primary being 0.
    rows : ndarray of int, shape (n,)
        Rows of the whole catalogue.

    Returns
    -------
    dict of str to Column
        By the names that they have in the catalogue, its identifier left out; with ``ucd`` in
        ``info.meta`` where it has one. Empty where the associations carry none.
    """
    record = result.record.catalogues[k]
    absent = rows < 0
    if catalogs:
        part = catalogs[k].input_rows(np.where(absent, 0, rows))
        out = {}
        for name in part.colnames:
            if name != record.id:
                out[name] = input_column(part[name], absent)
                ucd = (part[name].info.meta or {}).get("ucd") or getattr(part[name], "ucd", None)
                if ucd:
                    out[name].info.meta = {"ucd": str(ucd)}
        return out
    return _carried(result, k, rows)


def carried_names(record: MatchRecord, table: Table) -> list[dict[str, str]]:
    """Of each catalogue: its input columns, and their names in the associations of a file."""
    core = set(association_columns(record.catalogues, record.priors, record.combinations))
    core |= set(source_columns(record.catalogues))
    names = [c.name for c in record.catalogues]
    found: list[dict[str, str]] = [{} for _ in names]
    for column in table.colnames:
        # The longest: of catalogues A and A_B, A_B_x is of the second.
        owners = [name for name in names if column.startswith(f"{name}_")]
        if column not in core and owners:
            owner = max(owners, key=len)
            found[names.index(owner)][column.removeprefix(f"{owner}_")] = column
    return found


def _carried(result: MatchResult, k: int, rows: np.ndarray) -> dict[str, Column]:
    """Input columns of rows of catalogue k out of the associations that have them as members."""
    table = result.associations
    known, first = np.unique(np.asarray(table[result.catalogue_names[k]]), return_index=True)
    at = np.minimum(np.searchsorted(known, rows), len(known) - 1)
    absent = (rows < 0) | (known[at] != rows)  # min_p_i may have left the association out
    at = first[at]
    out: dict[str, Column] = {}
    for name, column in carried_names(result.record, table)[k].items():
        values, mask = parts_of(table[column][at])
        gone = absent.reshape((-1,) + (1,) * (values.ndim - 1))
        text = {"description": table[column].description, "unit": table[column].unit}
        if mask is not None or absent.any():
            nothing = np.zeros(values.shape, bool) if mask is None else mask
            out[name] = masked_column(values, nothing | gone, **text)
        else:
            out[name] = Column(values, **text)
    # A column that some member lacks is masked in all files alike; one with no gap is plain.
    return {
        name: Column(np.asarray(c), description=c.description, unit=c.unit)
        if isinstance(c, MaskedColumn) and not np.any(c.mask)
        else c
        for name, c in out.items()
    }
