"""A scanned catalogue's candidates: found by streaming, then held as an ordinary catalogue."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from ... import __version__
from ..bad_rows import MOST, POSITION, Aside, lacking
from ..errors import error_columns
from ..far import FarCatalog
from ..field_sample import FIELD_ROWS, FieldSample, rows_around
from ..formats.arrow import from_arrow
from ..held import HeldCatalog
from ..memory import give_back
from ..sky_box import SkyBox
from ..warned import warn_user
from . import work
from .candidate_rows import CandidateRows
from .catalog import ScannedCatalog
from .checkpoint import Stage
from .columns import Wanted, fetch
from .lock import locked
from .manifest import MadeFrom
from .sample import read_sample
from .search import (
    Positions,
    count_without,
    near_tasks,
    rows_near,
)


def hold_scanned(
    primary: HeldCatalog,
    others: Sequence[HeldCatalog | ScannedCatalog | FarCatalog],
    columns: Mapping[str, Sequence[str] | None],
    radius: float,
    *,
    max_rows: int,
    advance: Callable[[int], object],
    checkpoint: Path | None,
    box: SkyBox | None = None,
) -> list[HeldCatalog]:
    """The other catalogues, with the candidates alone in place of every one scanned or elsewhere.

    `columns`: by catalogue, those to have besides identifiers and errors; None: all.
    `box`: coarse cells around the primaries in which to count all objects, too; a field sample
    (``field_sample``) needs them.
    """
    scanned = any(isinstance(other, ScannedCatalog) for other in others)
    if checkpoint is None or not scanned:
        alone: AbstractContextManager[None] = nullcontext()
    else:
        alone = locked(checkpoint)
    with alone:
        return [
            hold_candidates(
                primary,
                other,
                radius,
                columns=columns[other.name],
                max_rows=max_rows,
                advance=advance,
                checkpoint=None if checkpoint is None else checkpoint / other.name,
                box=box,
            )
            if isinstance(other, ScannedCatalog)
            else other.hold_near(
                primary, radius, columns=columns[other.name], max_rows=max_rows, box=box
            )
            if isinstance(other, FarCatalog)
            else other
            for other in others
        ]


def hold_candidates(
    primary: HeldCatalog,
    other: ScannedCatalog,
    radius: float,
    *,
    columns: Sequence[str] | None,
    max_rows: int,
    advance: Callable[[int], object],
    checkpoint: Path | None,
    box: SkyBox | None = None,
) -> CandidateRows:
    """The rows of a scanned catalogue that are candidates, as a catalogue in memory.

    Parameters
    ----------
    primary, other : HeldCatalog, ScannedCatalog
        The second is streamed.
    radius : float
        arcsec.
    columns : sequence of str or None
        Columns to have besides identifiers and errors; None: all.
    max_rows : int
        Most pairs, for as many positions as the primary has.
    advance : callable
        Called with numbers of rows done.
    checkpoint : Path, optional
        Directory for finished parts.
    box : SkyBox, optional
        Cells in which to count all objects.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file has gone, changed or is damaged, a position or an error is wrong, there are more
        than `max_rows` pairs, or the checkpoint is of another match.
    """
    near = Positions.of(primary, other)
    tasks = near_tasks(near, other, radius, box)
    made_from = None if checkpoint is None else _made_from(near, other, radius, tasks)
    if made_from is not None and box is not None:
        made_from = replace(made_from, cells=box.digest)
    names = _to_have(other, columns)
    stage = wanted = None
    if checkpoint is not None and made_from is not None:
        stage = Stage(checkpoint / "search", made_from)
    elif names:
        wanted = Wanted.of(other.data_set, names)
    found = rows_near(near, other, radius, tasks, max_rows, advance, stage, box, wanted)
    other = _counted(other, found.n_without)
    rows, data, kept = found.row, found.data, None
    if checkpoint is not None and made_from is not None and names:
        digest = _digest(rows.tobytes(), *(n.encode() for n in names))
        kept = Stage(
            checkpoint / f"columns-{digest[:12]}",
            replace(made_from, columns=tuple(names), candidates=digest),
        )
    if data is None:
        data = fetch(other.data_set, rows, names, kept)
    held = CandidateRows(other, rows, found.ra, found.dec, data)
    give_back(len(rows))
    if box is not None:
        held.counted = box.digest, found.cells
        held.sampler = Sampler(tasks, checkpoint, made_from)
    return held


def _to_have(other: ScannedCatalog, columns: Sequence[str] | None) -> list[str]:
    """Columns that candidates have: identifiers, errors, motions, and some more (None: all)."""
    identifier = [] if other.id_column is None else [other.id_column]
    wanted = other.schema.names if columns is None else columns
    moving = [] if other.arrival is None else [other.ra_name, other.dec_name, *other.said.columns]
    errors = error_columns(other.pos_err, other.schema.names)
    return list(dict.fromkeys([*identifier, *errors, *wanted, *moving]))


@dataclass(frozen=True)
class Sampler:
    """Takes a field sample of a scanned catalogue, when one is asked for."""

    tasks: Sequence[work.Task]
    """those of the search"""
    checkpoint: Path | None
    """directory of the catalogue"""
    made_from: MadeFrom | None

    def __call__(self, held: CandidateRows, box: SkyBox, columns: Sequence[str]) -> FieldSample:
        """Of the rows around the primaries, with some columns; finished parts are kept."""
        names, n_around = tuple(dict.fromkeys(columns)), rows_around(box, held.cell_counts(box))
        if self.checkpoint is None or self.made_from is None:
            row, ra, dec, data = read_sample(
                held.scanned, box, n_around, names, self.tasks, stage=None
            )
        else:
            digest = _digest(repr((n_around, FIELD_ROWS)).encode(), *(n.encode() for n in names))
            made_from = replace(self.made_from, columns=names, candidates=digest)
            with locked(self.checkpoint.parent):
                stage = Stage(self.checkpoint / f"sample-{digest[:12]}", made_from)
                row, ra, dec, data = read_sample(
                    held.scanned, box, n_around, names, self.tasks, stage
                )
        sample = held.bare_of(row, ra, dec)
        sample.table = from_arrow(data)
        return FieldSample(sample, n_around)


def _counted(other: ScannedCatalog, n_without: int) -> ScannedCatalog:
    """The data set, with the rows counted that have no position, where one has been met."""
    if n_without == 0 or len(other.aside):
        return other
    rows, beyond = count_without(other)
    if rows > MOST * len(other):
        raise ValueError(
            f"catalogue {other.name!r}: {rows:,} of {len(other):,} rows have no position in the "
            f"columns {other.ra_name!r} and {other.dec_name!r}; check these (ra=, dec=; --ra, "
            "--dec on the command line) and their unit"
        )
    said = lacking(other.name, rows, f"of {len(other):,} rows", POSITION)
    warn_user(f"{said}{beyond and f' ({beyond})'}")
    out = copy.copy(other)
    out.aside, out.n_without = Aside(n_position=rows, told=True), rows
    return out


def _made_from(
    primary: Positions, other: ScannedCatalog, radius: float, tasks: Sequence[work.Task]
) -> MadeFrom:
    """Everything that the candidates depend on."""
    files = [(str(p.path.resolve()), p.size, p.mtime_ns) for p in other.parts]
    ranges = [(part.first_row, groups) for part, groups in tasks]
    return MadeFrom(
        bayesmatch=__version__,
        catalogue=other.name,
        radius_arcsec=float(radius),
        primary_rows=len(primary),
        primary_positions=_digest(primary.ra.tobytes(), primary.dec.tobytes()),
        files=len(files),
        files_sizes_times=_digest(repr(files).encode()),
        position_columns=(other.ra_name, other.dec_name, *_moved_by(other)),
        tasks=len(tasks),
        task_rows=work.TASK_ROWS,
        task_ranges=_digest(repr(ranges).encode()),
        footprint="" if other.moc is None else _digest(other.moc.to_depth29_ranges.tobytes()),
    )


def _moved_by(other: ScannedCatalog) -> tuple[str, ...]:
    """What the motions of a data set are made from, and the epochs that they lead to."""
    return () if other.arrival is None else (repr(other.said.record), repr(other.arrival))


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()
