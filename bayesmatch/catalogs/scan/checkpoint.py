"""Finished parts of a long run, kept so that a killed one goes on where it stopped.

A stage is a fixed sequence of tasks whose results are Arrow tables.  What is finished is kept in
files named by the tasks they hold and a digest of what they hold, each written whole or not at
all, beside a manifest that says what the stage was computed from.  Nothing is taken that does not
have its digest: what is damaged or missing is computed again.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..._kernels.jit import each
from ..formats.writing import replaced_together
from .manifest import MANIFEST, DamagedError, MadeFrom, check_manifest

if TYPE_CHECKING:
    import pyarrow as pa

#: a file is written when so much time has passed since the last: what a killed run may lose
SAVE_SECONDS = 2.0
#: what a file may be called while it is written
WRITING = ".writing-"
PART = re.compile(r"([0-9]{8,15})-([0-9]{8,15})\.([0-9a-f]{64})\.arrow")
#: of damaged files, named in the warning
NAMED = 3


class Kept(NamedTuple):
    """The results of some tasks, from a file."""

    begin: int
    end: int
    """task after the last"""
    table: pa.Table
    path: Path


class Stage:
    """The directory of one stage.

    Parameters
    ----------
    folder : Path
        Created if need be.
    made_from : MadeFrom
        Everything the results depend on; a stage kept for another is refused.

    Raises
    ------
    ValueError
        If the directory holds something else.
    """

    def __init__(self, folder: Path, made_from: MadeFrom) -> None:
        self.folder = folder
        self._key = made_from.digest
        self._pending: list[pa.Table] = []
        self._begin = 0
        self._saved_at = time.monotonic()
        self._damaged: list[str] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise _no_checkpoint(folder, "a file of that name") from error
        names = sorted(os.listdir(folder))
        for name in names:
            if not (folder / name).is_file() and (name == MANIFEST or PART.fullmatch(name)):
                raise _no_checkpoint(folder, name)
        manifest = folder / MANIFEST
        verified = False
        if MANIFEST in names:
            try:
                check_manifest(manifest, made_from)
                verified = True
            except DamagedError:
                self._damaged.append(MANIFEST)
        strange = [n for n in names if n != MANIFEST and not _is_ours(n)]
        if not verified:
            if strange:
                raise _no_checkpoint(folder, strange[0])
            if any(map(PART.fullmatch, names)) and not self._damaged:
                self._damaged.append(MANIFEST)
            _write_whole(manifest, made_from.text().encode())
        for name in names:
            if name.startswith(WRITING):  # of a killed run; writing the manifest removed its own
                (folder / name).unlink(missing_ok=True)
        # A part under another name is damage; what else lies here is not touched.
        self._renamed = [n for n in strange if n.endswith(".arrow")]

    def load(self, n_tasks: int) -> list[Kept]:
        """Verified results of tasks, in order and without overlap; what is damaged is told.

        Warns
        -----
        UserWarning
            If files are damaged, renamed or missing; names them.
        """
        found = []
        for path in sorted(self.folder.glob("*.arrow")):
            span = PART.fullmatch(path.name)
            kept = self._verified(path, span, n_tasks) if span else None
            if kept is not None:
                found.append(kept)
            elif span or path.name in self._renamed:
                self._damaged.append(path.name)
                with suppress(OSError):
                    path.unlink()
        tiles: list[Kept] = []
        at = 0
        for kept in sorted(found, key=lambda kept: (kept.begin, -kept.end)):
            if kept.begin < at:  # the same results once more
                with suppress(OSError):
                    kept.path.unlink()
                continue
            if kept.begin > at and not self._damaged:
                self._damaged.append(f"{at:08d}-{kept.begin:08d}.*.arrow (missing)")
            tiles.append(kept)
            at = kept.end
        self._warn()
        return tiles

    def add(self, task: int, result: pa.Table) -> None:
        """Keep the result of a task, which follows the last one added."""
        if not self._pending:
            self._begin = task
        self._pending.append(result)
        if time.monotonic() - self._saved_at >= SAVE_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what has been added."""
        import pyarrow as pa

        if not self._pending:
            return
        table = pa.concat_tables(self._pending).combine_chunks()
        begin, end = self._begin, self._begin + len(self._pending)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        data = sink.getvalue()
        _write_whole(
            self.folder / f"{begin:08d}-{end:08d}.{self._digest(begin, end, data)}.arrow", data
        )
        self._pending = []
        self._saved_at = time.monotonic()

    def _digest(self, begin: int, end: int, data: Any) -> str:
        """Of the bytes of a part, of its tasks and of what the stage is made from."""
        digest = hashlib.sha256(f"{self._key} {begin} {end} ".encode())
        digest.update(data)
        return digest.hexdigest()

    def _verified(self, path: Path, span: re.Match[str], n_tasks: int) -> Kept | None:
        """What a part holds, None if it is not what was written."""
        import pyarrow as pa

        begin, end = int(span[1]), int(span[2])
        if not begin < end <= n_tasks:
            return None
        try:
            data = path.read_bytes()
            if self._digest(begin, end, data) != span[3]:
                return None
            with pa.ipc.open_file(pa.BufferReader(data)) as reader:
                return Kept(begin, end, reader.read_all(), path)
        except (OSError, pa.ArrowException):
            return None

    def _warn(self) -> None:
        if self._damaged:
            names = ", ".join(self._damaged[:NAMED])
            more = len(self._damaged) - NAMED
            warnings.warn(
                f"checkpoint {self.folder}: {names}{f' and {more} more' if more > 0 else ''} "
                "damaged, renamed or missing; what is lost is computed again",
                UserWarning,
                stacklevel=3,
            )
        self._damaged = []


def run_tasks(
    work: Callable[[int], pa.Table], n_tasks: int, stage: Stage | None = None
) -> Iterator[tuple[int, pa.Table]]:
    """Results of all tasks in their order, on the threads; those kept by a stage are not run.

    Yields the number of tasks that are done, and the next piece of the result.
    """
    kept = [] if stage is None else stage.load(n_tasks)
    starts, ends = [k.begin for k in kept] + [n_tasks], [0] + [k.end for k in kept]
    gaps = [range(end, start) for end, start in zip(ends, starts, strict=True)]
    results = iter(each(work, [task for gap in gaps for task in gap]))
    try:
        for k, gap in enumerate(gaps):
            for task in gap:
                table = next(results)
                if stage is not None:
                    stage.add(task, table)
                yield task + 1, table
            if stage is not None:
                stage.flush()  # a file holds tasks that follow each other
            if k < len(kept):
                yield kept[k].end, kept[k].table
    finally:
        if stage is not None:
            stage.flush()


def _is_ours(name: str) -> bool:
    return PART.fullmatch(name) is not None or name.startswith(WRITING)


def _no_checkpoint(folder: Path, name: str) -> ValueError:
    return ValueError(
        f"checkpoint {folder}: this is not a checkpoint of bayesmatch (it holds {name}); give an "
        "empty or new directory"
    )


def _write_whole(path: Path, data: Any) -> None:
    """Write a file whole or not at all, also if the machine stops."""
    with replaced_together([path]) as (temporary,), open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
