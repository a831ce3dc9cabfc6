"""Columns of a result that show members of associations: their rows, identifiers and values."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from astropy.table import Column, MaskedColumn, Table
from astropy.units import Unit

from .._kernels.gathered import take_known, take_present
from .._kernels.jit import ranges, run_kernel
from ..catalogs.formats.cell_values import plain_column
from ..catalogs.formats.storage import fill_of, masked_column, missing
from ..catalogs.held import HeldCatalog
from ..catalogs.identifiers import Identifiers
from .claim_groups import maybe_twice_of
from .field import FieldDensity

#: values that a thread takes at a time
TAKEN = 1 << 15


def table_of(columns: dict[str, Column], extension: str) -> Table:
    """A table of columns that nobody else has, for a file's extension of that name.

    Astropy would make every column once more, which takes longer than to fill it.
    """
    table = Table(meta={"EXTNAME": extension})
    for name, column in columns.items():
        column.name, column.parent_table = name, table
        table.columns[name] = column
    return table


def column_of(values: np.ndarray, description: str, unit: Any = None) -> Column:
    """A column of values that stay as they are.

    A view: astropy's constructor makes the same one, and then sets all that it has once more.
    """
    column = values.view(Column)
    column.description = description
    if unit is not None:
        column.unit = unit
    return column


def id_column(
    name: str,
    identifiers: Identifiers,
    row: np.ndarray,
    *,
    optional: bool,
    out: np.ndarray | None = None,
) -> Column:
    """Identifiers of rows of the catalogue of a name, masked where the row is -1.

    `out` (n,) int64: room for whole numbers.
    """
    text, values = f"{identifiers.name} in {name}", identifiers.values
    numbers = values is not None and values.dtype == np.int64 and len(values) > 0
    if values is not None and numbers and identifiers.mask is None:
        if not optional:
            return column_of(take(values, row, 0, out), text)
        fill = fill_of(values.dtype)
        if not np.any(values == fill):
            ids, absent = _with_mask(values, row, fill, out)
            return MaskedColumn(ids, mask=absent, description=text, fill_value=fill)
    absent_row = row < 0
    absent = absent_row
    if identifiers.mask is not None:
        absent = absent_row.copy()
        absent[~absent_row] = identifiers.mask[row[~absent_row]]
    if values is not None and numbers:
        ids = take(values, row, 0)
    else:
        held = identifiers.of(row[~absent_row])
        ids = np.zeros(len(row), held.dtype)
        ids[~absent_row] = held
    if ids.dtype.kind not in "iu":
        absent = absent | missing(ids)
    if not (optional or absent.any()):  # masked columns wherever a member may be absent
        return column_of(ids, text)
    return masked_column(ids, absent, text, copy=False)


def row_text(catalog: HeldCatalog) -> str:
    """What a column of rows says of itself."""
    return f"Row in {catalog.name} (0-based), -1 = does not take part"


def row_numbers(catalog: HeldCatalog, row: np.ndarray) -> np.ndarray:
    """Rows of the whole catalogue, -1 where the row is -1."""
    if catalog.rows is None:
        return row
    out = row.copy()
    out[row >= 0] = catalog.row_numbers(row[row >= 0])
    return out


def take(
    values: np.ndarray, at: np.ndarray, absent: float, out: np.ndarray | None = None
) -> np.ndarray:
    """``values[at]``, and `absent`, a value of their type, where `at` is -1.

    `out`: room for eight-byte numbers of their type; other values have their own.
    """
    if len(values) == 0:
        return np.full(at.shape, absent, dtype=values.dtype)
    if values.dtype.type not in (np.int64, np.float64) or at.ndim != 1:
        return np.where(at < 0, absent, values[at])
    out = np.empty(len(at), values.dtype) if out is None else out
    run_kernel(take_present, ranges(len(at), TAKEN), *_taken(values, at, absent), out)
    return out


def _with_mask(
    values: np.ndarray, at: np.ndarray, absent: int, out: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """As :func:`take` of int64, with where `at` is -1."""
    out, mask = np.empty(len(at), values.dtype) if out is None else out, np.empty(len(at), bool)
    run_kernel(take_known, ranges(len(at), TAKEN), *_taken(values, at, absent), out, mask)
    return out, mask


def _taken(values: np.ndarray, at: np.ndarray, absent: float) -> tuple[np.ndarray, ...]:
    # A column of members is taken as it is: a copy would cost more than what is done with it.
    at = at.astype(np.int64, copy=False)
    return np.ascontiguousarray(values), at, values.dtype.type(absent)


def input_column(column: Any, absent: np.ndarray) -> Any:
    """An input column as plain data, masked where the member is absent or the value missing."""
    values, mask = plain_column(column)
    mask = missing(values) if mask is None else mask | missing(values)
    mask = mask | absent.reshape((-1,) + (1,) * (values.ndim - 1))
    words = " ".join((column.info.description or "").split())
    # No format takes half a character, nor a control character.
    plain = "".join(c if c.isprintable() else "?" for c in words)
    text = {"description": plain or None, "unit": column.info.unit}
    return masked_column(values, mask, **text) if mask.any() else Column(values, **text)


def later_columns(name: str) -> tuple[str, str]:
    """Columns of another catalogue in ``sources`` that files before 0.2 have not."""
    return f"density_{name}", f"in_{name}"


def looked_at(sources: Table) -> np.ndarray:
    """Where a catalogue has looked for counterparts, (n_sources,) bool; elsewhere nothing is known.

    A result says so by its ``p_hostless``, which is masked where none has.
    """
    known: np.ndarray = ~np.ma.getmaskarray(np.ma.asarray(sources["p_hostless"]))
    return known


def mean_ratio_column(name: str) -> str:
    """Column of another catalogue in ``sources`` where the mean ratio of its priors varies."""
    return f"mean_ratio_{name}"


def n_claims(row: np.ndarray) -> np.ndarray:
    """How many primaries claim the same object; 0 for those without one."""
    claims = (row >= 0).astype(np.int64)
    # Few objects are claimed twice: the rest need not be put in order.
    several = np.flatnonzero(maybe_twice_of(row) & (row >= 0))
    _, inverse, count = np.unique(row[several], return_inverse=True, return_counts=True)
    claims[several] = count[inverse]
    return claims


@cache
def _per_deg2() -> Unit:
    """Read once: it takes as long as a column."""
    return Unit("deg**-2")


def field_columns(field: FieldDensity, looked: np.ndarray, k: int, name: str) -> dict[str, Column]:
    """What the field of other catalogue k is at each primary, where it has `looked` (n,) or not."""
    density, within = later_columns(name)
    columns = {
        density: column_of(
            field.per_deg2[:, k],
            unit=_per_deg2(),
            description=f"{name} field objects per deg^2 at the primary",
        ),
        within: column_of(looked, description=f"Whether {name} has looked at the primary"),
    }
    if field.mean_ratio is not None:
        columns[mean_ratio_column(name)] = column_of(
            field.mean_ratio[:, k],
            description=f"Mean ratio of the priors over {name} field objects around",
        )
    return columns
