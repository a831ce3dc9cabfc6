"""Finished parts of a long run, kept so that a killed one goes on where it stopped.

A stage is a fixed sequence of tasks whose results are Arrow tables.  What is finished is always a
beginning of that sequence; it is kept in files named by the tasks they hold, each written whole or
not at all, beside a manifest that says what the stage was computed from.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._kernels.jit import run_ranges
from ..formats.writing import replaced_together

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST = "manifest.json"
#: a file is written when so much time has passed since the last: what a killed run may lose
SAVE_SECONDS = 2.0


class Stage:
    """The directory of one stage.

    Parameters
    ----------
    folder : Path
        Created if need be.
    made_from : dict
        Everything the results depend on, as JSON values; a stage kept for another is refused.

    Raises
    ------
    ValueError
        If the directory holds something else.
    """

    def __init__(self, folder: Path, made_from: dict[str, Any]) -> None:
        self.folder = folder
        self._pending: list[pa.Table] = []
        self._saved_at = time.monotonic()
        manifest = folder / MANIFEST
        if not manifest.is_file():
            if folder.exists() and (
                not folder.is_dir()
                or any(not p.name.startswith(".writing-") for p in folder.iterdir())
            ):
                raise ValueError(
                    f"checkpoint {folder}: this is not a checkpoint of bayesmatch; "
                    "give an empty or new directory"
                )
            folder.mkdir(parents=True, exist_ok=True)
            _write_whole(manifest, lambda path: path.write_text(json.dumps(made_from, indent=1)))
        self._check(manifest, json.loads(json.dumps(made_from)))
        for path in folder.glob(".writing-*"):  # of a killed run
            path.unlink()
        self.files, self.done = [], 0
        for path in sorted(folder.glob("*.arrow")):
            span = re.fullmatch(r"(\d+)-(\d+)\.arrow", path.name)
            if span and int(span[1]) == self.done:
                self.files.append(path)
                self.done = int(span[2])

    def saved(self) -> Iterator[pa.Table]:
        """Results of the first :attr:`done` tasks, a table per file."""
        import pyarrow as pa

        for path in list(self.files):
            try:
                with pa.ipc.open_file(path) as reader:
                    table = reader.read_all()
            except (OSError, pa.ArrowException) as error:
                raise ValueError(
                    f"checkpoint {path}: cannot be read ({error}); delete this file and start again"
                ) from error
            yield table

    def add(self, result: pa.Table) -> None:
        """Keep the result of the next task."""
        self._pending.append(result)
        if time.monotonic() - self._saved_at >= SAVE_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what has been added."""
        import pyarrow as pa

        if not self._pending:
            return
        table = pa.concat_tables(self._pending).combine_chunks()
        done = self.done + len(self._pending)

        def write(path: Path) -> None:
            with pa.ipc.new_file(path, table.schema) as writer:
                writer.write_table(table)

        _write_whole(self.folder / f"{self.done:08d}-{done:08d}.arrow", write)
        self._pending, self.done = [], done
        self._saved_at = time.monotonic()

    def _check(self, manifest: Path, made_from: dict[str, Any]) -> None:
        try:
            found = json.loads(manifest.read_text())
        except ValueError as error:
            raise ValueError(
                f"checkpoint {manifest}: cannot be read ({error}); delete the "
                "directory and start again"
            ) from error
        other = [key for key in made_from if found.get(key) != made_from[key]]
        if other:
            what = "; ".join(
                f"{key} is {made_from[key]!r} now and was {found.get(key)!r}" for key in other
            )
            raise ValueError(
                f"checkpoint {manifest.parent} is of another match: {what}; give "
                "another directory, or delete this one"
            )


def run_tasks(
    work: Callable[[int], pa.Table], n_tasks: int, stage: Stage | None = None
) -> Iterator[tuple[int, pa.Table]]:
    """Results of all tasks in their order, on the threads; those kept by a stage are not run.

    Yields the number of tasks that are done, and the next piece of the result.
    """
    done = 0
    if stage is not None:
        for file, table in zip(stage.files, stage.saved(), strict=True):
            done = int(file.stem.split("-")[1])
            yield done, table
    results = run_ranges(lambda task, _: work(task), [(t, t + 1) for t in range(done, n_tasks)])
    try:
        for table in results:
            if stage is not None:
                stage.add(table)
            done += 1
            yield done, table
    finally:
        if stage is not None:
            stage.flush()


def _write_whole(path: Path, writer: Callable[[Path], Any]) -> None:
    """Write a file whole or not at all, also if the machine stops."""
    with replaced_together([path]) as (temporary,):
        writer(temporary)
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
