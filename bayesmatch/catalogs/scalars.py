"""Numbers that a user gives: read with no exception but TypeError and ValueError."""

from __future__ import annotations

from typing import Any

import numpy as np

#: characters of a value that a message shows
SHOWN = 80
#: of whole numbers that go into kernels
LARGEST = 2**62


def shown(value: Any) -> str:
    """A value as messages show it: one line, not too long, whatever it is."""
    try:
        text = " ".join((str if hasattr(value, "unit") else repr)(value).split())
    except Exception:  # whole numbers of over 4300 digits, and users' classes
        text = f"a {type(value).__name__}"
    return shown_text(text)


def shown_item(value: Any) -> str:
    """An entry of a column as messages show it: text without quotation marks."""
    return shown_text(str(value))


def shown_text(text: str, most: int = SHOWN) -> str:
    """A text in one line, of at most so many characters."""
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 3]}..."


def plural(number: int, noun: str) -> str:
    """The noun as it stands behind a number: row, rows."""
    return noun if number == 1 else f"{noun}s"


def as_number(value: Any) -> float:
    """A real number as a float; inf where it is beyond the largest.

    Raises
    ------
    TypeError
        If it is not one number: text, a truth value, a complex number, a date, a list.
    """
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if isinstance(value, (bool, complex, str, bytes)) or kind in tuple("bcmMSUOV"):
        raise TypeError(f"{shown(value)} is not a number")
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf
    except Exception as error:
        raise TypeError(f"{shown(value)} is not a number") from error


def number_or_nan(value: Any) -> float:
    """A number; NaN, which no limit allows, for what is none."""
    try:
        return as_number(value)
    except TypeError:
        return np.nan


def unmasked(value: Any) -> Any:
    """What is under the mask of an array, if it has one; any other thing as it is."""
    value = getattr(value, "unmasked", value)
    # Nothing but masked arrays: of a Series of pandas before 3, getdata takes something else.
    return np.ma.getdata(value) if isinstance(value, np.ma.MaskedArray) else value


def plain_numbers(value: Any) -> np.ndarray:
    """A number or an array of them as float64, NaN where masked; TypeError for any other thing."""
    if np.ndim(value) == 0 and not np.ma.is_masked(value) and not hasattr(value, "unmasked"):
        return np.asarray(as_number(value))
    mask = getattr(value, "mask", None)
    mask = None if callable(mask) else mask  # of a pandas Series
    raw = np.asarray(unmasked(value))
    if raw.dtype.kind == "O":
        raw = np.array([as_number(item) for item in raw.ravel()]).reshape(raw.shape)
    if raw.dtype.kind not in "iuf":
        raise TypeError(f"it is of type {raw.dtype}")
    number = raw.astype(np.float64)
    return number if mask is None else np.where(mask, np.nan, number)


def numbers_of(what: str, value: Any) -> np.ndarray:
    """A number or an array of them as float64, NaN where masked; an error says what it is."""
    try:
        return plain_numbers(value)
    except Exception as error:  # of whatever was given
        raise TypeError(f"{what}: {shown(value)} given; give plain numbers") from error


def text_of(what: str, value: Any) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise TypeError(f"{what} is {shown(value)}; give a text")
    return value


def dimensions(value: Any) -> int:
    """Number of dimensions of an array; -1 of what is none, as lists of different lengths."""
    try:
        return int(np.ndim(value))
    except Exception:  # of whatever was given
        return -1


def is_whole(value: Any) -> bool:
    """Whether it is an integer; a truth value or a time is none."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.timedelta64))


def names_of(what: str, values: Any) -> list[str]:
    """A list of names, each there once."""
    try:
        names = list(values)
    except Exception as error:
        raise TypeError(f"{what} is {shown(values)}; give a sequence of names") from error
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"{what} has {shown(name)}; give a sequence of names")
        if names.count(name) > 1:
            raise ValueError(f"{what} has {shown(name)} twice; name each once")
    return [str(name) for name in names]


def true_or_false(what: str, value: Any) -> bool:
    """A truth value; nothing that merely counts as one."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{what} is {shown(value)}; give True or False")
    return bool(value)


def number_within(
    what: str,
    value: Any,
    low: float,
    high: float,
    *,
    open_low: bool = False,
    open_high: bool = False,
    option: str = "",
) -> float:
    """A number within bounds, or an error that gives them.

    `option` is what it is called on the command line, where that is another name.
    """
    there = f" ({option} on the command line)" if option else ""
    try:
        number = as_number(value)
    except TypeError as error:
        raise TypeError(
            f"{what} is {shown(value)}; give a number from {low:g} to {high:g}{there}"
        ) from error
    if not low <= number <= high or (open_low and number == low) or (open_high and number == high):
        kind = " (exclusive)" if open_low and open_high else ", above 0" if open_low else ""
        raise ValueError(f"{what} is {number:g}; it must be from {low:g} to {high:g}{kind}{there}")
    return number


def whole_number(what: str, value: Any, least: int, most: int = LARGEST) -> int:
    """An integer from `least` to `most`."""
    if not is_whole(value) or not least <= value <= most:
        upto = "or more" if most == LARGEST else f"to {most:,}"
        raise ValueError(f"{what} is {shown(value)}; give a whole number, {least} {upto}")
    return int(value)


def check_seed(seed: Any) -> int:
    """A seed of random numbers."""
    return whole_number("seed", seed, 0)
