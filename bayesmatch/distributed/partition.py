"""A partition of a catalogue, as a catalogue that knows the size of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
from astropy.table import Table

from ..catalogs.catalog import Catalog
from ..catalogs.errors import error_columns
from ..catalogs.formats.arrow import from_arrow
from ..catalogs.held import HeldCatalog
from ..catalogs.identifiers import read_identifiers
from ..catalogs.names import check_name
from ..catalogs.positions import read_positions
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
    """

    name: str
    pos_err: Any
    n_rows: int
    area: float
    id: str | None = None

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
                    f"catalogue {self.name!r} has no column {name!r}; give one of "
                    f"{', '.join(columns)}"
                )


class Partition(HeldCatalog):
    """Some rows of a catalogue, maybe none; densities go by the whole."""

    def __init__(self, frame: pd.DataFrame, survey: Survey, ra: str, dec: str) -> None:
        self.survey = survey
        table = plain_table(frame)
        columns = ColumnValues(table, survey.name)
        ra_deg, dec_deg = read_positions(columns, ra, dec)
        columns = ColumnValues(table, survey.name, dec=dec_deg)
        super().__init__(
            name=survey.name,
            table=table,
            ra_name=ra,
            dec_name=dec,
            ra=ra_deg,
            dec=dec_deg,
            errors=read_errors(columns, survey.pos_err, len(table)),
            identifiers=read_identifiers(columns, survey.id, {}),
            area=float(survey.area),
        )

    @property
    def n_rows(self) -> int:
        """Rows of the whole catalogue."""
        return self.survey.n_rows


Catalog.register(Partition)


def plain_table(frame: pd.DataFrame) -> Table:
    """The columns of one value a row, as an astropy table; nested ones are left out."""
    data = pa.Table.from_pandas(pd.DataFrame(frame), preserve_index=False)
    plain = [f.name for f in data.schema if not pa.types.is_nested(f.type)]
    return from_arrow(data.select(plain))
