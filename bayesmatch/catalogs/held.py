"""A catalogue whose rows are in memory."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from astropy.table import Column, Table

from .area import coverage_of, estimated_area
from .bad_rows import Aside
from .base import SkyCatalog
from .errors import PositionErrorModel
from .field_sample import FIELD_ROWS, FieldSample, rows_around, sampled_rows, sampled_share
from .identifiers import Identifiers
from .own_units import corrected_columns
from .positions import read_only, read_positions
from .sky_box import SkyBox
from .tails import Tails, with_tails


class HeldCatalog(SkyCatalog):
    """Sources in memory: positions, errors and identifiers of every row.

    Parameters
    ----------
    name, table, ra_name, dec_name, errors, area
        As for :class:`SkyCatalog`.
    ra, dec : ndarray of float64, shape (n,)
        Positions in degrees, 0 <= ra < 360.
    identifiers : Identifiers
        Of the rows.
    """

    def __init__(
        self,
        *,
        name: str,
        table: Table,
        ra_name: str,
        dec_name: str,
        ra: np.ndarray,
        dec: np.ndarray,
        errors: PositionErrorModel,
        identifiers: Identifiers,
        area: float,
    ) -> None:
        super().__init__(
            name=name,
            table=table,
            ra_name=ra_name,
            dec_name=dec_name,
            id_name=identifiers.name,
            errors=errors,
            area=area,
        )
        self.ra, self.dec = read_only(ra), read_only(dec)
        self.identifiers = identifiers

    whole: HeldCatalog | None = None
    """the catalogue that this one is without some rows: those outside its footprint, bad ones"""

    bad_errors: np.ndarray | None = None
    """(n,) rows whose position error is none, among those that are held; None: there are none"""

    counted: tuple[str, np.ndarray] | None = None
    """digest of the cells in which all objects were counted, and the counts; None: not yet"""

    error_fault: str = ""
    """the first of these, as messages name it"""

    as_given: tuple[np.ndarray, np.ndarray] | None = None
    """positions (degrees) before they were corrected; None: they were not"""

    @property
    def given_positions(self) -> tuple[np.ndarray, np.ndarray]:
        """Positions in degrees as they were given, whatever has been corrected since."""
        return (self.ra, self.dec) if self.as_given is None else self.as_given

    @property
    def n_listed(self) -> int:
        """Number of rows of the whole catalogue, those that are left out included."""
        return self.n_rows if self.whole is None else len(self.whole)

    def row_text(self, row: int) -> str:
        """A row, as messages name it."""
        return super().row_text(row if self.rows is None else int(self.rows[row]))

    @classmethod
    def __subclasshook__(cls, other: type) -> Any:
        # A scanned catalogue counts as a Catalog, which derives from this class: it has no rows.
        return cls in other.__mro__ if cls is HeldCatalog else NotImplemented

    def __len__(self) -> int:
        return len(self.ra)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: {len(self)} rows, {self.area:g} deg^2>"

    @property
    def id_mask(self) -> np.ndarray | None:
        """Rows without an identifier, (n,); None: there are none."""
        return self.identifiers.mask

    def own_numbers(self, rows: np.ndarray) -> np.ndarray:
        """Numbers by which some rows are known in the same catalogue as a primary."""
        return self.row_numbers(rows)

    def input_rows(self, row_numbers: np.ndarray) -> Table:
        """All columns of some rows of the whole catalogue."""
        return (self if self.whole is None else self.whole).table[row_numbers]

    def estimate_area(self, order: int | None = None) -> float:
        """Estimate the sky area from the HEALPix cells that hold an object.

        Parameters
        ----------
        order : int, optional
            HEALPix order of the cells, 0 to 29 (order 8: 0.052 deg^2). Default: the finest whose
            occupied cells hold 12 objects on average.

        Returns
        -------
        float
            Area in deg^2. Holes smaller than a cell count as covered.
        """
        return estimated_area(self.ra, self.dec, order)

    def coverage(self, order: int | None = None) -> Any:
        """Where the catalogue has looked: the MOC that was given as its area, or occupied cells.

        Parameters
        ----------
        order : int, optional
            HEALPix order of the cells that hold an object, asked for also where a MOC was given.
            Default: that MOC; without, as for :meth:`estimate_area`.

        Returns
        -------
        mocpy.MOC
            Good for ``area=``.
        """
        if order is None and self.moc is not None:
            return self.moc
        return coverage_of(self.ra, self.dec, order)

    def covariance(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Position covariance of some rows (default all): (m, 3) of east^2, north^2, east*north.

        In arcsec^2, along the source's own east and north.
        """
        return self.errors.covariance(rows)

    def ids(self, rows: np.ndarray) -> np.ndarray:
        """Identifiers of some rows: integers, or text without blanks around it."""
        return self.identifiers.of(rows)

    def cell_counts(self, box: SkyBox) -> np.ndarray:
        """Objects of the whole catalogue in the cells around some sources, (rows, columns)."""
        return box.count(self.ra, self.dec)

    def field_sample(
        self,
        columns: Sequence[str],
        box: SkyBox,
        limit: int = FIELD_ROWS,
        counts: np.ndarray | None = None,
    ) -> FieldSample:
        """A sample of the rows of the whole catalogue that lie around some sources.

        Of a scanned catalogue it is of the data set, read when it is asked for first.

        Parameters
        ----------
        columns : sequence of str
            To have of the rows.
        box : SkyBox
            The cells around the sources, ``SkyBox(primary.ra, primary.dec)``.
        limit : int
            Most rows.
        counts : ndarray of int, shape (rows, columns), optional
            What ``cell_counts(box)`` gives, where it is known.
        """
        n_around = rows_around(box, self.cell_counts(box) if counts is None else counts)
        rows = sampled_rows(self.ra, self.dec, box, sampled_share(n_around, limit))
        return FieldSample(self.bare(rows, columns), n_around)

    def bare(self, rows: np.ndarray, columns: Sequence[str]) -> Self:
        """Some rows with some columns, and neither errors nor identifiers: of a field sample."""
        part = self.bare_of(self.row_numbers(rows), self.ra[rows], self.dec[rows])
        part.table = _rows_of(self.table, columns, rows)
        return part

    def some_columns(self, columns: Sequence[str], rows: np.ndarray) -> Table:
        """A table of some rows of some columns, and nothing of the catalogue besides."""
        return _rows_of(self.table, columns, rows)

    def bare_of(self, row_numbers: np.ndarray, ra: np.ndarray, dec: np.ndarray) -> Self:
        """The same for rows of the whole catalogue at some positions, without columns."""
        part = copy.copy(self)
        part.table, part.rows = Table(), read_only(row_numbers)
        part.ra, part.dec, part.as_given = read_only(ra), read_only(dec), None
        part.errors, part.bad_errors = self.errors.subset(np.empty(0, np.int64)), None
        part.motions = part.epoch = None
        part.identifiers = Identifiers(self.id_name)
        return part

    def subset(self, rows: np.ndarray, only: Sequence[str] | None = None) -> Self:
        """Some rows of this catalogue (and of its columns), with the area of the whole."""
        rows = np.arange(len(self))[rows]
        part = copy.copy(self)
        part.table = self.table[rows] if only is None else _rows_of(self.table, only, rows)
        part.ra, part.dec = read_only(self.ra[rows]), read_only(self.dec[rows])
        if self.as_given is not None:
            part.as_given = self.as_given[0][rows], self.as_given[1][rows]
        part.errors = self.errors.subset(rows)
        part.identifiers = self.identifiers.subset(rows, self.ids(rows))
        part.rows = None if self.rows is None else self.rows[rows]
        if self.epoch is not None and self.epoch.ndim:
            part.epoch = self.epoch[rows]
        if self.motions is not None:
            part.motions = self.motions.subset(rows)
        if self.bad_errors is not None:
            part.bad_errors = self.bad_errors[rows] if self.bad_errors[rows].any() else None
        return part

    def without(self, left_out: np.ndarray) -> Self:
        """The catalogue without some rows, (n,) bool; the others keep their numbers."""
        kept = np.flatnonzero(~left_out)
        part = self.subset(kept)
        part.rows = read_only(self.row_numbers(kept))
        part.whole = self if self.whole is None else self.whole
        return part

    def set_aside(self, bad: np.ndarray, fault: str, beyond: str = "") -> None:
        """Hold the rows without a position, (n,) bool, no more: when a catalogue is made."""
        part = self.without(bad)
        part.aside = Aside(self.row_numbers(np.flatnonzero(bad)), fault=fault, beyond=beyond)
        vars(self).update(vars(part), whole=copy.copy(self))

    def with_good_errors(self) -> Self:
        """The catalogue without the rows whose position error is none."""
        bad = self.bad_errors
        if bad is None:
            return self
        part = self.without(bad)
        part.aside = replace(self.aside, error=self.row_numbers(np.flatnonzero(bad)))
        return part

    @property
    def all_at_hand(self) -> bool:
        """Whether all rows are held, those left out aside: not those of a scanned catalogue."""
        return self.rows is None or (self.whole is not None and self.moc is None)

    def corrected(
        self,
        ra: np.ndarray,
        dec: np.ndarray,
        scale: float | np.ndarray,
        floor: float,
        tails: Tails | None = None,
    ) -> Self:
        """The same sources at other positions (degrees), with other errors.

        Every error times `scale` (one, or (n,)), with `floor` (arcsec per axis) added in
        quadrature, and with `tails` in place of its own if they are given. Columns of positions
        and errors have the new values, in the units that their names say, else in degrees and
        arcsec; nothing of this catalogue is changed.
        """
        out = copy.copy(self)
        out.errors = self.errors.scaled(scale, floor)
        if tails is not None:
            out.errors = with_tails(out.errors, tails)
        out.table = self.table.copy(copy_data=False)
        at = {self.ra_name: ra, self.dec_name: dec}
        new = corrected_columns(self, at, out.errors.columns())
        for column, values in new.items():
            out.table.replace_column(column, values)
        out.ra, out.dec = read_positions(out.columns, self.ra_name, self.dec_name)
        out.as_given = self.given_positions
        if self.whole is not None:  # what is written is of the whole
            out.whole = copy.copy(self.whole)
            out.whole.table = self.whole.table.copy(copy_data=False)
            for column, values in new.items():
                full = np.full(len(self.whole), np.nan)
                full[self.rows] = values
                out.whole.table.replace_column(column, Column(full, unit=values.unit))
        return out

    def check_primary_ids(self) -> None:
        """Identifiers of a primary must be unique: results are looked up by them."""
        self.identifiers.check_unique(self.columns, self.ids(np.arange(len(self))))


def _rows_of(table: Table, columns: Sequence[str], rows: np.ndarray) -> Table:
    """Some rows of some columns; a table of these columns would copy all of their rows first."""
    return Table({name: table[name][rows] for name in columns}, meta=table.meta, copy=False)
