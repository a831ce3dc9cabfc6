"""The band an image was taken in: its name, and its wavelength, which tells red from blue."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

#: micrometres
WAVELENGTH = {
    **{"FUV": 0.15, "NUV": 0.23, "u": 0.36, "U": 0.365, "B": 0.44, "g": 0.48, "V": 0.55},
    **{"r": 0.62, "R": 0.65, "i": 0.76, "I": 0.8, "z": 0.9, "Z": 0.9, "y": 1.0, "Y": 1.02},
    **{"J": 1.25, "H": 1.65, "K": 2.2, "Ks": 2.15, "w1": 3.4, "w2": 4.6, "w3": 12.0, "w4": 22.0},
    **{"ch1": 3.56, "ch2": 4.51, "ch3": 5.76, "ch4": 8.0},
    **{"blue": 0.45, "green": 0.55, "red": 0.65},
}
#: of the planes of a colour image without other names, the first being red
PLANES = ("red", "green", "blue")
KEYWORDS = ("FILTER", "BAND", "FILTNAM1", "FILTER1", "FILTNAM", "FILTER2")
#: a filter of HST or JWST: F814W, F160W, F444W
SPACE = re.compile(r"F(\d{3,4})(W|M|N|X|LP|W2)", re.IGNORECASE)
HST_SHORTEST = 200
JWST_LONG = {
    *(200, 210, 212, 250, 277, 300, 322, 323, 335, 356, 360, 405, 410, 430, 444, 460, 466),
    *(470, 480, 560, 770),
}
_ANY_CASE = {name.lower(): name for name in (*WAVELENGTH, *"ugriz")}


def band_of(header: Any, stem: str) -> str:
    """The band by the header, else by the name of the file; '' where neither tells."""
    for keyword in KEYWORDS:
        found = _known(str(header.get(keyword, "")))
        if found:
            return found
    return _known(stem, last=True)


def _known(text: str, last: bool = False) -> str:
    """The first word (or the last) that is a band; by its case, then whatever its case."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", text) if word]
    if last:
        words = words[:0:-1]  # the first word of a file's name is no band
    for word in words:
        if word in WAVELENGTH or SPACE.fullmatch(word):
            return word
    return next((_ANY_CASE[word.lower()] for word in words if word.lower() in _ANY_CASE), "")


def wavelength(band: str) -> float:
    """Of a known band, micrometres.

    The numbers of HST's filters are nanometres, except in the infrared, where they count in 10
    nanometres, as all of JWST's do.
    """
    space = SPACE.fullmatch(band)
    if space is None:
        return WAVELENGTH[band]
    number = int(space[1])
    tens = number < HST_SHORTEST or number >= 1000 or number in JWST_LONG
    return number / (100 if tens else 1000)


def three_of(bands: Iterable[str]) -> list[str]:
    """Which bands are red, green and blue: the longest, the one between and the shortest.

    With two the one between is ''; with fewer than two there is no colour, an empty list.
    """
    known = sorted({band for band in bands if band}, key=lambda band: (wavelength(band), band))
    if len(known) < 2:
        return []
    between = known[len(known) // 2] if len(known) > 2 else ""
    return [known[-1], between, known[0]]
