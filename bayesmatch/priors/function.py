"""A prior from any function of a catalogue's columns."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn

import numpy as np
from astropy.table import Table

from ..catalogs.held import HeldCatalog
from ..catalogs.scalars import shown
from .evaluation import known_ratios


class FunctionPrior:
    """Wrap a function as a prior.

    Parameters
    ----------
    name : str
        Name in the result's column ``bias_<CATALOGUE>_<name>``.
    function : callable
        Called once with an astropy Table of the candidates' rows (all columns of the catalogue);
        returns log10 of p(x | counterpart) / p(x | field) for each row. NaN and masked values
        count as unknown (0); -inf excludes the object.

    Examples
    --------
    >>> import bayesmatch as bm
    >>> import numpy as np
    >>> prior = bm.FunctionPrior("bright", lambda t: np.where(t["mag"] < 18, 1.0, -0.2))
    >>> o = bm.Catalog(
    ...     {"RA": [1.0, 2.0], "DEC": [0.0, 0.0], "mag": [17.0, 20.0]},
    ...     name="O",
    ...     pos_err=0.1,
    ...     area=1,
    ... )
    >>> prior.log10_ratio(o).tolist()
    [1.0, -0.2]
    """

    candidates_only = True

    def __init__(self, name: str, function: Callable[[Table], np.ndarray]) -> None:
        if not isinstance(name, str) or not name:
            raise TypeError(f"FunctionPrior: name is {shown(name)}; give a text")
        if not callable(function):
            raise TypeError(f"FunctionPrior {name!r}: function is {shown(function)}, not callable")
        self.name = name
        self.function = function

    def log10_ratio(self, catalog: HeldCatalog) -> np.ndarray:
        """The function's value for each row, shape (n,); 0 where unknown."""
        value = known_ratios(self.function(catalog.table))
        return np.where(np.isnan(value), 0.0, value)

    def save(self, path: str | os.PathLike) -> NoReturn:
        """Raises: no file of data holds a function."""
        raise TypeError(
            f"FunctionPrior {self.name!r} is not saved: a file of data holds no function. Keep its "
            "code and make the prior of it again; or keep its values, a column of the catalogue, "
            "and use a ColumnPrior, which saves"
        )
