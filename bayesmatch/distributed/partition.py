"""A partition of a catalogue, as a catalogue that knows the size of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
from astropy.table import Table

from ..catalog import DEC_RANGE, RA_RANGE, Catalog, check_name, read_only, turned
from ..catalogs.formats.arrow import from_arrow
from ..errors import error_entries


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

    def __post_init__(self) -> None:
        check_name(self.name)
        if not (self.n_rows > 0 and 0 < self.area < 41_254):
            raise ValueError(f"catalogue {self.name!r}: n_rows is {self.n_rows} and area "
                             f"{self.area:g}; give the whole catalogue's, both positive (deg^2)")

    @property
    def error_columns(self) -> list[str]:
        """Columns that the position errors are made from."""
        return [part for part in error_entries(self.pos_err) if isinstance(part, str)]

    def check_columns(self, columns: Sequence[str], more: Sequence[str] = ()) -> None:
        """Refuse names of columns that are not among those of the catalogue."""
        for name in (*self.error_columns, *(() if self.id is None else (self.id,)), *more):
            if name not in columns:
                raise ValueError(f"catalogue {self.name!r} has no column {name!r}; give one of "
                                 f"{', '.join(columns)}")


class Partition(Catalog):
    """Some rows of a catalogue, maybe none; densities go by the whole."""

    def __init__(self, frame: pd.DataFrame, survey: Survey, ra: str, dec: str) -> None:
        self.survey = survey
        self.name, self.area = survey.name, float(survey.area)
        self.table = plain_table(frame)
        self.ra_name, self.dec_name = ra, dec
        self.ra = read_only(turned(self._position(self.ra_name, *RA_RANGE)))
        self.dec = read_only(self._position(self.dec_name, *DEC_RANGE))
        self._set_errors(survey.pos_err)
        self._set_id(survey.id, {})

    @property
    def n_rows(self) -> int:
        """Rows of the whole catalogue."""
        return self.survey.n_rows


def plain_table(frame: pd.DataFrame) -> Table:
    """The columns of one value a row, as an astropy table; nested ones are left out."""
    data = pa.Table.from_pandas(pd.DataFrame(frame), preserve_index=False)
    plain = [f.name for f in data.schema if not pa.types.is_nested(f.type)]
    return from_arrow(data.select(plain))
