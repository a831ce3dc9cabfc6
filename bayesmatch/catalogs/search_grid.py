"""The grid of a search: residents by the cells that their circles touch."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .._kernels import grid, grid_entries

#: rows that stream past a grid at a time, as one piece of work
STREAM_ROWS = 1 << 17
#: zones of at least this height (degrees): below it the zone table would outgrow the residents
MIN_CELL_DEG = 4.0 / 3600.0


class Grid:
    """The residents of a search, entered in every cell their circle of `radius` arcsec touches."""

    def __init__(self, ra: np.ndarray, dec: np.ndarray, radius: float) -> None:
        self.radius = radius
        self.circle, self.padded_degrees = circles(ra, dec, radius)
        n_zones = max(1, int(180.0 / max(radius / 3600.0, MIN_CELL_DEG)))
        self.cell, self.columns_per_degree, zone_first, self.zone_cell, self.last_column = _zones(
            n_zones
        )
        # 256 bits a resident, which makes up to nine entries: mostly empty.
        n_words = 1 << min(max(8, int(len(ra) * 4).bit_length()), 25)
        entered = self.circle, self.padded_degrees, self.cell, zone_first
        while self._entered_twice(n_words, entered):
            n_words *= 2

    def _entered_twice(self, n_words: int, circles: tuple) -> bool:
        """Enter the residents in cells told apart by so many words of bits; whether one is twice.

        That is, two cells of its circle have the same bit: never with 31 bits.
        """
        integer = np.int32 if len(self.circle) < 1 << 27 else np.int64  # half the cache misses
        self.occupied, self.before = np.zeros(n_words, np.uint64), np.empty(n_words + 1, integer)
        resident, cells = np.empty((2, grid_entries.count_entries(*circles)), integer)
        grid_entries.list_entries(*circles, resident, cells, self.occupied)
        start = np.zeros(grid_entries.count_bits(self.occupied, self.before) + 2, integer)
        self.start, self.entry = start[:-1], np.empty(len(cells), integer)
        return bool(
            grid_entries.sort_entries(
                resident, cells, self.occupied, self.before, start, self.entry
            )
        )

    def search(
        self, first: int, last: int, ra: np.ndarray, dec: np.ndarray, max_pairs: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pairs (resident, streamed row, arcsec) of streamed rows first to last, in their order.

        One more than `max_pairs`, or a little above, when there are more.
        """
        pairs: tuple[np.ndarray, np.ndarray, np.ndarray] = grid.search(
            first,
            last,
            ra,
            dec,
            self.cell,
            self.zone_cell,
            self.last_column,
            self.columns_per_degree,
            self.occupied,
            self.before,
            self.start,
            self.entry,
            self.circle,
            self.radius,
            max_pairs,
        )
        return pairs


@lru_cache(maxsize=4)
def _zones(n_zones: int) -> tuple[float, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Height of the zones of a grid; columns per degree, first and last cells of each.

    The same for every partition of a survey, and larger than what many of these have in a grid.
    """
    cell = 180.0 / n_zones
    middle = np.radians((np.arange(n_zones) + 0.5) * cell - 90.0)
    columns = np.maximum(1, (360.0 * np.cos(middle) / cell).astype(np.int64))
    first = np.zeros(n_zones + 1, np.int64)
    np.cumsum(columns, out=first[1:])
    # Low bits tell cells apart, and 32 of them are found twice as fast as 64.
    low_bits = first[:-1].astype(np.uint32).view(np.int32)
    return cell, columns / 360.0, first, low_bits, (columns - 1).astype(np.int32)


def circles(ra: np.ndarray, dec: np.ndarray, radius: float) -> tuple[np.ndarray, float]:
    """Circles of `radius` arcsec as a search takes them, (n, 4), and their radius in degrees.

    A little larger: no pair may be lost to rounding.
    """
    padded = radius / 3600.0 * (1.0 + 1e-9) + 1e-9
    return np.column_stack([ra, dec, np.cos(np.radians(dec)), half_width(dec, padded)]), padded


def half_width(dec: np.ndarray, radius: float) -> np.ndarray:
    """Half the range of right ascension of a circle (all in degrees), 180 over a pole."""
    with np.errstate(invalid="ignore"):
        half = np.degrees(np.arcsin(np.sin(np.radians(radius)) / np.cos(np.radians(dec))))
    return np.where(np.abs(dec) + radius >= 90.0, 180.0, half)
