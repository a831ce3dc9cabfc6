"""Labels of a training sample: which rows are counterparts, however a table says it.

Right are truth values, 1 and 0, 1 and -1, and the words of :data:`WORDS` in any case. A missing
label (masked, NaN, an empty text) leaves its row out of the training. Everything else could be
read in more than one way, as classes 1 and 2 or probabilities: it is refused, with the remedy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..catalogs.closest import did_you_mean
from ..catalogs.columns import table_columns
from ..catalogs.formats.storage import parts_of
from ..catalogs.scalars import as_number, dimensions, shown, shown_item

#: what texts stand for, in small letters
WORDS = {
    **dict.fromkeys(("true", "t", "yes", "y"), 1.0),
    **dict.fromkeys(("false", "f", "no", "n"), 0.0),
}
#: texts that say that there is no label
MISSING = frozenset(("", "nan", "null", "none", "na", "n/a", "--", "<na>"))


def label_values(table: Any, is_counterpart: Any, n: int) -> np.ndarray:
    """Labels (n,) as 1, 0, and NaN where missing.

    Parameters
    ----------
    table : Table, DataFrame or mapping
        Where the labels are, if `is_counterpart` is the name of a column.
    is_counterpart : str or array_like, shape (n,)
        That name, or the labels.
    n : int
        Rows of the table.

    Raises
    ------
    ValueError, TypeError
        If a value is no label, or if all are the same.
    """
    what, given = "is_counterpart", is_counterpart
    if isinstance(is_counterpart, str):
        if is_counterpart not in table_columns(table):
            raise ValueError(
                f"there is no column {is_counterpart!r}"
                f"{did_you_mean(is_counterpart, table_columns(table))}; the columns are "
                f"{', '.join(table_columns(table))}"
            )
        what, given = f"column {is_counterpart!r}", table[is_counterpart]
    values = numbers_of_labels(what, given)
    if values.shape != (n,):
        raise ValueError(f"{what} has shape {values.shape} for {n} rows")
    known = values[~np.isnan(values)]
    if (np.isin(known, (-1, 1)) & (known != 0)).all() and (known == -1).any():
        values = np.where(values == -1, 0.0, values)
    _check(what, given, values)
    return values


def numbers_of_labels(what: str, given: Any) -> np.ndarray:
    """Labels as numbers, words among them as 1 and 0, NaN where missing; of any shape."""
    if isinstance(given, (list, tuple)) and dimensions(given) == 1:
        given = np.array(list(given), dtype=object)
    values, mask = plain_labels(what, given)
    if values.dtype.kind in "fiub":
        out = values.astype(np.float64)
    elif values.dtype.kind in "OUS":
        # few different ones, many rows
        texts, rows = np.unique(
            np.array([label_text(item) for item in values.ravel()], dtype=np.str_),
            return_inverse=True,
        )
        out = np.array([_number(what, text) for text in texts], float)[rows].reshape(values.shape)
    else:
        raise TypeError(f"{what} is of type {values.dtype}; it must be true or false in every row")
    if mask is not None:
        out[mask] = np.nan
    return out


def plain_labels(what: str, given: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Values and mask of a column of whatever kind."""
    if hasattr(given, "to_numpy") and hasattr(given, "isna"):  # pandas
        return np.asarray(given.to_numpy(dtype=object)), np.asarray(given.isna(), bool)
    try:
        return parts_of(given if hasattr(given, "dtype") else np.asarray(given))
    except Exception as error:  # of whatever was given
        raise TypeError(f"{what} is {shown(given)}; give true or false for every row") from error


def label_text(item: Any) -> str:
    """One label as a text, without blanks around it."""
    if isinstance(item, bytes):
        item = item.decode("utf-8", "replace")
    try:
        return "" if item is None else str(item).strip()
    except Exception:  # users' classes
        return shown(item)


def _number(what: str, text: str) -> float:
    """What one text says."""
    small = text.lower()
    if small in MISSING:
        return np.nan
    if small in WORDS:
        return WORDS[small]
    try:
        return as_number(float(text))
    except (ValueError, TypeError):
        raise ValueError(
            f"{what} is {shown_item(text)!r} in a row; it must be true or false: "
            f"{_remedy(what, text)}"
        ) from None


def _check(what: str, given: Any, values: np.ndarray) -> None:
    bad = np.flatnonzero(~np.isin(values, (0, 1)) & ~np.isnan(values))
    if len(bad):
        row = int(bad[0])
        value = f"{values[row]:g}"
        inside = values[(values >= 0) & (values <= 1)]
        probability = len(inside) + np.isnan(values).sum() == len(values)
        remedy = (
            "these look like probabilities: say from which on a row is a counterpart, "
            f"is_counterpart={_name(what)} >= 0.9 (--least-label 0.9 on the command line)"
            if probability
            else _remedy(what, value)
        )
        raise ValueError(f"{what} is {value} in row {row}; it must be true or false: {remedy}")
    known = values[~np.isnan(values)]
    if len(known) == 0 or (known == known[0]).all():
        state = f"{bool(known[0])}" if len(known) else "missing" if len(values) else "empty"
        raise ValueError(
            f"{what} is {state} in every row; training needs counterparts and field objects"
        )


def _name(what: str) -> str:
    return f"table[{what.removeprefix('column ')}]" if what.startswith("column ") else what


def _remedy(what: str, value: str) -> str:
    value = shown_item(value)
    return (
        f"say which value means counterpart, is_counterpart={_name(what)} == {value} "
        f"(--counterpart {value} on the command line)"
    )
