"""The search through a scanned catalogue: its positions stream past the primaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._kernels.jit import n_threads
from ..area import contains
from ..bad_rows import beyond_range, without_position
from ..candidates import too_many
from ..cell_maps import CellMaps, taken
from ..held import HeldCatalog
from ..motions import by_reach
from ..positions import RA_RANGE, read_only, turned
from ..sky_box import SkyBox
from .catalog import ScannedCatalog
from .checkpoint import Stage, run_tasks
from .columns import ColumnsOfFound, Wanted
from .coverage import SkyMap
from .grids import Grids
from .moving import group_moves, moved
from .parts import Part, numbers
from .pieces import WITHOUT, Found, Pieces
from .work import Task, cut_into_tasks, reader_ahead, task_rows

if TYPE_CHECKING:
    import pyarrow as pa

#: rows are taken up to this factor beyond the radius; the search among them is exact
MARGIN = 1.0 + 1e-9


@dataclass(frozen=True)
class Batch:
    """Some rows of a data set that have a position."""

    first: int
    """row of the data set that the first row read is"""
    ra: np.ndarray
    """(n,) degrees"""
    dec: np.ndarray
    """(n,) degrees"""
    data: Any
    """all columns read, of all rows read"""
    kept: np.ndarray | None
    """(n,) which of the rows read these are; None: all"""
    moves: np.ndarray | None = None
    """(n,) arcsec that they may move from there, to the epochs of some primaries; None: nothing"""

    @property
    def n_without(self) -> int:
        """Rows read that have no position."""
        return 0 if self.kept is None else len(self.data) - len(self.kept)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Which of the rows read some of these are."""
        return rows if self.kept is None else self.kept[rows]

    def numbers(self, rows: np.ndarray) -> np.ndarray:
        """Rows of the data set that some of these are."""
        return self.first + self.read(rows)


@dataclass(frozen=True)
class Positions:
    """What is searched around."""

    ra: np.ndarray
    """(n,) degrees"""
    dec: np.ndarray
    """(n,) degrees"""
    lists: float = 1.0
    """how many times the primary's rows these are"""

    def __len__(self) -> int:
        return len(self.ra)

    @classmethod
    def of(cls, primary: HeldCatalog, other: ScannedCatalog) -> Positions:
        """Those of a primary, and where else rows of the other catalogue are wanted."""
        if other.also_near is None:
            return cls(primary.ra, primary.dec)
        pairs = zip((primary.ra, primary.dec), other.also_near, strict=True)
        ra, dec = (read_only(np.concatenate(pair)) for pair in pairs)
        return cls(ra, dec, len(ra) / len(primary))


def near_tasks(
    primary: HeldCatalog | Positions,
    other: ScannedCatalog,
    radius: float,
    box: SkyBox | None = None,
) -> list[Task]:
    """The row groups that may hold candidates, or objects to be counted in the cells of a box.

    In row order, cut into pieces of work.
    """
    factors = [other.unit_factor(name) for name in (other.ra_name, other.dec_name)]
    reach = radius if box is None else max(radius, box.reach_arcsec)
    sky = SkyMap(primary.ra, primary.dec, reach)
    scale = np.array(factors)[:, None]

    def near(part: Part) -> np.ndarray:
        bounds = part.bounds[:, :2] * scale
        found = sky.touches(bounds) | _refused(bounds[:, 0], other)
        if other.arrival is not None:  # row groups hold rows of the old places
            for wide, groups in by_reach(group_moves(other, part), reach):
                some = SkyMap(primary.ra, primary.dec, wide)
                found[groups] = some.touches(bounds[groups])
        return np.flatnonzero(found)

    return cut_into_tasks([(part, near(part)) for part in other.parts])


def _refused(ra: np.ndarray, other: ScannedCatalog) -> np.ndarray:
    """Which row groups hold a right ascension that the catalogue may not have, (n,)."""
    out: np.ndarray = (ra[:, 0] < RA_RANGE[0]) | (ra[:, 1] > RA_RANGE[1])
    if out.any():
        lowest, highest = other.ra_limits()
        out = (ra[:, 0] < lowest) | (ra[:, 1] > highest)
    return out


def rows_near(
    primary: Positions,
    other: ScannedCatalog,
    radius: float,
    tasks: Sequence[Task],
    max_rows: int,
    advance: Callable[[int], object],
    stage: Stage | None,
    box: SkyBox | None = None,
    wanted: Wanted | None = None,
) -> Found:
    """Rows and positions (degrees) of all objects near a primary, in row order.

    With a box also the objects in its cells; without a stage also columns that are wanted of them.
    """
    import pyarrow as pa

    sizes = np.cumsum([0, *(task_rows(task) for task in tasks)])
    where = Grids(primary, radius * MARGIN, box, int(sizes[-1]))
    most = int(max_rows * primary.lists)
    parallel = len(tasks) < n_threads()

    maps = None if box is None else CellMaps(box.shape)
    ahead = reader_ahead(tasks, read_for_positions(other))
    columns = None if wanted is None else ColumnsOfFound(tasks, wanted, parallel)

    def work(task: int) -> pa.Table:
        ahead(task)
        found = [(np.empty(0, np.int64), np.empty(0), np.empty(0))]
        with nullcontext() if maps is None else maps.one() as cells:
            without = 0
            for batch in position_batches(other, *tasks[task], parallel):
                ra, dec = batch.ra, batch.dec
                without += batch.n_without
                of_all = cells if other.moc is None else None
                near = where.rows_near(ra, dec, batch.moves, most, check, of_all)
                if other.moc is not None:
                    near = near[contains(other.moc, ra[near], dec[near])]
                    if box is not None and cells is not None:
                        inside = contains(other.moc, ra, dec)
                        box.add(ra[inside], dec[inside], cells)
                found.append((batch.numbers(near), ra[near], dec[near]))
            if columns is not None:
                columns.read(task, np.concatenate([rows for rows, _, _ in found]))
            if cells is not None and stage is not None:  # which keeps what each task counts
                row, number = taken(cells)
                found.append((row, number, np.zeros(len(row))))
            if without:
                found.append((np.array([WITHOUT]), np.array([float(without)]), np.zeros(1)))
        together = map(np.concatenate, zip(*found, strict=True))
        return pa.table(dict(zip(("row", "ra", "dec"), together, strict=True)))

    def check(pairs: int) -> None:
        if pairs > most:
            what = f"at least {int(pairs / primary.lists):,} pairs"
            raise ValueError(too_many(what, other, radius, max_rows, pairs / len(primary)))

    advance(len(other) - int(sizes[-1]))
    pieces, before = Pieces(box), 0
    for done, table in run_tasks(work, len(tasks), stage):
        advance(int(sizes[done] - sizes[before]))
        before = done
        pieces.add(table)
        check(pieces.n_near)
    return pieces.together(maps, None if columns is None else columns.together())


def count_inside(other: ScannedCatalog, moc: Any) -> int:
    """Number of rows of a data set within a `mocpy.MOC`."""
    batches = _all_positions(other)
    return sum(int(np.count_nonzero(contains(moc, b.ra, b.dec))) for b in batches)


def count_without(other: ScannedCatalog) -> tuple[int, str]:
    """Number of rows of a data set that have no position, and the first out of range in words.

    All coordinates are read.
    """
    n, beyond, names = 0, "", (other.ra_name, other.dec_name)
    for batch in _all_positions(other):
        n += batch.n_without
        if batch.n_without and not beyond:
            ra, dec = _degrees(other, batch.data)
            beyond = beyond_range(names, ra, dec, other.ra_limits(), batch.first)
    return n, beyond


def thinned(other: ScannedCatalog, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions (degrees) of evenly spread rows of a data set, (m,) each, fewer than twice `most`.

    All positions are read.
    """
    step, found = max(1, len(other) // most), [(np.empty(0), np.empty(0))]
    for batch in _all_positions(other):
        begin = -batch.first % step
        found.append((batch.ra[begin::step], batch.dec[begin::step]))
    ra, dec = map(np.concatenate, zip(*found, strict=True))
    return ra, dec


def _all_positions(other: ScannedCatalog) -> Iterator[Batch]:
    """As :func:`position_batches`, of the whole data set."""
    for part in other.parts:
        yield from position_batches(other, part, range(len(part.group_rows)), True)


def _as_they_should_be(ra: np.ndarray, dec: np.ndarray) -> bool:
    """Whether all rows have a position from 0 to below 360 and from -90 to 90 degrees."""
    # NaN if any is
    whole: bool = 0.0 <= ra.min() and ra.max() < 360.0 and -90.0 <= dec.min() and dec.max() <= 90.0
    return whole


def read_for_positions(other: ScannedCatalog) -> list[str]:
    """Columns that positions are made from."""
    moved_by = [] if other.arrival is None else other.said.columns
    return [other.ra_name, other.dec_name, *moved_by]


def _degrees(other: ScannedCatalog, data: Any) -> Iterator[np.ndarray]:
    """Right ascensions and declinations of rows of the files, degrees, as they stand."""
    for name in (other.ra_name, other.dec_name):
        yield numbers(data.column(name), other.unit_factor(name))


def position_batches(
    other: ScannedCatalog,
    part: Part,
    groups: Sequence[int],
    parallel: bool,
    more: Sequence[str] = (),
) -> Iterator[Batch]:
    """Rows of a part that have a position, and with some more columns of the file."""
    in_file = [n for n in more if n not in other.data_set.partition_names]
    wanted = list(dict.fromkeys([*read_for_positions(other), *in_file]))
    for first, batch in part.batches(wanted, groups, parallel=parallel):
        first += part.first_row
        ra, dec = _degrees(other, batch)
        if len(ra) == 0:
            continue
        kept = None
        if not _as_they_should_be(ra, dec):
            bad = without_position(ra, dec, other.ra_limits)
            if bad is not None:
                kept = np.flatnonzero(~bad)
                ra, dec = read_only(ra[kept]), read_only(dec[kept])
            ra = read_only(turned(ra))
        moves = None
        if other.arrival is not None:
            ra, dec, moves = moved(other, batch, kept, ra, dec)
        yield Batch(first, ra, dec, batch, kept, moves)
