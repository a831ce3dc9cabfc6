"""Counts of a catalogue's objects in coarse cells around some sources.

Searching as far as densities vary would cost far too much; counting every object once, in a cell,
costs little more than reading its position.  Counts add up, so a catalogue may come in pieces, in
any order.
"""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Callable, Iterable
from functools import cached_property, partial

import numpy as np

from .._kernels import sky_counts as kernels
from .._kernels.cell_counts import count_cells
from .._kernels.covered_cells import leave_out_uncovered
from .._kernels.jit import begin, n_threads, ranges, run_ranges
from .._kernels.near_far import cells_near, count_near_far, share_beside
from .._kernels.sky_windows import (
    covered_sums,
    sum_covered,
    sum_windows,
    sums_with_area,
    value_sums,
)
from .cell_maps import CellCounts, CellMaps, Counted, Looked, corner_sums
from .pole_cells import whole_cells
from .positions import shortest_arc

#: smallest height of a cell, arcsec, and most cells
MIN_CELL, MAX_CELLS = 40.0, 1 << 20
#: half sizes of the windows around a source, in cells besides its own
WINDOWS = (1, 3, 7, 15, 31)
#: cells beyond the largest window: an odd number, so that no edge of a survey that ends where the
#: sources do is an edge of blocks of cells too
BORDER = 6
#: cells are near a source, and not far from it, up to so many cells away
NEAR, CLOSE = 1, 2
#: where fewer objects than this are expected, how many there are says nothing
FEW = 25.0
#: windows end here (arcsec), where the cells are so large that not all are needed
MAX_REACH = 1280.0
#: objects that a thread counts at a time; one counts beside the search up to so many, and where
#: there are not more threads than that: else all count
PIECE, MOST_COUNTED, FEW_THREADS = 1 << 19, 1 << 23, 4
#: sources of which densities are found beside the search
MOST_SOURCES = 200_000
#: sources whose windows are summed at a time
SUMMED = 1 << 11


class SkyBox:
    """The cells around some sources.

    Parameters
    ----------
    ra, dec : ndarray, shape (n,)
        Of the sources, degrees.
    """

    def __init__(self, ra: np.ndarray, dec: np.ndarray) -> None:
        self.cell = MIN_CELL / 3600.0
        arc = shortest_arc(ra)
        for _ in range(2):  # larger cells have larger windows
            self._lay_out(arc, dec)
        #: lowest position, cells per degree and their number, as kernels take them
        per_degree = 1.0 / self.width, 1.0 / self.cell
        self.layout = (float(self.low_ra), float(self.low_dec), *per_degree, *self.shape)
        self.row, self.column = self._cell_of(ra, dec)
        n = max(1, sum(w * self.cell * 3600.0 <= MAX_REACH for w in WINDOWS))
        self.half_rows = np.array(WINDOWS[:n])
        wide = self.half_rows * self.cell / (self.width * self.cosine[:, None])
        self.half_columns = np.minimum(np.rint(wide), self.n_columns).astype(np.int64)
        self.sources = np.zeros(self.shape, np.int32)
        kernels.count_in_cells(self.row, self.column, self.sources)
        self.source_sums = corner_sums(self.sources)
        self._ahead: dict[int, Callable[[], Looked]] = {}

    @cached_property
    def known(self) -> np.ndarray:
        """Cells (rows, columns) within the widest window of a source: those that matter."""
        known = np.empty(self.shape, np.bool_)
        kernels.near_positions(
            self.source_sums, int(self.half_rows[-1]), self.half_columns[:, -1], known
        )
        return known

    def outline(self, known: bool = False) -> SkyBox:
        """The same cells, to count in alone: small, whatever carries it to other processes.

        `known`: to tell which positions lie near the sources, too.
        """
        out = copy.copy(self)
        out._ahead = {}
        if known:
            out.known = self.known
        for name in ("row", "column", "sources", "source_sums", *(() if known else ("known",))):
            out.__dict__.pop(name, None)
        return out

    def _lay_out(self, arc: tuple[float, float], dec: np.ndarray) -> None:
        reach = (WINDOWS[-1] + BORDER) * self.cell
        low, high = max(-90.0, dec.min() - reach), min(90.0, dec.max() + reach)
        farthest = max(abs(low), abs(high))
        self.low_ra, span = 0.0, 360.0
        if farthest < 89.0:
            begin, extent = arc
            wide = reach / math.cos(math.radians(farthest))
            if extent + 2.0 * wide < 350.0:
                self.low_ra, span = (begin - wide) % 360.0, extent + 2.0 * wide
        nearest = 0.0 if low < 0.0 < high else min(abs(low), abs(high))
        across = span * math.cos(math.radians(nearest))
        self.cell = max(self.cell, math.sqrt((high - low) * across / MAX_CELLS))
        self.low_dec = low
        self.n_rows = max(1, math.ceil((high - low) / self.cell))
        self.n_columns = max(1, math.ceil(across / self.cell))
        self.width = span / self.n_columns
        middle = np.minimum(89.999, np.abs(low + (np.arange(self.n_rows) + 0.5) * self.cell))
        self.cosine = np.cos(np.radians(middle))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.n_rows, self.n_columns

    @property
    def digest(self) -> str:
        """Of where the sources are: the same for the same cells."""
        state = hashlib.sha256(np.ascontiguousarray([self.row, self.column]).tobytes())
        state.update(repr((self.shape, self.cell, self.width, self.low_ra, self.low_dec)).encode())
        return state.hexdigest()

    @property
    def reach_arcsec(self) -> float:
        """No object farther than this from all sources is in a cell that matters."""
        return float(1.5 * (self.half_rows[-1] + 2) * self.cell * 3600.0)

    @property
    def widest(self) -> float:
        """Height of the largest window, arcsec."""
        return float((2 * self.half_rows[-1] + 1) * self.cell * 3600.0)

    @property
    def cell_area(self) -> np.ndarray:
        """Area of the cells of each row, (rows,), arcsec^2."""
        area: np.ndarray = 3600.0**2 * self.cell * self.width * self.cosine
        return area

    def _cell_of(self, ra: np.ndarray, dec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        row = ((dec - self.low_dec) / self.cell).astype(np.int64)
        x = ra - self.low_ra
        column = (np.where(x < 0.0, x + 360.0, x) / self.width).astype(np.int64)
        return np.clip(row, 0, self.n_rows - 1), np.clip(column, 0, self.n_columns - 1)

    def count(self, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
        """Objects at some positions (degrees) in each cell, (rows, columns), int32."""
        maps = CellMaps(self.shape)

        def piece(first: int, last: int) -> None:
            with maps.one() as cells:
                self.add(ra[first:last], dec[first:last], cells)

        list(run_ranges(piece, ranges(len(ra), PIECE)))
        return maps.total()

    def look_ahead(self, catalog: Counted, counts: np.ndarray | None = None) -> None:
        """Begin what :meth:`looked` gives for a catalogue, beside the search for candidates.

        Not of so many sources that what a thread frees, and its allocator keeps, would be hundreds
        of megabytes, nor where all threads had better count.  `counts`: its objects in the cells.
        """
        if id(catalog) in self._ahead:
            return
        look = partial(self._look, catalog, counts)
        few = len(self.row) <= MOST_SOURCES and n_threads() <= FEW_THREADS
        if few and (counts is not None or catalog.counted or catalog.n_rows <= MOST_COUNTED):
            self._ahead[id(catalog)] = begin(look)
        elif counts is not None:
            self._ahead[id(catalog)] = look

    def hand_over(self, begun: Counted, catalog: Counted) -> None:
        """Let what was begun for a catalogue be that of another, which has the same counts."""
        if id(begun) in self._ahead:
            self._ahead[id(catalog)] = self._ahead.pop(id(begun))

    def looks_ahead(self, catalogs: Iterable[Counted]) -> bool:
        """Whether :meth:`look_ahead` has begun with all of some catalogues."""
        return all(id(catalog) in self._ahead for catalog in catalogs)

    def looked(self, catalog: Counted) -> Looked:
        """What its objects in cells tell of a catalogue."""
        begun = self._ahead.pop(id(catalog), None)
        return begun() if begun else self._look(catalog)

    def _look(self, catalog: Counted, count: np.ndarray | None = None) -> Looked:
        count = catalog.cell_counts(self) if count is None else count
        covered = self.covered(count)
        return Looked(count, covered, self.covered_windows(count, covered))

    def add(self, ra: np.ndarray, dec: np.ndarray, out: CellCounts) -> None:
        """Add objects at some positions to `out` (rows * columns,) on this thread."""
        count_cells(ra, dec, *self.layout, *out)

    def filled(self, ra: np.ndarray, dec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the cells that hold any of some positions, and how many, int32 (m,) each."""
        cells = CellCounts.none(self.n_rows * self.n_columns)
        self.add(ra, dec, cells)
        # The rows of cells that the positions reach, and one more should one round otherwise: the
        # pages of the others are never touched.
        low, high = self._cell_of(ra[:1], np.array([dec.min(), dec.max()]))[0]
        first = max(low - 1, 0) * self.n_columns
        some = np.add(*(counts[first : (high + 2) * self.n_columns] for counts in cells))
        within = np.flatnonzero(some != 0)  # of bools: in a third of the time
        return (first + within).astype(np.int32), some[within]

    def cell_numbers(self, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
        """Number, row by row, of the cell that each position (degrees) lies in, (n,)."""
        row, column = self._cell_of(ra, dec)
        number: np.ndarray = row * self.n_columns + column
        return number

    def knows(self, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
        """Whether positions (degrees) lie in cells within the widest window of a source, (n,)."""
        x, y = ra - self.low_ra, (dec - self.low_dec) / self.cell
        column = (np.where(x < 0.0, x + 360.0, x) / self.width).astype(np.int64)
        inside: np.ndarray = (y >= 0.0) & (y < self.n_rows) & (column < self.n_columns)
        inside[inside] = self.known[y[inside].astype(np.int64), column[inside]]
        return inside

    def covered(self, count: np.ndarray) -> np.ndarray:
        """Cells (rows, columns) that matter and that the catalogue has looked at wholly.

        A block of cells is not covered if it is empty where blocks as large beside it hold a dozen
        objects each; those that touch one are left out too. Every size is tried that the densities
        allow to be judged by.
        """
        covered = self.known.copy()
        leave_out_uncovered(whole_cells(count, self.low_dec, self.cell), covered)
        return covered

    def near_and_far(
        self, count: np.ndarray, covered: np.ndarray, close: int, beside: bool, rim: bool
    ) -> tuple[float, float]:
        """Density (arcsec^-2) in the covered cells near some source, and in those far from all.

        Where none of the latter, more than `close` away, is covered: 0, or the same if most sources
        lie in covered cells.  `beside`: or in those beside near ones, should that be more.  `rim`:
        or in those around all sources, which may be empty, if there are no others.
        """
        wide = self.half_columns[:, 0] / self.half_rows[0]
        near, by = cells_near(self.source_sums, (NEAR, close), wide)
        n_near, n_far = np.zeros(self.n_rows, np.int64), np.zeros((self.n_rows, 2), np.int64)
        extent = ((int(at.min()), int(at.max())) for at in (self.row, self.column))
        within, *far = count_near_far(count, covered, near, by, *extent, n_near, n_far)
        which, square_near = int(n_far[:, 1].any() or not rim), float(n_near @ self.cell_area)
        density, square = within / max(square_near, 1e-300), float(n_far[:, which] @ self.cell_area)
        if density * square < FEW:
            return density, density if covered[self.row, self.column].mean() > 0.5 else 0.0
        cells = count, covered, near, by, self.cell_area
        share = share_beside(*cells, FEW, close) * density if beside else 0.0
        return density, max(far[which] / square, share)

    def windows(self, count: np.ndarray, area: np.ndarray) -> tuple[np.ndarray, ...]:
        """In each window around each source: objects, area (arcsec^2) and sources, (n, w) each.

        `count` and `area` (rows, columns): of the objects and of what was looked at in each cell.
        Sources in cells without area do not count.
        """
        return self._summed(sum_windows, sums_with_area(count, area, self.sources))

    def covered_windows(self, count: np.ndarray, covered: np.ndarray) -> tuple[np.ndarray, ...]:
        """As :meth:`windows`, of the objects in the cells (rows, columns) that are `covered`."""
        tables = covered_sums(count, covered, self.cell_area, self.sources)
        return self._summed(sum_covered, *tables)

    def value_windows(self, cell: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """In each window around each source: objects, and sum of their values, (n, w) each.

        `cell` (m,) as :meth:`cell_numbers` gives it, `values` (m,).
        """
        number, total, _ = self._summed(sum_covered, *value_sums(cell, values, *self.shape))
        return number, total

    def _summed(self, kernel: Callable, *tables: np.ndarray) -> tuple[np.ndarray, ...]:
        n = len(self.row)
        shape = (n, len(self.half_rows))
        out = np.empty(shape), np.empty(shape), np.empty(shape, np.int64)
        around = self.row, self.column, self.half_rows, self.half_columns
        list(run_ranges(lambda a, b: kernel(a, b, *around, *tables, *out), ranges(n, SUMMED)))
        return out
