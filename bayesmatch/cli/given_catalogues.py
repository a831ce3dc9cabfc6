"""The catalogues of a command line: files and data sets, their names and their columns."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any

from .._kernels import progress
from .given_errors import is_error

#: options with one value per catalogue, in the order of their values
PER_CATALOGUE = (
    (
        "id",
        "COL1:COL2",
        "identifier columns, one per catalogue; empty: found by name; '#': row numbers",
    ),
    ("name", "N1:N2", "names of the catalogues; empty: EXTNAME, or the file's name"),
    (
        "ra",
        "COL1:COL2",
        "right ascension columns; empty: found by name or UCD; COL[hms], COL[deg] "
        "and the like say the unit",
    ),
    ("dec", "COL1:COL2", "declination columns; empty: those that go with the right ascension"),
    (
        "hdu",
        "T1:T2",
        "tables of files with several, by number or name; empty: the first with positions",
    ),
)


def catalogue_arguments(arguments: Sequence[str]) -> list[tuple[list[str], str]]:
    """The files of each catalogue and its error; several where the shell has expanded a glob."""
    from ..catalogs.scan.files import ENDINGS

    even = len(arguments) % 2 == 0
    expanded = any(a.lower().endswith(ENDINGS) for a in arguments[1::2])
    if even and (all(map(is_error, arguments[1::2])) or not expanded):
        return [([path], spec) for path, spec in zip(arguments[::2], arguments[1::2], strict=True)]
    given: list[tuple[list[str], str]] = []
    paths: list[str] = []
    for argument in arguments:
        if paths and is_error(argument):
            given.append((paths, argument))
            paths = []
        else:
            paths.append(argument)
    if paths:
        raise ValueError(
            f"{len(arguments)} catalogue arguments, and {paths[0]} has no position error: give "
            f"FILE ERROR for each catalogue, an error being a number (arcsec) or :COLUMN"
        )
    for several, _ in given:
        other = next((p for p in several if not p.lower().endswith(ENDINGS)), None)
        if len(several) > 1 and other is not None:
            raise ValueError(
                f"{other} has no position error: give FILE ERROR for each catalogue; several "
                f"files are one catalogue if their names end in {', '.join(ENDINGS)}"
            )
    return given


def read_catalogue(paths: list[str], *, hdu: str | None = None, **how: Any) -> Any:
    """A file in memory; a directory, a glob or several files, scanned."""
    with progress.stage(f"reading {paths[0]}"):
        return _read(paths, hdu, how)


def _read(paths: list[str], hdu: str | None, how: dict[str, Any]) -> Any:
    """See :func:`read_catalogue`."""
    from ..catalogs.catalog import Catalog
    from ..catalogs.scan.files import is_data_set
    from ..catalogs.scan.opened import hats_address

    if hats_address(paths[0]) is not None:
        if hdu is not None:
            raise ValueError(f"--hdu {hdu}: {paths[0]} is a HATS catalogue, which is one table")
        return Catalog.scan(paths[0], **how)
    table = re.search(
        r"\.(fits?|vot|votable|xml|h5|hdf5|cat)(\.\w+)?\[[^\[\]]+\]$", paths[0].lower()
    )
    if len(paths) > 1 or (is_data_set(paths[0]) and not table):
        if hdu is not None:
            raise ValueError(f"--hdu {hdu}: {paths[0]} is a Parquet data set, which is one table")
        return Catalog.scan(paths if len(paths) > 1 else paths[0], **how)
    if hdu is not None:
        how["hdu"] = int(hdu) if hdu.isdigit() else hdu
    return Catalog.read(paths[0], **how)


def tell_apart(catalogs: Sequence[Any], paths: Sequence[str]) -> None:
    """Give catalogues of the same name different ones: the files of a command have what they have.

    Columns of the result carry the names.
    """
    for k, catalog in enumerate(catalogs):
        taken = {c.name for c in catalogs[:k]}
        if catalog.name not in taken:
            continue
        taken |= {c.name for c in catalogs}
        name = next(n for i in range(2, 99) if (n := f"{catalog.name}_{i}") not in taken)
        warnings.warn(
            f"{paths[k]} is called {catalog.name!r} as a catalogue before it; it is called "
            f"{name!r} here (--name gives other names)",
            UserWarning,
            stacklevel=2,
        )
        catalog.name = name
