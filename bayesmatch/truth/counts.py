"""How many are left at every step of a selection."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def n_true(mask: np.ndarray) -> int:
    """How many are true."""
    return int(np.count_nonzero(mask))


def steps_text(title: str, counts: Mapping[str, Mapping[str, int]]) -> str:
    """The numbers of every step of several selections, under a title."""
    lines = [title]
    for name, steps in counts.items():
        lines.append(f"  {name}")
        lines += [f"    {step.replace('_', ' '):<34}{n:>9,}" for step, n in steps.items()]
    return "\n".join(lines)
