"""The catalogues of a result, from files given beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def matched_inputs(result: Any, paths: Sequence[str]) -> list[Any]:
    """The catalogues in files, as the match took them; errors and area play no part."""
    from ..catalogs.catalog import Catalog
    from ..catalogs.scalars import plural

    known = result.record.catalogues
    if len(paths) != len(known):
        raise ValueError(
            f"--inputs has {len(paths)} {plural(len(paths), 'file')}, and the match was of "
            f"{len(known)} catalogues: {', '.join(result.catalogue_names)}; give all, in this order"
        )
    return [
        Catalog.read(
            path,
            name=c.name,
            pos_err=1.0,
            area=c.area_deg2,
            ra=c.ra,
            dec=c.dec,
            id=None if c.id == "ID" else c.id,
        )
        for path, c in zip(paths, known, strict=True)
    ]
