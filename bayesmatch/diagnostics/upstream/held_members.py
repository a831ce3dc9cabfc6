"""Members of associations in a catalogue that is at hand."""

from __future__ import annotations

import numpy as np

from ...catalogs.held import HeldCatalog


class Held:
    """What a catalogue in memory has of the members of associations."""

    def __init__(self, catalog: HeldCatalog | None, member: np.ndarray) -> None:
        self.given: list[np.ndarray] | None = None
        self.taken: list[np.ndarray] | None = None
        self.covariance: np.ndarray | None = None
        self.catalog = catalog
        if catalog is None:
            return
        whole = catalog if catalog.whole is None else catalog.whole
        numbers = np.arange(len(whole)) if whole.rows is None else np.asarray(whole.rows)
        order = np.argsort(numbers, kind="stable")
        at = np.minimum(np.searchsorted(numbers[order], member), len(numbers) - 1)
        self.row = order[at] if len(numbers) else at
        self.here = (
            (member >= 0) & (numbers[self.row] == member) if len(numbers) else member > member
        )
        self.whole = whole
        self.given = [self.of(v) for v in whole.given_positions]
        self.taken = [self.of(v) for v in (whole.ra, whole.dec)]
        self.covariance = self.of(whole.covariance())

    def of(self, values: np.ndarray) -> np.ndarray:
        """Values (n, ...) of the members, NaN where absent."""
        out = np.full((len(self.row), *values.shape[1:]), np.nan)
        out[self.here] = values[self.row[self.here]]
        return out

    def column(self, name: str) -> np.ndarray | None:
        """An input column of the members, None where there is none of numbers."""
        if self.catalog is None or name not in self.whole.table.colnames:
            return None
        values = np.ma.getdata(self.whole.table[name])
        return self.of(np.asarray(values, np.float64)) if values.dtype.kind in "iuf" else None
