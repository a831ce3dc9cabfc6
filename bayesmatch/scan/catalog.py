"""A Parquet data set as a catalogue, and its candidates as one that is held in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from astropy.table import Table

from .. import columns
from ..catalog import Catalog, as_name, check_name, read_only
from ..catalogs.formats.arrow import from_arrow
from ..errors import error_entries
from .files import data_set_name, find_files
from .parts import first_schema, open_parts, partition_fields

if TYPE_CHECKING:
    import pyarrow as pa


class ScannedCatalog(Catalog):
    """A Parquet data set that :func:`bayesmatch.match` streams; see :meth:`Catalog.scan`.

    Making one reads the footers of all files and compares their columns. A match then reads the
    two coordinates, of the row groups whose ranges come near a primary; after it the identifiers
    and the columns that errors and priors need, for the candidates alone; writing with
    ``include_inputs=True`` reads the other columns of the objects written. So a bad position is
    found when it is read, and a bad position error only if the object is a candidate. Priors that
    are functions of a whole catalogue see its candidates.

    Attributes
    ----------
    parts : list of Part
        The files, in the order of the rows.
    schema : pyarrow.Schema
        Columns of the files, and those that stand in the names of their directories.
    table : astropy.table.Table
        Names, types and units of the columns; it has no rows.
    """

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
    ) -> None:
        if not isinstance(paths, (str, os.PathLike)):
            paths = list(paths)
        files = find_files(paths)
        schema, notes = first_schema(files[0][0])
        self.name = check_name(as_name(notes.get("EXTNAME", "").strip() or data_set_name(paths))
                               if name is None else name)
        if isinstance(area, str) and area == "estimate":
            raise ValueError(f"catalogue {self.name!r}: area is {area!r}; the area of a scanned "
                             "catalogue is not estimated: give it in deg^2 or as a mocpy.MOC")
        if pos_err is None:
            raise ValueError(f"catalogue {self.name!r} has no position error: give pos_err= in "
                             f"arcsec or as one of the columns {', '.join(schema.names)}")
        for value in error_entries(pos_err):
            if np.ndim(getattr(value, "value", value)) > 0:
                raise TypeError(f"catalogue {self.name!r}: pos_err has one value per row; a "
                                "scanned catalogue takes numbers and names of columns")
        self.table = from_arrow(schema.empty_table())
        # Before thousands of files are opened, what the first one tells.
        self._set_positions(ra, dec)
        parts, schema = open_parts(files, schema, (self.ra_name, self.dec_name))
        extra = [f for f in partition_fields(parts) if f.name not in schema.names]
        self.partition_names = [f.name for f in extra]
        for field in extra:
            schema = schema.append(field)
        self.parts, self.schema = parts, schema
        self._n = sum(part.n_rows for part in parts)
        if self._n == 0:
            raise ValueError(f"catalogue {self.name!r} is empty: its {len(parts)} files have no "
                             "rows; check the path or the selection that made it")
        self.table = from_arrow(schema.empty_table())
        self.table.meta.update(notes)
        self.pos_err = pos_err
        self._set_errors(pos_err)
        self._set_id(id, {})
        self._id_given = self.id_name if self._id_values is not None else None
        self.area = self._area(area)

    def __len__(self) -> int:
        return self._n

    def __repr__(self) -> str:
        return (f"<ScannedCatalog {self.name!r}: {len(self):,} rows in {len(self.parts)} files, "
                f"{self.area:g} deg^2>")

    @property
    def ra(self) -> NoReturn:  # type: ignore[override]
        """Not at hand."""
        self._refuse()

    @property
    def dec(self) -> NoReturn:  # type: ignore[override]
        """Not at hand."""
        self._refuse()

    def ids(self, rows: np.ndarray) -> np.ndarray:
        """Not at hand."""
        self._refuse()

    def subset(self, rows: np.ndarray, only: Sequence[str] | None = None) -> Catalog:
        """Not at hand."""
        self._refuse()

    def input_rows(self, row_numbers: np.ndarray) -> Table:
        """All columns of some rows of the data set (any order, with repeats)."""
        from .columns import fetch

        rows, inverse = np.unique(row_numbers, return_inverse=True)
        return from_arrow(fetch(self, rows, self.schema.names))[inverse]

    @property
    def error_columns(self) -> list[str]:
        """Columns that the position errors are made from."""
        return [part for part in error_entries(self.pos_err) if isinstance(part, str)]

    def locate(self, row: int) -> tuple[Path, int]:
        """File and row in it of a row of the data set."""
        first = np.array([part.first_row for part in self.parts])
        # The last of equal numbers: files without rows come before the one that has it.
        k = int(np.searchsorted(first, row, side="right")) - 1
        return self.parts[k].path, int(row - first[k])

    def unit_factor(self, column: str) -> float:
        """What turns a coordinate column into degrees."""
        unit = self.table[column].unit
        if unit is None or str(unit) in ("", "deg"):
            return 1.0
        return self._unit_factor(unit, "deg", f"column {column!r}")

    def _set_positions(self, ra: str | None, dec: str | None) -> None:
        self.ra_name = self._column(ra, {}, "right ascension", "ra", "RA", columns.RA_UCD,
                                    columns.RA_ALIASES)
        self.dec_name = self._column(dec, {}, "declination", "dec", "DEC", columns.DEC_UCD,
                                     columns.DEC_ALIASES)
        for column in (self.ra_name, self.dec_name):
            self._values(column, "deg")
            self._warn_single_precision(column)

    def _refuse(self) -> NoReturn:
        raise TypeError(f"catalogue {self.name!r} is scanned, so its rows are not at hand; it can "
                        "be one of the other catalogues of match(), anything else needs it in "
                        "memory (Catalog or Catalog.read)")


class CandidateRows(Catalog):
    """The candidates of a scanned catalogue: an ordinary catalogue that knows its row numbers."""

    def __init__(self, whole: ScannedCatalog, rows: np.ndarray, ra: np.ndarray, dec: np.ndarray,
                 data: pa.Table) -> None:
        self.whole, self.rows = whole, rows
        self.name, self.area = whole.name, whole.area
        self.ra_name, self.dec_name = whole.ra_name, whole.dec_name
        self.ra, self.dec = read_only(ra), read_only(dec)
        self.table = from_arrow(data)
        self._set_errors(whole.pos_err)
        self._id_values, self.id_mask, self.id_name = None, None, whole.id_name
        if whole._id_given is not None:
            self._set_id(whole._id_given, {})

    @property
    def n_rows(self) -> int:
        """Number of rows of the data set."""
        return len(self.whole)

    def ids(self, rows: np.ndarray) -> np.ndarray:
        """Identifiers of some rows; the rows' numbers in the data set where it has none."""
        return super().ids(self.row_numbers(rows) if self._id_values is None else rows)

    def input_rows(self, row_numbers: np.ndarray) -> Table:
        """All columns of some rows of the data set, read now."""
        return self.whole.input_rows(row_numbers)

    def field_counts(self, column: str, left_out: np.ndarray, edges: np.ndarray) -> Any:
        """Counts of all values of a column below some edges, read now; some rows left out."""
        from .columns import count_field

        return count_field(self.whole, column, self.row_numbers(left_out), edges)

    def row_text(self, row: int) -> str:
        """A row, as messages name it."""
        path, inside = self.whole.locate(int(self.row_numbers(np.array([row]))[0]))
        return f"row {inside} of {path}"
