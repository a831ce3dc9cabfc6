"""Candidates: every object of the other catalogues within the radius of each primary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from .._kernels import grid, grid_entries
from .._kernels.jit import ranges, run_ranges
from .base import SkyCatalog
from .cell_sieve import AS_THEY_LIKE, NO_COUNTS, CellSieve
from .held import HeldCatalog
from .memory import check_memory, give_back
from .moving_pairs import has_own_epochs, moving_pairs
from .positions import square_degrees
from .segments import segments
from .sky_box import SkyBox

#: streamed rows per piece of work
STREAM_ROWS = 1 << 17
#: streamed rows for every resident from which on most are sieved out before the search
MANY = 32
#: bytes for a pair while all are put together, and pairs for which memory is not asked about
PAIR_BYTES, CHECKED_PAIRS = 80, 4_000_000
#: zones of at least this height (degrees): below it the zone table would outgrow the residents
MIN_CELL_DEG = 4.0 / 3600.0


@dataclass(frozen=True)
class Candidates:
    """Candidates in blocks, one block per primary and other catalogue, each in row order."""

    start: np.ndarray
    """(n_primary * n_other + 1,) first slot of block ``primary * n_other + other``, then the end"""
    row: np.ndarray
    """(n_slots,) row in its catalogue"""
    separation: np.ndarray
    """(n_slots,) arcsec from the primary"""
    n_other: int
    """number of other catalogues"""
    unjudged: tuple[int, ...] = ()
    """objects of each other catalogue that were left out because they have no position error"""

    def without(self, left_out: np.ndarray) -> Candidates:
        """The same without some slots, (n_slots,) bool."""
        gone = np.concatenate([[0], np.cumsum(left_out)])
        return replace(
            self,
            start=self.start - gone[self.start],
            row=self.row[~left_out],
            separation=self.separation[~left_out],
        )

    @property
    def n_primary(self) -> int:
        """Number of primaries."""
        return (len(self.start) - 1) // self.n_other

    def slots_of(self, other: int) -> np.ndarray | slice:
        """Takes the slots of one other catalogue out of an array; no copy if it is the only."""
        return slice(None) if self.n_other == 1 else self.of_catalogue(other)[0]

    def of_catalogue(self, other: int) -> tuple[np.ndarray, np.ndarray]:
        """Slots of one other catalogue, and the primary of each."""
        if self.n_other == 1:
            primary = np.repeat(np.arange(self.n_primary), np.diff(self.start))
            return np.arange(len(primary)), primary
        count = np.diff(self.start).reshape(-1, self.n_other)[:, other]
        begin = self.start[:-1].reshape(-1, self.n_other)[:, other]
        return segments(begin, count), np.repeat(np.arange(len(count)), count)


def find_candidates(
    primary: HeldCatalog,
    others: Sequence[HeldCatalog],
    radius: float,
    *,
    max_rows: int,
    advance: Callable[[int], object] = lambda rows: None,
    box: SkyBox | None = None,
) -> Candidates:
    """All pairs of a primary and an object of another catalogue closer than `radius` arcsec.

    Exact in double precision anywhere on the sphere.  Memory goes with the smaller catalogue and
    the pairs found, not with the larger catalogue.  `box`: cells around the primary, where there
    are any already.

    Raises
    ------
    ValueError
        If a catalogue has more than `max_rows` candidates.
    """
    found = []
    for other in others:
        # The candidates of a scanned catalogue have been counted when they were read.
        counted = not other.all_at_hand
        if not counted:
            check_expected_pairs(primary, other, radius, max_rows)
        how: dict[str, Any] = {
            "max_pairs": max_rows,
            "advance": (lambda rows: None) if counted else advance,
        }
        if has_own_epochs(primary, other):
            found.append(moving_pairs(pairs_within, primary, other, radius, **how))
        else:
            found.append(pairs_within(primary, other, radius, box=box, **how))
    n, n_other = len(primary), len(others)
    count = np.column_stack([np.bincount(i, minlength=n) for i, _, _ in found])
    start = np.zeros(n * n_other + 1, np.int64)
    np.cumsum(count, out=start[1:])
    row = np.empty(start[-1], np.int64)
    separation = np.empty(start[-1])
    for k in range(n_other):
        grid.bucket_pairs(*found[k], start[k:-1:n_other].copy(), row, separation)
    del found
    give_back(len(row))
    return Candidates(start, row, separation, n_other)


def check_expected_pairs(
    primary: HeldCatalog, other: HeldCatalog, radius: float, max_rows: int
) -> None:
    """Refuse a search whose result could not be held, judging from a sample of the primaries."""
    per_primary = other.density_deg2 * square_degrees(radius)
    if len(primary) * per_primary <= max_rows:
        return
    sample = np.arange(0, len(primary), max(1, len(primary) // 50))
    ra, dec = primary.ra[sample], primary.dec[sample]
    pairs = _stream(Grid(ra, dec, radius), other.ra, other.dec, max_rows)
    expected = sum(len(i) for i, _, _ in pairs) * len(primary) / len(ra)
    if expected > max_rows:
        raise ValueError(
            too_many(
                f"about {expected:.3g} pairs", other, radius, max_rows, expected / len(primary)
            )
        )


def too_many(what: str, other: SkyCatalog, radius: float, max_rows: int, per_primary: float) -> str:
    """The message for a result that would not fit, with what to do about it."""
    return (
        f"catalogue {other.name!r} at radius {radius:g} arcsec gives {what} "
        f"({per_primary:.3g} candidates per primary), more than max_rows = {max_rows:,}; use a "
        "smaller radius (5 times the largest position error is enough), match fewer primaries "
        "at a time, or raise max_rows (--max-rows)"
    )


def pairs_within(
    primary: HeldCatalog,
    other: HeldCatalog,
    radius: float,
    *,
    max_pairs: int,
    advance: Callable[[int], object],
    box: SkyBox | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs (primary row, other row, separation), other rows ascending for each primary.

    The smaller catalogue sits in the grid and the larger one streams past it.  `box`: cells around
    the primary.
    """
    swap = other.n_rows < len(primary)
    resident, streamed = (other, primary) if swap else (primary, other)
    total, checked = 0, CHECKED_PAIRS
    parts = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    seen = other.searched
    pieces: Iterable[tuple[np.ndarray, ...]]
    if seen is not None and not swap and seen.holds(primary, other, radius):
        pieces = [seen.pairs]
    else:
        where, sieve = Grid(resident.ra, resident.dec, radius), None
        if 0 < MANY * resident.n_rows < streamed.n_rows:
            cells = SkyBox(resident.ra, resident.dec) if swap or box is None else box
            sieve = CellSieve(cells, where.circle, where.padded_degrees, AS_THEY_LIKE)
        pieces = _stream(where, streamed.ra, streamed.dec, max_pairs, advance, sieve)
    for i, j, s in pieces:
        total += len(i)
        if total > checked:
            checked = 2 * total
            check_memory(
                PAIR_BYTES * total,
                f"over {total:,} pairs of {primary.name!r} and {other.name!r}",
                "use a smaller radius, or match fewer primaries at a time",
            )
        if total > max_pairs:
            raise ValueError(
                too_many(f"over {total:,} pairs", other, radius, max_pairs, total / len(primary))
            )
        parts.append((i, j, s))
    i, j, s = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    # Streamed rows come in order, and the residents of a bucket do too.
    return (j, i, s) if swap else (i, j, s)


class Grid:
    """The residents of a search, entered in every cell their circle of `radius` arcsec touches."""

    def __init__(self, ra: np.ndarray, dec: np.ndarray, radius: float) -> None:
        self.radius = radius
        padded = radius / 3600.0 * (1.0 + 1e-9) + 1e-9  # no pair may be lost to rounding
        self.padded_degrees = padded
        self.circle = np.column_stack([ra, dec, np.cos(np.radians(dec)), half_width(dec, padded)])
        n_zones = max(1, int(180.0 / max(radius / 3600.0, MIN_CELL_DEG)))
        self.cell, self.columns_per_degree, zone_first, self.zone_cell, self.last_column = _zones(
            n_zones
        )
        # 256 bits a resident, which makes up to nine entries: mostly empty.
        n_words = 1 << min(max(8, int(len(ra) * 4).bit_length()), 25)
        circles = self.circle, padded, self.cell, zone_first
        while self._entered_twice(n_words, circles):
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


def half_width(dec: np.ndarray, radius: float) -> np.ndarray:
    """Half the range of right ascension of a circle (all in degrees), 180 over a pole."""
    with np.errstate(invalid="ignore"):
        half = np.degrees(np.arcsin(np.sin(np.radians(radius)) / np.cos(np.radians(dec))))
    return np.where(np.abs(dec) + radius >= 90.0, 180.0, half)


def _stream(
    where: Grid,
    ra: np.ndarray,
    dec: np.ndarray,
    max_pairs: int,
    advance: Callable[[int], object] = lambda rows: None,
    sieve: CellSieve | None = None,
) -> Iterable[tuple[np.ndarray, ...]]:
    """Pairs of each piece of the streamed catalogue, in its order."""

    def piece(first: int, last: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        some = sieve.near(ra[first:last], dec[first:last], NO_COUNTS) if sieve else None
        if some is None:
            found = where.search(first, last, ra, dec, max_pairs)
        else:
            i, j, s = where.search(0, len(some.row), some.ra, some.dec, max_pairs)
            found = i, first + some.row[j].astype(np.int64), s
        advance(last - first)
        return found

    return run_ranges(piece, ranges(len(ra), STREAM_ROWS))
