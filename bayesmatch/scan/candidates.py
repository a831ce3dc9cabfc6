"""From a scanned catalogue to its candidates: stream the positions, then fetch what they need."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from .._kernels import grid
from .._kernels.coverage import value_range
from .._kernels.jit import n_threads, run_ranges
from ..candidates import Grid, too_many
from ..catalog import DEC_RANGE, RA_RANGE, Catalog, position_remedy, read_only, turned
from ..checkpoint import Stage, run_tasks
from ..io import arrow_values
from ..priors import prior_columns
from ..priors.binning import FieldCounts
from .catalog import CandidateRows, ScannedCatalog
from .coverage import SkyMap
from .parts import Part

if TYPE_CHECKING:
    import pyarrow as pa

#: rows of a task, unless a single row group is larger
TASK_ROWS = 1 << 21
#: rows are taken up to this factor beyond the radius; the search among them is exact
MARGIN = 1.0 + 1e-9

#: a part and some of its row groups
Task = tuple[Part, list[int]]


def hold_scanned(
    primary: Catalog,
    others: Sequence[Catalog],
    priors: Mapping[str, Sequence[Any]],
    radius: float,
    *,
    max_rows: int,
    advance: Callable[[int], object],
    checkpoint: Path | None,
) -> list[Catalog]:
    """The other catalogues, with the candidates alone in place of every scanned one."""
    return [hold_candidates(
        primary, other, radius, columns=prior_columns(priors[other.name]), max_rows=max_rows,
        advance=advance, checkpoint=None if checkpoint is None else checkpoint / other.name)
        if isinstance(other, ScannedCatalog) else other for other in others]


def hold_candidates(
    primary: Catalog,
    other: ScannedCatalog,
    radius: float,
    *,
    columns: Sequence[str] | None,
    max_rows: int,
    advance: Callable[[int], object],
    checkpoint: Path | None,
) -> CandidateRows:
    """The rows of a scanned catalogue that are candidates, as a catalogue in memory.

    Parameters
    ----------
    primary, other : Catalog, ScannedCatalog
        The second is streamed.
    radius : float
        arcsec.
    columns : sequence of str or None
        Columns to have besides identifiers and errors; None: all.
    max_rows : int
        Most pairs.
    advance : callable
        Called with numbers of rows done.
    checkpoint : Path, optional
        Directory for finished parts.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file has gone, changed or is damaged, a position or an error is wrong, there are more
        than `max_rows` pairs, or the checkpoint is of another match.
    """
    tasks = near_tasks(primary, other, radius)
    made_from = _made_from(primary, other, radius, tasks) if checkpoint is not None else {}
    stage = Stage(checkpoint / "search", made_from) if checkpoint is not None else None
    found = _search(primary, other, radius, tasks, max_rows, advance, stage)
    rows, ra, dec = (found[name].to_numpy() for name in ("row", "ra", "dec"))
    identifier = [] if other._id_given is None else [other._id_given]
    wanted = other.schema.names if columns is None else columns
    names = list(dict.fromkeys([*identifier, *other.error_columns, *wanted]))
    if checkpoint is not None and names:
        digest = _digest(rows.tobytes(), *(n.encode() for n in names))
        stage = Stage(checkpoint / f"columns-{digest[:12]}",
                      {**made_from, "columns": names, "candidates": digest})
    return CandidateRows(other, rows, ra, dec, fetch(other, rows, names, stage))


def near_tasks(primary: Catalog, other: ScannedCatalog, radius: float) -> list[Task]:
    """The row groups that may hold candidates, in row order, cut into pieces of work."""
    factors = [other.unit_factor(name) for name in (other.ra_name, other.dec_name)]
    sky = SkyMap(primary.ra, primary.dec, radius)
    scale = np.array(factors)[:, None]
    return _cut([(part, np.flatnonzero(sky.touches(part.bounds * scale)))
                 for part in other.parts])


def fetch(other: ScannedCatalog, rows: np.ndarray, columns: Sequence[str],
          stage: Stage | None = None) -> pa.Table:
    """Some columns of some rows (ascending, unique) of the data set."""
    import pyarrow as pa

    schema = pa.schema([other.schema.field(name) for name in columns])
    # Rows are counted by columns, so one is read where partition columns alone are wanted.
    in_file = [n for n in columns if n not in other.partition_names] or [other.ra_name]
    if not columns or len(rows) == 0:
        return schema.empty_table()
    pieces: list[tuple[Part, np.ndarray]] = []
    for part in other.parts:
        edges = part.first_row + np.concatenate([[0], np.cumsum(part.group_rows)])
        pieces.append((part, np.flatnonzero(np.diff(np.searchsorted(rows, edges)))))
    tasks = _cut(pieces)
    parallel = len(tasks) < n_threads()

    def work(task: int) -> pa.Table:
        return _take(*tasks[task], rows, schema, in_file, parallel)

    return pa.concat_tables([table for _, table in run_tasks(work, len(tasks), stage)])


def count_field(other: ScannedCatalog, column: str, left_out: np.ndarray, edges: np.ndarray
                ) -> FieldCounts:
    """Counts of the values of a column in all rows of the data set but some (ascending)."""
    if column in other.partition_names:
        raise ValueError(f"catalogue {other.name!r}: column {column!r} stands in the names of "
                         "directories; an auto prior needs one that is in the files")
    tasks = _cut([(part, np.arange(len(part.group_rows))) for part in other.parts])
    parallel = len(tasks) < n_threads()

    def work(task: int, _: int) -> FieldCounts:
        counts = FieldCounts.of(np.empty(0), edges)
        part, groups = tasks[task]
        for first, batch in part.batches([column], groups, parallel=parallel):
            values = np.array(_numbers(batch.column(column), 1.0))
            a, b = np.searchsorted(left_out, part.first_row + first + np.array([0, len(values)]))
            values[left_out[a:b] - part.first_row - first] = np.nan
            values[~(values > -99.0)] = np.nan
            counts = counts + FieldCounts.of(values, edges)
        return counts

    return sum(run_ranges(work, [(t, t + 1) for t in range(len(tasks))]),
               FieldCounts.of(np.empty(0), edges))


def _cut(pieces: Sequence[tuple[Part, np.ndarray]]) -> list[Task]:
    tasks: list[Task] = []
    for part, groups in pieces:
        held = TASK_ROWS + 1  # every part begins a task
        for group in groups[part.group_rows[groups] > 0].tolist():
            held += int(part.group_rows[group])
            if held > TASK_ROWS:
                tasks.append((part, []))
                held = int(part.group_rows[group])
            tasks[-1][1].append(group)
    return tasks


def _task_rows(task: Task) -> int:
    return int(task[0].group_rows[task[1]].sum())


def _search(primary: Catalog, other: ScannedCatalog, radius: float, tasks: Sequence[Task],
            max_rows: int, advance: Callable[[int], object], stage: Stage | None) -> pa.Table:
    """Rows and positions (degrees) of all objects near a primary, in row order."""
    import pyarrow as pa

    where = Grid(primary.ra, primary.dec, radius * MARGIN)
    parallel = len(tasks) < n_threads()
    factors = other.unit_factor(other.ra_name), other.unit_factor(other.dec_name)

    def work(task: int) -> pa.Table:
        found = [(np.empty(0, np.int64), np.empty(0), np.empty(0))]
        for first, ra, dec in _positions(other, *tasks[task], factors, parallel):
            _, j, _ = grid.search(0, len(ra), ra, dec, where.cell, where.zone_first, where.mask,
                                  where.start, where.resident, where.resident_cell, where.ra,
                                  where.dec, where.cos, where.radius, max_rows)
            check(len(j))
            near = j[np.diff(j, prepend=-1) > 0]
            found.append((first + near, ra[near], dec[near]))
        return pa.table(dict(zip(("row", "ra", "dec"), map(np.concatenate, zip(
            *found, strict=True)), strict=True)))

    def check(pairs: int) -> None:
        if pairs > max_rows:
            raise ValueError(too_many(f"over {pairs:,} pairs", other, radius, max_rows,
                                      pairs / len(primary)))

    sizes = np.cumsum([0, *(_task_rows(task) for task in tasks)])
    advance(len(other) - int(sizes[-1]))
    tables = [pa.table({"row": pa.array([], pa.int64()), "ra": pa.array([], pa.float64()),
                        "dec": pa.array([], pa.float64())})]
    before = held = 0
    for done, table in run_tasks(work, len(tasks), stage):
        advance(int(sizes[done] - sizes[before]))
        before = done
        tables.append(table)
        held += len(table)
        check(held)
    return pa.concat_tables(tables)


def _positions(other: ScannedCatalog, part: Part, groups: Sequence[int],
               factors: tuple[float, float], parallel: bool
               ) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """First row in the data set, right ascensions and declinations of each batch, checked."""
    names = (other.ra_name, other.dec_name)
    for first, batch in part.batches(names, groups, parallel=parallel):
        first += part.first_row
        ra, dec = (_numbers(batch.column(name), factor)
                   for name, factor in zip(names, factors, strict=True))
        _check_range(other, names[0], first, ra, RA_RANGE)
        _check_range(other, names[1], first, dec, DEC_RANGE)
        yield first, read_only(turned(ra)), dec


def _check_range(other: ScannedCatalog, column: str, first: int, values: np.ndarray,
                 limits: tuple[float, float]) -> None:
    low, high = value_range(values)
    if limits[0] <= low and high <= limits[1]:
        return
    row = int(np.flatnonzero(~((values >= limits[0]) & (values <= limits[1])))[0])
    path, inside = other.locate(first + row)
    raise ValueError(f"catalogue {other.name!r}: column {column!r} is {values[row]!s} in row "
                     f"{inside} of {path}; {position_remedy(limits[0])}")


def _numbers(column: pa.Array, factor: float) -> np.ndarray:
    import pyarrow as pa

    values, mask = arrow_values(pa.chunked_array([column]))
    values = np.ascontiguousarray(values, dtype=np.float64)
    if factor != 1.0:
        values = values * factor
    return read_only(values if mask is None else np.where(mask, np.nan, values))


def _take(part: Part, groups: Sequence[int], rows: np.ndarray, schema: pa.Schema,
          in_file: Sequence[str], parallel: bool) -> pa.Table:
    """The rows wanted from some row groups of a part, with the types of the schema."""
    import pyarrow as pa

    pieces = []
    for first, batch in part.batches(in_file, groups, parallel=parallel, row_bytes=64):
        a, b = np.searchsorted(rows, part.first_row + first + np.array([0, len(batch)]))
        if a < b:
            found = batch.take(pa.array(rows[a:b] - part.first_row - first))
            columns = [(found.column(f.name) if f.name in in_file else
                        pa.array([part.partition[f.name]] * int(b - a), pa.string())).cast(f.type)
                       for f in schema]
            pieces.append(pa.Table.from_arrays(columns, schema=schema))
    return pa.concat_tables(pieces)


def _made_from(primary: Catalog, other: ScannedCatalog, radius: float, tasks: Sequence[Task]
               ) -> dict[str, Any]:
    """Everything that the candidates depend on."""
    files = [(str(p.path.resolve()), p.size, p.mtime_ns) for p in other.parts]
    return {
        "bayesmatch": __version__,
        "catalogue": other.name,
        "radius_arcsec": radius,
        "primary_rows": len(primary),
        "primary_positions": _digest(primary.ra.tobytes(), primary.dec.tobytes()),
        "files": len(files),
        "files_sizes_times": _digest(repr(files).encode()),
        "position_columns": [other.ra_name, other.dec_name],
        "tasks": len(tasks),
        "task_rows": TASK_ROWS,
    }


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()

