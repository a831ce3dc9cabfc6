"""Writing figures."""

from __future__ import annotations

import os

from matplotlib.figure import Figure

from ..io import replaced_together


def save(figure: Figure, path: str | os.PathLike) -> None:
    """Write a figure, whole or not at all, and without a date in it."""
    stamp = "CreationDate" if str(path).lower().endswith(".pdf") else "Software"
    with replaced_together([path]) as (temporary,):
        figure.savefig(temporary, dpi=150, metadata={stamp: None})
