"""One catalogue, where a command takes one: a file, folder or glob, quoted or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .given_catalogues import read_catalogue


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
    from ..catalogs.scan.files import ENDINGS

    if len(paths) > 1:
        other = next((p for p in paths if not p.lower().endswith(ENDINGS)), None)
        if other is not None:
            raise ValueError(
                f"{len(paths)} files, of which {other} is not Parquet; give one file, or Parquet "
                "files, which are taken as one data set"
            )
    return read_catalogue(list(paths), **how)
