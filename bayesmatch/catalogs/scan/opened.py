"""What is named for a scan, opened: files here, or a HATS catalogue wherever it is."""

from __future__ import annotations

import os
from typing import Any

from ..far import FarCatalog
from .catalog import ScannedCatalog

#: before the path or address of a HATS catalogue
HATS = "hats:"


def hats_address(path: Any) -> str | None:
    """The path or address behind ``hats:``; None: it is not so named."""
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(text, str) or not text.startswith(HATS):
        return None
    return text.removeprefix(HATS)


def opened(paths: Any, **how: Any) -> ScannedCatalog | FarCatalog:
    """A data set; `how` as for :class:`ScannedCatalog`."""
    address = hats_address(paths)
    if address is None:
        return ScannedCatalog(paths, **how)
    import bayesmatch as bm

    catalog: ScannedCatalog | FarCatalog = bm.distributed.open_hats(address, **how)
    return catalog
