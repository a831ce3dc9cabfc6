"""A published table in files: FITS, VOTable, Parquet, CSV, ECSV, the AAS's text table, LaTeX."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from astropy.table import Table

from ...catalogs.formats.registry import FORMATS, check_columns, file_format, file_stem
from ...catalogs.formats.writing import replaced_together
from ...catalogs.scalars import shown
from ...catalogs.targets import check_matched, check_targets
from ...catalogs.warned import warn_user
from .latex import latex_table
from .mrt import mrt_text
from .tagged import write_csv, write_ecsv, write_fits, write_parquet, write_votable

#: endings of the formats that only a published table has
MRT_ENDINGS, LATEX_ENDINGS = (".mrt", ".txt"), (".tex",)
WRITERS: dict[str, Callable[[Table, list[Path]], None]] = {
    "fits": write_fits,
    "votable": write_votable,
    "parquet": write_parquet,
    "csv": write_csv,
    "ecsv": write_ecsv,
}
#: rows of a LaTeX table
LATEX_ROWS = 10


def write_catalogue(
    table: Table, path: str | os.PathLike, *, read: Sequence[str | os.PathLike] = ()
) -> list[str]:
    """Write a table to publish with its header, whole or not at all.

    Parameters
    ----------
    table : Table
        From :func:`bayesmatch.catalogue` (``result.catalogue()``).
    path : path
        Its ending tells the format: FITS, VOTable, Parquet and ECSV hold everything; CSV has a file
        ``<stem>.meta.json`` beside it with the header and what each column is; ``.mrt`` and
        ``.txt`` are the machine-readable table of the AAS journals, where arrays in cells are a
        column each; ``.tex`` is a LaTeX table of the first ten rows.
    read : sequence of path, optional
        Files that must not be overwritten; those that were matched from files never are.

    Returns
    -------
    list of str
        The files written.

    Raises
    ------
    ValueError, TypeError
        If the format is unknown, it cannot hold the columns, or the table is no published one.
    OSError
        If a file cannot be written there.

    Warns
    -----
    UserWarning
        If the format cannot hold some letters.
    """
    if not (isinstance(table, Table) and isinstance(table.meta.get("bayesmatch"), dict)):
        raise TypeError(
            f"table is {shown(type(table).__name__)} without a header; give what "
            "result.catalogue() returns"
        )
    paths = catalogue_paths(path)
    check_targets(paths, read)
    parts = table.meta["bayesmatch"].get("inputs", ())
    check_matched(paths, [(part["name"], part.get("sha256")) for part in parts])
    name = Path(path).name.lower()
    if name.endswith(MRT_ENDINGS) or (
        not name.endswith(LATEX_ENDINGS) and file_format(path) == "fits"
    ):
        _warn_of_lost_letters(table, path)
    if name.endswith(MRT_ENDINGS + LATEX_ENDINGS):
        text = mrt_text(table) if name.endswith(MRT_ENDINGS) else latex_table(table, LATEX_ROWS)
        with replaced_together(paths) as (temporary,):
            temporary.write_text(text, encoding="utf-8")
        return [str(p) for p in paths]
    check_columns(path, table.colnames)
    with replaced_together(paths) as temporary_paths:
        WRITERS[file_format(path)](table, temporary_paths)
    return [str(p) for p in paths]


def _warn_of_lost_letters(table: Table, path: str | os.PathLike) -> None:
    """Tell of texts that a format of ASCII alone cannot hold."""
    texts = {n: np.ma.getdata(c) for n, c in table.items() if c.dtype.kind == "U"}
    lost = [n for n, values in texts.items() if not all(map(str.isascii, values.ravel().tolist()))]
    if lost:
        warn_user(
            f"{path}: this format holds ASCII alone: other letters in {', '.join(lost)} are "
            "written as '?'; .vot, .ecsv, .csv and .parquet keep them"
        )


def catalogue_paths(path: str | os.PathLike) -> list[Path]:
    """The files of a published table; an unknown ending is an error that lists the known ones."""
    name = Path(path).name.lower()
    if name.endswith(MRT_ENDINGS + LATEX_ENDINGS):
        return [Path(path)]
    try:
        kind = file_format(path)
    except ValueError:
        known = [e for form in FORMATS.values() for e in form.endings]
        known += [*MRT_ENDINGS, *LATEX_ENDINGS]
        raise ValueError(
            f"{path}: unknown format of a catalogue; the name must end in one of {', '.join(known)}"
        ) from None
    beside = [Path(path).with_name(f"{file_stem(path)}.meta.json")] if kind == "csv" else []
    return [Path(path), *beside]
