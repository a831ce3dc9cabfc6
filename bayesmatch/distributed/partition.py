"""A partition of a catalogue, as a catalogue that knows the size of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from astropy.table import Table

from ..catalogs.bad_rows import Faults, at_fault, without_position
from ..catalogs.catalog import Catalog
from ..catalogs.closest import did_you_mean
from ..catalogs.epochs import read_epoch, read_motions, said_of
from ..catalogs.errors import error_columns
from ..catalogs.formats.arrow import from_arrow
from ..catalogs.held import HeldCatalog
from ..catalogs.identifiers import read_identifiers
from ..catalogs.names import check_name
from ..catalogs.positions import degrees_given, read_only, turned
from ..catalogs.quoted import read_errors
from ..catalogs.values import ColumnValues


@dataclass(frozen=True)
class Survey:
    """What holds for a catalogue as a whole, wherever it is cut.

    Parameters
    ----------
    name : str
        An identifier, used in column names.
    pos_err : float, Quantity, str, pair or ErrorEllipse
        As for :class:`bayesmatch.Catalog`, but not one value per row.
    n_rows : int
        Rows of the whole catalogue.
    area : float
        Its sky area, deg^2.
    id : str, optional
        Identifier column. Default: as for :class:`bayesmatch.Catalog`.
    epoch, pm, pm_err
        As for :class:`bayesmatch.Catalog`, but not one value per row.
    """

    name: str
    pos_err: Any
    n_rows: int
    area: float
    id: str | None = None
    epoch: Any = None
    pm: Any = None
    pm_err: Any = None

    @property
    def density_deg2(self) -> float:
        """Mean number of objects per deg^2."""
        return self.n_rows / self.area

    def __post_init__(self) -> None:
        check_name(self.name)
        if not (self.n_rows > 0 and 0 < self.area < 41_254):
            raise ValueError(
                f"catalogue {self.name!r}: n_rows is {self.n_rows} and area "
                f"{self.area:g}; give the whole catalogue's, both positive (deg^2)"
            )

    def error_columns(self, columns: Sequence[str]) -> list[str]:
        """Columns that the position errors are made from, of those that there are."""
        return error_columns(self.pos_err, list(columns))

    def check_columns(self, columns: Sequence[str], more: Sequence[str] = ()) -> None:
        """Refuse names of columns that are not among those of the catalogue."""
        for name in (*self.error_columns(columns), *(() if self.id is None else (self.id,)), *more):
            if name not in columns:
                raise ValueError(
                    f"catalogue {self.name!r} has no column {name!r}{did_you_mean(name, columns)}; "
                    f"give one of {', '.join(columns)}"
                )


class Partition(HeldCatalog):
    """Some rows of a catalogue, maybe none; densities go by the whole."""

    def __init__(self, frame: pd.DataFrame, survey: Survey, ra: str, dec: str) -> None:
        self.survey = survey
        table = plain_table(frame)
        columns = ColumnValues(table, survey.name)
        degrees, faults = degrees_given(columns, ra, dec), Faults(len(table), all_allowed=True)
        bad = without_position(*degrees)
        ra_deg, dec_deg = read_only(turned(degrees[0])), read_only(degrees[1])
        columns = ColumnValues(table, survey.name, dec=dec_deg)
        super().__init__(
            name=survey.name,
            table=table,
            ra_name=ra,
            dec_name=dec,
            ra=ra_deg,
            dec=dec_deg,
            errors=read_errors(columns, survey.pos_err, len(table), faults),
            identifiers=read_identifiers(columns, survey.id, {}),
            area=float(survey.area),
        )
        self.pos_err = survey.pos_err
        self.said = said_of(columns, {}, survey.epoch, survey.pm, survey.pm_err)
        self.epoch = read_epoch(columns, self.said)
        self.motions = read_motions(columns, self.said, self.ra, self.dec)
        self.bad_errors, self.error_fault = faults.mask, faults.text
        if bad is not None:
            which = at_fault(*degrees, bad)
            self.set_aside(bad, columns.fault((ra, dec)[which], bad, degrees[which]))

    @property
    def n_rows(self) -> int:
        """Rows of the whole catalogue, those aside that this part of it lacks."""
        return self.survey.n_rows - len(self.aside)

    @property
    def n_listed(self) -> int:
        """Rows of the whole catalogue."""
        return self.survey.n_rows


Catalog.register(Partition)


def positions_there(
    values: ColumnValues, ra: str, dec: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions (degrees) of the rows that have one, and which these are, (m,) each."""
    degrees = degrees_given(values, ra, dec)
    bad = without_position(*degrees)
    there = np.arange(len(degrees[0]), dtype=np.int32) if bad is None else np.flatnonzero(~bad)
    ra_deg, dec_deg = degrees if bad is None else (degrees[0][there], degrees[1][there])
    return read_only(turned(ra_deg)), read_only(dec_deg), there


def plain_table(frame: pd.DataFrame) -> Table:
    """The columns of one value a row, as an astropy table; nested ones are left out."""
    data = pa.Table.from_pandas(pd.DataFrame(frame), preserve_index=False)
    plain = [f.name for f in data.schema if not pa.types.is_nested(f.type)]
    return from_arrow(data.select(plain))
