"""Saved priors of any kind."""

from __future__ import annotations

import os
from typing import Any

from .saved import build_prior, one_line, read_record, shown


def read_prior(path: str | os.PathLike) -> Any:
    """Load a prior that its ``save`` wrote.

    Parameters
    ----------
    path : path
        JSON file of a :class:`~bayesmatch.HistogramPrior`, a :class:`~bayesmatch.LightGBMPrior`, a
        :class:`~bayesmatch.ColumnPrior`, an :class:`~bayesmatch.AutoPrior` or a prior that
        :class:`~bayesmatch.LearnedPrior` became.

    Returns
    -------
    HistogramPrior, LightGBMPrior, ColumnPrior, AutoPrior or LearnedRatio
        As it was when saved.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a saved prior, or damaged.
    """
    from . import auto, column, histogram, learned_ratio, lightgbm

    readers = {
        histogram.FORMAT: (histogram.WHAT, histogram.HistogramPrior.from_record),
        lightgbm.FORMAT: (lightgbm.WHAT, lightgbm.LightGBMPrior.from_record),
        auto.FORMAT: (auto.WHAT, auto.AutoPrior.from_record),
        column.FORMAT: (column.WHAT, column.ColumnPrior.from_record),
        learned_ratio.FORMAT: (learned_ratio.WHAT, learned_ratio.LearnedRatio.from_record),
    }
    try:
        record = read_record(path)
        kind = record["format"]
    except (ValueError, KeyError) as error:
        raise ValueError(
            f"{path}: not a saved prior (JSON with a format), or damaged ({one_line(error)}); a "
            "text file of lo hi selected others is read by HistogramPrior.read (--mag CAT:COL FILE)"
        ) from error
    if not isinstance(kind, str) or kind not in readers:
        raise ValueError(
            f"{path}: {shown(kind)} is not the format of a prior that this version knows; "
            f"these are {', '.join(map(repr, readers))}"
        )
    return build_prior(path, *readers[kind], record)
