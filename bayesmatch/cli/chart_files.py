"""Charts to files: names, pages, one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from .._kernels import progress


def file_names(result: Any, rows: Sequence[int]) -> list[str]:
    """A file's name for each source, from its identifier."""
    primary = result.record.primary
    column = result.sources[f"{primary.name}_{primary.id}"]
    names: list[str] = []
    for row in rows:
        text = str(column[row]).strip()
        name = re.sub(r"[^A-Za-z0-9.+-]+", "_", f"{primary.name}_{text}").strip("._")[:120]
        taken = {known.lower() for known in names}
        names.append(f"{name}.png" if f"{name}.png".lower() not in taken else f"{name}_{row}.png")
    return names


def write(figures: Iterator[Any], n: int, out: Path, names: list[str], *, one_file: bool) -> None:
    """The charts to files, one after the other."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_pdf import PdfPages

    from .. import plots
    from ..catalogs.formats.writing import replaced_together
    from ..plots.files import VECTOR

    figures = chain([next(figures)], figures)  # what fails at once leaves no folder behind
    with progress.bar(n, "charts") as bar:
        if one_file:
            with (
                replaced_together([out]) as (temporary,),
                rc_context(VECTOR),
                PdfPages(temporary, metadata={"CreationDate": None}) as pages,
            ):
                for figure in figures:
                    pages.savefig(figure, dpi=150)
                    bar.update()
            return
        for name, figure in zip(names, figures, strict=True):
            plots.save(figure, out / name)
            bar.update()
