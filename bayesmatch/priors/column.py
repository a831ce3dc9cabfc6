"""A prior that stands ready in the catalogue: a column of log10 ratios."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..catalogs.held import HeldCatalog
from ..catalogs.scalars import text_of
from ..catalogs.sentinels import without_sentinels
from .evaluation import HIGHEST, LOWEST
from .saved import Record, build_prior, check_format, write_record

FORMAT = "bayesmatch-column-prior"
FORMAT_VERSION = 1
WHAT = "column prior"


class ColumnPrior:
    """Log10 ratio that another program has put into a column of the catalogue.

    Parameters
    ----------
    column : str
        Column of the catalogue the prior is for: log10 of p(x | counterpart) / p(x | field) of
        every row, from -323 to 308. Missing values (masked, NaN) say nothing, as 0 does; -inf
        excludes an object.
    name : str, optional
        Name in the result's column ``bias_<CATALOGUE>_<name>``. Default: `column`.

    Notes
    -----
    What stands for "missing" is what does in columns that are no magnitudes (see
    :mod:`bayesmatch.catalogs.sentinels`): -99, -99.9, -99.99, -999 ... -9999 themselves, and no
    other number. So -99 is neutral, not a ratio of 1e-99; -98.9 and 99 are what they say. To
    exclude objects write -inf, or a number like -90.

    Examples
    --------
    >>> import bayesmatch as bm
    >>> import numpy as np
    >>> o = bm.Catalog(
    ...     {"RA": [1.0, 2.0, 3.0], "DEC": [0.0, 0.0, 0.0], "lr": [0.7, -99.0, -np.inf]},
    ...     name="O",
    ...     pos_err=0.1,
    ...     area=1,
    ... )
    >>> bm.ColumnPrior("lr").log10_ratio(o).tolist()
    [0.7, 0.0, -inf]
    """

    candidates_only = True

    def __init__(self, column: str, *, name: str | None = None) -> None:
        self.column = text_of("ColumnPrior: column", column)
        self.name = column if name is None else text_of("ColumnPrior: name", name)
        self.columns = [column]

    def __repr__(self) -> str:
        return f"ColumnPrior({self.column!r}, name={self.name!r})"

    def save(self, path: str | os.PathLike) -> None:
        """Write a JSON file with both names, which :func:`bayesmatch.read_prior` reads too."""
        record = {"format": FORMAT, "version": FORMAT_VERSION}
        record |= {"name": self.name, "column": self.column}
        write_record(path, record)

    @classmethod
    def load(cls, path: str | os.PathLike) -> ColumnPrior:
        """Read what :meth:`save` wrote; a wrong or truncated file is a ValueError."""
        prior: ColumnPrior = build_prior(path, WHAT, cls.from_record)
        return prior

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> ColumnPrior:
        """The prior that a JSON object describes; a ValueError if it does not."""
        check_format(record, FORMAT, FORMAT_VERSION)
        entries = Record(record)
        entries.only(["format", "version", "name", "column"])
        return cls(entries.name("column"), name=entries.name("name"))

    def check(self, catalog: HeldCatalog, primary: HeldCatalog) -> None:
        """Raise a ValueError or TypeError unless the column is there, with log10 ratios."""
        self.log10_ratio(catalog)

    def log10_ratio(self, catalog: HeldCatalog) -> np.ndarray:
        """The column's value for each row, shape (n,); 0 where missing.

        Raises
        ------
        ValueError, TypeError
            If the column does not hold numbers, or one is +inf or of no double's logarithm.
        """
        values = catalog.columns.numbers(self.column)
        ratio = without_sentinels(values, magnitudes=False)  # NaN where missing or infinite
        ratio = np.where(np.isinf(values), values, np.where(np.isnan(ratio), 0.0, ratio))
        bad = (ratio > HIGHEST) | (np.isfinite(ratio) & (ratio < LOWEST))
        if bad.any():
            catalog.columns.reject(
                self.column,
                bad,
                values,
                f"log10 ratios are from {LOWEST:g} to {HIGHEST:g}, -inf excludes an object, and "
                "0 or NaN says nothing",
            )
        return ratio
