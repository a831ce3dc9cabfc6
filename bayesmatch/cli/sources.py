"""One catalogue, where a command takes one: a file, folder or glob, quoted or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def one_catalogue(paths: Sequence[str], **how: Any) -> Any:
    """The catalogue in what was given: read, or scanned if it is a data set.

    Parameters
    ----------
    paths : sequence of str
        A file, folder or glob; several: Parquet files, as a shell makes them of a glob that is
        not quoted, which are one data set.
    **how
        What :meth:`bayesmatch.Catalog.read` and ``scan`` take.
    """
    from ..catalogs.catalog import Catalog
    from ..catalogs.scan.files import ENDINGS, is_data_set

    if len(paths) > 1:
        other = next((p for p in paths if not p.lower().endswith(ENDINGS)), None)
        if other is not None:
            raise ValueError(
                f"{len(paths)} files, of which {other} is not Parquet; give one file, or Parquet "
                "files, which are taken as one data set"
            )
        return Catalog.scan(list(paths), **how)
    return (Catalog.scan if is_data_set(paths[0]) else Catalog.read)(paths[0], **how)
