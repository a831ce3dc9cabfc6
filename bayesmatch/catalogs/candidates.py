"""Candidates: every object of the other catalogues within the radius of each primary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from .._kernels.grid import bucket_pairs
from .._kernels.jit import begin, ranges, run_ranges
from .base import SkyCatalog
from .cell_sieve import AS_THEY_LIKE, MANY, CellSieve, Near
from .held import HeldCatalog
from .memory import check_memory, give_back
from .moving_pairs import has_own_epochs, moving_pairs
from .positions import square_degrees
from .search_grid import STREAM_ROWS, Grid, circles
from .segments import segments
from .sky_box import SkyBox

#: bytes for a pair while all are put together, and pairs for which memory is not asked about
PAIR_BYTES, CHECKED_PAIRS = 80, 4_000_000


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
    cells: SkyBox | None = None,
    ahead: SkyBox | None = None,
) -> Candidates:
    """All pairs of a primary and an object of another catalogue closer than `radius` arcsec.

    Exact in double precision anywhere on the sphere.  Memory goes with the smaller catalogue, the
    objects near its circles and the pairs found.  `cells`: around the primary, where there are any
    already; `ahead`: those that are to look at the other catalogues beside the search.

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
            if ahead is not None:
                ahead.look_ahead(other)
            found.append(moving_pairs(pairs_within, primary, other, radius, **how))
        else:
            found.append(pairs_within(primary, other, radius, cells=cells, ahead=ahead, **how))
    n, n_other = len(primary), len(others)
    count = np.column_stack([np.bincount(i, minlength=n) for i, _, _ in found])
    start = np.zeros(n * n_other + 1, np.int64)
    np.cumsum(count, out=start[1:])
    row = np.empty(start[-1], np.int64)
    separation = np.empty(start[-1])
    for k in range(n_other):
        bucket_pairs(*found[k], start[k:-1:n_other].copy(), row, separation)
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
    cells: SkyBox | None = None,
    ahead: SkyBox | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs (primary row, other row, separation), other rows ascending for each primary.

    The smaller catalogue sits in the grid and the larger one streams past it.  `cells` and `ahead`:
    see :func:`find_candidates`.
    """
    swap = other.n_rows < len(primary)
    resident, streamed = (other, primary) if swap else (primary, other)
    total, checked = 0, CHECKED_PAIRS
    parts = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    seen, counts = other.searched, None
    pieces: Iterable[tuple[np.ndarray, ...]]
    if seen is not None and not swap and seen.holds(primary, other, radius):
        pieces = [seen.pairs]
    else:
        entered = begin(partial(Grid, resident.ra, resident.dec, radius))
        sieve = None if swap else _sieve(cells, primary, radius, other.n_rows)
        if sieve is None:
            pieces = _stream(entered(), streamed.ra, streamed.dec, max_pairs, advance)
        else:
            counted = ahead is not None and other.counted is None
            near, counts = sieve.all_near(other.ra, other.dec, counted, advance)
            pieces = _search(entered(), near, max_pairs)
    if ahead is not None:
        ahead.look_ahead(other, counts)
    for i, j, s in pieces:
        total += len(i)
        if total > checked:
            checked = 2 * total
            check_memory(
                PAIR_BYTES * total,
                f"at least {total:,} pairs of {primary.name!r} and {other.name!r}",
                "use a smaller radius, or match fewer primaries at a time",
            )
        if total > max_pairs:
            what = f"at least {total:,} pairs"
            raise ValueError(too_many(what, other, radius, max_pairs, total / len(primary)))
        parts.append((i, j, s))
    i, j, s = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    # Streamed rows come in order, and the residents of a bucket do too.
    return (j, i, s) if swap else (i, j, s)


def _sieve(
    cells: SkyBox | None, primary: HeldCatalog, radius: float, n_rows: int
) -> CellSieve | None:
    """What lets few of so many rows through to the grid of a primary; None: hardly worth it."""
    if not 0 < MANY * len(primary) < n_rows:
        return None
    box = SkyBox(primary.ra, primary.dec) if cells is None else cells
    sieve = CellSieve(box, *circles(primary.ra, primary.dec, radius), AS_THEY_LIKE)
    return sieve if sieve.sieves else None


def _search(where: Grid, near: Sequence[Near], max_pairs: int) -> Iterable[tuple[np.ndarray, ...]]:
    """Pairs of each piece of what is near the residents, in its order."""

    def piece(first: int, last: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        some = near[first]
        i, j, s = where.search(0, len(some.row), some.ra, some.dec, max_pairs)
        return i, some.row[j], s

    return run_ranges(piece, ranges(len(near), 1))


def _stream(
    where: Grid,
    ra: np.ndarray,
    dec: np.ndarray,
    max_pairs: int,
    advance: Callable[[int], object] = lambda rows: None,
) -> Iterable[tuple[np.ndarray, ...]]:
    """Pairs of each piece of the streamed catalogue, in its order."""

    def piece(first: int, last: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found = where.search(first, last, ra, dec, max_pairs)
        advance(last - first)
        return found

    return run_ranges(piece, ranges(len(ra), STREAM_ROWS))
