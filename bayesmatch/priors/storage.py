"""Saved priors of any kind."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def read_prior(path: str | os.PathLike) -> Any:
    """Load a prior that its ``save`` wrote.

    Parameters
    ----------
    path : path
        JSON file of a :class:`~bayesmatch.HistogramPrior` or :class:`~bayesmatch.LightGBMPrior`.

    Returns
    -------
    HistogramPrior or LightGBMPrior
        As it was when saved.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a saved prior, or damaged.
    """
    from . import histogram, lightgbm

    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such prior file")
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        kind = record["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path}: not a saved prior (JSON with a format), or damaged; a text file "
            "of lo hi selected others is read by HistogramPrior.read (--mag CAT:COL "
            "FILE)"
        ) from error
    if kind == histogram.FORMAT:
        return histogram.HistogramPrior.load(path)
    if kind == lightgbm.FORMAT:
        return lightgbm.LightGBMPrior.load(path)
    raise ValueError(
        f"{path}: {kind!r} is not the format of a prior that this version knows; "
        f"these are {histogram.FORMAT!r} and {lightgbm.FORMAT!r}"
    )
