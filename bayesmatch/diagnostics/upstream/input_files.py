"""The catalogues of a result: at hand, or read from the files that NWAY's output names."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from ...catalogs.catalog import Catalog
from ...catalogs.errors import ErrorEllipse
from ...catalogs.held import HeldCatalog
from ...matching.record import MatchRecord
from ...matching.result import MatchResult
from .table import NwayTable


def catalogues_of(result: MatchResult, record: MatchRecord, nway: NwayTable) -> list[HeldCatalog]:
    """The catalogues, the primary first; empty where they are not to be had."""
    held = list(result._catalogs)
    if held or nway.folder is None or len(nway.command.files) != len(record.catalogues):
        return held
    for c, name in zip(record.catalogues, nway.command.files, strict=True):
        path = nway.folder / name
        try:
            if not Path(path).is_file() or None in c.pos_err:
                return []
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                catalog = Catalog.read(
                    path,
                    name=c.name,
                    pos_err=_error(c.pos_err),
                    area=c.area_deg2,
                    ra=c.ra,
                    dec=c.dec,
                    id=c.id if c.id in _names(path) else None,
                )
        except (ValueError, TypeError, OSError):
            return []
        if len(catalog) != c.rows:
            return []
        held.append(catalog)
    return held


def _error(parts: list[Any]) -> Any:
    return (
        parts[0] if len(parts) == 1 else tuple(parts) if len(parts) == 2 else ErrorEllipse(*parts)
    )


def _names(path: Path) -> list[str]:
    from ...catalogs.formats.reading import read_table

    return list(read_table(path).colnames)
