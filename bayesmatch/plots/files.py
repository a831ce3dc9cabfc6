"""Writing figures."""

from __future__ import annotations

import os
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from ..catalogs.formats.writing import replaced_together

#: what a format calls the date or program that would be in the file; PNG: Software
STAMPS = {".pdf": "CreationDate", ".svg": "Date"}


#: texts stay texts, that can be searched and edited; the names of an SVG's parts are random numbers
#: without a salt
VECTOR = {"pdf.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "bayesmatch"}


def save(figure: Figure, path: str | os.PathLike) -> None:
    """Write a figure, whole or not at all, and without a date in it.

    Parameters
    ----------
    figure : Figure
        What to write.
    path : path
        Where to; its ending tells the format: ``.png``, ``.pdf`` or ``.svg``.
    """
    if not isinstance(figure, Figure):
        raise TypeError(f"save: figure has to be a matplotlib Figure, not {type(figure).__name__}")
    stamp = STAMPS.get(Path(path).suffix.lower(), "Software")
    with replaced_together([path]) as (temporary,), rc_context(VECTOR):
        figure.savefig(temporary, dpi=150, metadata={stamp: None})
