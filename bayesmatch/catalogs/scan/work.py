"""Pieces of work: some row groups of one file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..._kernels.jit import n_threads
from .parts import Part

#: rows of a task, unless a single row group is larger
TASK_ROWS = 1 << 21

#: a part and some of its row groups
Task = tuple[Part, list[int]]


def cut_into_tasks(pieces: Sequence[tuple[Part, np.ndarray]]) -> list[Task]:
    """Row groups of parts, cut into tasks; groups without rows are left out."""
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


def reader_ahead(tasks: Sequence[Task], columns: Sequence[str]) -> Callable[[int], None]:
    """What a thread calls when it begins a task: has the next one read that none has begun yet."""
    threads = n_threads()

    def begin(task: int) -> None:
        if task + threads < len(tasks):
            part, groups = tasks[task + threads]
            part.read_ahead(columns, groups)

    return begin


def task_rows(task: Task) -> int:
    """Rows of a task."""
    return int(task[0].group_rows[task[1]].sum())
