"""Coverage maps (MOC) of catalogues in files, for Aladin, TOPCAT and other programs."""

from __future__ import annotations

import inspect
import os
import re
from pathlib import Path
from typing import Any

from .closest import did_you_mean_file
from .formats.writing import replaced_together
from .paths import given_path
from .scan.area import scanned_coverage
from .scan.catalog import ScannedCatalog

#: endings, and the formats that they stand for
MOC_ENDINGS = {".fits": "fits", ".json": "json"}
#: how the text of a map begins: "6/2394 2396-2400 7/..."
_ASCII = re.compile(rb"\s*\d+/[\d\s,/-]*\Z")


def coverage_map(catalog: Any, order: int | None = None) -> Any:
    """Where a catalogue, in memory or scanned, has looked: see :meth:`Catalog.coverage`."""
    if not isinstance(catalog, ScannedCatalog):
        return catalog.coverage(order)
    if order is None and catalog.moc is not None:
        return catalog.moc
    return scanned_coverage(catalog, order)


def moc_path(path: str | os.PathLike) -> Path:
    """Where a map is to be written; raises a ValueError if the ending stands for no format."""
    at = Path(path).expanduser()
    if at.suffix.lower() not in MOC_ENDINGS:
        known = ", ".join(MOC_ENDINGS)
        raise ValueError(f"{path}: the name of a coverage map (MOC) must end in one of {known}")
    return at


def read_moc(path: str | os.PathLike, what: str) -> Any:
    """The `mocpy.MOC` in a file, FITS, JSON or text; errors begin with `what`.

    Raises
    ------
    ValueError, FileNotFoundError
        If there is no such file, or no map in it.
    """
    from mocpy import MOC

    at = given_path(path)
    if not os.path.isfile(at):
        raise FileNotFoundError(f"{what}: no such file{did_you_mean_file(at)}")
    try:
        kind = _moc_format(at)
        return MOC.from_fits(str(at)) if kind == "fits" else MOC.load(str(at), format=kind)
    except Exception as error:  # mocpy and astropy raise many kinds
        raise ValueError(f"{what}: is no MOC in FITS, JSON or text ({error})") from None


def _moc_format(at: Path) -> str:
    """What a file of a map is by its first bytes, whatever its name."""
    with open(at, "rb") as file:
        begin = file.read(1000)
    if begin.lstrip().startswith(b"{"):
        return "json"
    return "ascii" if _ASCII.match(begin) else "fits"


def write_moc(moc: Any, path: str | os.PathLike) -> Path:
    """Write a `mocpy.MOC`, whole or not at all; the place.

    FITS is as in MOC 1 (NUNIQ), which every program reads.

    Parameters
    ----------
    moc : mocpy.MOC
        What to write.
    path : path
        Ends in ``.fits`` or ``.json``.
    """
    at = moc_path(path)
    how: dict[str, Any] = {"format": MOC_ENDINGS[at.suffix.lower()], "overwrite": True}
    if how["format"] == "fits":
        newer = "v1_compatible" in inspect.signature(moc.save).parameters
        how["v1_compatible" if newer else "pre_v2"] = True
    with replaced_together([at]) as (temporary,):
        moc.save(temporary, **how)
    return at
