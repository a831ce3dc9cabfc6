"""A sample of a catalogue's rows around some sources: what its field objects look like.

Which rows are taken goes by a hash of their positions, so it depends neither on their order nor on
how the catalogue is cut, and a smaller sample is part of a larger one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._kernels.jit import ranges, run_ranges
from .sky_box import SkyBox

#: most rows of a sample
FIELD_ROWS = 1_000_000
#: standard deviations of the number of rows taken that are kept free below the most
ROOM = 5.0
#: rows that are hashed at a time: they stay in the nearest caches
HASHED = 1 << 14
#: multipliers of SplitMix64 (Steele, Lea & Flood 2014, OOPSLA, p. 453)
GOLDEN, FIRST, SECOND = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)


@dataclass(frozen=True)
class FieldSample:
    """Some rows of a catalogue that lie in the cells around some sources."""

    catalog: Any
    """a `HeldCatalog` of them, with the columns asked for, in the order of the whole catalogue; it
    has ``rows``, their numbers there, and neither errors nor identifiers"""
    n_around: int
    """rows that lie in those cells: the sample is of these"""

    @property
    def share(self) -> float:
        """Fraction of the rows around the sources that are in the sample."""
        return len(self.catalog) / max(1, self.n_around)

    def thinned(self, columns: Sequence[str], box: SkyBox, limit: int) -> FieldSample:
        """The sample of at most `limit` rows, with some columns; this one, if it is smaller."""
        ra, dec = self.catalog.ra, self.catalog.dec
        rows = sampled_rows(ra, dec, box, sampled_share(self.n_around, limit))
        return FieldSample(self.catalog.bare(rows, columns), self.n_around)


class WithSample:
    """A catalogue of candidates: a sample of the whole is read where it is asked for."""

    sampler: Callable[[Any, SkyBox, Sequence[str]], FieldSample] | None = None
    """takes a sample of `FIELD_ROWS` rows of the whole catalogue, with some columns"""
    sample: FieldSample | None = None
    """the one that was taken last"""

    def field_sample(
        self: Any,
        columns: Sequence[str],
        box: SkyBox,
        limit: int = FIELD_ROWS,
        counts: np.ndarray | None = None,
    ) -> FieldSample:
        """A sample of the whole catalogue's rows around the sources of the match."""
        self.cell_counts(box)  # says so where these are the candidates of another match
        if self.sample is None or not set(columns) <= set(self.sample.catalog.table.colnames):
            self.sample = self.sampler(self, box, columns)
        sample: FieldSample = self.sample.thinned(columns, box, limit)
        return sample


def sampled_share(n_around: int, limit: int) -> float:
    """Share of rows to take so that there are at most `limit`, but for repeated positions."""
    if n_around <= limit:
        return 1.0
    return max(limit - ROOM * math.sqrt(limit), 0.25 * limit) / n_around


def rows_around(box: SkyBox, counts: np.ndarray) -> int:
    """Rows in the cells near the sources, from the counts (rows, columns) in all cells."""
    return int(counts[box.known].sum())


def sampled_rows(ra: np.ndarray, dec: np.ndarray, box: SkyBox, share: float) -> np.ndarray:
    """Which of some rows at positions (degrees) are sampled, ascending."""

    def piece(first: int, last: int) -> np.ndarray:
        at = np.arange(first, last)
        if share < 1.0:
            hashed = position_hash(ra[first:last], dec[first:last])
            at = first + np.flatnonzero(hashed < np.uint64(share * 2.0**64))
        taken: np.ndarray = at[box.knows(ra[at], dec[at])]
        return taken

    found = run_ranges(lambda a, b: [piece(*p) for p in _pieces(a, b)], ranges(len(ra), 1 << 19))
    return np.concatenate([np.empty(0, np.int64), *(rows for some in found for rows in some)])


def position_hash(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """A number below 2^64 for each position (degrees), (n,) uint64, as good as random."""
    z = np.ascontiguousarray(ra).view(np.uint64) * GOLDEN
    z ^= z >> np.uint64(32)
    z += np.ascontiguousarray(dec).view(np.uint64)
    for shift, factor in ((30, FIRST), (27, SECOND)):
        z ^= z >> np.uint64(shift)
        z *= factor
    z ^= z >> np.uint64(31)
    return z


def _pieces(first: int, last: int) -> list[tuple[int, int]]:
    return [(first + a, first + b) for a, b in ranges(last - first, HASHED)]
