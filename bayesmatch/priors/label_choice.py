"""Labels made of a column of classes or probabilities, which says them only in part."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..catalogs.closest import did_you_mean
from ..catalogs.columns import table_columns
from ..catalogs.scalars import number_or_nan, shown, shown_item
from .training_labels import MISSING, label_text, numbers_of_labels, plain_labels

#: of probabilities in single precision
ROUNDING = 1e-6


def chosen(
    table: Any, column: str, counterpart: Any = None, least: float | None = None
) -> np.ndarray:
    """Labels (n,) made of a column that has none: 1, 0, and NaN where missing or between.

    Parameters
    ----------
    table : Table, DataFrame or mapping
        Holds the column.
    column : str
        Classes, or probabilities.
    counterpart : object, optional
        The class, or classes in a list, that are counterparts; all others are field objects.
    least : float, optional
        Probability, above 0.5, from which on a row is a counterpart. It is a field object up to
        one minus that; what lies between says too little.
    """
    if column not in table_columns(table):
        raise ValueError(
            f"there is no column {column!r}{did_you_mean(column, table_columns(table))}; the "
            f"columns are {', '.join(table_columns(table))}"
        )
    values, mask = plain_labels(f"column {column!r}", table[column])
    if values.ndim != 1:
        raise TypeError(f"column {column!r} is of shape {values.shape}; it must be one per row")
    if least is not None:
        return _from_probability(
            column, numbers_of_labels(f"column {column!r}", table[column]), least
        )
    wanted = counterpart if isinstance(counterpart, (list, tuple)) else [counterpart]
    texts = np.array([label_text(item) for item in values], dtype=np.str_)
    label = np.zeros(len(texts))
    for one in wanted:
        number = number_or_nan(_as_float(label_text(one)))
        same = texts == label_text(one)
        if values.dtype.kind in "fiu":
            same |= values.astype(np.float64) == number
        if not same.any():
            some = ", ".join(map(shown_item, np.unique(texts)[:5]))
            raise ValueError(
                f"column {column!r} is {label_text(one)} in no row; there are {some}"
                + ("" if len(np.unique(texts)) <= 5 else " ...")
            )
        label[same] = 1.0
    missing = np.isin(np.char.lower(texts), list(MISSING))
    return np.where(missing if mask is None else missing | mask, np.nan, label)


def _from_probability(column: str, p: np.ndarray, least: float) -> np.ndarray:
    if not 0.5 < number_or_nan(least) <= 1:
        raise ValueError(
            f"the least probability of a counterpart is {shown(least)}; give one above 0.5, up to 1"
        )
    bad = (p < 0) | (p > 1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"column {column!r} is {p[row]:g} in row {row}, which is no probability; name a column "
            "of probabilities"
        )
    return np.select([p >= least - ROUNDING, p <= 1 - least + ROUNDING], [1.0, 0.0], np.nan)


def _as_float(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text
