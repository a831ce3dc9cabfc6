"""Texts as angles: ``12 34 56.7``, ``12:34:56``, ``12h34m56.7s``, ``-00 30 15``, ``187.70593``."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from .units import NONE

_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
_SEXAGESIMAL = re.compile(
    rf"([+\-]?)\s*{_NUMBER}\s*([hd°:_\s])\s*(?:{_NUMBER}\s*[m'′:_\s]?\s*"
    rf"(?:{_NUMBER}\s*(?:s|\"|″|'')?)?)?"
)
#: hours in a day
DAY = 24.0
#: hours of right ascension that differ at least so much are not degrees of one field that happens
#: to end below 24
SPREAD = 12.0


@dataclass(frozen=True)
class Angles:
    """Texts taken apart."""

    value: np.ndarray
    """(n,) in units of the first number, NaN where there is none"""
    first: np.ndarray
    """(n,) the first number without its sign"""
    sexagesimal: np.ndarray
    """(n,) whether there are minutes"""
    letter: str
    """"h" or "d" where the texts say so, "" where they do not"""
    bad: np.ndarray
    """(n,) texts that are no angle"""

    @property
    def no_hours(self) -> np.ndarray:
        """(n,) whether there are minutes, and more hours than a day has; 24:00:00 is a day."""
        with np.errstate(invalid="ignore"):
            beyond: np.ndarray = self.sexagesimal & (np.abs(self.value) > DAY)
        return beyond


def parsed(texts: np.ndarray) -> Angles:
    """Texts (n,) as numbers; what is empty or stands for nothing is NaN."""
    n = len(texts)
    value, first = np.full(n, np.nan), np.full(n, np.nan)
    sexagesimal, bad = np.zeros(n, bool), np.zeros(n, bool)
    letters: set[str] = set()
    for row, text in enumerate(texts.tolist()):
        text = text.strip().replace("−", "-").replace("–", "-")
        low = text.lower()
        if low in NONE or not text.strip("- ."):
            continue
        found = _SEXAGESIMAL.fullmatch(low)
        if found is None:
            try:
                value[row] = first[row] = float(text)
            except ValueError:
                bad[row] = True
            continue
        sign, whole, joint, minutes, seconds = found.groups()
        first[row], m, s = float(whole), float(minutes or 0.0), float(seconds or 0.0)
        # 60 seconds are what rounding to a few digits gives
        if m > 60.0 or s > 60.0 or (seconds and m != int(m)) or (minutes and "." in whole):
            bad[row] = True
            continue
        letters |= {"d" if joint == "°" else joint} & {"h", "d"}
        total = (first[row] * 3600.0 + m * 60.0 + s) / 3600.0
        value[row] = -total if sign == "-" else total
        sexagesimal[row] = True
    bad |= np.zeros(n, bool) if len(letters) < 2 else sexagesimal
    return Angles(value, np.abs(first), sexagesimal, "".join(sorted(letters))[:1], bad)


def in_hours(angles: Angles, said: str | None) -> bool | None:
    """Whether right ascensions are hours; None where nothing tells.

    `said` is the unit that the column has, one of :mod:`bayesmatch.catalogs.units`; letters in the
    texts come before it. Without either, numbers beyond a day tell degrees if at least half of the
    rows have them, since one can be a slip; numbers from all over the day tell hours; anything else
    could be both.
    """
    if angles.letter:
        return angles.letter == "h"
    if said is not None:
        return said in ("hms", "hourangle")
    if not angles.sexagesimal.any():
        return False
    if angles.no_hours.any():
        few = 2 * np.count_nonzero(angles.no_hours) < np.count_nonzero(angles.sexagesimal)
        return None if few else False
    first = angles.first[angles.sexagesimal]
    return True if np.ptp(np.floor(first)) >= SPREAD else None
