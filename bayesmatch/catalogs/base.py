"""What a stage may ask of any catalogue, wherever its rows are."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from astropy.table import Table

from .bad_rows import NOTHING_ASIDE, Aside
from .epochs import NOTHING_SAID, Said
from .errors import PositionErrorModel
from .formats.digest import file_sha256, file_state
from .motions import Arrival, Motions
from .searched import Boxed, Searched
from .sentinels import of_magnitudes, without_sentinels
from .tails import Tails, tails_of
from .values import ColumnValues, numbered


class SkyCatalog(ABC):
    """A list of sources on the sky: its name, size and columns, and rows of it on demand.

    Parameters
    ----------
    name : str
        An identifier; the result's columns carry it.
    table : Table
        The rows, or only the names, types and units of the columns.
    ra_name, dec_name, id_name : str
        Names of the position and identifier columns.
    errors : PositionErrorModel
        Position errors of the rows of `table`.
    area : float
        Sky area in deg^2.
    """

    #: absolute paths of what it was read from: files, directories, globs
    read_from: tuple[str, ...] = ()
    read_as: tuple[int, int] | None = None
    """size and time of change of the one file that was read as a whole, when it was"""
    rows: np.ndarray | None = None
    """(n,) numbers, in the whole catalogue, of the rows that are held, ascending; None: all"""
    corrections: tuple[dict[str, Any], ...] = ()
    """numbers of the fits of position errors that were applied to it, in their order"""
    aside: Aside = NOTHING_ASIDE
    """bad rows that are left out"""
    said: Said = NOTHING_SAID
    """what is known of its epoch and of proper motions"""
    epoch: np.ndarray | None = None
    """() or (n,) Julian years; None: not known"""
    motions: Motions | None = None
    """of the rows that are held; None: they do not move, or nobody knows since when"""
    arrival: Arrival | None = None
    """when its positions are of, where they were moved"""
    lenient: bool = False
    """whether candidates without a position error are left out, and not refused"""
    pos_err: Any = None
    """what its position errors were given as, tails included"""
    itself: bool = False
    """whether it is the primary of the match once more"""
    moc: Any = None
    """a `mocpy.MOC`, where the area was given as one"""
    searched: Searched | None = None
    """its pairs with a primary, where they are known"""
    boxed: Boxed | None = None
    """the cells that its rows were counted in, where these are at hand"""
    close: tuple[float, Any] | None = None
    """entries of one source that were looked for before a match: its radius, what was found"""

    def __init__(
        self,
        *,
        name: str,
        table: Table,
        ra_name: str,
        dec_name: str,
        id_name: str,
        errors: PositionErrorModel,
        area: float,
    ) -> None:
        self.name = name
        self.table = table
        self.ra_name, self.dec_name = ra_name, dec_name
        self.id_name = id_name
        self.errors = errors
        self.area = area

    @abstractmethod
    def __len__(self) -> int:
        """Number of rows that can be asked for."""

    @property
    def n_rows(self) -> int:
        """Number of rows of the whole catalogue, which its density goes by."""
        return len(self)

    @property
    def n_listed(self) -> int:
        """Number of rows of the whole catalogue, those outside its footprint included."""
        return self.n_rows

    @property
    def sha256(self) -> str | None:
        """Of the one file that it was read from as a whole; None: none, or it has changed since."""
        if self.read_as is None or not os.path.exists(self.read_from[0]):
            return None
        path = self.read_from[0]
        return file_sha256(path) if file_state(path) == self.read_as else None

    @property
    def density_deg2(self) -> float:
        """Mean number of objects per deg^2."""
        return self.n_rows / self.area

    @property
    def plus_one_deg2(self) -> float:
        """The same with one object more, N+ of Salvato et al. (2018): the counterpart is of it."""
        return (self.n_rows + 1) / self.area

    @property
    def columns(self) -> ColumnValues:
        """Reads columns of the table as numbers in fixed units."""
        return ColumnValues(self.table, self.name, self.row_text)

    def numbers(self, column: str) -> np.ndarray:
        """A numeric column of the table as float64, which must be finite in every row."""
        values = self.columns.numbers(column)
        if not np.isfinite(values).all():
            self.columns.reject(
                column,
                ~np.isfinite(values),
                values,
                "it must be finite in every row; remove those rows or leave it out",
            )
        return values

    def measured(self, column: str) -> np.ndarray:
        """A property that must be known in every row, as float64: -99 and the like are refused."""
        values, data = self.numbers(column), self.table[column]
        # of no unit: a count may be 99
        known = without_sentinels(values, bool(of_magnitudes(data.unit, data.dtype)))
        if np.isnan(known).any():
            self.columns.reject(
                column,
                np.isnan(known),
                values,
                "that stands for 'not measured', and it must be known in every row; remove those "
                "rows or leave it out",
            )
        return values

    def magnitudes(self, column: str) -> np.ndarray:
        """A numeric column of the table as float64.

        NaN where missing (see :mod:`bayesmatch.catalogs.sentinels`).
        """
        values = self.columns.numbers(column)
        data = self.table[column]
        return without_sentinels(values, of_magnitudes(data.unit, data.dtype))

    def check_magnitudes(self, column: str) -> None:
        """Raise a ValueError or TypeError unless there is such a numeric column."""
        self.columns.check_numbers(column)

    @property
    def circular(self) -> bool:
        """Whether all errors are circles."""
        return self.errors.circular

    @property
    def tails(self) -> Tails:
        """The tails of the position errors."""
        return tails_of(self.errors)

    @property
    def error_record(self) -> list[Any]:
        """What `pos_err` was, one, two or three of: column name, number (arcsec, degrees), None.

        None stands for values given per row.
        """
        return self.errors.record

    def row_numbers(self, rows: np.ndarray) -> np.ndarray:
        """Rows of the whole catalogue that some rows of this object are."""
        return rows if self.rows is None else self.rows[rows]

    def held(self, row_numbers: np.ndarray) -> np.ndarray:
        """Rows of this object that some rows of the whole catalogue are."""
        return row_numbers if self.rows is None else np.searchsorted(self.rows, row_numbers)

    @abstractmethod
    def input_rows(self, row_numbers: np.ndarray) -> Table:
        """All columns of some rows of the whole catalogue."""

    def field_counts(self, column: str, left_out: np.ndarray, edges: np.ndarray) -> Any:
        """Counts of all values of a column that is not at hand; None where it is."""
        return None

    def row_text(self, row: int) -> str:
        """A row, as messages name it."""
        return numbered(row)
