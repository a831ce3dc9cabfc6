"""The main measurements for airspeed velocity (``asv run --config benchmarks/asv.conf.json``).

Plain classes: `setup` makes the inputs, each ``time_*`` is timed, each ``peakmem_*`` is watched.
"""

from __future__ import annotations

import bayesmatch as bm

from .elliptical import as_ellipses
from .skies import cosmos_sky, large_sky, mock_sky, whole_match


class Pair:
    """Two catalogues, by the rows of each."""

    params = [[(1_000, 100_000), (6_885, 2_418_574), (27_540, 9_674_296)]]
    param_names = ["rows"]

    def setup(self, rows: tuple[int, int]) -> None:
        self.catalogs = mock_sky(*rows)

    def time_match(self, rows: tuple[int, int]) -> None:
        whole_match(*self.catalogs, radius=30)

    def peakmem_match(self, rows: tuple[int, int]) -> None:
        whole_match(*self.catalogs, radius=30)


class Several:
    """Three and four catalogues, by the rows of all but the primary."""

    params = [[(560_000, 345_512), (560_000, 345_512, 345_512)], [0.0, 1e-12]]
    param_names = ["rows", "prune"]

    def setup(self, rows: tuple[int, ...], prune: float) -> None:
        self.catalogs = cosmos_sky(rows, (0.1, 0.5, 0.5)[: len(rows)])

    def time_match(self, rows: tuple[int, ...], prune: float) -> None:
        whole_match(*self.catalogs, radius=10, prune=prune)

    def peakmem_match(self, rows: tuple[int, ...], prune: float) -> None:
        whole_match(*self.catalogs, radius=10, prune=prune)


class Elliptical:
    """Elliptical errors of both."""

    params = [[(6_885, 2_418_574)]]
    param_names = ["rows"]

    def setup(self, rows: tuple[int, int]) -> None:
        self.catalogs = [as_ellipses(catalog, seed) for seed, catalog in enumerate(mock_sky(*rows))]

    def time_match(self, rows: tuple[int, int]) -> None:
        whole_match(*self.catalogs, radius=30)


class Making:
    """What it takes to check the tables and make catalogues of them."""

    params = [[(10_000, 1_000_000)]]
    param_names = ["rows"]

    def setup(self, rows: tuple[int, int]) -> None:
        self.tables = [catalog.table for catalog in large_sky(*rows)]

    def time_catalog(self, rows: tuple[int, int]) -> None:
        for table in self.tables:
            bm.Catalog(table, name="A", pos_err=1.0, area=1.0)
