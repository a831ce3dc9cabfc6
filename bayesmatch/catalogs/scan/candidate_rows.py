"""The candidates of a scanned catalogue, held in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Table

from ..bad_rows import Faults
from ..epochs import read_motions
from ..field_counts import FieldCounts
from ..field_sample import WithSample
from ..formats.arrow import from_arrow
from ..held import HeldCatalog
from ..identifiers import Identifiers, read_identifiers
from ..positions import degrees_given, turned
from ..quoted import read_errors
from ..sky_box import SkyBox
from ..values import ColumnValues
from .catalog import ScannedCatalog

if TYPE_CHECKING:
    import pyarrow as pa


class CandidateRows(WithSample, HeldCatalog):
    """The candidates of a scanned catalogue: held in memory, with their row numbers."""

    rows: np.ndarray
    """(n,) numbers, in the data set, of the rows that are held, ascending"""

    def __init__(
        self,
        whole: ScannedCatalog,
        rows: np.ndarray,
        ra: np.ndarray,
        dec: np.ndarray,
        data: pa.Table,
    ) -> None:
        self.scanned, self.rows, self.moc = whole, rows, whole.moc
        self.read_from = whole.read_from
        table = from_arrow(data)
        columns = ColumnValues(table, whole.name, self.row_text, dec)
        faults = Faults(len(rows), all_allowed=True)
        errors = read_errors(columns, whole.pos_err, len(rows), faults)
        identifiers = (
            Identifiers(whole.id_name)
            if whole.id_column is None
            else read_identifiers(columns, whole.id_column, {})
        )
        identifiers.warn_repeated(columns)
        super().__init__(
            name=whole.name,
            table=table,
            ra_name=whole.ra_name,
            dec_name=whole.dec_name,
            ra=ra,
            dec=dec,
            errors=errors,
            identifiers=identifiers,
            area=whole.area,
        )
        self.bad_errors, self.error_fault = faults.mask, faults.text
        self.aside = whole.aside
        self.pos_err, self.lenient, self.itself = whole.pos_err, whole.lenient, whole.itself
        self.said, self.epoch, self.arrival = whole.said, whole.epoch, whole.arrival
        if whole.arrival is not None:
            given = degrees_given(columns, whole.ra_name, whole.dec_name)
            self.motions = read_motions(columns, whole.said, turned(given[0]), given[1])

    @property
    def n_rows(self) -> int:
        """Number of rows of the data set, those outside its footprint aside."""
        return self.scanned.n_rows

    @property
    def n_listed(self) -> int:
        """Number of rows of the data set."""
        return len(self.scanned)

    def cell_counts(self, box: SkyBox) -> np.ndarray:
        """Objects of the data set in the cells around the sources of the match, counted with it."""
        if self.counted is None or self.counted[0] != box.digest:
            raise ValueError(
                f"catalogue {self.name!r}: these are the candidates of another match; scan the "
                "data set again (Catalog.scan), or use field='uniform'"
            )
        return self.counted[1]

    def ids(self, rows: np.ndarray) -> np.ndarray:
        """Identifiers of some rows; the rows' numbers in the data set where it has none."""
        return super().ids(self.row_numbers(rows) if self.identifiers.values is None else rows)

    def input_rows(self, row_numbers: np.ndarray) -> Table:
        """All columns of some rows of the data set, read now."""
        return self.scanned.input_rows(row_numbers)

    def field_counts(self, column: str, left_out: np.ndarray, edges: np.ndarray) -> FieldCounts:
        """Counts of all values of a column below some edges, read now; some rows left out."""
        return self.scanned.field_counts(column, self.row_numbers(left_out), edges)

    def row_text(self, row: int) -> str:
        """A row, as messages name it."""
        return self.scanned.row_text(int(self.rows[row]))
