"""Pieces of work: some row groups of one file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

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


def task_rows(task: Task) -> int:
    """Rows of a task."""
    return int(task[0].group_rows[task[1]].sum())
