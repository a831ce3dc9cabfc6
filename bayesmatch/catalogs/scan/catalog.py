"""A Parquet data set as a catalogue, and its candidates as one that is held in memory."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from astropy.table import Table

from ..area import area_deg2, moc_of
from ..base import SkyCatalog
from ..coordinates import check_scanned, with_units
from ..epochs import said_of
from ..errors import error_entries
from ..field_counts import FieldCounts
from ..formats.arrow import from_arrow
from ..held import HeldCatalog
from ..identifiers import read_identifiers
from ..known import warn_of_known
from ..located import joined_units
from ..names import as_name, check_name
from ..positions import position_columns, ra_limits, warn_single_precision
from ..quoted import read_errors
from ..targets import as_read
from ..values import ColumnValues
from .data_set import DataSet
from .fetched import fetched_region
from .files import data_set_name, find_files, listed_paths
from .parts import Part, first_schema

if TYPE_CHECKING:
    import pyarrow as pa

#: what a catalogue in memory has and a scanned one has not
NOT_AT_HAND = frozenset(
    name
    for name in (*vars(HeldCatalog), "ra", "dec", "identifiers")
    if not hasattr(SkyCatalog, name)
)


class ScannedCatalog(SkyCatalog):
    """A Parquet data set that :func:`bayesmatch.match` streams.

    :meth:`bayesmatch.Catalog.scan` makes one.

    Making one reads the footers of all files and compares their columns. A match then reads the
    two coordinates, of the row groups whose ranges come near a primary, and of those that hold
    candidates the identifiers and the columns that errors and priors need, which are kept for the
    candidates alone: file by file as it goes, with a checkpoint after the search; writing with
    ``include_inputs=True`` reads the other columns of the objects written. Rows without a position
    are left out when they are read, and a bad position error is found only if the object is a
    candidate. Where a row without a position is met, all are counted, which reads the coordinates
    of all row groups (without one, those in row groups far from every primary count as objects).
    Priors that are functions of a whole catalogue see its candidates.

    Attributes
    ----------
    parts : list of Part
        The files, in the order of the rows.
    schema : pyarrow.Schema
        Columns of the files, and those that stand in the names of their directories.
    table : astropy.table.Table
        Names, types and units of the columns; it has no rows.
    errors : PositionErrorModel
        What was given for the position errors, of no rows.
    """

    n_inside: int | None = None
    """rows within the footprint, where the area is a MOC and they have been counted"""
    n_without: int = 0
    """rows without a position, where they have been counted"""
    _ra_limits: tuple[float, float] | None = None
    also_near: tuple[np.ndarray, np.ndarray] | None = None
    """(n,) and (n,) degrees: more positions near which a match holds rows"""

    def __init__(
        self,
        paths: str | os.PathLike | Iterable[str | os.PathLike],
        *,
        name: str | None = None,
        pos_err: Any = None,
        area: Any = None,
        ra: str | None = None,
        dec: str | None = None,
        id: str | None = None,
        motion: tuple[Any, Any, Any] = (None, None, None),
    ) -> None:
        if not isinstance(paths, (str, os.PathLike)):
            paths = listed_paths(paths)
        region = fetched_region(paths)
        files = find_files(paths)
        area = region if area is None else area
        self.read_from = as_read(paths)
        schema, notes = first_schema(files[0][0])
        name = check_name(
            as_name(notes.get("EXTNAME", "").strip() or data_set_name(paths))
            if name is None
            else name
        )
        _check_arguments(name, area, pos_err, schema.names)
        # Before thousands of files are opened, what the first one tells.
        columns = ColumnValues(from_arrow(schema.empty_table()), name)
        names, units = _numeric_positions(columns, ra, dec)
        self.said = said_of(columns, {}, *motion)
        for part in (self.said.epoch, *(self.said.pm or ()), *(self.said.pm_err or ())):
            if np.ndim(part):
                raise TypeError(
                    f"catalogue {name!r}: epoch, pm or pm_err has one value per row; a scanned "
                    "catalogue takes numbers and names of columns"
                )
        self.data_set = DataSet.open(name, files, schema, (*names, *self.said.columns))
        table = from_arrow(self.schema.empty_table())
        table.meta.update(notes)
        if units == (None, None):
            found = np.concatenate([part.bounds[:, :2] for part in self.parts])
            limits = np.stack([found[..., 0].min(axis=0), found[..., 1].max(axis=0)], axis=1)
            units = joined_units(columns, names, limits)
        table = with_units(table, names, units)
        columns = ColumnValues(table, name)
        self.pos_err = pos_err
        errors = read_errors(columns, pos_err, 0)
        warn_of_known(columns, error_entries(pos_err))
        identifiers = read_identifiers(columns, id, {}, names[0])
        self.id_column = identifiers.name if identifiers.values is not None else None
        super().__init__(
            name=name,
            table=table,
            ra_name=names[0],
            dec_name=names[1],
            id_name=identifiers.name,
            errors=errors,
            area=area_deg2(area, table.meta, name),
        )
        self.moc = moc_of(area)
        if self.said.epoch is not None and not isinstance(self.said.epoch, str):
            self.epoch = np.asarray(self.said.epoch, np.float64)

    def __len__(self) -> int:
        return self.data_set.n_rows

    def __repr__(self) -> str:
        return (
            f"<ScannedCatalog {self.name!r}: {len(self):,} rows in {len(self.parts)} files, "
            f"{self.area:g} deg^2>"
        )

    def __getattr__(self, attribute: str) -> NoReturn:
        if attribute in NOT_AT_HAND:
            raise TypeError(
                f"catalogue {self.name!r} is scanned, so its rows are not at hand; it "
                "can be one of the other catalogues of match(), anything else needs "
                "it in memory (Catalog or Catalog.read)"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {attribute!r}")

    @property
    def parts(self) -> Sequence[Part]:
        """The files, in the order of the rows."""
        return self.data_set.parts

    @property
    def schema(self) -> pa.Schema:
        """Columns of the files, and those that stand in the names of their directories."""
        return self.data_set.schema

    @property
    def circular(self) -> bool:
        """Whether all errors are known to be circles before any is read."""
        first, *more = self.error_record[:2]
        return not more or first == more[0]

    def input_rows(self, row_numbers: np.ndarray) -> Table:
        """All columns of some rows of the data set (any order, with repeats)."""
        from .columns import fetch

        rows, inverse = np.unique(row_numbers, return_inverse=True)
        return from_arrow(fetch(self.data_set, rows, self.table.colnames))[inverse]

    @property
    def n_rows(self) -> int:
        """Number of rows, those outside the footprint aside where they have been counted.

        So with those without a position.
        """
        return len(self) - self.n_without if self.n_inside is None else self.n_inside

    def near_too(self, ra: np.ndarray, dec: np.ndarray) -> ScannedCatalog:
        """The same data set; a match holds its rows near these positions (degrees) as well."""
        out = copy.copy(self)
        out.also_near = ra, dec
        return out

    def field_counts(self, column: str, left_out: np.ndarray, edges: np.ndarray) -> FieldCounts:
        """Counts of all values of a column below some edges, read now; some rows left out."""
        from .columns import count_field

        return count_field(self, column, left_out, edges)

    def ra_limits(self) -> tuple[float, float]:
        """Right ascensions that rows may have, degrees, read where footers do not tell."""
        from .ra_span import ra_span

        if self._ra_limits is None:
            low, high = ra_span(self.parts, self.ra_name, self.unit_factor(self.ra_name))
            self._ra_limits = ra_limits(low, high)
        return self._ra_limits

    def row_text(self, row: int) -> str:
        """A row of the data set, as messages name it."""
        path, inside = self.data_set.locate(row)
        return f"row {inside} of {path}"

    def unit_factor(self, column: str) -> float:
        """What turns a coordinate column into degrees."""
        unit = self.table[column].unit
        if unit is None or str(unit) in ("", "deg"):
            return 1.0
        return self.columns.unit_factor(unit, "deg", f"column {column!r}")


def _check_arguments(name: str, area: Any, pos_err: Any, columns: Sequence[str]) -> None:
    """Raise unless area and errors can be had without reading rows."""
    if isinstance(area, str) and area == "estimate":
        raise ValueError(
            f"catalogue {name!r}: area is {area!r}; the area of a scanned "
            "catalogue is not estimated: give it in deg^2 or as a mocpy.MOC"
        )
    if pos_err is None:
        raise ValueError(
            f"catalogue {name!r} has no position error: give pos_err= in "
            f"arcsec or as one of the columns {', '.join(columns)}"
        )
    for value in error_entries(pos_err):
        if np.ndim(getattr(value, "value", value)) > 0:
            raise TypeError(
                f"catalogue {name!r}: pos_err has one value per row; a "
                "scanned catalogue takes numbers and names of columns"
            )


def _numeric_positions(
    columns: ColumnValues, ra: str | None, dec: str | None
) -> tuple[tuple[str, str], tuple[str | None, str | None]]:
    """Names of the position columns, numbers in a unit of angle, and the units said of them."""
    found = position_columns(columns, ra, dec, {})
    check_scanned(columns, found)
    names = (found.ra, str(found.dec))
    for column, unit in zip(names, found.units, strict=True):
        columns.numbers(column if unit is None else f"{column}[{unit}]", "deg")
        warn_single_precision(columns, column)
    return names, found.units
