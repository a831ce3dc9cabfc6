"""Catalogues whose rows are elsewhere: a match is given those near its sources when it asks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import NoReturn

import numpy as np

from .base import SkyCatalog
from .held import HeldCatalog
from .sky_box import SkyBox


class FarCatalog(SkyCatalog):
    """A catalogue of which a match holds the rows near its sources, fetched when it asks.

    Its ``table`` has the columns' names, types and units, and no rows. It can be any catalogue of
    a match but the first.
    """

    n_total: int
    """rows of the whole catalogue"""

    def __len__(self) -> int:
        return self.n_total

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: {len(self):,} rows, {self.area:g} deg^2>"

    def __getattr__(self, attribute: str) -> NoReturn:
        if attribute in ("ra", "dec", "identifiers") or hasattr(HeldCatalog, attribute):
            raise TypeError(
                f"catalogue {self.name!r} is elsewhere, so its rows are not at hand; it can be one "
                "of the other catalogues of match(), anything else needs it in memory or in local "
                "files (Catalog.read, Catalog.scan)"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {attribute!r}")

    @abstractmethod
    def hold_near(
        self,
        primary: HeldCatalog,
        radius: float,
        *,
        columns: Sequence[str] | None,
        max_rows: int,
        box: SkyBox | None,
    ) -> HeldCatalog:
        """The rows within a radius (arcsec) of any source, with all that a match needs of them.

        Parameters
        ----------
        primary : HeldCatalog
            The sources.
        radius : float
            arcsec.
        columns : sequence of str or None
            To have besides positions, errors and identifiers; None: all.
        max_rows : int
            Most pairs.
        box : SkyBox, optional
            Cells around the sources in which all rows are to be counted, too.
        """

    def input_rows(self, row_numbers: np.ndarray) -> NoReturn:
        """Rows by their numbers, which nobody knows before a match."""
        raise TypeError(
            f"catalogue {self.name!r} is elsewhere; a match has the rows that it has found"
        )
